"""Judge the default's recipe on all soundtracks, each by a training that has not heard it.

    python tests/bench/first_day/folds.py WORK [--music DIR] [--steps 500] [--json FILE] [NAME ...]

WORK is that of `build.py`, prepared. The recipe is trained three times where that was not done, each time on the
renderings and on all soundtracks but a third. Each soundtrack is then asked about as `score.py` does it, by the
training that is without it, and linear probes name it, with tracks of one artist on one side; who asks, who is found
and what a probe learns from are of one third. Intervals are over all soundtracks (probes: artists), and every NAME (as
of `score.py` and `peers.py`; else MFCC and the untrained network) is asked the same, in pairs of answers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from build import SEGMENTS, given
from cards import MFCC, Answers, untrained
from lists import FOLDS, PARTS, Part, tracks
from peers import described
from recipes import RECIPES
from report import Asked, artists, rows, tell, which
from score import Heard, heard, judged

from core.evaluation.intervals import Scores
from core.nets import checkpoint

LISTS = {"hit_rate": "HR@10 of 61", "percentile": "MPR", "share": "share of the nearest ten"}
"""Of `score.Figures`: what is asked of lists. Its probe may have an artist on both sides."""


def joined(parts: list[Scores]) -> Scores:
    """Of items apart; no group of one part is a group of another."""
    groups, above = [], 0
    for part in parts:
        groups.append(np.unique(part.groups, return_inverse=True)[1] + above)
        above = groups[-1].max() + 1
    totals, counts = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("totals", "counts")
    )
    return Scores(totals, counts, np.concatenate(groups))


@cache
def questions(music: Path, fold: Part) -> list[Asked]:
    """The probes of a fold, the same for its copies."""
    names = artists(tracks(music, fold))
    titles = PARTS[fold]
    codes = np.array([titles.index(path.parent.name) for path in tracks(music, fold)])
    return list(which(codes, names, titles, np.arange(len(codes))))


def by_fold(name: str, music: Path, found: Heard, fold: Part) -> dict[str, Scores]:
    """What one fold's tracks say, by question."""
    matrix = described(name.format(fold), found)
    figures = judged(matrix, found.codes)
    told = {title: getattr(figures, key) for key, title in LISTS.items()}
    return told | {one.title: one.ask(matrix) for one in questions(music, fold)}


def answers(kind: str, music: Path, folds: dict[Part, Heard], names: list[str]) -> Iterator[Answers]:
    """What every name scored, question by question."""
    found = {name: [by_fold(name, music, one, fold) for fold, one in folds.items()] for name in names}
    for question in found[names[0]][0]:
        scores = {name: joined([one[question] for one in found[name]]) for name in names}
        yield Answers(kind, question, scores)


def trainings(work: Path, steps: int) -> str:
    """The files of the default's recipe, trained without each third; with `{}` for which one that is."""
    default = next(recipe for recipe in RECIPES if recipe.default)
    for fold in default.folds(steps):
        path = given(work / "all.earmap", fold, work / "folds")
    return str(path).replace(FOLDS[-1], "{}")


def main() -> None:
    """Print the table; write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--music", type=Path)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--json", type=Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_intermixed_args()  # names may stand after an option
    work: Path = options.work.absolute()
    music = (options.music or work / "music").absolute()
    ours = trainings(work, options.steps)
    names = options.names or [MFCC, untrained(checkpoint.load(Path(ours.format(FOLDS[0])))[0])]
    table: list[dict[str, Any]] = []
    for kind, folder in {"plain": music, "control": work / "control"}.items():
        copies = kind == "control"
        folds = {fold: heard(folder, fold, SEGMENTS, work / "scores", copies=copies) for fold in FOLDS}
        found = list(answers(kind, music, folds, [ours, *names]))
        for one in found:
            tell(one)
        table += rows(found, [ours, *names])
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
