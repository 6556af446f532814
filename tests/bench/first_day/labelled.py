"""Questions about labelled sets that were rendered from MIDI: which instrument leads, which ones sound.

Instruments, in IRMAS's layout, rendered twice with different soundfonts: probes learn from pieces of the first, and
are asked about other pieces in the second, so that neither the piece nor the samples of a synthesiser give it away.
Tags, in MagnaTagATune's layout, of one rendering: five draws, clips of one piece on one side.
"""

from __future__ import annotations

import csv
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from score import Codes, Floats, Heard, segments_of

from core.evaluation.fits import Recipe
from core.evaluation.intervals import Scores
from core.evaluation.probes import probe_classes
from core.evaluation.reference import Probe
from core.evaluation.splits import draws
from core.evaluation.tag_probe import probe_tags
from core.evaluation.tasks import Split, Task, no_rows

PROBES: tuple[Probe, ...] = ("svm", "logistic")
LEAST = 10
"""Clips that have a tag, and that have it not, for it to be asked about."""


@dataclass(frozen=True)
class Clips:
    """A set, and what is asked about it."""

    heard: Heard
    task: Task
    splits: tuple[Split, ...]


def _decoded(paths: list[Path], segments: int, kept: Path) -> Heard:
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor() as pool:
            waves = list(pool.map(segments_of, [(path, segments) for path in paths], chunksize=32))
        with kept.with_suffix(".part").open("wb") as file:
            np.savez(file, segments=np.concatenate(waves), ends=np.cumsum([len(w) for w in waves]))
        kept.with_suffix(".part").replace(kept)
    with np.load(kept) as found:
        return Heard(found["segments"], found["ends"], np.zeros(len(paths), np.int64), tuple(paths))


def _piece(path: Path) -> int:
    return int(path.name.split("]")[2][:4])


def instruments(taught: Path, asked: Path, cache: Path) -> Clips:
    """Two folders in IRMAS's layout; what is asked about are pieces nobody was taught."""
    names = sorted(path.name for path in taught.iterdir() if path.is_dir())
    later = sorted(asked.glob("*/*.wav"))
    pieces = {_piece(path) for path in later}
    first = [path for path in sorted(taught.glob("*/*.wav")) if _piece(path) not in pieces]
    paths = [*first, *later]
    heard = _decoded(paths, 1, cache / f"irmas-{len(first)}-{len(later)}.npz")
    targets = np.array([names.index(path.parent.name) for path in paths])
    groups = np.array([_piece(path) for path in paths])
    task = Task("Instruments", "class", tuple(range(len(paths))), tuple(names), targets, groups)
    rows = np.arange(len(paths))
    return Clips(heard, task, (Split(rows[: len(first)], no_rows(), rows[len(first) :]),))


def tagged(folder: Path, segments: int, cache: Path) -> Clips:
    """A folder in MagnaTagATune's layout; the split is by piece, since the official one is made for 25,863 clips."""
    with (folder / "annotations_final.csv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    names = [name for name in rows[0] if name not in ("clip_id", "mp3_path")]
    has = np.array([[row[name] == "1" for name in names] for row in rows])
    told = (np.minimum(has.sum(0), (~has).sum(0)) >= LEAST).nonzero()[0]
    paths = [folder / row["mp3_path"] for row in rows]
    heard = _decoded(paths, segments, cache / f"mtat-{len(paths)}-{segments}.npz")
    groups: Codes = np.unique([path.stem.rsplit("-", 2)[0] for path in paths], return_inverse=True)[1]
    task = Task("Tags", "tags", tuple(range(len(paths))), tuple(names[i] for i in told), has[:, told], groups)
    return Clips(heard, task, draws(task))


def accuracy(clips: Clips, probe: Probe, matrix: Floats) -> Scores:
    """Of naming the instrument."""
    return probe_classes(clips.task, matrix, Recipe(probe=probe), clips.splits).scores


def area(clips: Clips, matrix: Floats) -> Scores:
    """ROC-AUC, macro over tags, by parts of the pieces."""
    return probe_tags(clips.task, matrix, Recipe("logistic"), clips.splits).roc_scores
