"""Tasks on synthetic vectors: what every kind of question answers, and which key a result has."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.errors import UserError
from core.evaluation import work
from core.evaluation.gather import Judged, Vectors
from core.evaluation.intervals import difference
from core.evaluation.questions import CHANCE_RECIPROCAL, Question, of_library, of_task
from core.evaluation.retrieval import Held
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Split, Task
from core.evaluation.wishes import Wishes
from core.evaluation.work import NOBODY, Cell, Who, cells, compute, normal
from core.library.records import EncoderRecord

SPEC = TaskSpec(kind="csv", path="/set.csv")
RNG = np.random.default_rng(11)
N, GROUPS = 60, 20
HEARD_NOTHING = np.zeros(N, np.bool_)


def encoder(name: str = "one", **changes: Any) -> EncoderRecord:
    values: dict[str, Any] = {
        "id": 1, "name": name, "strategy": "self", "config": {}, "dim": 4, "track_dim": 8, "front_end": "logmel-2",
        "weights_hash": "w", "card": {}, "file": "",
    }  # fmt: skip
    return EncoderRecord(**values | changes)


def class_task(**changes: Any) -> Task:
    values: dict[str, Any] = {
        "name": "Set: label", "kind": "class", "items": tuple(range(100, 100 + N)), "names": ("a", "b", "c"),
        "targets": np.arange(N) // 3 % 3, "groups": np.arange(N) % GROUPS,
    }  # fmt: skip
    return Task(**values | changes)


def tag_task() -> Task:
    targets = RNG.random((N, 3)) < 0.4
    targets[:, 2] = False
    return replace(class_task(), kind="tags", targets=targets)


def wishes(**changes: Any) -> Wishes:
    return Wishes(**{"seeds": 2, "folds": 3, "grid": [0.1, 1.0]} | changes)


def vectors(signal: float, task: Task) -> Vectors:
    """Vectors that tell what is asked, more or less."""
    told = np.eye(3)[task.targets] if task.kind == "class" else task.targets
    return Vectors(
        (signal * told + RNG.standard_normal((N, 3))).astype(np.float32), halves=False, segments=False
    )


def key(
    question: Question, record: EncoderRecord | None = None, plan: str = "whole", probe: str = "svm"
) -> str:
    return Cell(question, Who.of(Judged(record or encoder(), frozenset())), probe, plan).key


def test_classes_are_asked_with_both_probes_and_the_majority() -> None:
    task = class_task()
    question = of_task(SPEC, task, wishes(), HEARD_NOTHING)
    asked = cells(question, [Judged(encoder(), frozenset({100, 101, 7}))], "whole")
    assert [(cell.who.name, cell.probe) for cell in asked] == [
        ("majority", "majority"), ("one", "svm"), ("one", "logistic"),
    ]  # fmt: skip
    fits: list[int] = []
    record, arrays = compute(asked[1], vectors(3.0, task), fits.append)
    assert fits == list(range(1, 13)), "2 draws of 3 folds with 2 values of C"
    figure = record.figures["accuracy"]
    assert figure.low < figure.mean < figure.high
    assert (figure.n, figure.groups, round(figure.chance, 6)) == (N, GROUPS, 0.333333)
    assert (record.seeds, record.dim, record.probe, record.key) == (2, 3, "svm", asked[1].key)
    assert record.details["trained_on"] == 2
    assert len(record.details["chosen"]) == 6
    assert [row["name"] for row in record.details["classes"]] == ["a", "b", "c"]
    assert arrays.scores["accuracy"].mean == pytest.approx(figure.mean)
    counted = np.zeros((3, 3), np.int64)
    for row, called, times in arrays.answers.tolist():
        counted[arrays.targets[row], called] += times
    np.testing.assert_array_equal(counted, arrays.confusion)
    majority, _ = compute(asked[0], None)
    assert majority.figures["accuracy"].mean <= 0.4
    assert majority.split == record.split
    assert majority.config == record.config, "so that it stands beside them"


def test_tags_are_asked_with_logistic_regression_unless_more_is_wished_for() -> None:
    task = tag_task()
    question = of_task(SPEC, task, wishes(), HEARD_NOTHING)
    assert list(question.configs) == ["logistic"]
    assert list(of_task(SPEC, task, wishes(probes=["svm", "logistic"]), HEARD_NOTHING).configs) == [
        "svm",
        "logistic",
    ]
    found = {}
    for name, signal in (("good", 2.0), ("bad", 0.0)):
        cell = Cell(question, Who.of(Judged(encoder(name), frozenset())), "logistic", "whole")
        found[name] = compute(cell, vectors(signal, task))
    record, arrays = found["good"]
    assert list(record.figures) == ["roc_auc", "pr_auc"]
    assert record.figures["roc_auc"].chance == 0.5
    assert 0 < record.figures["pr_auc"].chance < 0.7
    assert record.details["left_out"] == ("c",)
    assert {row["name"] for row in record.details["tags"]} == {"a", "b"}
    assert arrays.scores["roc_auc"].mean == pytest.approx(record.figures["roc_auc"].mean)
    apart = difference(arrays.scores["roc_auc"], found["bad"][1].scores["roc_auc"])
    assert not apart.tie
    assert apart.mean == pytest.approx(
        record.figures["roc_auc"].mean - found["bad"][0].figures["roc_auc"].mean
    )


def test_playlists_keep_their_rules_and_what_they_leave_out() -> None:
    count = 130
    entries = np.stack([np.arange(count) // 5, np.arange(count)], 1)
    task = Task("Lists", "playlists", tuple(range(count)), tuple(map(str, range(26))), entries)
    heard = np.arange(count) < 2
    question = of_task(SPEC, task, wishes(rules={"shortest": 5}), heard)
    assert (question.excluded, list(question.configs)) == (2, ["cosine"])
    rows = Vectors(np.repeat(np.eye(26), 5, axis=0).astype(np.float32), halves=False, segments=False)
    record, arrays = compute(Cell(question, Who.of(Judged(encoder(), None)), "cosine", "whole"), rows)
    assert record.config == {"queries": 3, "seeds": 2, "shortest": 5, "longest": 0, "keep_trained": False}
    assert (record.details["excluded"], record.details["trained_on"], record.details["playlists"]) == (
        2,
        None,
        25,
    )
    assert (record.figures["hit_rate"].mean, record.figures["percentile"].mean < 0.02) == (1, True)
    assert arrays.scores["mrr"].mean == pytest.approx(record.figures["mrr"].mean)
    with pytest.raises(UserError, match="No playlist"):
        of_task(SPEC, task, wishes(), np.arange(count) < 100)


def test_the_chance_of_a_reciprocal_rank_is_that_of_a_rank_drawn_blindly() -> None:
    ranks = np.random.default_rng(0).integers(1, 102, 200_000)
    assert np.mean(1 / ranks) == pytest.approx(CHANCE_RECIPROCAL, rel=0.02)


def test_the_report_has_a_figure_for_everything_that_is_told() -> None:
    held = Held(np.arange(N), np.arange(N) // 6, np.arange(N) // 3)
    question = of_library(TaskSpec(kind="report"), held)
    rows = Vectors(np.abs(RNG.standard_normal((N, 8))).astype(np.float32), halves=True, segments=False)
    record, arrays = compute(Cell(question, Who.of(Judged(encoder(), frozenset())), "", "whole"), rows)
    groups = [
        f"{how}_{what}" for how in ("same", "any") for what in ("artist", "album", "album_other_artists")
    ]
    assert list(record.figures) == [*groups, "hubness", "reached", "effective_rank", "consistency"]
    assert all(math.isnan(figure.low) for figure in record.figures.values())
    assert 0 < record.figures["consistency"].mean < 1
    assert record.figures["same_artist"].chance == pytest.approx(5 / (N - 1))
    assert arrays.items.tolist() == held.tracks.tolist()
    other = of_library(TaskSpec(kind="report"), replace(held, album=held.artist))
    assert key(question, probe="") != key(other, probe="")


def changed_group(task: Task) -> Task:
    return replace(task, groups=np.where(np.arange(N) == 7, 3, task.groups))


def changed_target(task: Task) -> Task:
    return replace(task, targets=np.where(np.arange(N) == 7, 0, task.targets))


def changed_item(task: Task) -> Task:
    return replace(task, items=(*task.items[1:], 99))


def with_official(task: Task) -> Task:
    rows = np.arange(N)
    return replace(task, official=Split(rows[:30], rows[30:40], rows[40:]))


TASKS: list[Callable[[Task], Task]] = [changed_group, changed_target, changed_item, with_official]


@pytest.mark.parametrize("change", TASKS)
def test_a_key_follows_items_targets_groups_and_splits(change: Callable[[Task], Task]) -> None:
    task, chosen = class_task(), wishes()
    first = key(of_task(SPEC, task, chosen, HEARD_NOTHING))
    assert first == key(of_task(SPEC, class_task(), wishes(), HEARD_NOTHING)), "whenever it is computed"
    assert first != key(of_task(SPEC, change(task), chosen, HEARD_NOTHING))


def test_a_key_follows_the_encoder_and_what_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    question = of_task(SPEC, class_task(), wishes(), HEARD_NOTHING)
    others = [
        key(question, encoder(weights_hash="others")),
        key(question, encoder(front_end="logmel-1")),
        key(question, encoder("another")),
        key(question, plan="spread-8"),
        key(question, probe="logistic"),
        *(
            key(of_task(SPEC, class_task(), wishes(**{name: value}), HEARD_NOTHING))
            for name, value in (("grid", [0.1]), ("folds", 4), ("seeds", 3), ("pca", True))
        ),
        key(of_task(SPEC.model_copy(update={"path": "/b.csv"}), class_task(), wishes(), HEARD_NOTHING)),
    ]
    monkeypatch.setattr(work, "PROTOCOL", work.PROTOCOL + 1)
    others.append(key(question))
    monkeypatch.undo()
    assert len({key(question), *others}) == len(others) + 1
    assert Cell(question, NOBODY, "svm", "whole").key not in others


def test_an_official_split_is_one_draw_whatever_seeds_are_wished_for() -> None:
    task = with_official(class_task())
    one, other = (of_task(SPEC, task, wishes(seeds=seeds), HEARD_NOTHING) for seeds in (1, 5))
    assert key(one) == key(other)
    record, _ = compute(Cell(one, Who.of(Judged(encoder(), frozenset())), "svm", "whole"), vectors(3.0, task))
    assert (record.seeds, record.figures["accuracy"].n) == (1, 20)


def test_options_that_say_what_is_meant_anyway_change_nothing() -> None:
    plain = TaskSpec(kind="field")
    spoken = TaskSpec(kind="field", options={"group": "auto", "field": "genre"})
    assert normal(spoken) == plain
    assert normal(TaskSpec(kind="field", options={"field": "artist"})).options == {"field": "artist"}
    one, other = (of_task(spec, class_task(), wishes(), HEARD_NOTHING) for spec in (plain, spoken))
    assert key(one) == key(other)


@pytest.mark.parametrize("kind", ["playlists", "report"])
def test_what_fits_nothing_can_be_stopped_too(kind: str) -> None:
    if kind == "report":
        question = of_library(
            TaskSpec(kind="report"), Held(np.arange(N), np.arange(N) // 6, np.arange(N) // 3)
        )
    else:
        entries = np.stack([np.arange(130) // 5, np.arange(130)], 1)
        task = Task("Lists", "playlists", tuple(range(130)), tuple(map(str, range(26))), entries)
        question = of_task(SPEC, task, wishes(), np.zeros(130, np.bool_))
    rows = Vectors(
        RNG.standard_normal((len(question.items), 4)).astype(np.float32), halves=False, segments=False
    )

    def watch(fits: int) -> None:
        assert fits == 0
        raise KeyboardInterrupt

    (probe,) = question.configs
    with pytest.raises(KeyboardInterrupt):
        compute(Cell(question, Who.of(Judged(encoder(), frozenset())), probe, "whole"), rows, watch)
