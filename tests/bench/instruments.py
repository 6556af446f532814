"""Our MFCC probe beside a hand-rolled one, on the same folds: clips in IRMAS's layout with a list of their pieces.

    python -m tests.bench.instruments FOLDER LIBRARY [--plan spread-10]

FOLDER holds `groups.csv` (path, piece) and the folders of the instruments; LIBRARY has been asked once
(`earmap evaluate --dataset irmas:FOLDER --encoder mfcc --library LIBRARY`), so it holds our vectors. The other pipeline
is what anybody would write: librosa's 20 coefficients at 16 kHz, mean and deviation, StandardScaler, LinearSVC with
C = 0.1, GroupKFold(5) over the pieces, clips in order of their paths. Ours is asked over the same folds and C.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from pathlib import Path

import librosa
import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from core.evaluation import gather
from core.evaluation.datasets import Catalogue, find
from core.evaluation.fits import Recipe
from core.evaluation.probes import probe_classes
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Split, Task, no_rows
from core.library.store import Library

C, FOLDS = 0.1, 5
PUBLISHED = 0.711
"""What the hand-rolled pipeline is said to reach."""

Labels = NDArray[np.str_]


def listed(folder: Path) -> tuple[list[str], Labels, Labels]:
    """Paths in order, their instruments, and their pieces."""
    with (folder / "groups.csv").open(newline="") as file:
        rows = sorted((row["path"], row["piece"]) for row in csv.DictReader(file))
    paths = [path for path, _ in rows]
    return paths, np.array([Path(path).parts[0] for path in paths]), np.array([piece for _, piece in rows])


def by_hand(path: Path) -> NDArray[np.float64]:
    """(40,) mean and deviation of librosa's coefficients."""
    wave, _ = librosa.load(path, sr=16_000)
    found = librosa.feature.mfcc(y=wave, sr=16_000, n_fft=512, hop_length=256, n_mfcc=20)
    return np.concatenate([found.mean(1), found.std(1)])


def hand_rolled(folder: Path, paths: list[str], labels: Labels, pieces: Labels) -> float:
    """Mean accuracy over the folds."""
    x = np.stack([by_hand(folder / path) for path in paths])
    right = []
    for train, test in GroupKFold(FOLDS).split(x, labels, pieces):
        model = make_pipeline(StandardScaler(), LinearSVC(C=C, dual="auto", max_iter=10_000))
        right.append(float(np.mean(model.fit(x[train], labels[train]).predict(x[test]) == labels[test])))
    return float(np.mean(right))


def ours(
    library: Library, plan: str, folder: Path, paths: list[str], labels: Labels, pieces: Labels
) -> float:
    """Accuracy of the program's probe with the program's vectors, over the same folds."""
    spec = TaskSpec(kind="irmas", path=str(folder))
    catalogue = Catalogue.of(library, os.fsencode(folder))
    (task,) = find("irmas").tasks(spec, catalogue)
    row_of = {os.fsdecode(file.raw_path): file.track_id for file in catalogue.files}
    order = [task.items.index(row_of[path]) for path in paths]
    assert sorted(order) == list(range(len(paths))), "every clip is an item"
    assert [task.names[task.targets[row]] for row in order] == labels.tolist()
    moved = np.array(order)
    splits = [
        Split(np.sort(moved[train]), no_rows(), np.sort(moved[test]))
        for train, test in GroupKFold(FOLDS).split(labels, labels, pieces)
    ]
    return probe_classes(task, _vectors(library, plan, task), Recipe("svm", grid=(C,)), splits).accuracy.mean


def _vectors(library: Library, plan: str, task: Task) -> NDArray[np.float32]:
    ids = [int(item) for item in task.items]
    return gather.vectors(library, library.encoders.get("mfcc"), plan, ids).matrix


def main() -> None:
    """Print both, and the difference in points."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("library", type=Path)
    parser.add_argument("--plan", default="whole", help="Of the vectors; of a clip of 3 s all are the same.")
    given = parser.parse_args()
    paths, labels, pieces = listed(given.folder)
    print(f"{len(paths)} clips, {len(set(labels))} instruments, {len(set(pieces))} pieces")
    began = time.perf_counter()
    hand = hand_rolled(given.folder, paths, labels, pieces)
    print(f"by hand {hand:.4f} ({time.perf_counter() - began:.0f} s), said to be {PUBLISHED}")
    began = time.perf_counter()
    with Library(given.library) as library:
        own = ours(library, given.plan, given.folder, paths, labels, pieces)
    print(f"ours    {own:.4f} ({time.perf_counter() - began:.0f} s with vectors made before)")
    print(f"difference {100 * (own - hand):+.2f} points")


if __name__ == "__main__":
    main()
