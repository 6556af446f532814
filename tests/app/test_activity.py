from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app import wording
from app.context import Context
from app.job_view import JobView
from app.main_window import MainWindow
from app.views.activity import LATER_MS, ActivityView, JobCard
from app.views.encoder_switch import EncoderChoice
from app.views.jobs_button import line
from core.library.store import Library


@pytest.fixture
def view(context: Context, qtbot: QtBot) -> ActivityView:
    made = ActivityView(context)
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    return made


def job(number: int = 1, **fields: object) -> JobView:
    return replace(
        JobView(number, "embed", {}, "running", stage="Listening to the music", began=float(number)), **fields
    )  # type: ignore[arg-type] # as given


def texts(card: JobCard) -> str:
    return "\n".join(label.text() for label in card.findChildren(QLabel) if label.isVisibleTo(card))


def test_an_empty_page_says_what_will_be_there(view: ActivityView) -> None:
    shown = [label.text() for label in view.findChildren(QLabel) if label.isVisible()]
    assert any("Nothing has been done yet" in text for text in shown)


def test_a_running_job_shows_bar_rate_and_time_left(view: ActivityView, context: Context) -> None:
    figures = {"device": "cpu bfloat16", "decode_x": 508.2}
    context.jobs._show(job(done=312, total=470, rate=4.1, seconds_left=38.5, metrics=figures))
    card = view.cards[1]
    assert "312 of 470 tracks · 4.1 tracks/s · about 40 s left" in texts(card)
    assert "on cpu bfloat16" in texts(card)
    assert "508 × real time" in texts(card)
    assert (card.bar.value(), card.bar.maximum(), card.bar.isVisible()) == (312, 470, True)
    assert card.stop.isVisible()
    assert not card.resume.isVisible()


def test_an_encoder_is_called_by_its_title_as_soon_as_that_is_known(
    view: ActivityView, context: Context
) -> None:
    context.jobs._show(job(kind="project", metrics={"encoder": "one", "task": "mfcc"}))
    assert "one · mfcc" in texts(view.cards[1])
    view.name_encoders([EncoderChoice("one", "The first", "")])
    assert "The first · mfcc" in texts(view.cards[1])
    context.jobs._show(job(2, kind="project", metrics={"encoder": "mfcc"}))
    assert "Timbre (MFCC)" in texts(view.cards[2])


def test_a_job_of_unknown_length_shows_that_it_moves(view: ActivityView, context: Context) -> None:
    context.jobs._show(job(done=7, total=None))
    assert (view.cards[1].bar.minimum(), view.cards[1].bar.maximum()) == (0, 0)
    assert "7 tracks" in texts(view.cards[1])


@pytest.mark.parametrize("state", ["completed", "cancelled", "failed", "interrupted"])
def test_a_job_that_is_over_says_how_and_offers_to_go_on(
    state: str, view: ActivityView, context: Context
) -> None:
    context.jobs._show(job())
    context.jobs._show(job(state=state, title="No room left.", hint="Free some.", ended=66.0))
    card = view.cards[1]
    assert wording.STATES[state] in texts(card)
    assert "No room left. Free some." in texts(card)
    assert not card.stop.isVisible()
    assert not card.bar.isVisible()
    assert card.resume.isVisible() == (state != "completed")


def test_the_newest_job_is_at_the_top(view: ActivityView, context: Context) -> None:
    for number in (2, 3, 1):
        context.jobs._show(job(number))
    places = [view._column.indexOf(view.cards[number]) for number in (3, 2, 1)]
    assert places == [0, 1, 2]


