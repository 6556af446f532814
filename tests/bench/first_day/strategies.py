"""How the seven strategies compare, trained three times each at a small width, by the program's own evaluation.

    python tests/bench/first_day/strategies.py WORK [--music DIR] [--irmas DIR] [--out DIR]

WORK is that of `build.py`, prepared. Every strategy is trained with three seeds where that was not done; then a library
of the choosing part, and one of its control copies, are asked by `earmap evaluate`: soundtracks as playlists, which
soundtrack, and the instruments of a folder in IRMAS's layout. `earmap compare` draws and writes what came out: every
run a mark, runs of one strategy beside each other, MFCC and untrained networks as they are at that width.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from build import earmap, trained
from lists import PARTS
from recipes import TWINS, Recipe, twins

from core.library.store import Library
from core.nets.card import SUFFIX
from core.training.config import all_trainable

TASKS = ("albums,by=folder", "folders,depth=1,group=track")
ROLES = ("hit-rate=My music: folders as playlists", "genre=My music: folder")
"""What stands for the paper's tasks: which soundtrack for which genre."""


def given(source: Path, recipe: Recipe, folder: Path) -> Path:
    """The recipe's encoder as a file to give away."""
    path = folder / f"{recipe.name}{SUFFIX}"
    if not path.exists():
        trained(source, recipe)
        earmap(source, "export", "encoder", recipe.name, str(path))
    return path


def asked(library: Path, folders: list[Path], encoders: list[Path], irmas: Path | None) -> None:
    """A library of some folders, and what encoders and baselines know of it."""
    if not library.exists():
        earmap(library, "add", "--scan-only", *map(str, folders))
    with Library(library) as opened:
        missing = [path for path in encoders if opened.encoders.find(path.stem) is None]
    for path in missing:
        earmap(library, "import", "encoder", str(path))
    random = [f"{kind}-w{TWINS:g}" for kind in ("random", "random-multi")]
    names = ["mfcc", *random, *(path.stem for path in encoders)]
    sets = ["--dataset", f"irmas:{irmas}"] if irmas else []
    words = [word for task in TASKS for word in ("--task", task)]
    chosen = [word for name in names for word in ("--encoder", name)]
    earmap(library, "evaluate", *words, *sets, *chosen, "--no-baselines")


def shown(library: Path, out: Path) -> None:
    """Pictures, the table, and the paper's directions."""
    out.mkdir(parents=True, exist_ok=True)
    files = [out / f"{library.stem}{end}" for end in (".svg", ".png", ".csv", ".md")]
    earmap(library, "compare", *(word for file in files for word in ("--out", str(file))))
    roles = [word for role in ROLES for word in ("--as", role)]
    earmap(library, "compare", "--directions", *roles, "--out", str(out / f"{library.stem}-directions.md"))


def main() -> None:
    """Train what is missing, ask, draw."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--music", type=Path)
    parser.add_argument("--irmas", type=Path)
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
        asked(library, [music / name for name in PARTS["choose"]], encoders, options.irmas)
        shown(library, options.out or folder)


if __name__ == "__main__":
    main()
