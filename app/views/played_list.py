"""Lists of tracks of which one plays: a click or Enter plays, and letters stay shortcuts."""

from __future__ import annotations

from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from app.theme import Theme
from app.views.rows_delegate import TwoLinesDelegate

T = TypeVar("T")
_ROOT = QModelIndex()


class PlayedModel(QAbstractListModel, Generic[T]):
    """What was found, first to last; a subclass says what is shown of each.

    Parameters
    ----------
    found
        What is listed.
    playing
        Whatever a subclass knows the one by that plays.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.found: tuple[T, ...] = ()
        self.playing: int | None = None

    def show(self, found: tuple[T, ...]) -> None:
        """Replace the list."""
        self.beginResetModel()
        self.found = found
        self.endResetModel()

    def set_playing(self, track: int | None) -> None:
        """Mark the one that plays."""
        self.playing = track
        if self.found:
            self.dataChanged.emit(self.index(0), self.index(len(self.found) - 1))

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:  # noqa: N802 - Qt's name
        """How many are listed."""
        return 0 if parent.isValid() else len(self.found)


class PlayedList(QListView, Generic[T]):
    """Shows a `PlayedModel`.

    Signals
    -------
    play_wanted(int)
        A click, or Enter.
    menu_wanted(QPoint)
        A context menu at this place on the screen.
    """

    play_wanted = Signal(int)
    menu_wanted = Signal(QPoint)

    def __init__(self, theme: Theme, model: PlayedModel[T], name: str, margin: int) -> None:
        super().__init__()
        self._listed = model
        self.setModel(model)
        self.setItemDelegate(TwoLinesDelegate(theme, self, margin=margin))
        self.setAccessibleName(name)
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

    def chosen(self) -> list[T]:
        """The selected ones, as they are listed."""
        return [self._listed.found[row] for row in sorted(index.row() for index in self.selectedIndexes())]

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
