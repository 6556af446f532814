"""Judge a recipe on all soundtracks, each by a training that has not heard it.

    python tests/bench/first_day/folds.py MUSIC --control COPIES [--json FILE] NAME ...

NAME is `mfcc`, `bliss`, `random:width=0.25,blocks=lean`, a `.npz` of `peers.py`, or the files of a recipe's trainings
with `{}` for the fold, as `WORK/folds/earmap-2-{}.safetensors`: the one of `fold-1` has heard all soundtracks but those
of that fold. The figures are those of `score.py`, and linear probes of the soundtrack with tracks of one artist on one
side; who asks, who is found, and what a probe learns from are all of one fold. Intervals are over all soundtracks
(probes: artists). The first name is compared with each other, in pairs of answers to one question.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from cards import Answers
from lists import FOLDS, PARTS, Part, tracks
from peers import described
from report import Asked, artists, rows, tell, which
from score import SEEDS, Heard, heard, judged

from core.evaluation.intervals import Scores

SEGMENTS = 10
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
        yield Answers(kind, question, scores, SEEDS)


def listened(music: Path, cached: Path, *, copies: bool) -> dict[Part, Heard]:
    """All folds, decoded where they are not in the cache."""
    return {fold: heard(music, fold, SEGMENTS, cached, copies=copies) for fold in FOLDS}


def main() -> None:
    """Print the table; write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("music", type=Path)
    parser.add_argument("--control", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(".scores"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    table: list[dict[str, Any]] = []
    for kind, folder in {"plain": options.music, "control": options.control}.items():
        if folder is None:
            continue
        folds = listened(folder, options.cache, copies=kind == "control")
        found = list(answers(kind, options.music, folds, options.names))
        for one in found:
            tell(one)
        table += rows(found, options.names)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
