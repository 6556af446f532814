"""How entries are painted: two lines with a score, and table rows that are marked as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.theme import Theme

TWO_LINES = int(Qt.ItemDataRole.UserRole) + 1
MARGIN = 10
BAR_WIDTH = 64
HOVERS = (QEvent.Type.HoverEnter, QEvent.Type.HoverMove, QEvent.Type.HoverLeave)


@dataclass(frozen=True)
class TwoLines:
    """What an entry shows.

    Parameters
    ----------
    title, text
        The two lines.
    score
        In [-1, 1]: a bar and the number at the right; None: none.
    faint
        Cannot be used now.
    marked
        The one that plays.
    """

    title: str
    text: str
    icon: QIcon | None = None
    score: float | None = None
    faint: bool = False
    marked: bool = False


class TwoLinesDelegate(QStyledItemDelegate):
    """Paints `TwoLines` (role `TWO_LINES`)."""

    def __init__(self, theme: Theme, parent: QWidget, margin: int = MARGIN) -> None:
        super().__init__(parent)
        self._theme, self._margin = theme, margin

    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802 - Qt's name
        """Room for both lines."""
        height = option.fontMetrics.height() + QFontMetrics(_small(option.font)).height()
        return QSize(120, height + 14)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Background by the style, then the lines."""
        lines = index.data(TWO_LINES)
        self.initStyleOption(option, index)
        option.text, option.icon = "", QIcon()
        widget: QWidget | None = option.widget
        style = widget.style() if widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, widget)
        if isinstance(lines, TwoLines):
            self._paint(painter, option, lines)

    def _paint(self, painter: QPainter, option: QStyleOptionViewItem, lines: TwoLines) -> None:
        rect: QRect = option.rect.adjusted(self._margin, 6, -MARGIN, -6)
        font: QFont = option.font
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        colours = self._theme.colours
        strong = QColor(colours.accent if lines.marked else colours.on_selection if chosen else colours.text)
        weak = QColor(colours.on_selection if chosen else colours.muted)
        if lines.faint:
            strong = weak = QColor(colours.faint)
        painter.save()
        if lines.icon is not None:
            lines.icon.paint(painter, QRect(rect.left(), rect.top() + 1, 18, 18))
            rect.setLeft(rect.left() + 26)
        if lines.score is not None:
            self._paint_score(painter, rect, lines.score, weak)
            rect.setRight(rect.right() - BAR_WIDTH - MARGIN)
        _line(painter, rect, font, strong, lines.title, Qt.AlignmentFlag.AlignTop)
        _line(painter, rect, _small(font), weak, lines.text, Qt.AlignmentFlag.AlignBottom)
        painter.restore()

    def _paint_score(self, painter: QPainter, rect: QRect, score: float, colour: QColor) -> None:
        """The number, and under it a bar: full at 1, empty at 0 and below."""
        place = QRect(rect.right() - BAR_WIDTH + 1, rect.top(), BAR_WIDTH, rect.height())
        _line(
            painter,
            place,
            _small(painter.font()),
            colour,
            f"{score:.2f}",
            Qt.AlignmentFlag.AlignTop,
            right=True,
        )
        groove = QRect(place.left(), place.bottom() - 7, BAR_WIDTH, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.colours.border))
        painter.drawRoundedRect(groove, 2, 2)
        groove.setWidth(round(BAR_WIDTH * min(max(score, 0.0), 1.0)))
        painter.setBrush(QColor(self._theme.colours.accent))
        if groove.width():
            painter.drawRoundedRect(groove, 2, 2)


def _small(font: QFont) -> QFont:
    smaller = QFont(font)
    smaller.setPointSizeF(font.pointSizeF() * 0.9 if font.pointSizeF() > 0 else 9.0)
    return smaller


def _line(
    painter: QPainter, rect: QRect, font: QFont, colour: QColor, text: str, at: Qt.AlignmentFlag,
    *, right: bool = False,
) -> None:  # fmt: skip
    painter.setFont(font)
    painter.setPen(colour)
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(rect, int(side | at | Qt.TextFlag.TextSingleLine), shown)


class RowDelegate(QStyledItemDelegate):
    """Cells of a table in which the pointer marks a whole row."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        self.hovered = -1
        table.setMouseTracking(True)
        table.entered.connect(lambda index: self.hover(index.row()))
        table.viewportEntered.connect(lambda: self.hover(-1))
        table.viewport().installEventFilter(self)
        table.setItemDelegate(self)

    def initStyleOption(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """As Qt does, but for what is under the pointer."""
        super().initStyleOption(option, index)
        state = option.state & ~(QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_HasFocus)
        if index.row() == self.hovered:
            state |= QStyle.StateFlag.State_MouseOver
        option.state = state

    def hover(self, row: int) -> None:
        """The pointer is on this row (-1: on none)."""
        if row != self.hovered:
            self.hovered = row
            self._table.viewport().update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Notice the pointer's leaving; keep Qt from marking the one cell below it."""
        if event.type() == QEvent.Type.Leave:
            self.hover(-1)
        return event.type() in HOVERS or super().eventFilter(watched, event)
