"""The list of neighbours: a click plays, rows can be dragged out."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QAbstractItemView

from app import tracks, wording
from app.columns import clock
from app.neighbourhood import Neighbour
from app.theme import Theme
from app.views.played_list import PlayedList, PlayedModel
from app.views.rows_delegate import TWO_LINES, TwoLines
from core import paths

_Index = QModelIndex | QPersistentModelIndex


class NeighbourModel(PlayedModel[Neighbour]):
    """Neighbours, best first."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._path = False

    def show(self, found: tuple[Neighbour, ...], *, path: bool = False) -> None:
        """Replace the list; on a path a score is the likeness to the line before."""
        self._path = path
        super().show(found)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Two lines and a score."""
        neighbour = self.found[index.row()]
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
        playing = row.track_id == self.playing
        versions = f"+{wording.count(neighbour.versions, 'version')}" if neighbour.versions else ""
        moment = "" if neighbour.start_s is None else f"at {clock(neighbour.start_s)}"
        text = " · ".join(
            filter(None, (moment, row.artist or row.album or tracks.folder_name(row), versions))
        )
        icon = self._theme.icon("volume", "accent") if playing else None
        score = None if self._path and neighbour is self.found[0] else neighbour.score
        return TwoLines(row.title, text, icon, score, faint=not row.online, marked=playing)


class NeighbourList(PlayedList[Neighbour]):
    """Shows a `NeighbourModel`."""

    def __init__(self, theme: Theme, model: NeighbourModel | None = None) -> None:
        self.neighbours = NeighbourModel(theme) if model is None else model
        super().__init__(theme, self.neighbours, "Neighbours", margin=16)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)

    def startDrag(self, supported: Qt.DropAction) -> None:  # noqa: ARG002, N802 - Qt's signature
        """Drag the selected files out, as a copy."""
        rows = [neighbour.row for neighbour in self.chosen() if neighbour.row.online]
        if rows:
            drag = QDrag(self)
            drag.setMimeData(tracks.mime(rows))
            drag.exec(Qt.DropAction.CopyAction)
