"""The names of a column with their colours: a tick shows or hides one, a click isolates it."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.map.palette import OTHER
from app.map_colours import HIDDEN, NONE, Filter, Scheme, slots
from app.theme import Theme

COUNT = int(Qt.ItemDataRole.UserRole) + 1
CODE = int(Qt.ItemDataRole.UserRole) + 2
TICK_WIDTH = 32
DOT = 10
BATCH = 5_000
"""Lines that are laid out at a time."""
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()

Colour = Callable[[int], QColor]
"""The colour of a category."""


class LegendModel(QAbstractListModel):
    """The values of a scheme, and one line for points without any.

    Signals
    -------
    hidden_changed(frozenset)
        Codes that are not ticked.
    """

    hidden_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._scheme: Scheme | None = None
        self._titles: list[str] = []
        self._folded: list[str] = []
        self._codes: list[int] = []
        self._slots = np.empty(0, np.uint8)
        self._icons: dict[int, QIcon] = {}
        self._colour: Colour = lambda _: QColor()
        self._sought, self._by_name = "", False
        self.hidden: Set[int] = frozenset()

    def show(self, scheme: Scheme, hidden: Set[int], colour: Colour) -> None:
        """Take another column, or the same with other colours."""
        self.beginResetModel()
        self._scheme, self.hidden, self._colour = scheme, hidden, colour
        self._titles, self._folded = scheme.titles, scheme.folded
        self._slots = slots(scheme, Filter(hidden))
        self._icons.clear()
        self._list()
        self.endResetModel()

    def seek(self, text: str) -> None:
        """Only names with this in them."""
        self.beginResetModel()
        self._sought = text.strip().casefold()
        self._list()
        self.endResetModel()

    def sort_by_name(self, on: bool) -> None:
        """In the order of the names, or the most frequent first."""
        self.beginResetModel()
        self._by_name = on
        self._list()
        self.endResetModel()

    def _list(self) -> None:
        assert self._scheme is not None
        count = len(self._scheme.values)
        codes = [code for code in range(count) if self._sought in self._folded[code]]
        if self._by_name:
            codes.sort(key=lambda code: self._folded[code])
        if self._scheme.without and self._sought in self._folded[-1]:
            codes.append(-1)
        self._codes = codes

    # -- what others ask

    @property
    def scheme(self) -> Scheme | None:
        """What is shown."""
        return self._scheme

    def every(self) -> frozenset[int]:
        """All codes, listed or not."""
        assert self._scheme is not None
        return frozenset(range(-1 if self._scheme.without else 0, len(self._scheme.values)))

    def set_hidden(self, hidden: Set[int]) -> None:
        """Tick all but these."""
        hidden = frozenset(hidden)
        if hidden == self.hidden or self._scheme is None:
            return
        self.hidden = hidden
        self._slots = slots(self._scheme, Filter(hidden))
        self._repaint()
        self.hidden_changed.emit(hidden)

    def isolate(self, code: int) -> None:
        """Show this one alone; once more: all."""
        rest = self.every() - {code}
        self.set_hidden(frozenset() if self.hidden == rest else rest)

    def _repaint(self) -> None:
        if self._codes:
            self.dataChanged.emit(self.index(0), self.index(len(self._codes) - 1))

    # -- Qt's side

    def rowCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """How many names are listed."""
        return 0 if parent.isValid() else len(self._codes)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Name, tick, dot and count."""
        scheme = self._scheme
        if scheme is None or index.row() >= len(self._codes):
            return None
        code = self._codes[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[code]
        if role == COUNT:
            return int(scheme.counts[code]) if code >= 0 else scheme.without
        if role == CODE:
            return code
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Unchecked if code in self.hidden else Qt.CheckState.Checked
        if role == Qt.ItemDataRole.DecorationRole:
            return self._dot(code)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(code)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self._titles[code]}, {self.data(index, COUNT):,}"
        return None

    def _tip(self, code: int) -> str:
        assert self._scheme is not None
        whole = self._scheme.values[code] if code >= 0 else self._titles[-1]
        return f"{whole}\nClick to show it alone; tick to show or hide it."

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802 - Qt's name
        """A tick."""
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        code = self._codes[index.row()]
        on = Qt.CheckState(value) == Qt.CheckState.Checked
        self.set_hidden(self.hidden - {code} if on else self.hidden | {code})
        return True

    def flags(self, index: _Index) -> Qt.ItemFlag:  # noqa: ARG002 - Qt's signature
        """Every name can be ticked."""
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable

    def _dot(self, code: int) -> QIcon:
        category = NONE if code < 0 else int(self._slots[code])
        # A hidden name keeps its colour in the list, as far as it has one of its own.
        if category == HIDDEN:
            category = min(code, OTHER)
        if category not in self._icons:
            self._icons[category] = dot(self._colour(category))
        return self._icons[category]


def dot(colour: QColor) -> QIcon:
    """A disc of one colour."""
    icon = QIcon()
    for scale in (1, 2, 3):
        pixmap = QPixmap(DOT * scale, DOT * scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(pixmap.rect())
        painter.end()
        icon.addPixmap(pixmap)
    return icon


class _CountDelegate(QStyledItemDelegate):
    """The count at the right, the name cut to what is left."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint one line."""
        count = f"{index.data(COUNT):,}"
        width = option.fontMetrics.horizontalAdvance(count) + 8
        self.initStyleOption(option, index)
        room = option.rect.width() - width - TICK_WIDTH - DOT - 16
        text = option.fontMetrics.elidedText(option.text, Qt.TextElideMode.ElideRight, room)
        option.text = text
        style = option.widget.style()
        style.drawControl(style.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        painter.setPen(QColor(self._theme.colours.muted))
        place = QRect(option.rect).adjusted(0, 0, -6, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, count)

    def sizeHint(self, option: QStyleOptionViewItem, _index: _Index) -> QSize:  # noqa: N802 - Qt's name
        """One line."""
        return QSize(100, option.fontMetrics.height() + 8)


class LegendList(QListView):
    """Shows a `LegendModel`."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.values = LegendModel()
        self.setModel(self.values)
        self.setItemDelegate(_CountDelegate(theme, self))
        self.setAccessibleName("Legend")
        self.setUniformItemSizes(True)
        self.setLayoutMode(
            QListView.LayoutMode.Batched
        )  # a hundred thousand folders at once would hold all else up
        self.setBatchSize(BATCH)
        self.setIconSize(QSize(DOT, DOT))
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        theme.changed.connect(self.viewport().update)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Beside the tick a click isolates."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if (
            index.isValid()
            and event.button() == Qt.MouseButton.LeftButton
            and event.position().x() > TICK_WIDTH
        ):
            self.values.isolate(int(index.data(CODE)))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter isolates, Space ticks."""
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self.values.isolate(int(index.data(CODE)))
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Nothing: letters are shortcuts, and the search line finds names."""