def test_what_was_skipped_is_listed_with_its_reason_and_can_be_copied(
    view: ActivityView, context: Context, qtbot: QtBot
) -> None:
    skipped = (("a.mp3", "The file is empty."), ("b.ogg", "It is cut off."))
    context.jobs._show(job(skipped=skipped, skipped_count=2))
    card = view.cards[1]
    assert card.skipped.text() == "2 items skipped"
    qtbot.mouseClick(card.skipped, Qt.MouseButton.LeftButton)
    assert card.table.isVisible()
    cells = [
        [card.model.index(row, column).data() for column in (0, 1)] for row in range(card.model.rowCount())
    ]
    assert cells == [["a.mp3", "The file is empty."], ["b.ogg", "It is cut off."]]
    qtbot.mouseClick(card.copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == "a.mp3\tThe file is empty.\nb.ogg\tIt is cut off."


def test_skips_of_an_earlier_run_are_read_from_the_library(
    context: Context, qtbot: QtBot, in_background: Callable[[Callable[[], object]], object]
) -> None:
    def earlier() -> list[object]:
        library: Library = context.library()
        number = library.jobs.start("embed", {})
        library.jobs.beat(number, "s", 1, 2, {}, [("c.mp3", "It crashed the decoder.")], 1)
        library.jobs.finish(number, "interrupted")
        return list(library.jobs.recent())

    records = in_background(earlier)
    context.jobs.remember(records)  # type: ignore[arg-type] # what `recent` gave
    view = ActivityView(context)
    qtbot.addWidget(view)
    view.show()
    (card,) = view.cards.values()
    qtbot.mouseClick(card.skipped, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: card.model.rowCount() == 1)
    assert card.model.index(0, 1).data() == "It crashed the decoder."


def test_stop_and_resume_reach_a_real_job(
    view: ActivityView, context: Context, qtbot: QtBot, tmp_path: Path
) -> None:
    number = context.jobs.start("scan", {"paths": [str(tmp_path / "missing")]})
    with qtbot.waitSignal(context.jobs.idle, timeout=30_000):
        pass
    card = view.cards[number]
    assert "There is nothing at" in texts(card)
    (tmp_path / "missing").mkdir()
    with qtbot.waitSignal(context.jobs.ended, timeout=30_000) as caught:
        qtbot.mouseClick(card.resume, Qt.MouseButton.LeftButton)
    assert caught.args[0].state == "completed"
    context.jobs.start("scan", {"paths": [str(tmp_path)]})
    newest = max(view.cards)
    with qtbot.waitSignal(context.jobs.ended, timeout=30_000):
        qtbot.mouseClick(view.cards[newest].stop, Qt.MouseButton.LeftButton)
    assert context.jobs.view(newest).state in ("cancelled", "completed")


def test_the_status_bar_tells_the_job_and_opens_activity(
    window: MainWindow, context: Context, qtbot: QtBot
) -> None:
    button = window.jobs_button.button
    assert "Nothing is running" in button.text()
    context.jobs._show(job(1, kind="scan", done=12, total=None))
    context.jobs._show(job(2, done=50, total=200, rate=2.5, seconds_left=60.0))
    assert (
        button.text().strip()
        == "Listening to the music: 50 of 200 tracks · 2.5 tracks/s · about 1 min left · 1 more"
    )
    assert (window.jobs_button.bar.value(), window.jobs_button.bar.maximum()) == (50, 200)
    window.show_view("view-library")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.pages.currentWidget() is window.activity
    for number in (1, 2):
        context.jobs._show(job(number, state="completed", ended=9.0))
    assert "Nothing is running" in button.text()


def test_an_open_list_grows_while_the_job_runs(view: ActivityView, context: Context, qtbot: QtBot) -> None:
    context.jobs._show(job(skipped=(("a", "x"),), skipped_count=1))
    qtbot.mouseClick(view.cards[1].skipped, Qt.MouseButton.LeftButton)
    context.jobs._show(job(skipped=(("a", "x"), ("b", "y")), skipped_count=2))
    assert view.cards[1].model.rowCount() == 2


def test_a_finished_job_says_what_came_of_it(view: ActivityView, context: Context) -> None:
    scan = {"found": 1240, "new": 3, "changed": 0, "missing": 2}
    context.jobs._show(job(1, kind="scan", state="completed", ended=9.0, done=22, result=scan))
    assert "1,240 found · 3 new · 2 missing" in texts(view.cards[1])
    context.jobs._show(
        job(2, state="completed", ended=9.0, result={"embedded": 39, "failed": 1, "pending": 0})
    )
    assert "39 listened to · 1 failed" in texts(view.cards[2])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2, "a few seconds left"), (38, "about 40 s left"), (70, "about 1 min left"),
     (3600 * 2 + 60, "about 2 h 1 min left"),
     (3600 * 40, "about 40 h left")],
)  # fmt: skip
def test_time_left_in_words(seconds: float, text: str) -> None:
    assert wording.time_left(seconds) == text


@pytest.mark.parametrize(
    ("per_second", "text"), [(0.05, "3.0 tracks/min"), (4.13, "4.1 tracks/s"), (1234, "1,234 tracks/s")]
)
def test_rates_in_words(per_second: float, text: str) -> None:
    assert wording.rate(per_second, "tracks") == text


def test_every_figure_has_words() -> None:
    assert wording.figure("queue_length", 3.14159) == "queue length 3.14"
    assert wording.figure("tracks_per_s", 2.0) == ""


def test_the_line_says_why_nothing_is_counted_yet() -> None:
    waiting = JobView(1, "embed", {}, "running")
    assert line(waiting) == "Listening to the music: starting…"
    preparing = replace(waiting, job_id=4, stage="Preparing the encoder")
    assert line(preparing) == "Listening to the music: preparing the encoder…"
    crowded = replace(preparing, metrics={"others": 0.8})
    assert line(crowded).endswith("preparing the encoder… · other programs keep the processors busy")
    heard = replace(preparing, done=3, total=10)
    assert line(heard) == "Listening to the music: 3 of 10 tracks"


def test_out_of_sight_a_job_gets_its_card_later_and_news_when_it_is_looked_at(
    view: ActivityView, context: Context, qtbot: QtBot
) -> None:
    view.hide()
    for number in (1, 2):
        context.jobs._show(job(number, done=1, total=470))
    assert not view.cards, "not in the turn in which the job begins"
    qtbot.waitUntil(lambda: len(view.cards) == 2)
    context.jobs._show(job(1, done=312, total=470))
    qtbot.wait(LATER_MS + 50)
    assert view.cards[1].bar.value() == 1
    context.jobs._show(job(3, done=9, total=470))
    view.show()
    assert (view.cards[1].bar.value(), view.cards[3].bar.value()) == (312, 9)
    places = [view._column.indexOf(view.cards[number]) for number in (3, 2, 1)]
    assert places == sorted(places)
