"""The Similar panel's list: each line can be opened to see and hear why it is there."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QToolTip, QWidget

from app.theme import Theme
from app.views.neighbour_list import NeighbourList
from app.views.rows_delegate import TwoLinesDelegate

_Index = QModelIndex | QPersistentModelIndex
WHY_WIDTH = 26
_ICON = 16
WHY_TIP = "Why? See and hear which seconds are alike (Right arrow; Left arrow closes)."
MARGIN = 16


class OpeningDelegate(TwoLinesDelegate):
    """Two lines, an arrow at their end, and room below for the line that is open."""

    def __init__(self, theme: Theme, parent: SimilarList) -> None:
        super().__init__(theme, parent, margin=MARGIN)
        self._list = parent

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802 - Qt's name
        """As high as the lines, and the card below them."""
        size = super().sizeHint(option, index)
        return size + QSize(0, self._list.card_height) if index.row() == self._list.opened else size

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """The lines at the top, the arrow at their right."""
        opened = index.row() == self._list.opened
        height = super().sizeHint(option, index).height()
        whole = QRect(option.rect)
        whole.setHeight(height)
        room = WHY_WIDTH if self._list.why else 0
        if room:
            self._paint_ground(painter, option, index, whole)
        option.rect = whole.adjusted(0, 0, -room, 0)
        super().paint(painter, option, index)
        if room:
            over = bool(option.state & QStyle.StateFlag.State_MouseOver)
            icon = self._theme.icon(
                "chevron-down" if opened else "chevron-right", "accent" if over else "faint"
            )
            icon.paint(painter, arrow_place(whole))

    def _paint_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, rect: QRect
    ) -> None:
        back = QStyleOptionViewItem(option)
        self.initStyleOption(back, index)
        back.text, back.rect = "", rect
        self._list.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, back, painter, self._list)


def arrow_place(rect: QRect) -> QRect:
    """Where in a line its arrow is."""
    return QRect(rect.right() - WHY_WIDTH + 4, rect.center().y() - _ICON // 2, _ICON, _ICON)


class SimilarList(NeighbourList):
    """Neighbours; one of them may be open.

    Parameters
    ----------
    card
        What is shown below the open line.

    Signals
    -------
    opened_changed(int)
        Another line is open; -1: none.
    """

    opened_changed = Signal(int)
    opened, why = -1, True  # Qt asks for sizes before the constructor is through

    def __init__(self, theme: Theme, card: QWidget) -> None:
        self._card = card
        super().__init__(theme)
        card.setParent(self.viewport())
        card.hide()
        self.setUniformItemSizes(False)
        self.setItemDelegate(OpeningDelegate(theme, self))
        self.neighbours.modelReset.connect(lambda: self.open(-1))

    @property
    def card_height(self) -> int:
        """What the open line has below it."""
        return self._card.sizeHint().height()

    def set_why(self, on: bool) -> None:
        """Whether lines can be opened."""
        self.why = on
        if not on:
            self.open(-1)
        self.viewport().update()

    def open(self, row: int) -> None:
        """Open this line, and close the other one; -1: none."""
        if row == self.opened:
            return
        self.opened = row
        self.scheduleDelayedItemsLayout()
        self._card.setVisible(row >= 0)
        self.opened_changed.emit(row)
        if row >= 0:
            self.doItemsLayout()
            self._place_card()
            self.scrollTo(self.neighbours.index(row), self.ScrollHint.EnsureVisible)

    def _place_card(self) -> None:
        if self.opened >= 0:
            rect = self.visualRect(self.neighbours.index(self.opened))
            height = self.card_height
            self._card.setGeometry(rect.left(), rect.bottom() - height + 1, rect.width(), height)

    def updateGeometries(self) -> None:  # noqa: N802 - Qt's name
        """The card goes with its line."""
        super().updateGeometries()
        self._place_card()

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: N802 - Qt's name
        """The card goes with its line."""
        super().scrollContentsBy(dx, dy)
        self._place_card()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The card is as wide as its line."""
        super().resizeEvent(event)
        self._place_card()

    def _arrow(self, event: QMouseEvent | QHelpEvent) -> int:
        """The line whose arrow is under the mouse, -1: none."""
        place = event.position().toPoint() if isinstance(event, QMouseEvent) else event.pos()
        index = self.indexAt(place)
        return (
            index.row()
            if self.why and index.isValid() and place.x() > self.viewport().width() - WHY_WIDTH
            else -1
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click on an arrow opens or closes its line, and plays nothing."""
        row = self._arrow(event) if event.button() == Qt.MouseButton.LeftButton else -1
        if row >= 0:
            self.open(-1 if row == self.opened else row)
        else:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """What began on an arrow ends there."""
        if self._arrow(event) < 0:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Right opens, Left closes."""
        row = self.currentIndex().row()
        if event.key() == Qt.Key.Key_Right and self.why and row >= 0 and not event.modifiers():
            self.open(row)
        elif event.key() == Qt.Key.Key_Left and self.opened >= 0 and not event.modifiers():
            self.open(-1)
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The arrow has a tooltip of its own."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._arrow(event) >= 0:
            QToolTip.showText(event.globalPos(), WHY_TIP, self)
            return True
        return super().viewportEvent(event)
