from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from core.errors import UserError
from core.evaluation.fits import GRID, Recipe, before, converges, fitted, fitted_all, fitting
from core.evaluation.intervals import difference
from core.evaluation.probes import probe_classes
from core.evaluation.splits import crossed, draws
from core.evaluation.tasks import Split, Task, split_hash

ONE = {"svm": Recipe("svm", (0.1,)), "logistic": Recipe("logistic", (0.1,))}
THEIRS = {"svm": LinearSVC(C=0.1, dual="auto", random_state=0), "logistic": LogisticRegression(C=0.1)}


def songs(
    n: int = 160, kinds: int = 4, dim: int = 12, apart: float = 1.2, seed: int = 0
) -> tuple[Task, np.ndarray]:
    """Recordings of four clips that resemble each other more than their class does; class 0 is twice as frequent."""
    rng = np.random.default_rng(seed)
    groups = np.arange(n) // 4
    targets = np.maximum(rng.permutation(n // 4) % (kinds + 1) - 1, 0)[groups]
    centres, own = rng.normal(0, apart, (kinds, dim)), rng.normal(0, 1, (n // 4, dim))
    vectors = 50 + 9 * (centres[targets] + own[groups] + 0.3 * rng.normal(0, 1, (n, dim)))
    names = tuple("abcd"[:kinds])
    return Task("Songs", "class", tuple(range(n)), names, targets, groups), vectors.astype(np.float32)


@pytest.mark.parametrize("probe", ["svm", "logistic"])
def test_a_probe_is_scikit_learns_pipeline(probe: str) -> None:
    task, vectors = songs()
    split = crossed(task, 0)[0]
    alone = Split(np.sort(np.r_[split.train, split.validation]), np.empty(0, np.int64), split.test)
    found = probe_classes(task, vectors, ONE[probe], [alone])
    theirs = make_pipeline(StandardScaler(), THEIRS[probe]).fit(
        vectors[alone.train], task.targets[alone.train]
    )
    answers, truth = theirs.predict(vectors[alone.test]), task.targets[alone.test]
    assert found.accuracy.mean == pytest.approx(np.mean(answers == truth))
    assert found.confusion.tolist() == confusion_matrix(truth, answers, labels=range(4)).tolist()
    precision, recall, f1, n = precision_recall_fscore_support(truth, answers, labels=range(4))
    assert [each.recall for each in found.classes] == pytest.approx(recall)
    assert [each.precision for each in found.classes] == pytest.approx(precision)
    assert [each.f1 for each in found.classes] == pytest.approx(f1)
    assert [each.n for each in found.classes] == n.tolist()
    assert (found.chosen, found.seeds, found.chance, found.dim) == ((0.1,), 1, 0.25, 12)


def test_every_item_counts_once_a_draw() -> None:
    task, vectors = songs()
    found = probe_classes(task, vectors, ONE["svm"], draws(task, seeds=2))
    assert (found.scores.counts == 2).all()
    assert set(found.scores.totals) <= {0, 1, 2}
    assert found.confusion.sum() == 320
    assert found.accuracy.mean == pytest.approx(np.trace(found.confusion) / 320)
    assert found.accuracy.low < found.accuracy.mean < found.accuracy.high
    assert (found.accuracy.n, found.accuracy.groups, found.seeds) == (160, 40, 2)
    assert found.split == split_hash(task, draws(task, seeds=2))


def test_noise_is_at_chance_and_labels_of_the_tested_are_never_learned() -> None:
    # Recordings can be told apart perfectly; what they are called is drawn at random. A leak would show at once.
    task, vectors = songs(400, dim=90, apart=0.0)
    found = probe_classes(task, vectors, ONE["svm"], draws(task, seeds=1))
    assert found.accuracy.low < 0.4
    assert found.accuracy.mean < 0.45
    leaky = replace(task, groups=np.arange(400))
    assert probe_classes(leaky, vectors, ONE["svm"], draws(leaky, seeds=1)).accuracy.mean > 0.6


def test_c_is_what_does_best_on_the_validation_part_whatever_the_tested_say() -> None:
    task, vectors = songs(160, dim=20, apart=0.5)
    split = crossed(task, 1)[0]
    found = probe_classes(task, vectors, Recipe("logistic"), [split])
    scaler = StandardScaler().fit(vectors[split.train])
    train, validation = scaler.transform(vectors[split.train]), scaler.transform(vectors[split.validation])
    rates = [
        LogisticRegression(C=c, max_iter=1000)
        .fit(train, task.targets[split.train])
        .score(validation, task.targets[split.validation])
        for c in GRID
    ]
    assert max(rates) > min(rates)
    assert found.chosen == (GRID[int(np.argmax(rates))],)
    turned = task.targets.copy()
    turned[split.test] = (turned[split.test] + 1) % 4
    assert (
        probe_classes(replace(task, targets=turned), vectors, Recipe("logistic"), [split]).chosen
        == found.chosen
    )


def test_without_a_validation_part_c_comes_from_inside_the_training_part() -> None:
    # Ten directions of noise and few recordings: only a small C does not learn the recordings by heart.
    task, vectors = songs(80, kinds=2, dim=60, apart=0.25)
    split = Split(np.arange(60), np.empty(0, np.int64), np.arange(60, 80))
    found = probe_classes(task, vectors, Recipe("logistic", (0.001, 100.0)), [split])
    assert found.chosen == (0.001,)
    assert not found.notes
    lone = replace(task, groups=np.r_[np.zeros(60, np.int64), np.ones(20, np.int64)])
    assert "middle" in probe_classes(lone, vectors, Recipe("logistic"), [split]).notes[0]


def test_what_did_not_converge_is_noted() -> None:
    task, vectors = songs()
    hasty = Recipe("logistic", (0.01, 100.0), max_iter=3)
    found = probe_classes(task, vectors, hasty, draws(task, seeds=1))
    used = sum(c == 100.0 for c in found.chosen)
    assert found.notes[-1] == f"C = 100: 5 of 5 fits did not converge; {used} of these were used."
    assert not probe_classes(task, vectors, Recipe("logistic", (0.01,)), draws(task, seeds=1)).notes


def test_what_an_svm_did_not_converge_with_is_noted_too_and_nothing_is_warned() -> None:
    task, vectors = songs()
    found = probe_classes(task, vectors, Recipe("svm", (0.0001, 100.0), max_iter=2), draws(task, seeds=1))
    assert any(note.startswith("C = 100: 5 of 5 fits did not converge") for note in found.notes)


def test_fewer_items_than_dimensions_are_rotated_and_answered_as_scikit_learn_does() -> None:
    task, vectors = songs(60, kinds=3, dim=200)
    rows = np.arange(0, len(vectors), 2)
    train, asked, y = vectors[rows], vectors[rows + 1], task.targets[rows].astype(np.int64)
    for probe, plain in (("svm", LinearSVC(C=0.01)), ("logistic", LogisticRegression(C=0.01, tol=1e-8))):
        ready = before(Recipe(probe), train)
        assert ready.transform(asked).shape == (len(asked), len(rows))
        model, converged = fitted(Recipe(probe), 0.01, 0, ready.transform(train), y)
        theirs = make_pipeline(StandardScaler(), plain).fit(train, y)
        assert converged
        expected = theirs.decision_function(asked)
        np.testing.assert_allclose(model.decision_function(ready.transform(asked)), expected, atol=2e-3)
    assert probe_classes(task, vectors, Recipe("svm", (0.01,)), draws(task, seeds=1)).dim == 200


def test_side_by_side_is_one_after_the_other() -> None:
    task, vectors = songs(60, kinds=3, dim=20)
    y = task.targets.astype(np.int64)
    with fitting():
        together = [model for model, _ in fitted_all(Recipe("svm"), GRID, 0, vectors, y)]
    for c, model in zip(GRID, together, strict=True):
        alone, _ = fitted(Recipe("svm"), c, 0, vectors, y)
        np.testing.assert_array_equal(alone.coef_, model.coef_)


def test_other_warnings_are_not_swallowed() -> None:
    with pytest.warns(RuntimeWarning, match="odd"):
        assert converges(lambda: warnings.warn("odd", RuntimeWarning, stacklevel=1))


def test_the_majority_row_learns_nothing_but_frequencies() -> None:
    task, vectors = songs()
    splits = draws(task, seeds=1)
    found = probe_classes(task, vectors, Recipe("majority"), splits)
    theirs = [
        DummyClassifier()
        .fit(vectors[s.train], task.targets[s.train])
        .score(vectors[s.test], task.targets[s.test])
        for s in splits
    ]
    assert found.accuracy.mean == pytest.approx(np.average(theirs, weights=[len(s.test) for s in splits]))
    assert found.accuracy.mean > found.chance
    assert found.chosen == ()
    assert math.isnan(found.classes[1].precision)
    assert found.classes[1].recall == 0


def test_pca_is_learned_on_the_training_part_and_leaves_narrow_embeddings_alone() -> None:
    task, vectors = songs(240, dim=140)
    found = probe_classes(task, vectors, Recipe("svm", (0.01,), pca=True), draws(task, seeds=1))
    assert found.dim == 128
    assert found.accuracy.mean > 0.5
    ready = before(Recipe(pca=True), vectors[:150])
    reduced = ready.transform(vectors[:150])
    centred = reduced - reduced.mean(0)
    assert np.abs(np.corrcoef(centred.T) - np.eye(128)).max() < 0.05
    assert before(Recipe(pca=True), vectors[:100]).transform(vectors).shape == (240, 100)
    assert before(Recipe(pca=True), vectors[:, :128]).transform(vectors[:, :128]).shape == (240, 128)


def test_two_encoders_over_the_same_items_are_paired() -> None:
    task, vectors = songs(320)
    splits = draws(task, seeds=1)
    one, other = (probe_classes(task, x, ONE["svm"], splits) for x in (vectors, vectors[:, :2]))
    apart = difference(one.scores, other.scores)
    assert apart.mean == pytest.approx(one.accuracy.mean - other.accuracy.mean)
    assert not apart.tie


def test_a_part_with_one_class_only_is_answered_with_it() -> None:
    task, vectors = songs(40, kinds=2)
    order = np.argsort(task.targets, kind="stable")
    half = int(np.count_nonzero(task.targets == 0))
    split = Split(np.sort(order[:half]), np.empty(0, np.int64), np.sort(order[half:]))
    assert probe_classes(task, vectors, ONE["svm"], [split]).accuracy.mean == 0


def test_one_class_is_no_question() -> None:
    task, vectors = songs()
    with pytest.raises(UserError, match="fewer than two classes"):
        probe_classes(replace(task, targets=np.zeros(160, np.int64)), vectors)


def test_every_item_is_told_what_it_was_called() -> None:
    task, vectors = songs(n=80)
    found = probe_classes(task, vectors, ONE["svm"], draws(task, seeds=2))
    assert found.answers.dtype == np.int64
    assert sorted(map(tuple, found.answers.tolist())) == list(map(tuple, found.answers.tolist()))
    asked, right = np.zeros(80), np.zeros(80)
    for row, called, times in found.answers.tolist():
        asked[row] += times
        right[row] += times * (called == task.targets[row])
    np.testing.assert_array_equal(asked, found.scores.counts)
    np.testing.assert_array_equal(right, found.scores.totals)


def test_it_can_be_stopped_after_any_fit() -> None:
    class EnoughError(Exception):
        """A person has seen enough."""

    def watch(fits: int) -> None:
        if fits == 4:
            raise EnoughError

    task, vectors = songs(n=80)
    with pytest.raises(EnoughError):
        probe_classes(task, vectors, Recipe("svm", (0.1, 1.0)), draws(task), watch=watch)
