"""How the seven strategies compare, trained three times each at a small width, by the program's own evaluation.

    python tests/bench/first_day/strategies.py WORK [--music DIR] [--irmas TAUGHT ASKED] [--out DIR]

WORK is that of `build.py`, prepared. Every strategy is trained with three seeds where that was not done; then a library
of the choosing part, and one of its control copies, are asked by `earmap evaluate`: soundtracks as playlists, and which
soundtrack. `earmap compare` draws and writes what came out: every run a mark, runs of one strategy beside each other,
MFCC and untrained networks as they are at that width. With `--irmas`, instruments as of `labelled.py`, and what the
paper's tables say of them, every item's score the mean over a strategy's trainings.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from build import earmap, given
from labelled import PROBES, accuracy, instruments
from lists import PARTS
from peers import described
from recipes import SEEDS, TWINS, twins
from switches import averaged

from core.evaluation import reference
from core.evaluation.intervals import Scores, of_mean
from core.library.store import Library
from core.training.config import all_trainable

INSTRUMENTS = 4
"""The first so many of the paper's directions are about instruments."""
TASKS = ("albums,by=folder", "folders,depth=1,group=track")
ROLES = ("hit-rate=My music: folders as playlists", "genre=My music: folder")
"""What stands for the paper's tasks: which soundtrack for which genre."""


def asked(library: Path, folders: list[Path], encoders: list[Path]) -> None:
    """A library of some folders, and what encoders and baselines know of it."""
    if not library.exists():
        earmap(library, "add", "--scan-only", *map(str, folders))
    with Library(library) as opened:
        missing = [path for path in encoders if opened.encoders.find(path.stem) is None]
    for path in missing:
        earmap(library, "import", "encoder", str(path))
    random = [f"{kind}-w{TWINS:g}" for kind in ("random", "random-multi")]
    names = ["mfcc", *random, *(path.stem for path in encoders)]
    words = [word for task in TASKS for word in ("--task", task)]
    chosen = [word for name in names for word in ("--encoder", name)]
    earmap(library, "evaluate", *words, *chosen, "--no-baselines")


def shown(library: Path, out: Path) -> None:
    """Pictures, the table, and the paper's directions."""
    out.mkdir(parents=True, exist_ok=True)
    files = [out / f"{library.stem}{end}" for end in (".svg", ".png", ".csv", ".md")]
    earmap(library, "compare", *(word for file in files for word in ("--out", str(file))))
    roles = [word for role in ROLES for word in ("--as", role)]
    earmap(library, "compare", "--directions", *roles, "--out", str(out / f"{library.stem}-directions.md"))


def leading(taught: Path, asked: Path, cache: Path, encoders: list[Path]) -> None:
    """Which instrument leads, by every strategy; then the paper's directions of it."""
    clips = instruments(taught, asked, cache)
    named: dict[str, list[str]] = {"mfcc": ["mfcc"]}
    for kind in ("random", "random-multi"):
        named[kind] = [f"{kind}:width={TWINS},seed={seed}" for seed in SEEDS]
    for path in encoders:
        named.setdefault(path.stem.partition("-paper")[0], []).append(str(path))
    by_name = {name: [described(one, clips.heard) for one in some] for name, some in named.items()}
    for probe in PROBES:
        where = reference.column("instrument", probe)
        measured: dict[tuple[str, reference.Column], Scores] = {}
        for name, runs in by_name.items():
            found = [accuracy(clips, probe, matrix) for matrix in runs]
            measured[name, where] = averaged(found)
            told, each = of_mean(averaged(found)), " ".join(f"{one.mean:.3f}" for one in found)
            print(
                f"{name:18s} {probe:9s} {told.mean:.3f} [{told.low:.3f}, {told.high:.3f}]  {each}", flush=True
            )
        for judgement in reference.judge(measured, probe)[:INSTRUMENTS]:
            print(judged(judgement), flush=True)


def judged(found: reference.Judgement) -> str:
    """A direction, its verdict and its weakest claim's margin."""
    margin = found.outcome.margin
    apart = "" if margin is None else f" {margin.mean:+.3f} [{margin.low:+.3f}, {margin.high:+.3f}]"
    return f"{found.direction.number}. {found.direction.text} {found.outcome.verdict}{apart}"


def main() -> None:
    """Train what is missing, ask, draw."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--music", type=Path)
    parser.add_argument("--irmas", type=Path, nargs=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    work: Path = options.work.absolute()
    folder = work / "twins"
    folder.mkdir(exist_ok=True)
    recipes = [recipe for strategy in all_trainable() for recipe in twins(strategy)]
    encoders = [given(work / "train.earmap", recipe, folder) for recipe in recipes]
    kinds = {"plain": (options.music or work / "music").absolute(), "control": work / "control"}
    for kind, music in kinds.items():
        library = folder / f"{kind}.earmap"
        asked(library, [music / name for name in PARTS["choose"]], encoders)
        shown(library, options.out or folder)
    if options.irmas:
        leading(options.irmas[0], options.irmas[1], work / "scores", encoders)


if __name__ == "__main__":
    main()
