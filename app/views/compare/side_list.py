"""A column of neighbours beside another one, and the lines that join what both hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QStyle, QStyleOptionViewItem, QToolTip, QWidget

from app.theme import Theme
from app.views.neighbour_list import NeighbourList, NeighbourModel
from app.views.rows_delegate import TwoLinesDelegate

_Index = QModelIndex | QPersistentModelIndex
RANK_WIDTH = 46
SEED_WIDTH = 34
"""Room at the right of a line for the button that makes it the seed."""
_ICON = 18
SEED_TIP = "Make this the track that both are asked about (Shift+Enter)."


class SideModel(NeighbourModel):
    """Neighbours that know of their partners in the other list.

    Parameters
    ----------
    there
        The other list as one speaks of it.
    """

    def __init__(self, theme: Theme, there: str) -> None:
        super().__init__(theme)
        self._there = there
        self.links: Mapping[int, int] = {}

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """As of any neighbour, with the partner named."""
        found = super().data(index, role)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            partner = self.links.get(index.row(), -1)
            return f"{found}\nAlso number {partner + 1} {self._there}." if partner >= 0 else found
        return found


class SideDelegate(TwoLinesDelegate):
    """Lines with their rank: filled where the other list holds the recording as well."""

    def __init__(self, theme: Theme, parent: SideList) -> None:
        super().__init__(theme, parent, margin=RANK_WIDTH)
        self._list = parent

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:  # noqa: N802 - Qt's name
        """What its partner in the other list points at looks pointed at."""
        super().initStyleOption(option, index)
        if index.row() == self._list.linked:
            option.state |= QStyle.StateFlag.State_MouseOver

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """The rank at the left, the button at the right, the lines between them."""
        whole = QRect(option.rect)
        back = QStyleOptionViewItem(option)
        self.initStyleOption(back, index)
        back.text = ""
        style = self._list.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, back, painter, self._list)
        option.rect = whole.adjusted(0, 0, -SEED_WIDTH, 0)
        super().paint(painter, option, index)
        self._paint_rank(painter, whole, index.row())
        over = index.row() == self._list.hovered
        icon = self._theme.icon("similar", "accent" if over else "faint")
        icon.paint(painter, seed_place(whole))

    def _paint_rank(self, painter: QPainter, rect: QRect, row: int) -> None:
        colours, shared = self._theme.colours, row in self._list.neighbours.links
        place = QRectF(rect.left() + 10, rect.center().y() - 10, 27, 21)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if shared:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(place, 10, 10)
        painter.setPen(QColor(colours.on_accent if shared else colours.muted))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), str(row + 1))
        painter.restore()


def seed_place(rect: QRect) -> QRect:
    """Where in a line its button is."""
    return QRect(rect.right() - SEED_WIDTH + 4, rect.center().y() - _ICON // 2, _ICON, _ICON)


class SideList(NeighbourList):
    """One column.

    Signals
    -------
    hovered_changed(int)
        The line under the mouse or the keyboard's, -1: none.
    seed_wanted(int)
        That line shall be what both encoders are asked about.
    """

    hovered_changed = Signal(int)
    seed_wanted = Signal(int)

    def __init__(self, theme: Theme, name: str, there: str) -> None:
        model = SideModel(theme, there)
        super().__init__(theme, model)
        self.neighbours: SideModel = model
        self.hovered = self.linked = -1
        self.setItemDelegate(SideDelegate(theme, self))
        self.setAccessibleName(name)
        self.entered.connect(lambda index: self._hover(index.row()))
        self.viewportEntered.connect(lambda: self._hover(-1))
        self.selectionModel().currentChanged.connect(lambda now, _: self._hover(now.row()))

    def show_links(self, links: Mapping[int, int]) -> None:
        """Which lines the other list holds as well, and at which place there."""
        self.neighbours.links = links
        self._hover(-1)
        self.viewport().update()

    def point_at(self, row: int) -> None:
        """Mark a line as the partner of what is pointed at in the other list (-1: none)."""
        if row != self.linked:
            self.linked = row
            self.viewport().update()

    def place(self, row: int) -> QRect:
        """Where a line is, in the viewport."""
        return self.visualRect(self.neighbours.index(row, 0))

    def _hover(self, row: int) -> None:
        if row != self.hovered:
            self.hovered = row
            self.hovered_changed.emit(row)

    def _on_button(self, event: QMouseEvent | QHelpEvent) -> int:
        """The line whose button is under the mouse, -1: none."""
        at = event.position().toPoint() if isinstance(event, QMouseEvent) else event.pos()
        index = self.indexAt(at)
        rect = self.visualRect(index)
        return index.row() if index.isValid() and at.x() > rect.right() - SEED_WIDTH else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """On the button nothing is selected or played."""
        if event.button() != Qt.MouseButton.LeftButton or self._on_button(event) < 0:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Letting go on the button makes its line the seed."""
        row = self._on_button(event)
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            self.seed_wanted.emit(row)
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Shift+Enter makes the current line the seed."""
        row = self.currentIndex().row()
        entered = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if entered and event.modifiers() & Qt.KeyboardModifier.ShiftModifier and row >= 0:
            self.seed_wanted.emit(row)
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The button's tooltip; the mouse's leaving."""
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        if isinstance(event, QHelpEvent) and self._on_button(event) >= 0:
            QToolTip.showText(event.globalPos(), SEED_TIP, self.viewport())
            return True
        return super().viewportEvent(event)


class Links(QWidget):
    """Lines between two columns; what is pointed at stands out."""

    def __init__(self, theme: Theme, left: SideList, right: SideList) -> None:
        super().__init__()
        self._theme, self._left, self._right = theme, left, right
        self._links: tuple[tuple[int, int], ...] = ()
        self._strong = -1
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        for side in (left, right):
            side.verticalScrollBar().valueChanged.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide enough for a slope that can be read."""
        return QSize(64, 100)

    def show_links(self, links: tuple[tuple[int, int], ...]) -> None:
        """Places left and right."""
        self._links, self._strong = links, -1
        self.update()

    def point_at(self, left: int) -> None:
        """Make the line that begins at this place stand out (-1: none)."""
        self._strong = left
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and argument
        """The line that is pointed at last, on top."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for left, right in sorted(self._links, key=lambda link: link[0] == self._strong):
            strong = left == self._strong
            colour = QColor(self._theme.colours.accent)
            if not strong:
                colour.setAlphaF(0.25 if self._strong >= 0 else 0.6)
            painter.setPen(QPen(colour, 3.0 if strong else 1.5))
            painter.drawPath(self._path(left, right))
        painter.end()

    def _path(self, left: int, right: int) -> QPainterPath:
        start = QPointF(2, self._height_of(self._left, left))
        end = QPointF(self.width() - 2, self._height_of(self._right, right))
        middle = self.width() / 2
        path = QPainterPath(start)
        path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end)
        return path

    def _height_of(self, side: SideList, row: int) -> float:
        """The middle of a line in this widget."""
        at: Any = side.viewport().mapTo(self.window(), side.place(row).center())
        return float(self.mapFrom(self.window(), at).y())
