"""How often a 95 % interval holds the truth, on synthetic grouped data whose accuracy is known.

    python tests/bench/interval_coverage.py [--draws 1000] [--groups 10 20 50 200] [--json FILE]

A group's own accuracy is drawn from a beta distribution around the known one (`likeness` 0: items of a group are
independent; 1: all alike), its size is 1 + Poisson(4), as clips of a recording. `percentile` is the plain bootstrap,
for comparison. `difference` pairs two encoders that are equally good and err on much the same items.
Bar: 93.5 to 96.5 %; with 1,000 draws the figure itself is uncertain by 1.4 points either way.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from core.evaluation.intervals import DRAWS, Scores, difference, of_mean, resampled

CASES = ((0.5, 0.5), (0.7, 0.2), (0.8, 0.3), (0.9, 0.3))
"""Accuracy and likeness within a group."""


def grouped(rng: np.random.Generator, groups: int, accuracy: float, likeness: float) -> tuple[Scores, Scores]:
    """Two encoders over the same items: half of the time the second answers what the first did."""
    codes = np.repeat(np.arange(groups), 1 + rng.poisson(4, groups))
    spread = (1 - likeness) / likeness
    share = rng.beta(accuracy * spread, (1 - accuracy) * spread, groups)[codes]
    one, anew = (rng.random((2, len(codes))) < share).astype(np.float64)
    other = np.where(rng.random(len(codes)) < 0.5, one, anew)
    counts = np.ones(len(codes))
    return Scores(one, counts, codes), Scores(other, counts, codes)


def percentile(scores: Scores, groups: int) -> tuple[float, float]:
    """The plain interval."""
    totals, counts = (np.bincount(scores.groups, part) for part in (scores.totals, scores.counts))
    drawn = np.concatenate([(w @ totals) / (w @ counts) for w in resampled(groups, 0, DRAWS)])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def covered(groups: int, accuracy: float, likeness: float, draws: int) -> dict[str, float]:
    """Shares of draws whose interval holds the truth."""
    rng = np.random.default_rng([groups, round(100 * accuracy), round(100 * likeness)])
    held = dict.fromkeys(("bca_t", "percentile", "difference"), 0)
    for _ in range(draws):
        one, other = grouped(rng, groups, accuracy, likeness)
        ours, apart, (low, high) = of_mean(one), difference(one, other), percentile(one, groups)
        held["bca_t"] += ours.low <= accuracy <= ours.high
        held["percentile"] += low <= accuracy <= high
        held["difference"] += apart.tie
    return {name: count / draws for name, count in held.items()}


def main() -> None:
    """Every case with every number of groups."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--draws", type=int, default=1000)
    options.add_argument("--groups", type=int, nargs="+", default=[10, 20, 50, 200])
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    rows = []
    for accuracy, likeness in CASES:
        for groups in given.groups:
            shares = covered(groups, accuracy, likeness, given.draws)
            rows.append({"accuracy": accuracy, "likeness": likeness, "groups": groups} | shares)
            print(rows[-1], flush=True)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1), "utf-8")


if __name__ == "__main__":
    main()
