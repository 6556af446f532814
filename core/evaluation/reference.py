"""The paper's figures, to be drawn beside ours and never as ours; and what its tables say, to be tested on ours.

Choi et al. (2022), "Towards Proper Contrastive Self-supervised Learning Strategies For Music Audio Representation",
arXiv 2207.04471, tables 2 and 3. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.evaluation.intervals import Floats, Interval, Scores, contrast, interval

SOURCE = "Choi et al. 2022"

Column = Literal[
    "genre-svm", "genre-logistic", "instrument-svm", "instrument-logistic", "hit-rate", "percentile"
]
COLUMNS: tuple[Column, ...] = (
    "genre-svm", "genre-logistic", "instrument-svm", "instrument-logistic", "hit-rate", "percentile",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One encoder in the paper's tables; `strategy` as this program calls it, `values` in order of `COLUMNS`."""

    strategy: str
    title: str
    dim: int
    values: tuple[float, ...]

    def value(self, column: Column) -> float:
        """One figure."""
        return self.values[COLUMNS.index(column)]


PAPER: tuple[Row, ...] = (
    Row("mfcc", "MFCC", 40, (0.397, 0.401, 0.473, 0.481, 0.196, 0.381)),
    Row("self", "Siamese, self-aug", 128, (0.409, 0.418, 0.431, 0.438, 0.250, 0.339)),
    Row("self-multi", "Siamese, self-aug, multi", 640, (0.373, 0.413, 0.520, 0.532, 0.242, 0.350)),
    Row("adjacent", "Siamese, adjacent", 128, (0.466, 0.458, 0.388, 0.379, 0.279, 0.318)),
    Row("adjacent-multi", "Siamese, adjacent, multi", 640, (0.450, 0.446, 0.592, 0.575, 0.262, 0.332)),
    Row("same-track", "Siamese, random", 128, (0.418, 0.431, 0.374, 0.361, 0.239, 0.377)),
    Row("same-track-multi", "Siamese, random, multi", 640, (0.436, 0.461, 0.581, 0.560, 0.260, 0.330)),
    Row("melcpc", "MelCPC", 256, (0.480, 0.491, 0.490, 0.486, 0.280, 0.316)),
)

AUTO_TAGGING: tuple[tuple[str, float], ...] = (
    ("Transformer (supervised)", 0.897),
    ("musicnn (supervised)", 0.880),
    ("CLMR", 0.857),
    ("MelCPC", 0.856),
)
"""ROC-AUC on MSD."""

Probe = Literal["svm", "logistic"]
TaskName = Literal["genre", "instrument", "hit-rate"]
Verdict = Literal["holds", "fails", "tie", "not measured"]
Measured = Mapping[tuple[str, Column], Scores]
"""(strategy, column) -> what its items scored, over the same items for every strategy of a column."""

SAMPLINGS = ("self", "adjacent", "same-track")
SIAMESE = (*SAMPLINGS, *(f"{name}-multi" for name in SAMPLINGS))
TRAINED = (*SIAMESE, "melcpc")
FEWEST_RANKED = 4
"""Strategies with fewer have no order to speak of."""


@dataclass(frozen=True)
class Claim:
    """A weighted sum of strategies' figures exceeds `above`."""

    task: TaskName
    parts: tuple[tuple[float, str], ...]
    above: float = 0.0


@dataclass(frozen=True)
class Direction:
    """What the paper's tables say; all claims together. `ranks`: two tasks put strategies in the same order."""

    number: int
    text: str
    claims: tuple[Claim, ...] = ()
    ranks: tuple[TaskName, TaskName] | None = None
    weak: bool = False


@dataclass(frozen=True)
class Outcome:
    """A claim, or a direction, against our own figures.

    Parameters
    ----------
    margin
        By how much it holds, negative where it does not, in the task's own unit (a rank correlation where orders are
        compared); None where it was not measured.
    missing
        (strategy, column) that would be needed.
    """

    verdict: Verdict
    margin: Interval | None = None
    missing: tuple[tuple[str, Column], ...] = ()


