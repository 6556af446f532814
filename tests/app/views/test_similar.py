from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.notify import Message
from app.views.rows_delegate import TWO_LINES
from app.views.similar import SimilarPanel
from core.playlist import read_m3u
from tests.scene import Scene
from tests.synthetic import Mix, embed, first_waiting, state, tags

MIX = Mix(400, waiting=0.05, failed=101, partial=0, skipped=0)
OTHER = next(n + 1 for n in range(40) if state(n, MIX) == "ok")
SEED = next(n + 1 for n in range(120, 400) if state(n, MIX) == "ok")


@pytest.fixture
def panel(scene: Scene) -> SimilarPanel:
    scene.fill(MIX)
    panel = scene.panel
    scene.session.start()
    scene.until(lambda: scene.session.encoder is not None)
    return panel


@pytest.fixture
def filled(scene: Scene, panel: SimilarPanel) -> SimilarPanel:
    scene.select(SEED)
    scene.until(lambda: bool(panel.neighbours))
    return panel


def artist(file_id: int) -> str:
    return str(tags(file_id - 1)["artist"])


def listed(panel: SimilarPanel) -> list[int]:
    return [neighbour.row.file_id for neighbour in panel.neighbours]


def changed(scene: Scene, panel: SimilarPanel, before: list[int]) -> list[int]:
    scene.until(lambda: listed(panel) not in ([], before))
    return listed(panel)


def test_before_a_selection_it_says_what_to_do(panel: SimilarPanel) -> None:
    assert "Choose a track" in panel.message.text()
    assert not panel.export.isEnabled()
    assert "Not now" in panel.export.toolTip()


def test_neighbours_of_the_selection_best_first_without_the_seed(filled: SimilarPanel) -> None:
    assert len(filled.neighbours) == 10
    assert SEED not in listed(filled)
    scores = [neighbour.score for neighbour in filled.neighbours]
    assert scores == sorted(scores, reverse=True)
    # Synthetic vectors are made so that an artist's tracks lie together.
    assert {artist(file_id) for file_id in listed(filled)} == {artist(SEED)}
    lines = filled.list.model().index(0, 0).data(TWO_LINES)
    assert (lines.title, lines.score) == (tags(listed(filled)[0] - 1)["title"], scores[0])


def test_it_names_what_it_follows(scene: Scene, filled: SimilarPanel) -> None:
    filled.title.resize(1000, 20)
    assert filled.title.text() == tags(SEED - 1)["title"]
    scene.select(SEED, 1, 2)
    scene.until(lambda: filled.title.text() == "3 tracks")


def test_several_seeds_draw_from_all_of_them(scene: Scene, filled: SimilarPanel) -> None:
    before = listed(filled)
    filled.how_many.setCurrentIndex(1)
    filled.how_many.activated.emit(1)
    scene.select(SEED, OTHER)
    scene.until(lambda: len(listed(filled)) == 25 and listed(filled)[:10] != before)
    assert {artist(file_id) for file_id in listed(filled)} >= {artist(SEED), artist(OTHER)}


def test_filters_leave_out_the_artist_and_the_album(scene: Scene, filled: SimilarPanel) -> None:
    album = tags(SEED - 1)["album"]
    before = listed(filled)
    filled.rules.other_albums.click()
    after = changed(scene, filled, before)
    assert all(tags(file_id - 1)["album"] != album for file_id in after)
    filled.rules.other_artists.click()
    assert artist(SEED) not in {artist(file_id) for file_id in changed(scene, filled, after)}


def test_filters_that_leave_nothing_can_be_lifted(scene: Scene) -> None:
    scene.fill(Mix(30, failed=0, partial=0, skipped=0))  # one artist
    panel = scene.panel
    panel.rules.other_artists.click()
    scene.session.start()
    scene.session.select([1])
    scene.until(lambda: "filters leave no track" in panel.message.text())
    panel.message.linkActivated.emit("any")
    scene.until(lambda: bool(panel.neighbours))
    assert not panel.rules.other_artists.isChecked()


