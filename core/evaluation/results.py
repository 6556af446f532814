"""What probes find: frozen records without torch or scikit-learn, so that the window can show them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.intervals import Interval, Scores


@dataclass(frozen=True)
class ClassScore:
    """One class, over all draws.

    Parameters
    ----------
    recall, precision, f1
        NaN where there is nothing to divide by: never asked, never answered.
    n
        How often an item of the class was asked.
    """

    name: str
    recall: float
    precision: float
    f1: float
    n: int


@dataclass(frozen=True, eq=False)
class ClassResult:
    """A probe that names one class for each item.

    Parameters
    ----------
    probe
        `svm`, `logistic` or `majority`, the row that learns nothing but which class is the most frequent.
    accuracy
        Over the items that were asked; an item's score is the share of draws in which it was named rightly.
    scores
        Of every item of the task, to be paired with another encoder's (`intervals.difference`).
    confusion
        (classes, classes) how often an item of the row's class was called the column's, all draws together.
    answers
        (k, 3) the same by item: its row, the class that it was called, and how often; ascending.
    seeds
        Draws of the split.
    chance
        One of so many classes.
    chosen
        C of each split.
    dim
        What the probe saw, after PCA if there was one.
    split
        `tasks.split_hash`.
    notes
        What did not go as it should, for a person.
    """

    probe: str
    accuracy: Interval
    scores: Scores
    classes: tuple[ClassScore, ...]
    confusion: NDArray[np.int64]
    answers: NDArray[np.int64]
    seeds: int
    chance: float
    chosen: tuple[float, ...]
    dim: int
    split: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class TagScore:
    """One tag, mean over draws. `positives`: items that have it among those asked, all draws together."""

    name: str
    roc_auc: float
    pr_auc: float
    positives: int


@dataclass(frozen=True, eq=False)
class TagResult:
    """A probe that ranks items for each tag; the others as in `ClassResult`.

    Parameters
    ----------
    roc_auc, pr_auc
        Means over tags (macro), then over draws. Chance is 0.5, and `prevalence`.
    prevalence
        Mean share of items that have a tag, of the tags that count.
    tags
        Those that count in at least one draw.
    left_out
        Tags that never count: nobody, or everybody, has them in a part.
    roc_scores, pr_scores
        What each part of the groups adds to the areas, to be paired with another encoder's (`jackknife`).
    """

    probe: str
    roc_auc: Interval
    pr_auc: Interval
    prevalence: float
    tags: tuple[TagScore, ...]
    left_out: tuple[str, ...]
    roc_scores: Scores
    pr_scores: Scores
    seeds: int
    chosen: tuple[float, ...]
    dim: int
    split: str
    notes: tuple[str, ...]