@dataclass(frozen=True)
class Judgement:
    """A direction, its outcome (that of its weakest claim), and each claim's."""

    direction: Direction
    outcome: Outcome
    claims: tuple[tuple[Claim, Outcome], ...] = ()


def _over(task: TaskName, one: str, other: str, above: float = 0.0) -> Claim:
    return Claim(task, ((1.0, one), (-1.0, other)), above)


def _gains_more(one: str, other: str) -> Claim:
    parts = ((1.0, f"{one}-multi"), (-1.0, one), (-1.0, f"{other}-multi"), (1.0, other))
    return Claim("instrument", parts)


def _random_beside(strategy: str) -> str:
    return "random-multi" if strategy.endswith("-multi") else "random"


DIRECTIONS: tuple[Direction, ...] = (
    Direction(
        1,
        "Instrument: multi-level beats single-level by 5 points or more for every sampling.",
        tuple(_over("instrument", f"{name}-multi", name, 0.05) for name in SAMPLINGS),
    ),
    Direction(
        2,
        "Instrument: multi-level gains more for adjacent and same-track than for self.",
        (_gains_more("adjacent", "self"), _gains_more("same-track", "self")),
    ),
    Direction(
        3,
        "Instrument: MelCPC lies above all single-level and below all multi-level encoders.",
        (
            *(_over("instrument", "melcpc", name) for name in SAMPLINGS),
            *(_over("instrument", f"{name}-multi", "melcpc") for name in SAMPLINGS),
        ),
    ),
    Direction(
        4,
        "Instrument, single level: self above adjacent above same-track.",
        (_over("instrument", "self", "adjacent"), _over("instrument", "adjacent", "same-track")),
    ),
    Direction(
        5,
        "Every trained encoder beats MFCC on HR@10 and the random encoder on genre.",
        (
            *(_over("hit-rate", name, "mfcc") for name in TRAINED),
            *(_over("genre", name, _random_beside(name)) for name in TRAINED),
        ),
    ),
    Direction(
        6,
        "Genre, single level: adjacent beats same-track and self.",
        (_over("genre", "adjacent", "same-track"), _over("genre", "adjacent", "self")),
    ),
    Direction(
        7,
        "Genre: multi-level below single-level for self and adjacent, above for same-track.",
        (
            _over("genre", "self", "self-multi"),
            _over("genre", "adjacent", "adjacent-multi"),
            _over("genre", "same-track-multi", "same-track"),
        ),
    ),
    Direction(8, "Recommendation follows genre.", ranks=("genre", "hit-rate")),
    Direction(
        9,
        "Genre and recommendation: MelCPC is best.",
        tuple(_over(task, "melcpc", name) for task in ("genre", "hit-rate") for name in SIAMESE),
        weak=True,
    ),
)


def column(task: TaskName, probe: Probe) -> Column:
    """Where a task's figures are."""
    columns: dict[tuple[TaskName, Probe], Column] = {
        ("genre", "svm"): "genre-svm",
        ("genre", "logistic"): "genre-logistic",
        ("instrument", "svm"): "instrument-svm",
        ("instrument", "logistic"): "instrument-logistic",
    }
    return columns.get((task, probe), "hit-rate")


def judge(measured: Measured, probe: Probe = "svm") -> tuple[Judgement, ...]:
    """Every direction against our own figures.

    A claim holds where the paired 95 % interval of its margin lies above 0, fails where it lies below, and is a tie
    where it contains 0. A direction holds where all its claims do, fails where one fails, and is not measured where a
    claim is not, unless another one fails already.

    Raises
    ------
    ValueError
        Two strategies' scores of a column are not over the same items.
    """
    return tuple(_judged(direction, measured, probe) for direction in DIRECTIONS)


