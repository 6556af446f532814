"""Auto-tagging: how well a linear probe ranks items for each of many tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.evaluation.fits import (
    NOTHING_APART,
    Ledger,
    Matrix,
    Recipe,
    Watch,
    before,
    fitted,
    fitting,
    seen_dim,
    unwatched,
)
from core.evaluation.intervals import Floats, interval
from core.evaluation.jackknife import pseudo_values
from core.evaluation.ranking import Ranking, ranked
from core.evaluation.results import TagResult, TagScore
from core.evaluation.splits import INNER_FOLDS, draws, grouped_folds
from core.evaluation.tasks import Rows, Split, Task, split_hash

DRAWS = 1000
_CELLS = 2_000_000

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Answered:
    """One split: the tags that count, a ranking of the tested items for each, these items' groups, and C."""

    tags: Rows
    rankings: tuple[Ranking, ...]
    groups: Rows
    c: float

    def macro(self, weights: Floats) -> tuple[Floats, Floats]:
        """(draws, groups) -> ROC-AUC and average precision, (draws,), over tags that can be told in a draw."""
        sums, counts = np.zeros((2, len(weights))), np.zeros((2, len(weights)))
        step = max(1, _CELLS // len(self.groups))
        for start in range(0, len(weights), step):
            part = slice(start, start + step)
            items = weights[part][:, self.groups]
            for ranking in self.rankings:
                areas = np.stack(ranking.areas(items))
                sums[:, part] += np.nan_to_num(areas)
                counts[:, part] += ~np.isnan(areas)
        means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
        return means[0], means[1]


def probe_tags(
    task: Task,
    vectors: Matrix,
    recipe: Recipe | None = None,
    splits: Sequence[Split] | None = None,
    *,
    device: str = "cpu",
    resamplings: int = DRAWS,
    watch: Watch = unwatched,
) -> TagResult:
    """ROC-AUC and PR-AUC, macro over tags; one C for all of them, chosen by ROC-AUC on the validation part.

    Tags that nobody, or everybody, has in the training or the tested part of a split are left out of it.

    Parameters
    ----------
    task
        Of kind `tags`.
    vectors
        (n, dim) finite, in order of the task's items.
    recipe
        `logistic` (by default): `multi_tag`, all tags at once. `svm`: one tag after the other.
    splits
        By default `splits.draws(task)`.
    device
        Where `multi_tag` computes.
    watch
        Called after each fit.

    Raises
    ------
    UserError
        All items are of one group, or no tag is on both sides of a split.
    ValueError
        The majority says nothing of tags: chance is known.
    """
    recipe, splits = recipe or Recipe("logistic"), tuple(splits or draws(task))
    if recipe.probe == "majority":
        raise ValueError("a majority ranks nothing")
    ledger = Ledger(watch=watch)
    everywhere = np.unique(np.concatenate([split.test for split in splits]))
    _, codes = np.unique(task.groups[everywhere], return_inverse=True)
    answered = []
    for split in splits:
        groups = codes[np.searchsorted(everywhere, split.test)]
        with fitting():
            answered += _answered(recipe, task, vectors, split, groups, ledger, device)
    if not answered:
        raise UserError(
            f"No tag of {task.name} can be both learned and tested.",
            "Tag more tracks, of more albums or artists.",
        )
    return _result(recipe, task, splits, answered, vectors.shape[1], resamplings, ledger)


def _result(
    recipe: Recipe,
    task: Task,
    splits: Sequence[Split],
    answered: Sequence[_Answered],
    dim: int,
    resamplings: int,
    ledger: Ledger,
) -> TagResult:
    counted = np.unique(np.concatenate([each.tags for each in answered]))
    everywhere = np.unique(np.concatenate([split.test for split in splits]))
    n, groups = len(everywhere), len(np.unique(task.groups[everywhere]))
    roc, pr = (partial(_over_draws, answered, which) for which in (0, 1))
    return TagResult(
        probe=recipe.probe,
        roc_auc=interval(roc, groups, n, draws=resamplings),
        pr_auc=interval(pr, groups, n, draws=resamplings),
        roc_scores=pseudo_values(roc, groups),
        pr_scores=pseudo_values(pr, groups),
        prevalence=float(np.mean([r.positive.mean() for each in answered for r in each.rankings])),
        tags=tuple(_tag(task.names[tag], tag, answered) for tag in counted.tolist()),
        left_out=tuple(name for tag, name in enumerate(task.names) if tag not in counted),
        seeds=len({split.seed for split in splits}),
        chosen=tuple(each.c for each in answered),
        dim=seen_dim(recipe, dim),
        split=split_hash(task, splits),
        notes=(*task.missing, *_partly(task, answered, counted), *ledger.notes()),
    )


def _answered(
    recipe: Recipe, task: Task, vectors: Matrix, split: Split, groups: Rows, ledger: Ledger, device: str
) -> list[_Answered]:
    """What a split's tested items, of these groups, are told; nothing where no tag can be told."""
    targets = task.targets.astype(np.bool_)
    tags = np.flatnonzero(_told(targets[split.train]) & _told(targets[split.test]))
    if not len(tags):
        ledger.said.append("A split was left out: none of its tags can be both learned and tested.")
        return []
    c = _chosen(recipe, task, vectors, split, ledger, device)
    alone = replace(recipe, grid=(c,))
    ((_, scores, converged),) = _fits(alone, vectors, targets[:, tags], split, split.test, ledger, device)
    ledger.count(c, converged)
    ledger.choose(c, converged)
    rankings = tuple(ranked(scores[:, i], targets[split.test, tag]) for i, tag in enumerate(tags))
    return [_Answered(tags, rankings, groups, c)]


def _over_draws(answered: Sequence[_Answered], which: int, weights: Floats) -> Floats:
    """(draws, groups) -> one of the two areas, mean over splits."""
    return np.asarray(np.mean([each.macro(weights)[which] for each in answered], axis=0), np.float64)


def _told(targets: Flags) -> Flags:
    """(tags,) which some have and some have not."""
    return np.asarray(targets.any(0) & ~targets.all(0), np.bool_)


def _chosen(recipe: Recipe, task: Task, vectors: Matrix, split: Split, ledger: Ledger, device: str) -> float:
    """C that ranks best on the validation part, else on a share of the training part's groups."""
    values = recipe.values()
    inner = split if len(split.validation) else _inner(task, split)
    if len(values) == 1 or inner is None:
        if len(values) > 1:
            ledger.said.append(NOTHING_APART)
        return values[len(values) // 2]
    targets = task.targets.astype(np.bool_)
    tags = np.flatnonzero(_told(targets[inner.train]) & _told(targets[inner.validation]))
    rates = {}
    for c, scores, converged in _fits(
        recipe, vectors, targets[:, tags], inner, inner.validation, ledger, device
    ):
        ledger.count(c, converged)
        even = np.ones((1, len(inner.validation)))
        areas = [
            ranked(scores[:, i], targets[inner.validation, tag]).areas(even)[0] for i, tag in enumerate(tags)
        ]
        rates[c] = float(np.mean(areas)) if areas else 0.0
    return max(rates, key=lambda c: rates[c])


def _inner(task: Task, split: Split) -> Split | None:
    """The training part split once more; None where it is one group."""
    rows, groups = split.train, task.groups[split.train]
    if len(np.unique(groups)) < 2:
        return None
    choose, *_ = grouped_folds(np.zeros(len(rows), np.int64), groups, INNER_FOLDS, split.seed)
    return Split(np.delete(rows, choose), rows[choose], split.test, split.seed)


def _fits(
    recipe: Recipe, vectors: Matrix, targets: Flags, split: Split, asked: Rows, ledger: Ledger, device: str
) -> Iterator[tuple[float, Floats, bool]]:
    """For each C ascending: it, the (asked, tags) scores, and whether all fits converged."""
    ready = before(recipe, vectors[split.train])
    x, unseen, y = (
        ready.transform(vectors[split.train]),
        ready.transform(vectors[asked]),
        targets[split.train],
    )
    if recipe.probe == "logistic":
        from core.evaluation import multi_tag

        options: dict[str, Any] = {"device": device, "max_iter": recipe.max_iter, "watch": ledger.step}
        for model in multi_tag.fit(x, y, recipe.values(), **options):
            yield model.c, model.scores(unseen), model.converged
        return
    for c in recipe.values():
        models = []
        for tag in range(y.shape[1]):
            models.append(fitted(recipe, c, split.seed, x, y[:, tag].astype(np.int64)))
            ledger.step()
        yield (
            c,
            np.stack([model.decision_function(unseen) for model, _ in models], 1),
            all(ok for _, ok in models),
        )


def _partly(task: Task, answered: Sequence[_Answered], counted: Rows) -> tuple[str, ...]:
    """What is said of tags that count in some splits only."""
    some = [tag for tag in counted.tolist() if not all(tag in each.tags for each in answered)]
    if not some:
        return ()
    names = ", ".join(task.names[tag] for tag in some)
    return (f"{len(some)} tags are missing in some of the {len(answered)} splits: {names}.",)


def _tag(name: str, tag: int, answered: Sequence[_Answered]) -> TagScore:
    rankings = [each.rankings[each.tags.tolist().index(tag)] for each in answered if tag in each.tags]
    areas = [ranking.areas(np.ones((1, len(ranking.order)))) for ranking in rankings]
    roc, precise = np.mean(areas, axis=0)[:, 0].tolist()
    return TagScore(name, roc, precise, sum(int(ranking.positive.sum()) for ranking in rankings))
