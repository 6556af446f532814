"""Between results and the Compare view: what is read, when, and what is asked of jobs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.context import Context
from app.evaluation import BUSY_MS, IDLE_MS, Draft, Evaluation
from app.job_view import JobView
from app.notify import Message
from core.evaluation.spec import TaskSpec
from core.jobs.evaluate import Params
from core.library.store import Library
from tests.evaluation_results import Shelf, add_classes, spec
from tests.scene import Scene
from tests.synthetic import Mix
from tests.synthetic_evaluations import fill

MIX = Mix(40, folders=1, failed=0, partial=0, skipped=0)


@pytest.fixture
def scene(context: Context, qtbot: QtBot) -> Iterator[Scene]:
    made = Scene(context, qtbot)
    made.fill(MIX)
    yield made
    context.background.close()
    made.close()


@pytest.fixture
def evaluation(scene: Scene) -> Iterator[Evaluation]:
    made = Evaluation(scene.session, scene.context)
    yield made
    made.close()


def looked(scene: Scene, evaluation: Evaluation) -> None:
    """Let it look once."""
    before = evaluation._looked
    evaluation.refresh()
    scene.until(lambda: evaluation._looked is not before)


def add(scene: Scene, task: str, **values: object) -> None:
    shelf = Shelf()
    add_classes(shelf, {"mfcc": "mfcc"}, task=task, probes=("svm",), **values)  # type: ignore[arg-type] # as named
    fill(scene.context.library.path, shelf)


def test_results_are_put_side_by_side_only_when_they_have_changed(
    scene: Scene, evaluation: Evaluation
) -> None:
    looked(scene, evaluation)
    changes: list[int] = []
    evaluation.changed.connect(lambda: changes.append(len(evaluation.records)))
    evaluation.refresh()
    scene.until(lambda: not evaluation._looking)
    assert changes == []
    add(scene, "New")
    looked(scene, evaluation)
    assert changes == [1]
    assert evaluation.comparison is not None
    assert evaluation.comparison.tasks == ("New",)


def test_results_of_the_other_kind_are_counted(scene: Scene, evaluation: Evaluation) -> None:
    add(scene, "As it is")
    add(scene, "Reduced", config={"pca": True}, spec=spec("gtzan"))
    looked(scene, evaluation)
    assert (evaluation.others, evaluation.comparison and evaluation.comparison.tasks) == (1, ("As it is",))
    evaluation.set_reduced(True)
    scene.until(lambda: evaluation.comparison is not None and evaluation.comparison.tasks == ("Reduced",))


def test_it_looks_often_only_while_an_evaluation_runs(scene: Scene, evaluation: Evaluation) -> None:
    evaluation.watch(True)
    scene.until(lambda: evaluation.comparison is not None)
    assert evaluation._timer.interval() == IDLE_MS
    scene.context.jobs._show(JobView(1, "evaluate", {}, "running"))
    assert evaluation._timer.interval() == BUSY_MS
    scene.context.jobs._show(JobView(1, "evaluate", {}, "completed"))
    assert evaluation._timer.interval() == IDLE_MS
    evaluation.watch(False)
    assert not evaluation._timer.isActive()


def test_what_takes_long_is_done_seldom(scene: Scene, evaluation: Evaluation) -> None:
    evaluation.watch(True)
    scene.until(lambda: evaluation._looked is not None)
    assert evaluation._looked is not None
    object.__setattr__(evaluation._looked, "seconds", 2.0)
    scene.context.jobs._show(JobView(1, "evaluate", {}, "running"))
    assert evaluation._timer.interval() == 10_000


def test_a_draft_is_what_the_job_understands() -> None:
    specs = (TaskSpec(kind="field", options={"field": "artist"}), TaskSpec(kind="report"))
    params = Params.model_validate(Draft(specs, ("mfcc",), ("logistic",), 3, True).params())
    assert tuple(params.specs) == specs
    assert (params.encoders, params.probes, params.seeds, params.pca) == (["mfcc"], ["logistic"], 3, True)
    assert params.baselines


def test_a_result_that_was_forgotten_elsewhere_is_told_when_it_is_asked_for(
    scene: Scene, evaluation: Evaluation, messages: list[Message]
) -> None:
    add(scene, "Gone soon")
    looked(scene, evaluation)
    with Library(scene.context.library.path) as library:
        library.evaluations.delete([evaluation.records[0].id])
    evaluation.confused(evaluation.records[0].id, (0, 1), lambda _: None)
    scene.until(lambda: any("not there any more" in message.title for message in messages))


def test_trouble_is_told_once_and_looking_goes_on(
    scene: Scene, evaluation: Evaluation, messages: list[Message]
) -> None:
    looked(scene, evaluation)
    for _ in range(3):
        evaluation._looking = True
        evaluation._failed(OSError("the disk is gone"))
    assert len(messages) == 1
    add(scene, "Later")
    looked(scene, evaluation)
    evaluation._looking = True
    evaluation._failed(OSError("the disk is gone"))
    assert len(messages) == 2


def test_encoders_that_have_not_listened_yet_are_counted_with_the_baselines_that_lack(
    scene: Scene, evaluation: Evaluation
) -> None:
    answers: list[dict[str, int]] = []
    evaluation.waiting(["mfcc"], lambda found: answers.append(dict(found)))
    scene.until(lambda: bool(answers))
    assert answers[0]["mfcc"] == 0
    assert answers[0]["random-w0.25"] == 40
