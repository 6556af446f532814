from __future__ import annotations

import re
import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QPushButton

from app import tracks
from app.columns import NAMES
from app.drops import raw_paths
from app.notify import Message
from app.views import track_table
from app.views.counts import sentence
from app.views.labels import LabelDialog
from app.views.library import LibraryView
from app.views.playlists_room import PlaylistsRoom
from app.views.track_header import clicked
from core.library.records import Counts, Row
from tests.scene import Scene
from tests.synthetic import Mix, embed, first_waiting, state, tags

MIX = Mix(900, waiting=0.1, failed=101, partial=151, skipped=211)
OFFLINE = Mix(300, folders=3, offline=1)


def centre(view: LibraryView, row: int, column: int = 1) -> QPoint:
    return view.table.visualRect(view.model.index(row, column)).center()


def click_row(
    view: LibraryView, row: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, modifier, centre(view, row))


def click_header(
    view: LibraryView, name: str, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    header = view.table.header
    section = NAMES.index(name)
    place = QPoint(
        header.sectionViewportPosition(section) + header.sectionSize(section) // 2, header.height() // 2
    )
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, modifier, place)


# -- search


def test_typing_searches_once_a_moment_after_the_last_letter(scene: Scene) -> None:
    view = scene.open(MIX)
    queries: list[str] = []
    view.model.ordered.connect(lambda: queries.append(view.model.query))
    QTest.keyClicks(view.search, "genre:folk")
    scene.until(lambda: view.model.query == "genre:folk" and bool(queries))
    assert queries == ["genre:folk"]
    folk = [n + 1 for n in range(MIX.tracks) if tags(n)["genre"] == "Folk"]
    assert sorted(view.model.ids.tolist()) == folk


def test_a_search_without_result_says_so_and_can_be_cleared(scene: Scene) -> None:
    view = scene.open(MIX)
    view.search_for("no-such-music")
    scene.until(view.empty.isVisible)
    assert "No track matches" in view.empty.text()
    view.empty.linkActivated.emit("clear")
    scene.until(lambda: len(view.model.ids) == MIX.tracks)
    assert view.search.text() == ""
    assert not view.empty.isVisible()


def test_the_tooltip_names_every_field_that_can_be_searched(scene: Scene) -> None:
    tip = re.sub("<[^>]+>", "", scene.open(Mix(20)).search.toolTip())
    for word in (
        "title",
        "artist",
        "album",
        "genre",
        "folder",
        "file",
        "format",
        "label",
        "year",
        "length",
        "state",
    ):
        assert word in tip


# -- selection


def test_the_selection_is_the_sessions_and_stays_with_its_tracks(scene: Scene) -> None:
    view = scene.open(MIX)
    click_row(view, 2)
    click_row(view, 4, Qt.KeyboardModifier.ControlModifier)
    chosen = view.model.ids[[2, 4]].tolist()
    assert scene.session.selection.tolist() == chosen
    with scene.qtbot.waitSignal(view.model.swapped, timeout=20_000):
        view.table.header.set_sort((("length", True),))
    rows = {index.row() for index in view.table.selectionModel().selectedRows()}
    assert {int(view.model.ids[row]) for row in rows} == set(chosen)
    assert scene.session.selection.tolist() == chosen


def test_a_search_that_hides_the_selected_track_keeps_it_selected(scene: Scene) -> None:
    view = scene.open(MIX)
    click_row(view, 0)
    chosen = scene.session.selection.tolist()
    view.search_for(f'-"{tags(chosen[0] - 1)["title"]}"')
    scene.until(lambda: chosen[0] not in view.model.ids)
    assert scene.session.selection.tolist() == chosen
    view.search_for("")
    scene.until(lambda: chosen[0] in view.model.ids)
    assert [int(view.model.ids[i.row()]) for i in view.table.selectionModel().selectedRows()] == chosen


