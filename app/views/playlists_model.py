"""The places of one playlist as a table that can be put into another order by dragging."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from app import tracks
from app.columns import clock
from app.playlists import Place, Placed
from app.theme import Theme
from core import paths

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
PLACES = "application/x-earmap-places"
"""Rows of the list that is shown, dragged within it."""
NUMBER, TITLE, ARTIST, ALBUM, LENGTH = range(5)
HEADINGS = ("", "Title", "Artist", "Album", "Length")
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class PlacesModel(QAbstractTableModel):
    """Places, in order.

    Signals
    -------
    moved(list[int], int)
        These rows shall stand before that row.
    brought(list[int], int)
        These tracks shall come in before that row.
    """

    moved = Signal(object, int)
    brought = Signal(object, int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._playing: int | None = None
        self.places: tuple[Placed, ...] = ()

    def show(self, places: Sequence[Placed]) -> None:
        """Other places."""
        self.beginResetModel()
        self.places = tuple(places)
        self.endResetModel()

    def set_playing(self, track_id: int | None) -> None:
        """Mark the one that plays."""
        self._playing = track_id
        self.redraw()

    def redraw(self) -> None:
        """Colours or marks are different."""
        if self.places:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.places) - 1, LENGTH))

    def rowCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """How many places."""
        return 0 if parent.isValid() else len(self.places)

    def columnCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """Number, title, artist, album, length."""
        return 0 if parent.isValid() else len(HEADINGS)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802 - Qt's name
        """The columns' names."""
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADINGS[section]
        if (
            way == Qt.Orientation.Horizontal
            and role == Qt.ItemDataRole.TextAlignmentRole
            and section == LENGTH
        ):
            return _RIGHT
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell."""
        place, column = self.places[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts(place, index.row())[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (NUMBER, LENGTH):
            return _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(place, column)
        if role == Qt.ItemDataRole.DecorationRole and column == NUMBER and self._plays(place):
            return self._theme.icon("volume", "accent")
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(place)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Rows are dragged; what is dragged is let go between rows."""
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def _texts(self, place: Placed, row: int) -> tuple[str, ...]:
        length = clock(place.row.seconds) if place.row is not None else ""
        album = place.row.album if place.row is not None else ""
        number = "" if self._plays(place) else str(row + 1)
        return (number, place.item.title, place.item.artist, album, length)

    def _plays(self, place: Placed) -> bool:
        return self._playing is not None and place.item.track_id == self._playing

    def _colour(self, place: Placed, column: int) -> QColor:
        colours = self._theme.colours
        if not place.there:
            return QColor(colours.faint)
        if self._plays(place):
            return QColor(colours.accent)
        return QColor(colours.text if column == TITLE else colours.muted)

    @staticmethod
    def _tip(place: Placed) -> str:
        where = paths.display(place.item.raw_path)
        if place.row is None:
            return f"Not in the library now. It was at\n{where}"
        return where if place.there else f"Its folder is not connected now.\n{where}"

    # -- dragging

    def mime(self, rows: Sequence[int]) -> QMimeData:
        """Rows as files for other programs, tracks for other lists, and places of this one."""
        chosen = [self.places[row] for row in rows]
        data = tracks.mime([place.row for place in chosen if place.row is not None and place.there])
        data.setData(PLACES, json.dumps(list(rows)).encode())
        return data

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802 - Qt's name
        """Copies alone: nothing is taken from where it comes from."""
        return Qt.DropAction.CopyAction

    def canDropMimeData(  # noqa: N802 - Qt's name
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index
    ) -> bool:
        """Own rows and tracks of the library; files from elsewhere are for the window."""
        del action, row, column, parent
        return data.hasFormat(PLACES) or data.hasFormat(tracks.TRACKS)

    def dropMimeData(  # noqa: N802 - Qt's name
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: _Index
    ) -> bool:
        """Ask for another order, or for more tracks; nothing changes before that is written."""
        del action, column
        before = row if row >= 0 else parent.row() if parent.isValid() else len(self.places)
        if data.hasFormat(PLACES):
            self.moved.emit(json.loads(bytes(data.data(PLACES).data())), before)
        else:
            self.brought.emit(tracks.dragged(data), before)
        return True


def reordered(places: Sequence[Placed], rows: Sequence[int], before: int) -> list[Placed]:
    """`places` with `rows` put before the place that stands at `before`."""
    chosen = set(rows)
    head = [place for row, place in enumerate(places) if row < before and row not in chosen]
    tail = [place for row, place in enumerate(places) if row >= before and row not in chosen]
    return [*head, *(places[row] for row in sorted(chosen)), *tail]


def inserted(places: Sequence[Placed], track_ids: Sequence[int], before: int) -> list[Place]:
    """`places` with tracks put in before the place that stands at `before`."""
    items: list[Place] = [place.item for place in places]
    return [*items[:before], *track_ids, *items[before:]]
