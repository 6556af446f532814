"""The runs: what is said of each, what can be done with it, and whose curves are shown."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton
from sqlalchemy import text as sql

from app.job_view import JobView
from app.views.training.runs_page import RunsPage
from app.views.training.runs_table import COLUMNS
from app.views.training.train_view import NEW, RUNS
from core.library.store import Library
from tests.app.views.training.conftest import TrainScene
from tests.synthetic_runs import STORIES, Story, go_on

HEALTHY, COLLAPSED = STORIES[3], STORIES[1]


def cells(page: RunsPage, row: int) -> list[str]:
    model = page.table.runs
    return [str(model.data(model.index(row, column)) or "") for column in range(len(COLUMNS))]


def shown(page: RunsPage) -> set[str]:
    """Texts of the buttons that can be seen."""
    buttons = (page.pause, page.resume, page.finish, page.use, page.card, page.delete)
    return {button.text() for button in buttons if not button.isHidden()}


def test_without_runs_the_page_says_what_to_do(train: TrainScene) -> None:
    view = train.open()
    assert "No training yet" in view.runs.empty.text()
    assert view.runs.empty.isVisible()
    view.runs.empty.linkActivated.emit("new")
    assert view.tabs.currentIndex() == NEW
    assert view.setup.isVisible()


def test_each_run_is_told_in_a_row_the_newest_first(train: TrainScene) -> None:
    view = train.open(*STORIES)
    assert view.tabs.tabText(RUNS) == "Runs (4)"
    assert cells(view.runs, 0) == [
        "", "adjacent-modern", "Adjacent", "Modern", "Finished", "400 / 400", "0.773", "74 %",
    ]  # fmt: skip
    assert cells(view.runs, 1)[4:6] == ["Paused", "230 / 400"]
    model = view.runs.table.runs
    tip = model.data(model.index(0, len(COLUMNS) - 1), Qt.ItemDataRole.ToolTipRole)
    assert tip == "By chance: 1.6 %"


def test_the_newest_run_is_shown_by_itself_and_others_by_a_tick(train: TrainScene) -> None:
    view = train.open(*STORIES)
    model = view.runs.table.runs
    assert [run.name for run in model.runs if run.id in model.colours] == ["adjacent-modern"]
    ticked, role = Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole
    for row in (1, 2):
        assert model.setData(model.index(row, 0), ticked.value, role)
    assert len(set(model.colours.values())) == 3
    kept = model.colours[model.runs[2].id]
    assert model.setData(model.index(1, 0), Qt.CheckState.Unchecked.value, role)
    assert model.colours[model.runs[2].id] == kept
    assert [run.name for run in view.runs.curves.wish.runs] == ["adjacent-paper", "adjacent-modern"]


def test_a_verdict_stands_above_the_curves_of_its_run_alone(train: TrainScene) -> None:
    view = train.open(HEALTHY, COLLAPSED)
    page = view.runs
    page.table.select(COLLAPSED.name)
    assert page.banner.isVisible()
    assert "all music sounds the same" in page.banner.sentence.text()
    assert "learning rate" in page.banner.advice.text()
    assert page.banner.property("level") == "error"
    page.table.select(HEALTHY.name)
    assert not page.banner.isVisible()


def test_prediction_and_truth_stand_beside_each_other(train: TrainScene) -> None:
    page = train.open(HEALTHY).runs
    assert page.costs.text().splitlines() == [
        "Predicted: 14 min 0 s after 1 min 0 s of preparing, 452 MB more of disk, 1.9 GB of memory",
        "Real: 13 min 46 s, 2 MB + 448 MB of prepared music, 1.8 GB of memory",
    ]


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        ("finished", {"Use it", "Card…", "Delete…"}), ("paused", {"Resume", "Finish now", "Delete…"}),
        ("interrupted", {"Resume", "Finish now", "Delete…"}), ("failed", {"Resume", "Delete…"}),
        ("running", {"Pause", "Finish now", "Delete…"}),
    ],
)  # fmt: skip
def test_each_state_offers_what_makes_sense(state: str, buttons: set[str], train: TrainScene) -> None:
    page = train.open(Story(state=state)).runs
    assert shown(page) == buttons


def test_what_others_train_cannot_be_paused_here_and_says_so(train: TrainScene) -> None:
    page = train.open(Story(state="running", done=100)).runs
    assert cells(page, 0)[4] == "Learning elsewhere"
    assert not page.pause.isEnabled()
    assert "Another window" in page.pause.toolTip()
    assert "Pause it first" in page.delete.toolTip()


def test_an_interrupted_run_says_how_it_goes_on(train: TrainScene) -> None:
    page = train.open(Story(state="interrupted")).runs
    assert page.banner.isVisible()
    assert "Resume" in page.banner.advice.text()


def test_a_run_that_could_not_begin_is_listed_with_the_reason_and_can_be_dismissed(train: TrainScene) -> None:
    view = train.open()
    train.scene.context.jobs._views[1] = JobView(
        1, "train", {"name": "mine", "strategy": "self", "preset": "paper", "resume": False}, "failed",
        title="There is too little music to train on.", hint="Add more music.", began=time.time(),
    )  # fmt: skip
    train.training._show()
    assert cells(view.runs, 0)[1:5] == ["mine", "Self", "Paper", "Failed"]
    assert view.runs.banner.sentence.text() == "There is too little music to train on."
    assert view.runs.run is not None
    assert view.runs.resume.toolTip() == "Begin again, as it was put together."
    train.training.delete(view.runs.run)
    assert train.training.runs == ()


def test_what_failed_to_begin_in_an_earlier_session_is_no_run_of_this_one(train: TrainScene) -> None:
    train.open()
    train.scene.context.jobs._views[1] = JobView(
        1, "train", {"name": "mine", "strategy": "self", "preset": "paper", "resume": False}, "failed",
        began=time.time() - 3600,
    )  # fmt: skip
    train.training._show()
    assert train.training.runs == ()


def failed_job(job_id: int, name: str = "adjacent-modern") -> JobView:
    return JobView(
        1,
        "train",
        {"name": name},
        "failed",
        job_id,
        title="The disk is full.",
        hint="Make room.",
        began=time.time(),
    )


def test_a_failed_run_that_is_deleted_does_not_come_back_as_its_job(train: TrainScene) -> None:
    view = train.open(Story(state="failed"))
    train.scene.context.jobs._views[1] = failed_job(7)
    train.training._show()
    assert view.runs.banner.sentence.text() == "The disk is full."
    assert view.runs.run is not None
    train.training.delete(view.runs.run)
    train.until(lambda: not train.training._looked)
    assert train.training.runs == ()


def test_a_run_whose_process_was_killed_can_be_gone_on_with(train: TrainScene) -> None:
    train.fill(Story(state="running", done=100))
    with Library(train.scene.context.library.path) as library:
        job_id = library.jobs.start("train", {"name": "adjacent-modern"})
        library.runs.update(library.runs.get("adjacent-modern").id, job_id=job_id)
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        with library._db.write() as connection:
            connection.execute(sql("UPDATE job SET pid = :pid"), {"pid": gone.pid})
    train.scene.session.start()
    view = train.view
    train.until(lambda: len(train.training.runs) == 1)
    jobs = train.scene.context.jobs
    jobs._views[1] = failed_job(job_id)
    jobs.ended.emit(jobs._views[1])
    record = lambda: train.training.runs[0].record  # noqa: E731 - read anew each time
    train.until(lambda: (found := record()) is not None and found.state == "interrupted")
    assert view.runs.resume.isVisible()
    assert view.runs.resume.isEnabled()
    assert view.runs.delete.isEnabled()


def test_finish_now_on_a_paused_run_has_a_job_do_it(train: TrainScene) -> None:
    page = train.open(Story(state="paused", done=230)).runs
    jobs: list[dict[str, object]] = []
    train.scene.context.jobs.changed.connect(lambda view: jobs.append(dict(view.params)))
    page.finish.click()
    train.scene.context.jobs.stop_all(0)
    assert jobs[0] == {"name": "adjacent-modern", "resume": True, "finish": True}
    train.until(lambda: not train.scene.context.jobs.running)


def test_curves_are_read_when_a_row_has_changed_not_at_every_step(
    train: TrainScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(state="running", done=100)
    page = train.open_charts(story).runs
    train.training._timer.stop()
    train.until(lambda: not train.training._looking)
    asked: list[int] = []
    monkeypatch.setattr(page.curves, "read", lambda: asked.append(1))
    for step in range(101, 120):
        run = replace(train.training.runs[0], step=step)
        train.training.runs = (run,)
        train.training.runs_changed.emit()
    assert asked == []


def test_the_last_points_of_a_run_are_drawn_when_it_is_over(train: TrainScene) -> None:
    story = Story(state="running", done=350)
    view = train.open_charts(story)
    chart = view.runs.curves.charts["loss"]
    with Library(train.scene.context.library.path) as library:
        run = library.runs.get(story.name)
        go_on(library, run, story, 50)
        library.runs.update(run.id, state="finished", encoder=story.name)
    train.until(lambda: chart.lines[-1].curve.x[-1] == 400)
    assert cells(view.runs, 0)[4] == "Finished"


def test_enter_shows_the_curves_of_the_selected_run_or_no_longer(train: TrainScene) -> None:
    page = train.open(HEALTHY, COLLAPSED).runs
    page.table.select(HEALTHY.name)
    run = page.run
    assert run is not None
    shown = run.id in page.table.runs.colours
    for _ in range(2):
        train.scene.qtbot.keyClick(page.table, Qt.Key.Key_Return)
        shown = not shown
        assert (run.id in page.table.runs.colours) == shown


def test_deleting_asks_first(train: TrainScene) -> None:
    view = train.open(HEALTHY, COLLAPSED)
    page = view.runs
    page.table.select(COLLAPSED.name)
    for text, left in (("Cancel", 2), ("Delete", 1)):
        page.delete.click()
        (box,) = page.window().findChildren(QMessageBox)
        next(b for b in box.findChildren(QPushButton) if b.text().replace("&", "") == text).click()
        train.until(lambda: not page.window().findChildren(QMessageBox))
        train.training.refresh()
        train.until(lambda left=left: len(train.training.runs) == left)  # type: ignore[misc] # bound now
    assert [run.name for run in train.training.runs] == [HEALTHY.name]


def test_finish_now_is_a_wish_to_whoever_trains_it(train: TrainScene) -> None:
    page = train.open(Story(state="running", done=100)).runs
    page.finish.click()
    train.until(
        lambda: train.training.runs[0].record is not None and train.training.runs[0].record.wish == "finish"
    )


def test_use_it_names_the_encoder(train: TrainScene) -> None:
    view = train.open(HEALTHY)
    with train.scene.qtbot.waitSignal(view.use_wanted) as caught:
        view.runs.use.click()
    assert caught.args == ["adjacent-modern"]


def test_card_names_the_encoder(train: TrainScene) -> None:
    view = train.open(HEALTHY)
    with train.scene.qtbot.waitSignal(view.card_wanted) as caught:
        view.runs.card.click()
    assert caught.args == ["adjacent-modern"]


def test_a_run_that_goes_on_is_followed(train: TrainScene) -> None:
    story = Story(state="running", done=100)
    view = train.open_charts(story)
    chart = view.runs.curves.charts["loss"]
    assert chart.lines[-1].curve.x.tolist() == [0, 50, 100]
    with Library(train.scene.context.library.path) as library:
        go_on(library, library.runs.get(story.name), story, 60)
    train.until(lambda: chart.lines[-1].curve.x.tolist() == [0, 50, 100, 150])
    assert cells(view.runs, 0)[5] == "160 / 400"


def test_a_run_that_went_back_draws_anew(train: TrainScene) -> None:
    story = Story(state="running", done=150)
    view = train.open_charts(story)
    chart = view.runs.curves.charts["loss"]
    with Library(train.scene.context.library.path) as library:
        run = library.runs.get(story.name)
        library.runs.rewind(run.id, 60)
        library.runs.log(run.id, [(100, "val_loss", 9.0)], 100)
    train.until(lambda: chart.lines[-1].curve.y.max() == 9.0)
    assert chart.lines[-1].curve.x.tolist() == [0, 50, 100]


def test_a_hidden_view_asks_nothing(train: TrainScene) -> None:
    view = train.open(HEALTHY)
    assert train.training._timer.isActive()
    view.hide()
    assert not train.training._timer.isActive()