def test_a_selection_made_elsewhere_is_shown_and_brought_into_view(scene: Scene) -> None:
    view = scene.open(MIX)
    far = int(view.model.ids[800])
    scene.select(far)
    assert [i.row() for i in view.table.selectionModel().selectedRows()] == [800]
    assert view.table.viewport().rect().intersects(view.table.visualRect(view.model.index(800, 1)))


def test_a_selection_made_while_the_table_is_out_of_sight_is_there_when_it_is_seen(scene: Scene) -> None:
    view = scene.open(MIX)
    near, far, last = (int(view.model.ids[row]) for row in (3, 800, 890))
    scene.select(near)
    view.hide()
    scene.select(last)
    scene.select(far)
    assert scene.session.selection.tolist() == [far]
    view.show()
    assert [i.row() for i in view.table.selectionModel().selectedRows()] == [800]
    assert view.table.row_of_current() == 800
    assert view.table.viewport().rect().intersects(view.table.visualRect(view.model.index(800, 1)))
    assert scene.session.selection.tolist() == [far]
    view.hide()
    scene.select()
    view.show()
    assert not view.table.selectionModel().hasSelection()


def test_everything_can_be_selected_and_sorted(scene: Scene) -> None:
    view = scene.open(MIX)
    view.table.selectAll()
    assert len(scene.session.selection) == MIX.tracks
    with scene.qtbot.waitSignal(view.model.swapped, timeout=20_000):
        view.table.header.set_sort((("title", True),))
    assert len(view.table.selectionModel().selectedRows()) == MIX.tracks


def test_what_is_selected_in_the_table_is_not_looked_up_there_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = scene.open(MIX)
    looked_up: list[int] = []
    places = view.model.places
    monkeypatch.setattr(view.model, "places", lambda ids: looked_up.append(len(ids)) or places(ids))
    view.table.selectAll()
    assert np.shares_memory(scene.session.selection, view.model.ids)  # a million ids are not copied, either
    click_row(view, 2)
    assert scene.session.selection.tolist() == view.model.ids[[2]].tolist()
    assert not looked_up
    scene.select(*view.model.ids[[3, 5, 6]].tolist())
    assert looked_up[0] == 3
    assert {index.row() for index in view.table.selectionModel().selectedRows()} == {3, 5, 6}


