from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from core.errors import UserError
from core.evaluation import multi_tag
from core.evaluation.fits import GRID, Recipe
from core.evaluation.ranking import ranked
from core.evaluation.splits import shuffled
from core.evaluation.tag_probe import probe_tags
from core.evaluation.tasks import Split, Task

QUICK = 100


def albums(n: int = 240, tags: int = 5, dim: int = 16, seed: int = 0) -> tuple[Task, np.ndarray]:
    """Albums of four tracks; tags follow directions of the embedding, with noise, the later the rarer."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(3, 2, (n, dim)) + np.repeat(rng.normal(0, 1, (n // 4, dim)), 4, 0)
    heard = (vectors - 3) @ rng.normal(0, 1, (dim, tags)) + rng.normal(0, 6, (n, tags))
    targets = heard > 3 * np.arange(tags)
    names = tuple(f"tag {i}" for i in range(tags))
    return Task("Albums", "tags", tuple(range(n)), names, targets, np.repeat(np.arange(n // 4), 4)), vectors


def test_areas_are_scikit_learns_with_weights_and_ties() -> None:
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(0, 12, 80).astype(np.float64), rng.random(80) < 0.3
    weights = rng.integers(0, 4, (30, 80)).astype(np.float64)
    roc, precise = ranked(scores, positive).areas(weights)
    for row, (one, other) in enumerate(zip(roc, precise, strict=True)):
        assert one == pytest.approx(roc_auc_score(positive, scores, sample_weight=weights[row]))
        assert other == pytest.approx(average_precision_score(positive, scores, sample_weight=weights[row]))


def test_areas_without_positives_or_negatives_mean_nothing() -> None:
    weights = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0]])
    roc, precise = ranked(np.arange(4.0), np.array([True, True, False, False])).areas(weights)
    assert np.isnan(roc).tolist() == np.isnan(precise).tolist() == [True, True, False]


def test_equal_scores_are_worth_a_coin() -> None:
    roc, precise = ranked(np.zeros(10), np.arange(10) < 3).areas(np.ones((1, 10)))
    assert (roc[0], precise[0]) == pytest.approx((0.5, 0.3))


@pytest.mark.parametrize("c", GRID)
def test_all_tags_at_once_agree_with_scikit_learn_one_after_the_other(c: float) -> None:
    task, vectors = albums()
    x = StandardScaler().fit_transform(vectors)
    (ours,) = multi_tag.fit(x, task.targets.astype(np.bool_), [c], tolerance=1e-7)
    theirs = OneVsRestClassifier(LogisticRegression(C=c, tol=1e-7, max_iter=2000)).fit(x, task.targets)
    assert ours.converged
    for tag, model in enumerate(theirs.estimators_):
        assert ours.weights[:, tag] == pytest.approx(model.coef_[0], abs=1e-4)
        assert ours.intercepts[tag] == pytest.approx(model.intercept_[0], abs=1e-4)
    assert ours.scores(x) == pytest.approx(theirs.decision_function(x), abs=1e-3)


def test_a_grid_ends_where_each_c_alone_does_and_haste_is_admitted() -> None:
    task, vectors = albums()
    x, y = StandardScaler().fit_transform(vectors), task.targets.astype(np.bool_)
    path = list(multi_tag.fit(x, y, [10.0, 0.1], tolerance=1e-7))
    assert [model.c for model in path] == [0.1, 10.0]
    (alone,) = multi_tag.fit(x, y, [10.0], tolerance=1e-7)
    assert path[1].weights == pytest.approx(alone.weights, abs=1e-4)
    (hasty,) = multi_tag.fit(x, y, [10.0], max_iter=2)
    assert not hasty.converged
    assert hasty.steps == 2


def test_wide_data_kept_in_single_precision_ends_at_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    task, vectors = albums()
    x, y = StandardScaler().fit_transform(vectors), task.targets.astype(np.bool_)
    (exact,) = multi_tag.fit(x, y, [1.0])
    monkeypatch.setattr(multi_tag, "_EXACT", 0)
    (single,) = multi_tag.fit(x, y, [1.0])
    assert single.converged
    assert single.scores(x) == pytest.approx(exact.scores(x), abs=0.02)


@pytest.mark.parametrize("probe", ["logistic", "svm"])
def test_a_probe_is_one_versus_rest_and_its_areas_are_means_over_tags(probe: str) -> None:
    task, vectors = albums()
    split = shuffled(task, 0)
    alone = Split(np.sort(np.r_[split.train, split.validation]), np.empty(0, np.int64), split.test)
    found = probe_tags(task, vectors, Recipe(probe, (0.1,)), [alone], resamplings=QUICK)  # type: ignore[arg-type]  # one of the names
    scaler = StandardScaler().fit(vectors[alone.train])
    model = (
        LogisticRegression(C=0.1) if probe == "logistic" else LinearSVC(C=0.1, dual="auto", random_state=0)
    )
    theirs = OneVsRestClassifier(model).fit(scaler.transform(vectors[alone.train]), task.targets[alone.train])
    scores, truth = theirs.decision_function(scaler.transform(vectors[alone.test])), task.targets[alone.test]
    assert found.roc_auc.mean == pytest.approx(roc_auc_score(truth, scores, average="macro"), abs=3e-3)
    assert found.pr_auc.mean == pytest.approx(
        average_precision_score(truth, scores, average="macro"), abs=1e-3
    )
    assert [tag.roc_auc for tag in found.tags] == pytest.approx(
        roc_auc_score(truth, scores, average=None), abs=6e-3
    )
    assert [tag.positives for tag in found.tags] == truth.sum(0).tolist()
    assert found.prevalence == pytest.approx(truth.mean())
    assert (found.roc_auc.n, found.roc_auc.groups) == (48, 12)
    assert found.roc_auc.low < found.roc_auc.mean < found.roc_auc.high
    assert found.chosen == (0.1,)


def test_several_draws_are_averaged_and_their_interval_is_over_all_groups_asked() -> None:
    task, vectors = albums()
    splits = [shuffled(task, seed) for seed in range(3)]
    recipe = Recipe("logistic", (0.1,))
    both = probe_tags(task, vectors, recipe, splits, resamplings=QUICK)
    each = [probe_tags(task, vectors, recipe, [split], resamplings=QUICK) for split in splits]
    assert both.roc_auc.mean == pytest.approx(np.mean([one.roc_auc.mean for one in each]))
    assert both.seeds == 3
    assert both.roc_auc.groups == len(
        np.unique(task.groups[np.concatenate([split.test for split in splits])])
    )


@pytest.mark.parametrize("validated", [True, False])
def test_one_c_is_chosen_for_all_tags(validated: bool) -> None:
    # What counts is the mean of many directions; a large C learns the noise of each by heart.
    task, vectors = albums(120, tags=2, dim=60)
    heard = np.random.default_rng(1).normal(0, 1, 120)
    vectors = vectors + 1.2 * heard[:, None]
    task = replace(task, targets=np.stack([heard > 0, heard > 0.5], 1))
    split = shuffled(task, 0)
    if not validated:
        split = Split(split.train, np.empty(0, np.int64), split.test)
    found = probe_tags(task, vectors, Recipe("logistic", (0.001, 100.0)), [split], resamplings=QUICK)
    assert found.chosen == (0.001,)
    turned = np.array(task.targets)
    turned[split.test] = ~turned[split.test]
    again = probe_tags(replace(task, targets=turned), vectors, Recipe("logistic", (0.001, 100.0)), [split])
    assert again.chosen == found.chosen


def test_tags_that_nobody_or_everybody_has_are_left_out_and_named() -> None:
    task, vectors = albums()
    split = shuffled(task, 0)
    other = shuffled(task, 1)
    targets = np.array(task.targets)
    targets[:, 0] = True
    targets[split.test, 1] = False
    targets[np.setdiff1d(other.test, split.test)[:3], 1] = True
    targets[:, 2] = False
    holed = replace(task, targets=targets)
    found = probe_tags(holed, vectors, Recipe("logistic", (0.1,)), [split, other], resamplings=QUICK)
    assert found.left_out == ("tag 0", "tag 2")
    assert [tag.name for tag in found.tags] == ["tag 1", "tag 3", "tag 4"]
    assert found.notes == ("1 tags are missing in some of the 2 splits: tag 1.",)
    assert not math.isnan(found.roc_auc.low)


def test_tags_of_which_none_can_be_told_are_refused() -> None:
    task, vectors = albums(40)
    with pytest.raises(UserError, match="both learned and tested"):
        probe_tags(replace(task, targets=np.zeros((40, 5), np.bool_)), vectors)


def test_it_can_be_stopped_inside_a_fit() -> None:
    told: list[int] = []

    def watch(fits: int) -> None:
        told.append(fits)
        if len(told) == 3:
            raise KeyboardInterrupt

    task, vectors = albums()
    with pytest.raises(KeyboardInterrupt):
        probe_tags(task, vectors, Recipe("logistic", (1e6,)), watch=watch)
    assert told == [0, 0, 0], "the first fit takes more than three steps"
