"""The list of neighbours: a click plays, rows can be dragged out."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from app import tracks, wording
from app.columns import clock
from app.neighbourhood import Neighbour
from app.theme import Theme
from app.views.rows_delegate import TWO_LINES, TwoLines, TwoLinesDelegate
from core import paths

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class NeighbourModel(QAbstractListModel):
    """Neighbours, best first."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.neighbours: tuple[Neighbour, ...] = ()
        self._playing: int | None = None
        self._path = False

    def show(self, neighbours: tuple[Neighbour, ...], *, path: bool = False) -> None:
        """Replace the list; on a path a score is the likeness to the line before."""
        self.beginResetModel()
        self.neighbours, self._path = neighbours, path
        self.endResetModel()

    def set_playing(self, track_id: int | None) -> None:
        """Mark the one that plays."""
        self._playing = track_id
        if self.neighbours:
            self.dataChanged.emit(self.index(0), self.index(len(self.neighbours) - 1))

    def rowCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """How many neighbours."""
        return 0 if parent.isValid() else len(self.neighbours)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Two lines and a score."""
        neighbour = self.neighbours[index.row()]
        row = neighbour.row
        if role == TWO_LINES:
            return self._lines(neighbour)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.title}, {row.artist}, {neighbour.score:.2f}"
        if role == Qt.ItemDataRole.ToolTipRole:
            about = " · ".join(filter(None, (row.artist, row.album, clock(row.seconds))))
            score = (
                f"Similarity {neighbour.score:.3f}: the cosine of the two standardised vectors, in which what varies "
                "along a track counts half of what it is on average."
            )
            if self._path:
                score = (
                    f"Similarity to the track before {neighbour.score:.3f} (cosine)." if index.row() else ""
                )
            return "\n".join(filter(None, (row.title, about, score, paths.display(row.path))))
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Every line can be dragged out."""
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def _lines(self, neighbour: Neighbour) -> TwoLines:
        row = neighbour.row
        playing = row.track_id == self._playing
        versions = f"+{wording.count(neighbour.versions, 'version')}" if neighbour.versions else ""
        moment = "" if neighbour.start_s is None else f"at {clock(neighbour.start_s)}"
        text = " · ".join(
            filter(None, (moment, row.artist or row.album or tracks.folder_name(row), versions))
        )
        icon = self._theme.icon("volume", "accent") if playing else None
        score = None if self._path and neighbour is self.neighbours[0] else neighbour.score
        return TwoLines(row.title, text, icon, score, faint=not row.online, marked=playing)


class NeighbourList(QListView):
    """Shows a `NeighbourModel`.

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
        self.neighbours = NeighbourModel(theme)
        self.setModel(self.neighbours)
        self.setItemDelegate(TwoLinesDelegate(theme, self, margin=16))
        self.setAccessibleName("Neighbours")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.clicked.connect(self._clicked)
        self.customContextMenuRequested.connect(
            lambda at: self.menu_wanted.emit(self.viewport().mapToGlobal(at))
        )

    def chosen(self) -> list[Neighbour]:
        """The selected neighbours, best first."""
        return [
            self.neighbours.neighbours[row] for row in sorted(index.row() for index in self.selectedIndexes())
        ]

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

    def startDrag(self, supported: Qt.DropAction) -> None:  # noqa: ARG002, N802 - Qt's signature
        """Drag the selected files out, as a copy."""
        rows = [neighbour.row for neighbour in self.chosen() if neighbour.row.online]
        if rows:
            drag = QDrag(self)
            drag.setMimeData(tracks.mime(rows))
            drag.exec(Qt.DropAction.CopyAction)
