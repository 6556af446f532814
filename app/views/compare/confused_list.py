"""The tracks of one cell of a confusion matrix: a click plays, and shows what is similar."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt

from app import tracks
from app.evaluation import Confused
from app.theme import Theme
from app.views.played_list import PlayedList, PlayedModel
from app.views.rows_delegate import TWO_LINES, TwoLines
from core import paths


class ConfusedModel(PlayedModel[Confused]):
    """Tracks, those that were most often called so first."""

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Two lines, and how often as a bar."""
        one = self.found[index.row()]
        row = one.row
        if role == TWO_LINES:
            playing = tracks.number(row) == self.playing
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


class ConfusedList(PlayedList[Confused]):
    """Shows a `ConfusedModel`."""

    def __init__(self, theme: Theme) -> None:
        self.confused = ConfusedModel(theme)
        super().__init__(theme, self.confused, "Tracks of the chosen cell", margin=12)