@pytest.mark.parametrize("more", [0, 1])
def test_a_selection_in_too_many_pieces_is_the_sessions_alone(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    monkeypatch.setattr(track_table, "MOST_RANGES", 20)
    view = scene.open(MIX)
    scene.session.select(view.model.ids[: 2 * (20 + more) : 2])
    assert len(scene.session.selection) == 20 + more
    assert view.table.selectionModel().selection().count() == (0 if more else 20)


def test_what_comes_in_moves_nothing_under_the_eyes(scene: Scene) -> None:
    mix = Mix(900, waiting=0.3)
    view = scene.open(mix)
    view.search_for("state:embedded")
    scene.until(lambda: view.model.query != "" and len(view.model.ids) < mix.tracks)
    table = view.table
    table.verticalScrollBar().setValue(7013)
    top, offset = int(view.model.ids[table.rowAt(0)]), table.rowViewportPosition(table.rowAt(0))
    before = len(view.model.ids)
    embed(scene.context.library.path, first_waiting(mix, 100))
    scene.session.refresh()
    scene.until(lambda: len(view.model.ids) == before + 100)
    assert int(view.model.ids[table.rowAt(0)]) == top
    assert table.rowViewportPosition(table.rowAt(0)) == offset
    assert table.verticalScrollBar().value() > 7013


# -- columns


def test_a_click_on_the_header_sorts_and_selects_nothing(scene: Scene) -> None:
    view = scene.open(MIX)
    with scene.qtbot.waitSignal(view.model.swapped, timeout=20_000):
        click_header(view, "title")
    assert view.model.sorting == (("title", False),)
    titles = [tags(int(key) - 1)["title"].lower() for key in view.model.ids]
    assert titles == sorted(titles)
    with scene.qtbot.waitSignal(view.model.swapped, timeout=20_000):
        click_header(view, "title")
    assert view.model.sorting == (("title", True),)
    assert not len(scene.session.selection)


def test_clicks_with_shift_add_columns_to_the_sorting() -> None:
    sort = clicked((("artist", False),), "year", also=True)
    assert sort == (("artist", False), ("year", False))
    assert clicked(sort, "artist", also=True) == (("artist", True), ("year", False))
    assert clicked(sort, "year", also=False) == (("year", False),)


def test_columns_and_sorting_are_remembered(scene: Scene) -> None:
    view = scene.open(Mix(50))
    header = view.table.header
    menu = header.menu()
    actions = {action.text(): action for action in menu.actions()}
    assert not actions["Title"].isEnabled()
    actions["Folder"].trigger()
    actions["Year"].trigger()
    header.moveSection(header.visualIndex(NAMES.index("album")), 1)
    header.resizeSection(NAMES.index("artist"), 222)
    header.set_sort((("folder", True), ("title", False)))
    lists = PlaylistsRoom(scene.session, scene.player, scene.playlists)
    other = LibraryView(scene.session, scene.player, lists)
    scene.qtbot.addWidget(other)
    other.restore_state(view.save_state())
    again = other.table.header
    assert not again.isSectionHidden(NAMES.index("folder"))
    assert again.isSectionHidden(NAMES.index("year"))
    assert again.visualIndex(NAMES.index("album")) == 1
    assert again.sectionSize(NAMES.index("artist")) == 222
    assert other.model.sorting == (("folder", True), ("title", False))


@pytest.mark.parametrize(
    "text", ["", "nonsense", "x\n{}", 'x\n{"columns": [["gone", 1, 2]], "sort": []}', "x\n[1]"]
)
def test_a_memory_that_makes_no_sense_changes_nothing(scene: Scene, text: str) -> None:
    view = scene.open(Mix(20))
    before = view.table.header.remembered()
    view.restore_state(text)
    assert view.table.header.remembered() == before


def test_until_a_border_is_dragged_all_columns_fit(scene: Scene) -> None:
    view = scene.open(Mix(50))
    for width in (900, 1600):
        view.resize(width, 600)
        assert 0 <= view.table.viewport().width() - view.table.header.length() < 12


def test_columns_come_with_the_room_for_them(scene: Scene) -> None:
    view = scene.open(Mix(50))
    header = view.table.header

    def hidden(name: str) -> bool:
        return header.isSectionHidden(NAMES.index(name))

    view.resize(800, 600)
    assert hidden("genre")
    view.table.header.set_sort((("genre", False),))
    assert not hidden("genre")
    view.resize(1600, 600)
    assert not hidden("year")
    assert not hidden("added")
    assert hidden("folder")


# -- playing and the rest of the menu


def test_a_double_click_plays_the_track_and_then_what_follows(scene: Scene) -> None:
    view = scene.open(MIX)
    click_row(view, 3)
    QTest.mouseDClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=centre(view, 3))
    scene.until(lambda: scene.player.current is not None)
    assert scene.player.current.title == tags(int(view.model.ids[3]) - 1)["title"]
    titles = [playable.title for playable in scene.player.queue]
    assert titles == [tags(int(key) - 1)["title"] for key in view.model.ids[: len(titles)]]
    assert len(titles) > 100


