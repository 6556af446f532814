"""The tracks of one cell of a confusion matrix: a click plays, and shows what is similar."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from app import tracks
from app.evaluation import Confused
from app.theme import Theme
from app.views.rows_delegate import TWO_LINES, TwoLines, TwoLinesDelegate
from core import paths

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class ConfusedModel(QAbstractListModel):
    """Tracks, those that were most often called so first."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.found: tuple[Confused, ...] = ()
        self._playing: int | None = None

    def show(self, found: tuple[Confused, ...]) -> None:
        """Replace the list."""
        self.beginResetModel()
        self.found = found
        self.endResetModel()

    def set_playing(self, track: int | None) -> None:
        """Mark the one that plays."""
        self._playing = track
        if self.found:
            self.dataChanged.emit(self.index(0), self.index(len(self.found) - 1))

    def rowCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """How many tracks."""
        return 0 if parent.isValid() else len(self.found)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Two lines, and how often as a bar."""
        one = self.found[index.row()]
        row = one.row
        if role == TWO_LINES:
            playing = tracks.number(row) == self._playing
            text = " · ".join(filter(None, (row.artist, row.album or tracks.folder_name(row))))
            icon = self._theme.icon("volume", "accent") if playing else None
            share = one.times / max(one.asked, 1)
            return TwoLines(row.title, text, icon, share, faint=not row.online, marked=playing)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.title}, {row.artist}, {_often(one)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(
                filter(None, (row.title, row.artist, f"Called so {_often(one)}.", paths.display(row.path)))
            )
        return None


def _often(one: Confused) -> str:
    return f"in {one.times} of {one.asked} draws" if one.asked > 1 else "when it was asked"


class ConfusedList(QListView):
    """Shows a `ConfusedModel`.

    Signals
    -------
    play_wanted(int)
        A click, or Enter.
    menu_wanted(QPoint)
        A context menu at this place on the screen.
    """

    play_wanted = Signal(int)
    menu_wanted = Signal(QPoint)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.confused = ConfusedModel(theme)
        self.setModel(self.confused)
        self.setItemDelegate(TwoLinesDelegate(theme, self, margin=12))
        self.setAccessibleName("Tracks of the chosen cell")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.clicked.connect(self._clicked)
        self.customContextMenuRequested.connect(
            lambda at: self.menu_wanted.emit(self.viewport().mapToGlobal(at))
        )
        theme.changed.connect(self.viewport().update)

    def chosen(self) -> list[Confused]:
        """The selected ones."""
        return [self.confused.found[row] for row in sorted(index.row() for index in self.selectedIndexes())]

    def _clicked(self, index: QModelIndex) -> None:
        if len(self.selectedIndexes()) == 1:  # with Ctrl or Shift a person selects
            self.play_wanted.emit(index.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter plays."""
        row = self.currentIndex().row()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row >= 0:
            self.play_wanted.emit(row)
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Nothing: letters are shortcuts."""
