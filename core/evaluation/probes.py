"""Probes on frozen embeddings: how much of what a person calls things a linear classifier finds in them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.fits import (
    NOTHING_APART,
    Ledger,
    Matrix,
    Recipe,
    Watch,
    before,
    fitted_all,
    fitting,
    seen_dim,
    unwatched,
)
from core.evaluation.intervals import Scores, of_mean
from core.evaluation.results import ClassResult, ClassScore
from core.evaluation.splits import INNER_FOLDS, draws, grouped_folds
from core.evaluation.tasks import Rows, Split, Task, split_hash


def probe_classes(
    task: Task,
    vectors: Matrix,
    recipe: Recipe | None = None,
    splits: Sequence[Split] | None = None,
    *,
    watch: Watch = unwatched,
) -> ClassResult:
    """Accuracy of a linear probe.

    C is chosen on the validation part, else by cross-validation inside the training part; what is tested is seen by
    neither.

    Parameters
    ----------
    task
        Of kind `class`.
    vectors
        (n, dim) finite, in order of the task's items.
    recipe
        A linear SVM by default.
    splits
        By default `splits.draws(task)`; encoders are compared over the same ones.
    watch
        Called after each fit.

    Raises
    ------
    UserError
        The task has nothing to tell apart.
    """
    recipe, splits = recipe or Recipe(), tuple(splits or draws(task))
    ledger, chosen, targets = Ledger(watch=watch), [], task.targets.astype(np.int64)
    told = [np.empty((0, 2), np.int64)]
    for split in splits:
        with fitting():
            ready = before(recipe, vectors[split.train])
            c, model = _chosen(recipe, split, ready, vectors, targets, task.groups, ledger)
            asked = ready.transform(vectors[split.test])
            told.append(np.stack([split.test, model.predict(asked)], 1))
        chosen.append(c)
    answers, scores, confusion = _counts(task, targets, np.concatenate(told))
    return ClassResult(
        probe=recipe.probe,
        accuracy=of_mean(scores),
        scores=scores,
        classes=_per_class(task.names, confusion),
        confusion=confusion,
        answers=answers,
        seeds=len({split.seed for split in splits}),
        chance=1 / len(task.names),
        chosen=tuple(chosen) if recipe.probe != "majority" else (),
        dim=seen_dim(recipe, vectors.shape[1]),
        split=split_hash(task, splits),
        notes=(*task.missing, *ledger.notes()),
    )


def _counts(task: Task, targets: Rows, told: Rows) -> tuple[Rows, Scores, Rows]:
    """(times, 2) rows and what each was called, all draws together -> answers (k, 3), scores, and confusion."""
    pairs, times = np.unique(told, axis=0, return_counts=True)
    rows, called = pairs.T
    n, confusion = len(targets), np.zeros((len(task.names),) * 2, np.int64)
    np.add.at(confusion, (targets[rows], called), times)
    right, asked = (
        np.bincount(rows, weight, n).astype(np.float64)
        for weight in (times * (called == targets[rows]), times)
    )
    scores = Scores(right, asked, task.groups)
    return np.column_stack([pairs, times]).astype(np.int64), scores, confusion


def _chosen(
    recipe: Recipe, split: Split, ready: Any, vectors: Matrix, targets: Rows, groups: Rows, ledger: Ledger
) -> tuple[float, Any]:
    """C and the probe that has learned the training part with it."""
    train, y = ready.transform(vectors[split.train]), targets[split.train]
    if len(recipe.values()) > 1 and len(split.validation):
        validation = ready.transform(vectors[split.validation])
        tried = dict(_counted(recipe, recipe.values(), split.seed, train, y, ledger))
        c = max(
            tried, key=lambda c: float(np.mean(tried[c][0].predict(validation) == targets[split.validation]))
        )
        model, converged = tried[c]
    else:
        c = _crossed(recipe, split, vectors, targets, groups, ledger)
        ((_, (model, converged)),) = _counted(recipe, (c,), split.seed, train, y, ledger)
    ledger.choose(c, converged)
    return c, model


def _crossed(
    recipe: Recipe, split: Split, vectors: Matrix, targets: Rows, groups: Rows, ledger: Ledger
) -> float:
    """C by cross-validation over the groups of the training part, each fold standardised by itself."""
    values, rows = recipe.values(), split.train
    if len(values) == 1:
        return values[0]
    if len(np.unique(groups[rows])) < 2 or np.bincount(targets[rows]).max() < 2:
        ledger.said.append(NOTHING_APART)
        return values[len(values) // 2]
    right = dict.fromkeys(values, 0)
    for test in grouped_folds(targets[rows], groups[rows], INNER_FOLDS, split.seed):
        teach, asked = np.delete(rows, test), rows[test]
        ready = before(recipe, vectors[teach])
        x, unseen = ready.transform(vectors[teach]), ready.transform(vectors[asked])
        for c, (model, _) in _counted(recipe, values, split.seed, x, targets[teach], ledger):
            right[c] += int(np.count_nonzero(model.predict(unseen) == targets[asked]))
    return max(right, key=lambda c: right[c])


def _counted(
    recipe: Recipe, values: Sequence[float], seed: int, x: Matrix, y: Rows, ledger: Ledger
) -> Iterator[tuple[float, tuple[Any, bool]]]:
    for c, (model, converged) in zip(values, fitted_all(recipe, values, seed, x, y), strict=True):
        ledger.count(c, converged)
        yield c, (model, converged)


def _per_class(names: Sequence[str], confusion: NDArray[np.int64]) -> tuple[ClassScore, ...]:
    asked, answered, right = confusion.sum(1), confusion.sum(0), np.diag(confusion)
    return tuple(
        ClassScore(
            name,
            recall=_share(int(right[i]), int(asked[i])),
            precision=_share(int(right[i]), int(answered[i])),
            f1=_share(2 * int(right[i]), int(asked[i] + answered[i])),
            n=int(asked[i]),
        )
        for i, name in enumerate(names)
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