def test_enter_plays_exactly_the_selected_tracks(scene: Scene) -> None:
    view = scene.open(MIX)
    click_row(view, 2)
    click_row(view, 5, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(view.table, Qt.Key.Key_Return)
    scene.until(lambda: scene.player.current is not None)
    assert [playable.title for playable in scene.player.queue] == [
        tags(int(view.model.ids[row]) - 1)["title"] for row in (2, 5)
    ]


def test_a_track_out_of_reach_is_grey_and_says_why_it_does_not_play(
    scene: Scene, messages: list[Message]
) -> None:
    view = scene.open(OFFLINE)
    view.search_for("state:offline")
    scene.until(lambda: len(view.model.ids) == 100 and view.model.row_at(0) is not None)
    colour = view.model.index(0, 1).data(Qt.ItemDataRole.ForegroundRole)
    assert colour.name() == scene.session.theme.colours.faint
    assert "cannot be reached" in view.model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    view.play(0)
    scene.until(lambda: bool(messages))
    assert "cannot be reached" in messages[0].title
    assert scene.player.current is None


def test_letters_do_not_look_through_the_table(scene: Scene) -> None:
    view = scene.open(MIX)
    click_row(view, 0)
    QTest.keyClick(view.table, Qt.Key.Key_Z)
    assert view.table.currentIndex().row() == 0
    assert view.model.row_at(MIX.tracks - 1) is None


def test_read_again_takes_the_vectors_and_asks_for_reading(scene: Scene) -> None:
    view = scene.open(MIX)
    file_id = next(n + 1 for n in range(MIX.tracks) if state(n, MIX) == "ok")
    scene.select(file_id)
    with scene.qtbot.waitSignal(scene.session.reading_wanted, timeout=20_000):
        next(action for action in view.menu().actions() if action.text() == "Read again").trigger()
    scene.until(lambda: scene.session.rows[0].state == "pending")


def test_the_path_is_copied(scene: Scene) -> None:
    view = scene.open(Mix(20))
    scene.select(1, 2)
    next(action for action in view.menu().actions() if action.text() == "Copy path").trigger()
    assert len(QGuiApplication.clipboard().text().splitlines()) == 2


def open_labels(scene: Scene, *file_ids: int) -> LabelDialog:
    scene.select(*file_ids)
    next(action for action in scene.view.menu().actions() if action.text() == "Labels…").trigger()
    scene.until(lambda: bool(scene.view.findChildren(LabelDialog)))
    return scene.view.findChildren(LabelDialog)[-1]


def close_labels(scene: Scene, dialog: LabelDialog) -> None:
    dialog.accept()
    scene.until(lambda: not scene.view.findChildren(LabelDialog))


def test_labels_are_given_shown_searched_and_taken(scene: Scene) -> None:
    view = scene.open(MIX)
    one, other = [n + 1 for n in range(MIX.tracks) if state(n, MIX) == "ok"][:2]
    dialog = open_labels(scene, one, other)
    dialog.fresh.setText("  late  night ")
    close_labels(scene, dialog)
    scene.until(lambda: [row.labels for row in scene.session.rows] == ["late night"] * 2)
    view.search_for('label:"late night"')
    scene.until(lambda: sorted(view.model.ids.tolist()) == [one, other])
    dialog = open_labels(scene, one)
    assert dialog.list.item(0).checkState() == Qt.CheckState.Checked
    dialog.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    close_labels(scene, dialog)
    scene.until(lambda: view.model.ids.tolist() == [other])
    dialog = open_labels(scene, one, other)
    assert dialog.list.item(0).checkState() == Qt.CheckState.PartiallyChecked
    close_labels(scene, dialog)


def test_what_plays_is_marked(scene: Scene) -> None:
    view = scene.open(Mix(50, failed=0, partial=0, skipped=0))
    view.play(3)
    scene.until(lambda: scene.player.current is not None)
    icons = [view.model.index(row, 0).data(Qt.ItemDataRole.DecorationRole).cacheKey() for row in range(5)]
    assert icons.count(icons[3]) == 1
    assert len(set(icons)) == 2


def test_dragged_files_keep_names_that_are_no_text() -> None:
    paths = [b"/music/caf\xe9 %20#1.mp3", "/music/ü.ogg".encode()]
    rows = [
        Row(1, 1, path, "", "", "", "", None, None, "", "", 0.0, "embedded", "", True, "") for path in paths
    ]
    assert raw_paths(tracks.mime(rows).urls()) == paths


# -- figures and folders


def numbers(text: str) -> list[int]:
    plain = re.sub("<[^>]+>", "", text).split("&nbsp;")[0]
    return [int(word.replace(",", "")) for word in re.findall(r"[\d,]+", plain)]


def test_the_figures_reconcile(scene: Scene) -> None:
    view = scene.open(MIX)
    found, *parts = numbers(view.counts.text())
    assert found == MIX.tracks
    assert sum(parts) == found
    expected = [sum(state(n, MIX) == name for n in range(MIX.tracks)) for name in ("ok", "partial", "failed")]
    assert parts[:3] == expected


def test_each_figure_leads_to_its_tracks(scene: Scene) -> None:
    view = scene.open(MIX)
    view.counts.linkActivated.emit("state:failed")
    failed = sum(state(n, MIX) == "failed" for n in range(MIX.tracks))
    scene.until(lambda: len(view.model.ids) == failed)
    assert view.search.text() == "state:failed"


def test_what_is_apart_is_named_apart() -> None:
    counts = Counts(found=10, embedded=7, pending=3, duplicates=2, offline=4)
    assert numbers(sentence(counts)) == [10, 7, 3]
    assert "4 not connected" in sentence(counts)
    assert "2 of them" in sentence(counts)


def test_a_click_on_a_folder_shows_its_tracks_only(scene: Scene) -> None:
    view = scene.open(MIX)
    view.folders.list.setCurrentRow(2)
    scene.until(lambda: len(view.model.ids) == MIX.tracks // 2)
    assert view.model.ids.min() == MIX.tracks // 2 + 1
    view.folders.list.setCurrentRow(0)
    scene.until(lambda: len(view.model.ids) == MIX.tracks)


def test_removing_a_folder_asks_says_that_nothing_is_deleted_and_deletes_nothing(scene: Scene) -> None:
    view = scene.open(MIX)
    folder = scene.context.library.path.parent / "Music"
    folder.mkdir()
    (folder / "song.ogg").write_bytes(b"music")
    remove = view.folders.menu(view.folders.list.item(1)).actions()[-1]
    remove.trigger()
    box = view.findChild(QMessageBox)
    assert "Nothing is deleted from disk" in box.informativeText()
    assert box.defaultButton() is box.button(QMessageBox.StandardButton.Cancel)
    next(button for button in box.findChildren(QPushButton) if button.text().startswith("Remove")).click()
    scene.until(lambda: len(view.model.ids) == MIX.tracks // 2 and view.folders.list.count() == 2)
    assert (folder / "song.ogg").read_bytes() == b"music"


def test_a_rescan_is_asked_for_one_folder_or_all(scene: Scene) -> None:
    view = scene.open(MIX)
    asked: list[list[int]] = []
    scene.session.rescan_wanted.connect(asked.append)
    for row in (0, 2):
        view.folders.menu(view.folders.list.item(row)).actions()[0].trigger()
    assert asked == [[], [2]]


def test_an_empty_library_says_what_to_do(scene: Scene) -> None:
    view = scene.view
    scene.session.start()
    scene.until(lambda: scene.session.census is not None and view.empty.isVisible())
    assert "Drop a music folder" in view.empty.text()
    with scene.qtbot.waitSignal(scene.session.add_wanted):
        view.empty.linkActivated.emit("add")


def test_the_pointer_marks_a_whole_row(scene: Scene) -> None:
    view = scene.open(MIX)
    QTest.mouseMove(view.table.viewport(), centre(view, 5))
    scene.until(lambda: view.table._delegate.hovered == 5)
    picture = view.table.viewport().grab().toImage()
    ratio = picture.devicePixelRatio()
    places = [view.table.visualRect(view.model.index(5, section)).topLeft() * ratio for section in (1, 2, 3)]
    colours = {picture.pixelColor(place.x() + 2, place.y() + 2).name() for place in places}
    assert colours == {scene.session.theme.colours.hover}


def test_a_query_that_takes_long_is_seen_to_run(scene: Scene) -> None:
    view = scene.open(MIX)
    assert not view.waiting.isVisible()
    gate = threading.Event()
    for _ in range(3):  # as many as there are threads
        scene.context.background.run(gate.wait)
    view.search_for("genre:folk")
    scene.until(view.waiting.isVisible)
    gate.set()
    scene.until(lambda: not view.waiting.isVisible())
    assert 0 < len(view.model.ids) < MIX.tracks
