"""Pinned tracks: their neighbours then and now, and how tracks are pinned."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from app.job_view import JobView
from app.notify import Message
from app.player import Playable
from app.run_view import RunView
from app.training import MOST_PINS, PINNED
from app.views.rows_delegate import TWO_LINES, TwoLines
from app.views.training.pins_panel import NEW, WAITING, PinsPanel, TrackList
from core.library.store import Library
from tests.app.views.training.conftest import TrainScene
from tests.synthetic import tags
from tests.synthetic_runs import STORIES, panel

HEALTHY = STORIES[3]
HISTORY = panel(HEALTHY)["pins"][0]["history"]


def lines(listed: TrackList) -> list[TwoLines]:
    return [listed.item(row).data(TWO_LINES) for row in range(listed.count())]


@pytest.fixture
def pins(train: TrainScene) -> PinsPanel:
    view = train.open(HEALTHY)
    view.runs.tabs.setCurrentIndex(1)
    return view.runs.pins


def test_the_runs_pins_are_listed_with_their_newest_neighbours(pins: PinsPanel) -> None:
    assert [one.title for one in lines(pins.pins)] == [tags(3)["title"], tags(47)["title"]]
    assert pins.now_title.text() == "Now: step 400"
    assert pins.before_title.text() == "Before: step 350"
    assert [one.title for one in lines(pins.now)] == [one["title"] for one in HISTORY[-1]["neighbours"]]
    assert [one.score for one in lines(pins.now)] == [one["score"] for one in HISTORY[-1]["neighbours"]]


def test_what_is_new_is_marked_in_words(pins: PinsPanel) -> None:
    for place in range(1, len(HISTORY)):
        pins.slider.setValue(place)
        before = {one["identity"] for one in HISTORY[place - 1]["neighbours"]}
        new = [one["identity"] not in before for one in HISTORY[place]["neighbours"]]
        assert [one.marked for one in lines(pins.now)] == new
        assert [NEW in one.text for one in lines(pins.now)] == new


def test_the_slider_goes_back_to_the_beginning(pins: PinsPanel) -> None:
    pins.slider.setValue(0)
    assert pins.now_title.text() == "Then: step 0"
    assert pins.before.count() == 0
    assert not any(one.marked for one in lines(pins.now))


def test_another_pin_has_neighbours_of_its_own(pins: PinsPanel) -> None:
    first = lines(pins.now)
    pins.pins.setCurrentRow(1)
    assert lines(pins.now) != first


def test_a_click_plays_the_neighbour_and_those_after_it(
    pins: PinsPanel, train: TrainScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[tuple[list[str], int]] = []

    def play(queue: list[Playable], at: int = 0) -> None:
        played.append(([one.title for one in queue], at))

    monkeypatch.setattr(train.scene.player, "play", play)  # what is asked of it; other tests hear it
    item = pins.now.item(2)
    pins.now.scrollToItem(item)
    where = pins.now.visualItemRect(item).center()
    train.scene.qtbot.mouseClick(pins.now.viewport(), Qt.MouseButton.LeftButton, pos=where)
    train.until(lambda: bool(played))
    assert played == [([one["title"] for one in HISTORY[-1]["neighbours"]], 2)]


def test_selected_tracks_are_pinned_for_the_next_run_and_stay_so(pins: PinsPanel, train: TrainScene) -> None:
    assert not pins.pin.isEnabled()
    assert "select tracks in the library first" in pins.pin.toolTip()
    train.scene.select(2, 7)
    pins.pin.click()
    train.until(lambda: set(train.training.pin_ids) == {2, 7})
    assert tags(6)["title"] in pins.next_time.toolTip() + pins.next_time.text()
    assert train.view.setup.draft.pins == train.training.pin_ids
    rows = train.scene.ask(lambda reader: reader.page([2]))
    assert "pinned" in rows[0].labels
    pins.unpin.click()
    train.until(lambda: not train.training.pins)


def test_a_run_without_pins_says_how_to_have_some(train: TrainScene) -> None:
    view = train.open(STORIES[0].__class__("bare", pins=()))
    view.runs.tabs.setCurrentIndex(1)
    assert view.runs.pins.message.isVisible()
    assert "Pin a few tracks" in view.runs.pins.message.text()


def test_the_panel_is_made_when_it_is_first_looked_at(train: TrainScene) -> None:
    page = train.open(HEALTHY).runs
    assert not page.findChildren(PinsPanel)
    page.tabs.setCurrentIndex(1)
    assert page.pins.isVisible()
    assert page.pins.pins.count() == 2
    page.tabs.setCurrentIndex(0)
    assert page.curves.isVisible()


def test_a_run_that_was_started_with_pins_says_that_they_appear(train: TrainScene) -> None:
    panel = train.open().runs.pins
    job = JobView(1, "train", {"name": "mine", "strategy": "self", "preset": "paper", "pins": [3]}, "running")
    run = RunView("mine", "self", "paper", "preparing", job=job)
    panel.show_run(run)
    assert panel.message.text() == WAITING
    panel.show_run(replace(run, job=replace(job, params={**job.params, "pins": []})))
    assert "Nothing is pinned" in panel.message.text()


def test_more_pins_than_can_be_watched_are_told_and_none_are_left_behind(
    pins: PinsPanel, train: TrainScene, messages: list[Message]
) -> None:
    train.scene.select(*range(1, 7))
    pins.pin.click()
    train.until(lambda: len(train.training.pins) == 6)
    train.scene.select(*range(5, 12))
    pins.pin.click()
    train.until(lambda: len(train.training.pins) == MOST_PINS and bool(messages))
    assert messages[-1].title == "At most 8 tracks can be pinned."
    assert messages[-1].hint.startswith("3 tracks were left out.")
    with Library(train.scene.context.library.path) as library:
        library.labels.set([20, 21, 22], PINNED)  # in another way
    pins.unpin.click()
    train.until(lambda: not train.training.pins)
    assert train.scene.ask(lambda reader: reader.library.labels.all()) == []
