"""The stops of a path: where it begins, what it passes, where it ends; put in order by dragging."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from app import tracks
from app.theme import Theme
from core.library.records import Row

FILE = int(Qt.ItemDataRole.UserRole)
MOST = 12
SHOWN = 5


class _StopList(QListWidget):
    """Lines that can be dragged into another order, or come from the library; Delete takes one out."""

    remove_wanted = Signal()
    brought = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("stops")
        self.setAccessibleName("Stops of the path")
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setToolTip("Drag to change the order; Delete takes a stop out.")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Own lines, and tracks of the library."""
        if not self._welcome(event):
            super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802 - Qt's name
        """As it came in."""
        if not self._welcome(event):
            super().dragMoveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """A track becomes a stop, own lines change their order."""
        if self._welcome(event):
            self.brought.emit(tracks.dragged(event.mimeData()))
        else:
            super().dropEvent(event)

    def _welcome(self, event: QDropEvent) -> bool:
        good = event.source() is not self and bool(tracks.dragged(event.mimeData()))
        if good:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        return good

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Delete."""
        if event.key() == Qt.Key.Key_Delete:
            self.remove_wanted.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Nothing: letters are shortcuts."""

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as its lines, up to some."""
        line = self.sizeHintForRow(0) if self.count() else 0
        return QSize(200, min(self.count(), SHOWN) * line + 10)


class Stops(QWidget):
    """The stops, and what to do with the track that is chosen elsewhere.

    Signals
    -------
    changed(tuple[int, ...])
        Files, in order.
    brought(list[int])
        Tracks were dropped, to be stops.
    """

    changed = Signal(object)
    brought = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._chosen: Row | None = None
        self.list, self.offer = _StopList(), QLabel()
        self.offer.setProperty("role", "muted")
        self.offer.setWordWrap(True)
        self.offer.setContentsMargins(6, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.list)
        layout.addWidget(self.offer)
        self.list.model().rowsMoved.connect(lambda *_: self.changed.emit(self.ids))
        self.list.brought.connect(self.brought)
        self.list.remove_wanted.connect(lambda: self._remove(self.list.currentRow()))
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.offer.linkActivated.connect(self._put)

    @property
    def ids(self) -> tuple[int, ...]:
        """Files, in order."""
        return tuple(int(self.list.item(row).data(FILE)) for row in range(self.list.count()))

    def show_stops(self, rows: Sequence[Row]) -> None:
        """Show these."""
        self.list.blockSignals(True)
        self.list.clear()
        for place, row in enumerate(rows):
            word = "From" if place == 0 else "to" if place == len(rows) - 1 else "via"
            item = QListWidgetItem(f"{word}  {row.title}", self.list)
            item.setData(FILE, row.file_id)
            item.setToolTip(" · ".join(filter(None, (row.title, row.artist, row.album))))
        self.list.blockSignals(False)
        self.list.setFixedHeight(self.list.sizeHint().height())
        more = (
            Qt.ScrollBarPolicy.ScrollBarAsNeeded
            if len(rows) > SHOWN
            else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        self.list.setVerticalScrollBarPolicy(more)
        self.list.setVisible(bool(rows))
        self._show_offer()

    def show_chosen(self, row: Row | None) -> None:
        """What is chosen elsewhere; it may become a stop."""
        self._chosen = row
        self._show_offer()

    def _show_offer(self) -> None:
        row = self._chosen
        wanted = row is not None and row.file_id not in self.ids and 2 <= len(self.ids) < MOST
        self.offer.setVisible(wanted)
        if row is not None and wanted:
            self.offer.setText(
                f"“{escape(row.title)}”: <a href='via'>pass it</a> · <a href='end'>end there</a> · "
                "<a href='start'>start there</a>"
            )

    def _put(self, where: str) -> None:
        if self._chosen is not None:
            self.put(self._chosen.file_id, where)

    def put(self, file_id: int, where: str) -> None:
        """Make a file the "start", the "end", or the last stop between ("via")."""
        ids = [key for key in self.ids if key != file_id]
        first, between, last = ids[:1], ids[1:-1], ids[1:][-1:]
        stops = {
            "start": [file_id, *between, *(last or first)],
            "end": [*first, *between, file_id],
            "via": [*first, *between, file_id, *last],
        }[where]
        self.changed.emit(tuple(stops))

    def _remove(self, row: int) -> None:
        if 0 <= row < self.list.count():
            ids = self.ids
            self.changed.emit((*ids[:row], *ids[row + 1 :]))

    def _show_menu(self, place: QPoint) -> None:
        item = self.list.itemAt(place)
        if item is not None:
            menu = QMenu(self)
            menu.addAction("Take out", lambda: self._remove(self.list.row(item)))
            menu.addAction("Turn the path round", lambda: self.changed.emit(self.ids[::-1]))
            menu.exec(self.list.viewport().mapToGlobal(place))
            menu.deleteLater()
