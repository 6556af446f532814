"""Files and folders dropped anywhere in the window; accepts a copy and nothing else.

Paths stay raw bytes: a name that is no UTF-8 travels percent-encoded in the drop and is taken from there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from core.playlist_reading import SUFFIXES


def raw_path(url: QUrl) -> bytes:
    """The file that a local `url` names, as the operating system's bytes."""
    if sys.platform == "win32":
        return os.fsencode(url.toLocalFile())
    return unquote_to_bytes(url.path(QUrl.ComponentFormattingOption.FullyEncoded))


def raw_paths(urls: Iterable[QUrl]) -> list[bytes]:
    """The local files among `urls`, each once, in their order."""
    return list(dict.fromkeys(path for url in urls if url.isLocalFile() and (path := raw_path(url))))


def has_files(mime: QMimeData) -> bool:
    """Whether `mime` names any local file."""
    return mime.hasUrls() and any(url.isLocalFile() for url in mime.urls())


def is_playlist_file(path: bytes) -> bool:
    """Whether a path's name is that of a playlist."""
    return path.lower().endswith(tuple(suffix.encode() for suffix in SUFFIXES))


class Veil(QFrame):
    """Covers the window while something is dragged over it, and says what a drop does."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.setObjectName("drop-veil")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        label = QLabel("Drop to add to your library")
        label.setProperty("role", "title")
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        QVBoxLayout(self).addWidget(label)
        self.hide()

    def cover(self) -> None:
        """Show over the whole window, a little inside its edges."""
        self.setGeometry(self._window.rect().adjusted(12, 12, -12, -12))
        self.raise_()
        self.show()


class DropTarget(QObject):
    """Makes a whole window a place to drop music.

    `dropped(paths)` is emitted with raw paths (`list[bytes]`) after the drop handler returned: until then the
    program that the files come from stands still.
    """

    dropped = Signal(object)

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._veil = Veil(window)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    @staticmethod
    def let_through(parent: QWidget) -> None:
        """Keep the text fields inside `parent` from swallowing dropped files as text."""
        for kind in (QLineEdit, QPlainTextEdit, QTextEdit):
            for field in parent.findChildren(kind):
                field.setAcceptDrops(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, N802 - Qt's signature
        """Answer the window's drag and drop events."""
        if isinstance(event, QDragEnterEvent):
            self._veil.setVisible(False)
            if self._welcome(event):
                self._veil.cover()
        elif isinstance(event, QDragMoveEvent):
            self._welcome(event)
        elif event.type() == QEvent.Type.DragLeave:
            self._veil.hide()
        elif isinstance(event, QDropEvent):
            self._veil.hide()
            self._take(event)
        else:
            return False
        return True

    def _welcome(self, event: QDropEvent) -> bool:
        """Accept as a copy what comes from outside and names files."""
        copyable = bool(event.possibleActions() & Qt.DropAction.CopyAction)
        good = copyable and event.source() is None and has_files(event.mimeData())
        if good:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()
        return good

    def _take(self, event: QDropEvent) -> None:
        if self._welcome(event) and (paths := raw_paths(event.mimeData().urls())):
            QTimer.singleShot(0, self, lambda: self.dropped.emit(paths))
