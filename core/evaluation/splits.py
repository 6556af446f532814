"""Draws of who teaches and who is asked; a group is never on both sides."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold

from core.evaluation.tasks import Rows, Split, Task, need_classes, no_rows

FOLDS = 5
INNER_FOLDS = 3
"""Of a training part, where nothing else is kept apart to choose settings with."""
SEEDS = 5
TEST_SHARE, VALIDATION_SHARE = 0.2, 0.2
"""Of the groups of tags; what folds give to classes."""


def draws(task: Task, seeds: int = SEEDS, folds: int = FOLDS) -> tuple[Split, ...]:
    """Every split of an evaluation: the official one, else `seeds` draws.

    Classes: each draw is a whole cross-validation, so that every item is asked once a draw; the fold after the
    tested one chooses the settings. Tags, of which scores of two models cannot be ranked together: one split a draw.

    Raises
    ------
    UserError
        There is nothing to tell apart, or all belong to one group.
    """
    need_classes(task)
    if task.official is not None:
        return (task.official,)
    if task.kind == "tags":
        return tuple(shuffled(task, seed) for seed in range(seeds))
    return tuple(split for seed in range(seeds) for split in crossed(task, seed, folds))


def crossed(task: Task, seed: int, folds: int = FOLDS) -> tuple[Split, ...]:
    """A cross-validation, stratified by class as far as groups allow; fewer folds where there are fewer groups."""
    tests = grouped_folds(task.targets.astype(np.int64), task.groups, folds, seed)
    everything, splits = np.arange(len(task.items)), []
    for test, after in pairwise([*tests, tests[0]]):
        validation = after if len(tests) > 2 else no_rows()
        train = np.setdiff1d(everything, np.concatenate([test, validation]))
        splits.append(Split(train, validation, test, seed))
    return tuple(splits)


def shuffled(task: Task, seed: int, test: float = TEST_SHARE, validation: float = VALIDATION_SHARE) -> Split:
    """Shares of the groups drawn at random; with three groups or more, each part has one at least."""
    outer = GroupShuffleSplit(1, test_size=test, random_state=seed)
    teach, asked = next(outer.split(task.groups, groups=task.groups))
    if len(np.unique(task.groups[teach])) < 2:
        return Split(teach, no_rows(), asked, seed)
    inner = GroupShuffleSplit(1, test_size=validation / (1 - test), random_state=seed)
    train, choose = next(inner.split(teach, groups=task.groups[teach]))
    return Split(teach[train], teach[choose], asked, seed)


def grouped_folds(classes: Rows, groups: Rows, folds: int, seed: int) -> list[Rows]:
    """The tested rows of each fold, empty folds left out.

    Parameters
    ----------
    classes, groups
        (n,) each.

    Raises
    ------
    ValueError
        There is one group only.
    """
    # scikit-learn counts a class's items where groups are what is dealt out, and refuses if all classes are small.
    few = max(2, min(folds, len(np.unique(groups)), int(np.bincount(classes).max())))
    dealer = StratifiedGroupKFold(few, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        parts = [test for _, test in dealer.split(classes, classes, groups)]
    return [part for part in parts if len(part)]
