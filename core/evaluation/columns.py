"""What a comparison is made of: encoders in rows, a task's figures in columns. NumPy and SciPy alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from core.evaluation.intervals import Interval
from core.library.records import EvaluationRecord, Figure

BASELINES = ("mfcc", "random", "random-multi")
"""Strategies that are never trained; drawn with everything."""
MAJORITY = "majority"
PROBES = {"svm": "linear SVM", "logistic": "logistic regression", "cosine": "cosine"}
METRICS = {
    "accuracy": "Accuracy", "roc_auc": "ROC-AUC", "pr_auc": "PR-AUC", "hit_rate": "HR@10", "percentile": "MPR",
    "mrr": "MRR", "same_artist": "Same artist", "any_artist": "Same artist, any", "same_album": "Same album",
    "any_album": "Same album, any", "same_album_other_artists": "Same album, other artists",
    "any_album_other_artists": "Same album, other artists, any", "hubness": "Hubness", "reached": "Tracks reached",
    "effective_rank": "Effective rank", "consistency": "Segment consistency",
}  # fmt: skip
"""Titles, in the order in which a task's columns stand; what is not here keeps its name and comes last."""
LOWER_IS_BETTER = frozenset({"percentile", "hubness"})
NEITHER_IS_BETTER = frozenset({"effective_rank", "consistency"})
"""They describe; nobody is best in them."""


def metric_title(metric: str) -> str:
    """As a table's head says it."""
    return METRICS.get(metric, metric.replace("_", " ").capitalize())


def probe_title(probe: str) -> str:
    """Empty where nothing is fitted."""
    return "" if probe == "cosine" else PROBES.get(probe, probe)


@dataclass(frozen=True)
class Cell:
    """An encoder's figure in a column.

    Parameters
    ----------
    tie
        Whether the paired 95 % interval of the difference to the column's best contains 0; None for the best itself,
        and where nothing can be paired.
    difference
        To the column's best, paired item by item; None where `tie` is.
    """

    record: EvaluationRecord
    figure: Figure
    tie: bool | None = None
    best: bool = False
    difference: Interval | None = None


@dataclass(frozen=True)
class PaperMark:
    """A figure of Choi et al. (2022) for the same data set: measured there, not here."""

    strategy: str
    value: float


@dataclass(frozen=True, eq=False)
class Column:
    """One figure of one task and one probe.

    Parameters
    ----------
    key
        Tells columns apart, also between two comparisons.
    task
        As a person reads it; two of one name are told apart.
    spec
        Where the task came from.
    chance
        What guessing gives; NaN where nobody knows.
    n, groups, seeds, split
        The same for all its cells.
    majority
        What always naming the most frequent class scores; None where that was not measured.
    notes
        What did not go as it should, and what the encoders were trained on, for a person.
    brief
        The same without a word on each encoder, for a caption.
    """

    key: str
    task: str
    task_kind: str
    probe: str
    metric: str
    title: str
    higher_is_better: bool
    chance: float
    n: int
    groups: int
    seeds: int
    split: str
    cells: tuple[Cell, ...]
    paper: tuple[PaperMark, ...] = ()
    notes: tuple[str, ...] = ()
    brief: tuple[str, ...] = ()
    spec: dict[str, Any] = field(default_factory=dict)
    majority: Figure | None = None

    def cell(self, encoder: str) -> Cell | None:
        """An encoder's, if it was asked."""
        return next((cell for cell in self.cells if cell.record.encoder == encoder), None)

    @property
    def metric_title(self) -> str:
        """As a table's head says it."""
        return metric_title(self.metric)

    @property
    def ranked(self) -> bool:
        """Whether more, or less, of it is better at all."""
        return self.metric not in NEITHER_IS_BETTER

    @property
    def probe_title(self) -> str:
        """Empty where nothing is fitted."""
        return probe_title(self.probe)

    def paper_value(self, strategy: str) -> float:
        """NaN where the paper has none."""
        return next((mark.value for mark in self.paper if mark.strategy == strategy), math.nan)


@dataclass(frozen=True, eq=False)
class Comparison:
    """What there is to see.

    Parameters
    ----------
    encoders
        mfcc, random, random-multi, then by strategy in the paper's order, then by name.
    strategies
        Of each encoder.
    runs
        Of each encoder: how many encoders here were trained with its strategy and have its width; 0 for a baseline.
    reduced
        Whether embeddings were reduced by PCA, so that none wins by its width.
    notes
        Results that are left out, and why; what is missing.
    """

    columns: tuple[Column, ...]
    encoders: tuple[str, ...]
    strategies: dict[str, str]
    runs: dict[str, int]
    notes: tuple[str, ...] = ()
    reduced: bool = False

    @property
    def baselines(self) -> tuple[str, ...]:
        """Encoders that learned nothing."""
        return tuple(name for name in self.encoders if self.strategies[name] in BASELINES)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Their names, in order of columns."""
        return tuple(dict.fromkeys(column.task for column in self.columns))

    def column(self, key: str) -> Column | None:
        """One of them."""
        return next((column for column in self.columns if column.key == key), None)

    def only(self, keep: Callable[[Column], bool]) -> Comparison:
        """The same with some columns; encoders that have nothing in them go, notes of all stay."""
        columns = tuple(column for column in self.columns if keep(column))
        here = {cell.record.encoder for column in columns for cell in column.cells}
        return replace(self, columns=columns, encoders=tuple(name for name in self.encoders if name in here))

    def about_runs(self) -> str:
        """How often each strategy was trained: one run says little of a strategy."""
        counts: dict[str, int] = {}
        for name in self.encoders:
            if self.runs[name]:
                strategy = self.strategies[name]
                counts[strategy] = max(self.runs[name], counts.get(strategy, 0))
        if not counts:
            return ""
        several = [f"{strategy} {count}" for strategy, count in counts.items() if count > 1]
        if not several:
            return (
                "One training run of each trained encoder: what another would give is not in the intervals."
            )
        rest = "; of the others one" * (len(several) < len(counts))
        return f"Training runs of one strategy and width: {', '.join(several)}{rest}."
