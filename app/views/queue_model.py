"""The player's queue as rows that can be dragged to other places and to other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt, QUrl, Signal

from app.columns import clock
from app.player import Playable, Player
from app.theme import Theme
from app.views.rows_delegate import TWO_LINES, TwoLines
from core import paths
from core.playlist import address

_ROWS = "application/x-earmap-queue"
_HIDDEN = "A hidden track"
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class QueueModel(QAbstractListModel):
    """Shows the queue, and follows it.

    Signals
    -------
    moved(int, int)
        Rows were dropped elsewhere: where they begin now, and how many they are.
    """

    moved = Signal(int, int)

    def __init__(self, player: Player, theme: Theme) -> None:
        super().__init__()
        self._player, self._theme = player, theme
        player.queue_changed.connect(self._reset)
        player.track_changed.connect(self._mark)
        player.state_changed.connect(self._mark)
        player.failed.connect(self._mark)
        theme.changed.connect(self._mark)

    def _reset(self) -> None:
        self.beginResetModel()
        self.endResetModel()

    def _mark(self, *_: object) -> None:
        if self.rowCount():
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))

    def rowCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """How many are queued."""
        return 0 if parent.isValid() else self._player.length

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Two lines; what sounds is marked, what was played is faint."""
        if not 0 <= index.row() < self._player.length:
            return None
        playable = self._player.at(index.row())
        if role == TWO_LINES:
            return self._lines(index.row(), playable)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            now = "playing: " if index.row() == self._player.index else ""
            return now + (_HIDDEN if playable.hidden else f"{playable.title}, {playable.artist}")
        if role == Qt.ItemDataRole.ToolTipRole and not playable.hidden:
            if self._player.is_bad(index.row()):
                return f"{paths.display(playable.path)}\nIt could not be played, and is passed over."
            return paths.display(playable.path)
        return None

    def _lines(self, row: int, playable: Playable) -> TwoLines:
        here = self._player.index
        icon = None
        if row == here:
            icon = self._theme.icon("pause" if self._player.state == "paused" else "volume", "accent")
        elif self._player.is_bad(row):
            icon = self._theme.icon("warning", "warning")
        if playable.hidden:
            return TwoLines(_HIDDEN, "", icon, marked=row == here)
        length = playable.length_s or playable.seconds
        text = " · ".join(filter(None, (playable.artist, clock(length) if length else "")))
        played = here is not None and row < here
        return TwoLines(
            playable.title, text, icon, faint=played or self._player.is_bad(row), marked=row == here
        )

    # Dragging

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Rows are dragged; what is dropped goes between them."""
        both = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
        return both if index.isValid() else Qt.ItemFlag.ItemIsDropEnabled

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802 - Qt's name
        """Within the queue."""
        return Qt.DropAction.MoveAction

    def supportedDragActions(self) -> Qt.DropAction:  # noqa: N802 - Qt's name
        """Other programs get copies."""
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:  # noqa: N802 - Qt's name
        """What is taken."""
        return [_ROWS]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802 - Qt's name
        """Rows for here, files for other programs."""
        rows = sorted(index.row() for index in indexes)
        data = QMimeData()
        data.setData(_ROWS, ",".join(map(str, rows)).encode())
        shown = [playable for playable in map(self._player.at, rows) if not playable.hidden]
        data.setUrls([QUrl.fromEncoded(address(playable.path).encode()) for playable in shown])
        return data

    def dropMimeData(  # noqa: N802 - Qt's name
        self, data: QMimeData, action: Qt.DropAction, row: int, _column: int, parent: _Index
    ) -> bool:  # fmt: skip
        """Move rows before `row` (below 0: to the end)."""
        if action != Qt.DropAction.MoveAction or not data.hasFormat(_ROWS):
            return False
        rows = [int(text) for text in bytes(data.data(_ROWS).data()).split(b",")]
        length = self._player.length
        to = row if row >= 0 else parent.row() if parent.isValid() else length
        if rows and rows[-1] < length:  # the queue may have become another one meanwhile
            self.moved.emit(self._player.move(rows, min(to, length)), len(rows))
        # The rows are where they belong: Qt is not to remove any.
        return False
