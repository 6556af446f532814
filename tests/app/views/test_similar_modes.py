"""Paths, radios, moments, rules and reasons in the Similar panel."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import tracks
from app.views.playlists_words import how
from app.views.rows_delegate import TWO_LINES
from app.views.similar import SimilarPanel
from app.views.similar_words import hub_effect, limits, summary
from core.asking import Request, refreshed
from core.recommend.hubs import Effect
from core.recommend.rules import Rules
from tests.scene import Scene
from tests.synthetic import DIM, Mix, first_waiting, tags

MIX = Mix(160, folders=1, failed=0, partial=0, skipped=0)
SECONDS = 3.0


@pytest.fixture
def panel(scene: Scene) -> SimilarPanel:
    scene.fill(MIX)
    return started(scene)


def started(scene: Scene) -> SimilarPanel:
    panel = scene.panel
    scene.session.start()
    scene.until(lambda: scene.session.encoder is not None)
    return panel


def store_segments(path: Path) -> None:
    """Four segments a track: noise of its own, but that segment 2 of track 1 and segment 3 of track 90 are one."""
    rng = np.random.default_rng(0)
    with sqlite3.connect(path) as connection:
        for track in range(1, MIX.tracks + 1):
            segments = rng.standard_normal((4, DIM)).astype("<f2")
            if track in (1, 90):
                segments[2 if track == 1 else 3] = np.linspace(-6, 6, DIM)
            connection.execute(
                "UPDATE embedding SET segments = ?, n_segments = 4 WHERE track_id = ?",
                (segments.tobytes(), track),
            )
    connection.close()


def listed(panel: SimilarPanel) -> list[int]:
    return [neighbour.row.file_id for neighbour in panel.neighbours]


def answered(scene: Scene, panel: SimilarPanel, done: Callable[[list[int]], bool]) -> list[int]:
    scene.until(lambda: panel._answer.wish == panel._wish and done(listed(panel)))
    return listed(panel)


def press(panel: SimilarPanel, mode: str) -> None:
    QTest.mouseClick(panel.modes.buttons[mode], Qt.MouseButton.LeftButton)


# -- path


def test_a_path_gets_its_end_by_the_next_click(scene: Scene, panel: SimilarPanel) -> None:
    scene.select(1)
    answered(scene, panel, bool)
    press(panel, "path")
    scene.until(lambda: "Where shall the path lead" in panel.message.text())
    scene.select(150)
    found = answered(scene, panel, bool)
    assert (found[0], found[-1], len(found)) == (1, 150, 10)
    assert panel.stops.ids == (1, 150)
    lines = [panel.list.model().index(row, 0).data(TWO_LINES) for row in (0, 1)]
    assert lines[0].score is None  # there is no track before it
    assert lines[1].score is not None


def test_another_track_is_offered_as_a_stop_and_put_in(scene: Scene, panel: SimilarPanel) -> None:
    panel.find_path((1, 150))
    answered(scene, panel, bool)
    scene.select(75)
    scene.until(panel.stops.offer.isVisible)
    assert panel.stops.ids == (1, 150)  # a click alone changes nothing
    panel.stops.offer.linkActivated.emit("via")
    found = answered(scene, panel, lambda ids: 75 in ids)
    assert panel.stops.ids == (1, 75, 150)
    assert found.index(75) not in (0, len(found) - 1)
    panel.stops.put(1, "end")
    assert answered(scene, panel, lambda ids: ids[-1:] == [1])[0] == 75


def test_a_track_dropped_among_the_stops_is_passed(scene: Scene, panel: SimilarPanel) -> None:
    panel.find_path((1, 150))
    answered(scene, panel, bool)
    data = tracks.mime(scene.ask(lambda reader: reader.page([75])))
    button, key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    place, copy = QPoint(20, 10), Qt.DropAction.CopyAction
    where = panel.stops.list.viewport()
    QApplication.sendEvent(where, QDragEnterEvent(place, copy, data, button, key))
    event = QDropEvent(QPointF(place), copy, data, button, key)
    QApplication.sendEvent(where, event)
    assert event.isAccepted()
    found = answered(scene, panel, lambda ids: 75 in ids)
    assert (found[0], found[-1]) == (1, 150)
    assert panel.stops.ids == (1, 75, 150)


def test_stops_are_turned_round_by_dragging(scene: Scene, panel: SimilarPanel) -> None:
    panel.find_path((1, 75, 150))
    answered(scene, panel, bool)
    model = panel.stops.list.model()
    model.moveRow(panel.stops.list.rootIndex(), 0, panel.stops.list.rootIndex(), 3)
    assert answered(scene, panel, lambda ids: ids[:1] == [75])[-1] == 1


def test_a_neighbours_menu_leads_to_it(scene: Scene, panel: SimilarPanel) -> None:
    scene.select(1)
    first = answered(scene, panel, bool)[3]
    panel.list.setCurrentIndex(panel.list.model().index(3, 0))
    menu = panel.menu()
    next(action for action in menu.actions() if action.text() == "Path to this").trigger()
    found = answered(scene, panel, lambda ids: panel.mode == "path" and bool(ids))
    assert (found[0], found[-1]) == (1, first)
    menu.deleteLater()
    scene.player.set_modes(shuffle=True)
    panel.play(0)
    assert [one.track_id for one in scene.player.queue] == found, "a path has an order of its own"


# -- radio


def test_a_radio_goes_on_without_coming_back(scene: Scene, panel: SimilarPanel) -> None:
    scene.player.set_modes(shuffle=True)  # what concerns no radio
    scene.select(1)
    press(panel, "radio")
    answered(scene, panel, lambda ids: panel.mode == "radio" and bool(ids))
    panel.start_radio.click()
    assert panel.radio.on
    assert panel.start_radio.text() == "Stop the radio"
    player, before = scene.player, scene.player.length
    assert [one.track_id for one in player.queue] == listed(panel)
    player.track_changed.emit(player.queue[0])
    assert scene.player.length == before  # there is enough ahead
    for _ in range(before - 3):
        player.next()
    scene.until(lambda: player.length > before)
    numbers = [one.track_id for one in player.queue]
    assert len(set(numbers)) == len(numbers)
    assert 1 not in numbers
    assert numbers[:before] == listed(panel)[:before]


def test_other_music_ends_the_radio_and_another_selection_does_not(scene: Scene, panel: SimilarPanel) -> None:
    scene.select(1)
    press(panel, "radio")
    before = answered(scene, panel, lambda ids: panel.mode == "radio" and bool(ids))
    panel.start_radio.click()
    scene.select(150)
    assert listed(panel) == before
    row = scene.ask(lambda reader: reader.page([150]))[0]
    scene.player.play([tracks.playable(row)])
    assert not panel.radio.on
    answered(scene, panel, lambda ids: bool(ids) and ids != before)
    assert panel.title.toolTip() or panel.title.text() == tags(149)["title"]


def test_a_radio_goes_by_rules_that_come_later(scene: Scene, panel: SimilarPanel) -> None:
    scene.select(1)
    press(panel, "radio")
    answered(scene, panel, lambda ids: panel.mode == "radio" and bool(ids))
    panel.start_radio.click()
    press(panel, "similar")
    panel.rules.years.low.setText("1990")
    panel.rules.years.changed.emit()
    scene.until(lambda: panel._wish.rules.years == (1990, None))
    player = scene.player
    before = player.length
    for _ in range(before - 3):
        player.next()
    scene.until(lambda: player.length > before)
    fresh = [one.track_id for one in player.queue[before:]]
    assert fresh
    assert all(tags(track - 1)["year"] >= 1990 for track in fresh)
    assert panel.radio.on


def test_a_stop_that_waits_is_named(scene: Scene) -> None:
    mix = Mix(40, folders=1, waiting=0.1, failed=0, partial=0, skipped=0)
    scene.fill(mix)
    panel = started(scene)
    (waiting,) = first_waiting(mix, 1)
    panel.find_path((next(key for key in range(1, 40) if key != waiting), waiting))
    scene.until(lambda: tags(waiting - 1)["title"] in panel.message.text())


# -- moments and why


def test_seconds_of_what_plays_are_found_in_other_tracks(scene: Scene) -> None:
    scene.fill(MIX)
    store_segments(scene.context.library.path)
    panel = started(scene)
    row = scene.ask(lambda reader: reader.page([1]))[0]
    scene.player.play([tracks.playable(row)])
    with scene.qtbot.waitSignal(scene.session.similar_wanted):
        panel.find_moment(6.0, 9.0)
    found = answered(scene, panel, lambda ids: panel.mode == "moment" and bool(ids))
    assert found[0] == 90
    assert panel.neighbours[0].start_s == pytest.approx(3 * SECONDS)
    assert panel.neighbours[0].score == pytest.approx(1.0, abs=0.01)
    assert "at 0:09" in panel.list.model().index(0, 0).data(TWO_LINES).text
    panel.play(0)
    assert scene.player.current is not None
    assert (scene.player.current.track_id, scene.player.current.start_s) == (90, 3 * SECONDS)
    scene.select(5)  # the moment stays
    assert listed(panel) == found
    panel.keep_list.click()
    scene.until(lambda: bool(scene.playlists.records))
    record = scene.playlists.records[0]
    assert how(record, scene.session.titles) == "Made from a moment, as Timbre (MFCC) hears it"
    request = Request.of(record.rule)
    assert (request.kind, request.seeds, request.span, request.n) == ("moment", (1,), (6.0, 9.0), len(found))
    again = scene.ask(lambda reader: refreshed(reader.library, record)[1])
    assert [match.file_id for match in again.matches] == found


def test_a_moment_goes_by_the_filters(scene: Scene) -> None:
    scene.fill(MIX)
    store_segments(scene.context.library.path)
    panel = started(scene)
    scene.player.play([tracks.playable(scene.ask(lambda reader: reader.page([1]))[0])])
    panel.find_moment(6.0, 9.0)
    before = answered(scene, panel, lambda ids: panel.mode == "moment" and bool(ids))
    assert panel.filter.isVisible()
    assert panel.unfilter.isHidden()
    panel.filter.click()
    scene.until(lambda: bool(panel.rules.choices.genres))
    assert panel.rules.room.isHidden(), "the spacing is the radio's"
    panel.rules.years.low.setText("1990")
    panel.rules.years.changed.emit()
    after = answered(scene, panel, lambda ids: ids not in ([], before))
    assert all(tags(key - 1)["year"] >= 1990 for key in after)
    assert panel.summary.toolTip() or panel.summary.text() == "From 1990"
    assert any(line.startswith("Years from 1990: ") for line in panel.receipt.lines)
    assert panel.receipt.isVisible()
    panel.rules.hide()
    panel.unfilter.click()
    assert answered(scene, panel, lambda ids: ids == before) == before


def test_why_lights_the_seconds_and_plays_both(scene: Scene) -> None:
    scene.fill(MIX)
    store_segments(scene.context.library.path)
    panel = started(scene)
    panel.find_path((1, 90))
    answered(scene, panel, bool)
    scene.select(1)
    press(panel, "similar")
    panel.how_many.setCurrentIndex(2)
    panel.how_many.activated.emit(2)
    answered(scene, panel, lambda ids: panel.mode == "similar" and len(ids) == 50)
    first, second = scene.ask(lambda reader: reader.page([1, 90]))
    why = scene.ask(lambda reader: panel._neighbourhood.why(first, second, reader))
    panel.why.begin(first, second)
    panel.why.show_why(why)
    assert panel.why.forms[0].lit[0] == pytest.approx((2 * SECONDS, 3 * SECONDS))
    assert panel.why.forms[1].lit[0] == pytest.approx((3 * SECONDS, 4 * SECONDS))
    panel.why.pairs.linkActivated.emit("0")
    assert [(one.track_id, one.start_s, one.length_s) for one in scene.player.queue] == [
        (1, pytest.approx(6.0), pytest.approx(3.0)), (90, pytest.approx(9.0), pytest.approx(3.0)),
    ]  # fmt: skip
    panel.why.forms[1].seek_requested.emit(60.0)  # beside what is lit: from there on
    assert [(one.track_id, one.start_s, one.length_s) for one in scene.player.queue] == [(90, 60.0, None)]


def test_an_arrow_opens_its_line_and_plays_nothing(scene: Scene, panel: SimilarPanel) -> None:
    scene.select(1)
    answered(scene, panel, bool)
    listing = panel.list
    rect = listing.visualRect(listing.model().index(1, 0))
    closed = rect.height()
    QTest.mouseClick(
        listing.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(rect.right() - 8, rect.center().y())
    )
    assert listing.opened == 1
    assert scene.player.current is None
    assert panel.why.isVisible()
    assert listing.visualRect(listing.model().index(1, 0)).height() == closed + listing.card_height
    scene.until(lambda: "Listen again" in panel.why.pairs.text())  # nothing is stored moment by moment here
    with scene.qtbot.waitSignal(scene.session.moments_wanted):
        panel.why.pairs.linkActivated.emit("moments")
    store_segments(scene.context.library.path)  # what the job does
    panel._calm.start(0)
    scene.until(lambda: "Most alike" in panel.why.pairs.text())
    QTest.keyClick(listing, Qt.Key.Key_Left)
    assert not panel.why.isVisible()


def test_what_is_not_stored_can_be_listened_to(scene: Scene, panel: SimilarPanel) -> None:
    scene.player.play([tracks.playable(scene.ask(lambda reader: reader.page([1]))[0])])
    panel.find_moment(6.0, 9.0)
    scene.until(lambda: "moment by moment" in panel.message.text())
    with scene.qtbot.waitSignal(scene.session.moments_wanted):
        panel.message.linkActivated.emit("moments")


def test_an_audition_begins_where_a_neighbour_is_most_like_the_seed(scene: Scene) -> None:
    scene.fill(MIX)
    store_segments(scene.context.library.path)
    panel = started(scene)
    scene.select(1)
    answered(scene, panel, bool)
    panel.audition.click()
    scene.until(lambda: scene.player.auditioning)
    starts = [one.start_s for one in scene.player.queue]
    assert starts == [one.start_s for one in panel.neighbours]
    assert set(starts) <= {0.0, 3.0, 6.0, 9.0}
    panel.audition.click()


# -- rules


def test_rules_narrow_the_list_and_the_receipt_tells(scene: Scene, panel: SimilarPanel) -> None:
    scene.select(1)
    before = answered(scene, panel, bool)
    panel.filter.click()
    scene.until(lambda: bool(panel.rules.choices.genres))
    rules = panel.rules
    rules.choosers["genres"].click()
    item = rules.names.list.item(0)
    item.setCheckState(Qt.CheckState.Checked)
    rules.names.done.emit()
    rules.years.low.setText("1960")
    rules.years.changed.emit()
    genre = next(iter(rules.rules.genres))
    after = answered(
        scene, panel, lambda ids: ids not in ([], before) and panel._wish.rules.years == (1960, None)
    )
    assert all(tags(key - 1)["genre"] == genre and tags(key - 1)["year"] >= 1960 for key in after)
    assert genre in panel.summary.toolTip() or genre in panel.summary.text()
    assert any("left out" in line for line in panel.receipt.lines)
    panel.unfilter.click()
    assert answered(scene, panel, lambda ids: ids == before) == before
    rules.hide()


def test_names_are_found_by_typing(scene: Scene, panel: SimilarPanel) -> None:
    panel.filter.click()
    scene.until(lambda: len(panel.rules.choices.folders) > 3)
    panel.rules.choosers["folders"].click()
    names = panel.rules.names
    wanted = str(names.list.item(2).data(Qt.ItemDataRole.UserRole))
    everything = names.list.count()
    names.list.item(1).setCheckState(Qt.CheckState.Checked)
    ticked = str(names.list.item(1).data(Qt.ItemDataRole.UserRole))
    QTest.keyClicks(names.search, wanted[-9:])
    shown = [names.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(names.list.count())]
    assert wanted in shown
    assert len(shown) < everything
    assert panel.rules.rules.folders == {ticked}  # also while it is not listed
    names.none.click()
    assert not panel.rules.rules.folders
    panel.rules.hide()


def test_a_length_is_written_as_it_is_read() -> None:
    assert limits(Rules(seconds=(125.0, None), years=(1990, 1990))) == ["1990", "from 2:05"]
    assert summary(Rules(other_artists=True, fold=False, hubness="local")) == (
        "Other artists · all versions · fewer hubs"
    )
    effect = Effect(2.0, 0.5, 0.2, 0.05, float("nan"), float("nan"), 10, 10)
    assert "20%" in hub_effect(effect)
    assert "same album" not in hub_effect(effect)
    assert "same album" in hub_effect(replace(effect, same=0.4, same_corrected=0.3))


# -- keeping


@pytest.mark.parametrize("mode", ["similar", "path", "radio"])
def test_a_list_is_kept_with_its_question(scene: Scene, panel: SimilarPanel, mode: str) -> None:
    if mode == "path":
        panel.find_path((1, 75, 150))
    else:
        scene.select(1)
        press(panel, mode)
    found = answered(scene, panel, lambda ids: panel.mode == mode and bool(ids))
    panel.keep_list.click()
    scene.until(lambda: bool(scene.playlists.records))
    record = scene.playlists.records[0]
    assert (record.kind, record.n) == (mode, len(found))
    request = Request.of(record.rule)
    assert (request.kind, request.encoder, request.n) == (mode, "mfcc", len(found))
    assert (request.seeds, request.waypoints) == (((1, 150), (75,)) if mode == "path" else ((1,), ()))
