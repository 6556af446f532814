"""Playlists beside the table, as a person uses them: named in place, put in order, undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from app import tracks
from app.notify import Message
from app.views.library import LibraryView
from app.views.playlists import add_to_menu
from app.views.playlists_page import PlaylistPage
from core.playlist import read_m3u
from tests.scene import Scene
from tests.synthetic import Mix

MIX = Mix(120, folders=1, failed=0, partial=0, skipped=0)
COPY = Qt.DropAction.CopyAction


@pytest.fixture
def view(scene: Scene) -> LibraryView:
    view = scene.open(MIX)
    scene.until(lambda: scene.playlists.known)
    return view


@pytest.fixture
def page(scene: Scene, view: LibraryView) -> PlaylistPage:
    """Five tracks."""
    scene.playlists.create("Five", [1, 2, 3, 4, 5])
    scene.until(lambda: bool(scene.playlists.records))
    view.lists.strip.list.setCurrentRow(0)
    scene.until(lambda: held(view.lists.page) == [1, 2, 3, 4, 5])
    return view.lists.page


def held(page: PlaylistPage) -> list[int | None]:
    return [place.item.track_id for place in page.contents.places] if page.contents else []


def shows(scene: Scene, page: PlaylistPage, wanted: list[int]) -> None:
    scene.until(lambda: held(page) == wanted and page.table.places.rowCount() == len(wanted))


def test_without_lists_it_says_how_one_begins_and_takes_what_is_dropped(
    scene: Scene, view: LibraryView
) -> None:
    strip = view.lists.strip
    assert strip.none.isVisible()
    data = tracks.mime(scene.ask(lambda reader: reader.page([60, 61])))
    button, key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(strip.list.viewport(), QDragEnterEvent(QPoint(9, 9), COPY, data, button, key))
    QApplication.sendEvent(strip.list.viewport(), QDropEvent(QPointF(9, 9), COPY, data, button, key))
    scene.until(lambda: [record.n for record in scene.playlists.records] == [2])
    scene.until(lambda: held(view.lists.page) == [60, 61])
    assert not strip.none.isVisible()


def test_a_new_list_is_named_in_its_place(scene: Scene, view: LibraryView) -> None:
    strip = view.lists.strip
    strip.begin_new()
    scene.until(lambda: strip.list.findChild(QLineEdit) is not None)
    editor = strip.list.findChild(QLineEdit)
    editor.setText("Late at night")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    scene.until(lambda: [record.name for record in scene.playlists.records] == ["Late at night"])
    assert view.rooms.currentIndex() == 1
    scene.until(view.lists.page.empty.isVisible)


def test_a_list_takes_the_tables_place_until_a_folder_is_clicked(
    view: LibraryView, page: PlaylistPage
) -> None:
    assert view.rooms.currentIndex() == 1
    assert not view.folders.list.selectedItems()
    item = view.folders.list.currentItem()
    place = view.folders.list.visualItemRect(item).center()
    QTest.mouseClick(view.folders.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.rooms.currentIndex() == 0
    assert view.lists.strip.current is None
    assert view.folders.list.selectedItems() == [item]
    view.lists.strip.list.setCurrentRow(0)
    assert view.rooms.currentIndex() == 1
    view.focus_search()
    assert view.rooms.currentIndex() == 0


def test_rows_are_moved_by_dragging_and_by_keys_and_back(scene: Scene, page: PlaylistPage) -> None:
    data = page.table.places.mime([3, 4])
    assert page.table.places.dropMimeData(data, COPY, 1, 0, QModelIndex())
    shows(scene, page, [1, 4, 5, 2, 3])
    assert page.table.chosen() == [1, 2]
    QTest.keyClick(page.table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    shows(scene, page, [4, 5, 1, 2, 3])
    QTest.keyClick(page.table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    shows(scene, page, [1, 4, 5, 2, 3])
    page.about.linkActivated.emit("undo")
    shows(scene, page, [1, 2, 3, 4, 5])
    assert "Undo" not in page.about.text()


def test_what_is_taken_out_can_come_back(scene: Scene, page: PlaylistPage) -> None:
    page.table.choose([1, 3])
    QTest.keyClick(page.table, Qt.Key.Key_Delete)
    shows(scene, page, [1, 3, 5])
    assert "2 tracks taken out." in page.about.text()
    page.about.linkActivated.emit("undo")
    shows(scene, page, [1, 2, 3, 4, 5])


def test_tracks_of_the_library_are_dropped_between_rows(scene: Scene, page: PlaylistPage) -> None:
    data = tracks.mime(scene.ask(lambda reader: reader.page([50, 51])))
    assert page.table.places.canDropMimeData(data, COPY, 2, 0, QModelIndex())
    page.table.places.dropMimeData(data, COPY, 2, 0, QModelIndex())
    shows(scene, page, [1, 2, 50, 51, 3, 4, 5])


def test_tracks_are_dropped_onto_a_name(scene: Scene, view: LibraryView, page: PlaylistPage) -> None:
    listed = view.lists.strip.list
    data = tracks.mime(scene.ask(lambda reader: reader.page([60])))
    place = listed.visualItemRect(listed.item(0)).center()
    button, key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(listed.viewport(), QDragEnterEvent(place, COPY, data, button, key))
    event = QDropEvent(QPointF(place), COPY, data, button, key)
    QApplication.sendEvent(listed.viewport(), event)
    assert event.isAccepted()
    assert event.dropAction() == COPY
    shows(scene, page, [1, 2, 3, 4, 5, 60])


def test_files_from_elsewhere_are_left_to_the_window(view: LibraryView, page: PlaylistPage) -> None:
    data = tracks.mime([])
    data.removeFormat(tracks.TRACKS)
    event = QDragEnterEvent(
        QPoint(20, 10), COPY, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(view.lists.strip.list.viewport(), event)
    assert not event.isAccepted()
    assert not page.table.places.canDropMimeData(data, COPY, 0, 0, QModelIndex())


def test_rows_dragged_out_are_files_for_other_programs(scene: Scene, page: PlaylistPage) -> None:
    rows = scene.ask(lambda reader: reader.page([2]))
    (url,) = page.table.places.mime([1]).urls()
    assert url.toLocalFile().encode() == rows[0].path


def test_it_plays_from_a_row_and_marks_it(scene: Scene, page: PlaylistPage) -> None:
    page.table.play_wanted.emit(2)
    assert scene.player.current is not None
    assert scene.player.current.track_id == 3
    assert len(scene.player.queue) == 5
    assert page.table.places.data(page.table.places.index(2, 0)) == ""  # an icon in the number's place


def test_what_is_chosen_here_is_chosen_everywhere(scene: Scene, page: PlaylistPage) -> None:
    page.table.choose([1, 2])
    assert scene.session.selection.tolist() == [2, 3]


def test_a_removed_list_comes_back_by_a_click(scene: Scene, view: LibraryView, page: PlaylistPage) -> None:
    strip = view.lists.strip
    QTest.keyClick(strip.list, Qt.Key.Key_Delete)
    scene.until(lambda: not scene.playlists.records)
    assert view.rooms.currentIndex() == 0
    assert "“Five” was removed." in strip.undo.text()
    strip.undo.linkActivated.emit("undo")
    scene.until(lambda: [record.n for record in scene.playlists.records] == [5])
    assert not strip.undo.isVisible()


def test_a_name_that_is_taken_is_said_and_the_old_one_is_shown_again(
    scene: Scene, view: LibraryView, page: PlaylistPage, messages: list[Message]
) -> None:
    scene.playlists.create("Other")
    scene.until(lambda: len(scene.playlists.records) == 2)
    item = view.lists.strip.list.item(0)
    item.setText("Other")
    scene.until(lambda: any(message.level == "error" for message in messages))
    scene.until(lambda: view.lists.strip.list.item(0).text() == "Five")


def test_a_tracks_menu_adds_to_a_list(scene: Scene, view: LibraryView, page: PlaylistPage) -> None:
    scene.select(30)
    menu = view.menu()
    inner = next(action.menu() for action in menu.actions() if action.text() == "Add to playlist")
    next(action for action in inner.actions() if action.text() == "Five").trigger()
    shows(scene, page, [1, 2, 3, 4, 5, 30])
    fresh = add_to_menu(menu, scene.playlists, lambda: [8], "Eight").actions()[0]
    fresh.trigger()
    scene.until(lambda: next((record.name, record.n) for record in scene.playlists.records) == ("Eight", 1))
    menu.deleteLater()


def test_the_list_is_written_for_other_programs(scene: Scene, page: PlaylistPage, tmp_path: Path) -> None:
    assert page.contents is not None
    scene.playlists.export(page.contents, tmp_path / "five.m3u8")
    scene.until((tmp_path / "five.m3u8").exists)
    wanted = [place.row.path for place in page.contents.places if place.row is not None]
    assert list(read_m3u(tmp_path / "five.m3u8").paths) == wanted
