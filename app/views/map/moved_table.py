"""Which tracks lie elsewhere on the second map, the farthest first."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from app.second_map import Moved
from app.tracks import folder_name

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
COLUMNS = (
    ("Moved most", ""), ("Artist", ""),
    ("Shared", "How many of its neighbours on one map are its neighbours on the other."),
    ("Moved", "How far it lies from itself, when the second map is turned onto the first: 1 is the map’s radius."),
)  # fmt: skip


class MovedModel(QAbstractTableModel):
    """Tracks with how far they have moved."""

    def __init__(self) -> None:
        super().__init__()
        self.moved: tuple[Moved, ...] = ()

    def show(self, moved: tuple[Moved, ...]) -> None:
        """Replace the list."""
        self.beginResetModel()
        self.moved = moved
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """How many tracks."""
        return 0 if parent.isValid() else len(self.moved)

    def columnCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """Title, artist, and two figures."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell."""
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() >= 2:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        one = self.moved[index.row()]
        return (
            one.row.title,
            one.row.artist or folder_name(one.row),
            f"{one.overlap:.0%}",
            f"{one.moved:.2f}",
        )[index.column()]

    def headerData(self, section: int, side: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802 - Qt's name
        """Titles."""
        if side != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section][0]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side_of = Qt.AlignmentFlag.AlignRight if section >= 2 else Qt.AlignmentFlag.AlignLeft
            return side_of | Qt.AlignmentFlag.AlignVCenter
        return COLUMNS[section][1] or None if role == Qt.ItemDataRole.ToolTipRole else None


class MovedTable(QTableView):
    """Shows a `MovedModel`.

    Signals
    -------
    chosen(int), play_wanted(int)
        The file of a row that was clicked, or of one that was clicked twice.
    """

    chosen = Signal(int)
    play_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.tracks = MovedModel()
        self.setModel(self.tracks)
        self.setAccessibleName("Tracks that moved most")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        for column in (0, 1):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for column in (2, 3):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.selectionModel().currentRowChanged.connect(lambda now, _: self._tell(now))
        self.doubleClicked.connect(lambda index: self.play_wanted.emit(self._file(index.row())))

    def _file(self, row: int) -> int:
        return self.tracks.moved[row].row.file_id

    def _tell(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self._file(index.row()))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter plays."""
        row = self.currentIndex().row()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row >= 0:
            self.play_wanted.emit(self._file(row))
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Nothing: letters are shortcuts."""
