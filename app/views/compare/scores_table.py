"""A table of plain rows that sorts: scores of classes, of tags, figures of one result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from app.views.rows_delegate import RowDelegate

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
Value = str | float | int


@dataclass(frozen=True)
class Head:
    """A column: its title, and what it says."""

    title: str
    tip: str = ""


class ScoresModel(QAbstractTableModel):
    """Rows of texts and numbers; empty or NaN is shown as a dash and sorted last."""

    def __init__(self) -> None:
        super().__init__()
        self.heads: tuple[Head, ...] = ()
        self.rows: list[tuple[Value, ...]] = []
        self._given: list[tuple[Value, ...]] = []
        self._order: tuple[int, Qt.SortOrder] = (-1, Qt.SortOrder.AscendingOrder)

    def show(self, heads: Sequence[Head], rows: Sequence[tuple[Value, ...]]) -> None:
        """Show these; sorted as before, while the columns are the same."""
        self.beginResetModel()
        if tuple(heads) != self.heads:
            self._order = (-1, Qt.SortOrder.AscendingOrder)
        self.heads, self._given = tuple(heads), list(rows)
        self._sort()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Column -1: as they were given."""
        self.layoutAboutToBeChanged.emit()
        self._order = (column, order)
        self._sort()
        self.layoutChanged.emit()

    def _sort(self) -> None:
        column, order = self._order
        self.rows = list(self._given)
        if not 0 <= column < len(self.heads):
            return
        known = [row for row in self.rows if not _missing(row[column])]
        missing = [row for row in self.rows if _missing(row[column])]
        known.sort(key=lambda row: _key(row[column]), reverse=order == Qt.SortOrder.DescendingOrder)
        self.rows = known + missing

    def rowCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """One for each row."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """One for each head."""
        return 0 if parent.isValid() else len(self.heads)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts to the left, numbers to the right."""
        value = self.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if isinstance(value, str) else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return _text(value)
        return None

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """What a column is."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self.heads):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            texts = not self.rows or isinstance(self.rows[0][section], str)
            return (
                Qt.AlignmentFlag.AlignLeft if texts else Qt.AlignmentFlag.AlignRight
            ) | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.heads[section].tip
        return self.heads[section].title if role == Qt.ItemDataRole.DisplayRole else None


def _missing(value: Value) -> bool:
    return value == "" or (isinstance(value, float) and not math.isfinite(value))


def _key(value: Value) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _text(value: Value) -> str:
    if _missing(value):
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value


class ScoresTable(QTableView):
    """Shows a `ScoresModel`."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.scores = ScoresModel()
        self.setModel(self.scores)
        self._delegate = RowDelegate(self)
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(30)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.sortIndicatorChanged.connect(self.scores.sort)

    def show_rows(self, heads: Sequence[Head], rows: Sequence[tuple[Value, ...]]) -> None:
        """Show these."""
        fresh = tuple(heads) != self.scores.heads
        header = self.horizontalHeader()
        self.scores.show(heads, rows)
        if fresh:
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
            for column in range(1, len(heads)):
                header.resizeSection(column, 124)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Nothing: letters are shortcuts."""