def _judged(direction: Direction, measured: Measured, probe: Probe) -> Judgement:
    if direction.ranks is not None:
        first, second = (column(task, probe) for task in direction.ranks)
        return Judgement(direction, _same_order(measured, first, second))
    outcomes = [_claimed(claim, measured, column(claim.task, probe)) for claim in direction.claims]
    claims = tuple(zip(direction.claims, outcomes, strict=True))
    missing = tuple(dict.fromkeys(need for outcome in outcomes for need in outcome.missing))
    order: tuple[Verdict, ...] = ("fails", "not measured", "tie", "holds")
    verdict = min((outcome.verdict for outcome in outcomes), key=order.index)
    margins = [each.margin for each in outcomes if each.verdict == verdict and each.margin is not None]
    weakest = min(margins, key=lambda margin: margin.mean, default=None)
    return Judgement(direction, Outcome(verdict, weakest, missing), claims)


def _claimed(claim: Claim, measured: Measured, where: Column) -> Outcome:
    needed = [(strategy, where) for _, strategy in claim.parts]
    missing = tuple(need for need in needed if need not in measured)
    if missing:
        return Outcome("not measured", missing=missing)
    margin = contrast([(weight, measured[strategy, where]) for weight, strategy in claim.parts])
    lifted = replace(
        margin, mean=margin.mean - claim.above, low=margin.low - claim.above, high=margin.high - claim.above
    )
    return Outcome(_verdict(lifted), lifted)


def _verdict(margin: Interval) -> Verdict:
    if margin.tie:
        return "tie"
    return "holds" if margin.low > 0 else "fails"


def _same_order(measured: Measured, first: Column, second: Column) -> Outcome:
    """Spearman's correlation of two columns over the strategies that have both, the groups of both drawn."""
    strategies = [
        name for name in ("mfcc", *TRAINED) if (name, first) in measured and (name, second) in measured
    ]
    if len(strategies) < FEWEST_RANKED:
        needs = [(name, where) for name in ("mfcc", *TRAINED) for where in (first, second)]
        return Outcome("not measured", missing=tuple(need for need in needs if need not in measured))
    tables = [_by_group([measured[name, where] for name in strategies]) for where in (first, second)]
    sizes = [table.shape[1] for table in tables]

    def correlation(weights: Floats) -> Floats:
        parts = np.split(weights, [sizes[0]], axis=1)
        means = [_means(part, table) for part, table in zip(parts, tables, strict=True)]
        return _spearman(*means)

    n = sum(int((measured[strategies[0], where].counts > 0).sum()) for where in (first, second))
    margin = interval(correlation, sum(sizes), n)
    return Outcome(_verdict(margin), margin)


def _by_group(strategies: list[Scores]) -> Floats:
    """(strategies + 1, groups): totals of each, and last how often a group was asked."""
    first = strategies[0]
    asked = first.counts > 0
    _, codes = np.unique(first.groups[asked], return_inverse=True)
    rows = [*(scores.totals for scores in strategies), first.counts]
    return np.stack([np.bincount(codes, row[asked]) for row in rows])


def _means(weights: Floats, table: Floats) -> Floats:
    """(draws, groups) and a table by group -> (draws, strategies); 0 where no group was drawn."""
    sums = weights @ table.T
    return np.asarray(sums[:, :-1] / np.maximum(sums[:, -1:], 1), np.float64)


def _spearman(one: Floats, other: Floats) -> Floats:
    """(draws, strategies) twice -> (draws,); NaN where all are equal."""
    a, b = (_centred_ranks(values) for values in (one, other))
    spread = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    correlation: Floats = np.divide((a * b).sum(1), spread, out=np.full(len(a), np.nan), where=spread > 0)
    return correlation


def _centred_ranks(values: Floats) -> Floats:
    """Ranks less their mean; equal ones share theirs."""
    return np.asarray(np.sign(values[:, :, None] - values[:, None, :]).sum(2) / 2, np.float64)