def test_a_click_plays_the_neighbour_at_once(scene: Scene, filled: SimilarPanel) -> None:
    place = filled.list.visualRect(filled.list.model().index(2, 0)).center()
    QTest.mouseClick(filled.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert scene.player.current is not None
    assert scene.player.current.title == tags(listed(filled)[2] - 1)["title"]
    assert len(scene.player.queue) == 10
    assert scene.session.selection.tolist() == [SEED]
    assert filled.list.model().index(2, 0).data(TWO_LINES).marked


def test_enter_plays_too(scene: Scene, filled: SimilarPanel) -> None:
    filled.list.setCurrentIndex(filled.list.model().index(1, 0))
    QTest.keyClick(filled.list, Qt.Key.Key_Return)
    assert scene.player.current is not None
    assert scene.player.current.title == tags(listed(filled)[1] - 1)["title"]


def test_audition_plays_excerpts_from_the_middle_of_each_neighbour(
    scene: Scene, filled: SimilarPanel
) -> None:
    filled.audition.click()
    assert scene.session.audition
    scene.until(lambda: scene.player.auditioning)
    for playable, file_id in zip(scene.player.queue, listed(filled), strict=True):
        assert playable.length_s == 10.0
        assert playable.start_s == pytest.approx(tags(file_id - 1)["seconds"] / 2 - 5.0)
    before = listed(filled)
    scene.session.select([OTHER])
    after = changed(scene, filled, before)
    assert [playable.title for playable in scene.player.queue] == [
        tags(file_id - 1)["title"] for file_id in after
    ]
    filled.audition.click()
    assert not scene.player.auditioning


def test_less_like_this_pushes_a_neighbour_away_until_cleared(scene: Scene, filled: SimilarPanel) -> None:
    before = listed(filled)
    unwanted = filled.neighbours[0].row
    assert unwanted.track_id is not None
    filled.less_like(unwanted.track_id)
    assert unwanted.file_id not in changed(scene, filled, before)
    assert "Less like" in filled.bent.text()
    filled.bent.linkActivated.emit("straight")
    scene.until(lambda: listed(filled) == before)
    assert not filled.bent.isVisible()


def test_more_like_this_is_forgotten_with_the_next_selection(scene: Scene, filled: SimilarPanel) -> None:
    before = listed(filled)
    filled.list.setCurrentIndex(filled.list.model().index(4, 0))
    next(action for action in filled.menu().actions() if action.text() == "More like this").trigger()
    changed(scene, filled, before)
    assert "More like" in filled.bent.text()
    scene.select(OTHER)
    scene.until(lambda: not filled.bent.isVisible())


def test_walking_on_from_a_neighbour(scene: Scene, filled: SimilarPanel) -> None:
    filled.list.setCurrentIndex(filled.list.model().index(0, 0))
    first = listed(filled)[0]
    next(action for action in filled.menu().actions() if action.text().startswith("Find similar")).trigger()
    assert scene.session.selection.tolist() == [first]


def test_a_track_that_waits_jumps_the_queue_and_its_neighbours_come_by_themselves(
    scene: Scene, panel: SimilarPanel
) -> None:
    waiting = first_waiting(MIX, 5)[4]
    scene.session.set_busy(True)
    scene.session.select([waiting])
    scene.until(lambda: "next in line" in panel.message.text())
    first = scene.ask(lambda reader: reader.library.files.candidates(1, "whole", 1, []))
    assert [candidate.file_id for candidate in first] == [waiting]
    embed(scene.context.library.path, [waiting])
    scene.until(lambda: bool(panel.neighbours))
    assert artist(listed(panel)[0]) == artist(waiting)


def test_a_track_that_waits_while_nothing_runs_offers_to_start(scene: Scene, panel: SimilarPanel) -> None:
    scene.session.select(first_waiting(MIX, 1))
    scene.until(lambda: "waits to be listened to" in panel.message.text())
    with scene.qtbot.waitSignal(scene.session.reading_wanted):
        panel.message.linkActivated.emit("listen")


def test_a_track_that_failed_says_why_it_has_no_neighbours(scene: Scene, panel: SimilarPanel) -> None:
    scene.session.select([101])
    scene.until(lambda: "could not be read" in panel.message.text())
    assert "cut off after 2 kB" in panel.message.text()


def test_while_nothing_was_listened_to_it_says_so(scene: Scene) -> None:
    mix = Mix(3, waiting=0.5, failed=0, partial=0, skipped=0)
    scene.fill(mix)
    panel = scene.panel
    scene.session.start()
    scene.session.select([next(n + 1 for n in range(3) if state(n, mix) == "ok")])
    scene.until(lambda: bool(panel.neighbours) or "nothing to compare" in panel.message.text())


def test_another_encoder_answers_at_once(scene: Scene, filled: SimilarPanel) -> None:
    names = {"name": "second", "strategy": "mfcc", "front_end": "x", "weights_hash": "y", "file": ""}
    scene.ask(lambda reader: reader.library.encoders.add(**names, dim=40, track_dim=40, config={}, card={}))
    scene.session.refresh()
    scene.until(lambda: len(scene.session.encoders) == 2)
    scene.session.set_encoder("second")
    scene.until(lambda: not filled.neighbours and "waits" in filled.message.text())
    scene.session.set_encoder("mfcc")
    scene.until(lambda: bool(filled.neighbours))


def test_a_hidden_panel_asks_nothing_until_it_is_seen(
    scene: Scene, filled: SimilarPanel, qtbot: QtBot
) -> None:
    before = listed(filled)
    filled.hide()
    scene.select(OTHER)
    qtbot.wait(300)
    assert listed(filled) == before
    filled.show()
    changed(scene, filled, before)


@pytest.mark.parametrize("suffix", [".m3u8", ".xspf"])
def test_the_list_is_exported_with_its_seed_first(
    scene: Scene, filled: SimilarPanel, tmp_path: Path, messages: list[Message], suffix: str
) -> None:
    rows = [*scene.session.rows, *(neighbour.row for neighbour in filled.neighbours)]
    path = tmp_path / f"list{suffix}"
    filled.export_to(path, rows)
    scene.until(lambda: bool(messages))
    assert messages[0].level == "done"
    if suffix == ".m3u8":
        assert read_m3u(path).paths == tuple(row.path for row in rows)
    else:
        assert len(re.findall("<location>", path.read_text("utf-8"))) == 11


def test_a_place_that_cannot_be_written_is_said(
    scene: Scene, filled: SimilarPanel, tmp_path: Path, messages: list[Message]
) -> None:
    filled.export_to(tmp_path / "no-folder" / "list.m3u8", [filled.neighbours[0].row])
    scene.until(lambda: bool(messages))
    assert messages[0].level == "error"
    assert "cannot be written" in messages[0].title


def test_kept_neighbours_are_remembered(filled: SimilarPanel) -> None:
    row = filled.neighbours[3].row
    assert row.track_id is not None
    filled.keep(row.track_id)
    assert list(filled.kept.values()) == [row]
    assert "1 track kept" in filled.note.text()
