from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.drops import Veil, raw_paths
from app.main_window import MainWindow, Parts

COPY, MOVE, LINK = Qt.DropAction.CopyAction, Qt.DropAction.MoveAction, Qt.DropAction.LinkAction
NO_BUTTON, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def files(*paths: bytes) -> QMimeData:
    """What a file manager hands over: percent-encoded names, as bytes."""
    lines = b"".join(b"file://" + quoted(path) + b"\r\n" for path in paths)
    data = QMimeData()
    data.setData("text/uri-list", lines)
    return data


def quoted(path: bytes) -> bytes:
    return b"".join(
        bytes([b]) if (chr(b).isalnum() and b < 128) or b in b"/._-" else b"%%%02X" % b for b in path
    )


def enter(window: QWidget, data: QMimeData, actions: Qt.DropAction = COPY | MOVE | LINK) -> QDragEnterEvent:
    event = QDragEnterEvent(QPoint(300, 300), actions, data, NO_BUTTON, NO_KEY)
    QApplication.sendEvent(window, event)
    return event


def drop(window: QWidget, data: QMimeData, actions: Qt.DropAction = COPY | MOVE | LINK) -> QDropEvent:
    """A drop, which Qt delivers only where something entered before."""
    enter(window, data, actions)
    event = QDropEvent(QPointF(300, 300), actions, data, NO_BUTTON, NO_KEY)
    QApplication.sendEvent(window, event)
    return event


def test_folders_and_files_arrive_after_the_handler_returned(window: MainWindow, qtbot: QtBot) -> None:
    names = [b"/music/Jazz", b"/music/a b/c.mp3", b"/music/100% & #1.flac"]
    got: list[object] = []
    window.add_wanted.connect(got.append)
    event = drop(window, files(*names, names[0]))
    assert (event.isAccepted(), event.dropAction()) == (True, COPY)
    assert got == []
    qtbot.waitUntil(lambda: got == [names])


@pytest.mark.skipif(sys.platform != "linux", reason="only here are names free bytes")
def test_names_that_are_no_utf8_keep_their_bytes(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9 \xff"
    Path(os.fsdecode(path)).mkdir()
    with qtbot.waitSignal(window.add_wanted) as caught:
        drop(window, files(path))
    (paths,) = caught.args[0]
    assert paths == path
    assert Path(os.fsdecode(paths)).is_dir()


def test_names_in_any_script_and_spelling(qtbot: QtBot) -> None:
    names = ["/m/Привет", "/m/日本語.ogg", "/m/Cafe\u0301", "/m/Caf\u00e9", "/m/a?b#c%20d"]
    assert raw_paths([QUrl.fromLocalFile(name) for name in names]) == [name.encode() for name in names]


@pytest.mark.parametrize("actions", [MOVE, LINK, MOVE | LINK])
def test_what_cannot_be_copied_is_refused(actions: Qt.DropAction, window: MainWindow, qtbot: QtBot) -> None:
    data = files(b"/music")
    with qtbot.assertNotEmitted(window.add_wanted, wait=50):
        assert not enter(window, data, actions).isAccepted()
        drop(window, data, actions)


def test_text_and_web_links_are_refused(window: MainWindow, qtbot: QtBot) -> None:
    text, web = QMimeData(), QMimeData()
    text.setText("hello")
    web.setUrls([QUrl("https://example.org/song.mp3")])
    with qtbot.assertNotEmitted(window.add_wanted, wait=50):
        for data in (text, web):
            assert not enter(window, data).isAccepted()
            drop(window, data)


def test_the_window_says_what_a_drop_does_while_something_hovers(window: MainWindow) -> None:
    veil = window.findChild(Veil)
    assert veil is not None
    enter(window, files(b"/music"))
    assert veil.isVisible()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not veil.isVisible()
    enter(window, files(b"/music"))
    drop(window, files(b"/music"))
    assert not veil.isVisible()


def test_text_fields_do_not_swallow_files(window: MainWindow) -> None:
    library = QWidget()
    search = QLineEdit()
    QVBoxLayout(library).addWidget(search)
    assert search.acceptDrops()
    list(window.placing(Parts(library, *(QWidget() for _ in range(7)))))
    assert not any(line.acceptDrops() for line in window.findChildren(QLineEdit))
