"""The list of files that gave nothing, or only a part."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from app.cells import STATE_ICONS
from app.session import Session
from core import paths
from core.library.records import Failure

TITLES = ("File", "State", "Reason", "Folder")
STATES = {"failed": "Failed", "partial": "In part", "skipped": "Left out"}
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


def split(path: bytes) -> tuple[str, str]:
    """Folder and name of a path, for a person."""
    shown = Path(paths.display(path))
    return str(shown.parent), shown.name


def cells(failure: Failure) -> tuple[str, str, str, str]:
    """The texts of a line."""
    folder, name = split(failure.path)
    return name, STATES.get(failure.state, failure.state), failure.reason, folder


def to_csv(failures: Sequence[Failure]) -> bytes:
    """A table with a header line; paths so that a machine can turn them back into bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("path", "state", "reason"))
    writer.writerows((paths.json_text(f.path), f.state, f.reason) for f in failures)
    return text.getvalue().encode("utf-8", "surrogateescape")


class FailureModel(QAbstractTableModel):
    """The list; all in memory, since a person can only deal with so many."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._theme = session.theme
        self.failures: list[Failure] = []
        self._texts: list[tuple[str, str, str, str]] = []
        self._sorted = (1, Qt.SortOrder.AscendingOrder)

    def show(self, failures: list[Failure]) -> None:
        """Replace the list."""
        self.beginResetModel()
        self._put(failures)
        self.endResetModel()

    def _put(self, failures: list[Failure]) -> None:
        column, order = self._sorted
        pairs = sorted(
            ((cells(failure), failure) for failure in failures),
            key=lambda pair: (pair[0][column].casefold(), pair[1].path),
            reverse=order == Qt.SortOrder.DescendingOrder,
        )
        self._texts, self.failures = [text for text, _ in pairs], [failure for _, failure in pairs]

    def rowCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """How many files."""
        return 0 if parent.isValid() else len(self.failures)

    def columnCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """File, state, reason, folder."""
        return 0 if parent.isValid() else len(TITLES)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts, and an icon for the state."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts[index.row()][index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            if index.column() == 2:
                return self._texts[index.row()][2]
            return paths.display(self.failures[index.row()].path)
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 1:
            return self._theme.icon(*STATE_ICONS[self.failures[index.row()].state])
        return None

    def headerData(self, section: int, side: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802 - Qt's name
        """Titles."""
        return (
            TITLES[section]
            if side == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
            else None
        )

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        self._sorted = (max(column, 0), order)
        self.show(self.failures)
