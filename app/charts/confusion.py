"""A confusion matrix on the screen; mouse and keyboard choose a cell."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.charts import confusion_drawing
from app.charts.confusion_drawing import EMPTY, Cell, Grid, Matrix
from app.theme import Theme

MOVES = {
    Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
}  # fmt: skip


class ConfusionChart(QWidget):
    """The matrix.

    Signals
    -------
    picked(object)
        Another cell is chosen: (what it is, what it was called).
    opened
        Enter, or a double click on the chosen cell.
    pointed(object)
        The pointer is on another cell; None: it has left.
    """

    picked = Signal(object)
    opened = Signal()
    pointed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.matrix = EMPTY
        self.chosen: Cell | None = None
        self._hovered: Cell | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 150)
        self.setAccessibleName("Confusion matrix")
        theme.changed.connect(self.update)

    def show_matrix(self, matrix: Matrix) -> None:
        """Draw this; a cell stays chosen while the classes stay the same."""
        if matrix.same(self.matrix):
            return
        if matrix.names != self.matrix.names:
            self.chosen = None
        self.matrix, self._hovered = matrix, None
        self._speak()
        self.update()

    def choose(self, cell: Cell) -> None:
        """Choose a cell."""
        self.chosen = cell
        self._speak()
        self.update()
        self.picked.emit(cell)

    def grid(self) -> Grid:
        """Where everything lies now."""
        return Grid(self.matrix, QRectF(self.rect()), self.font())

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """About square."""
        return QSize(420, 340)

    def _speak(self) -> None:
        told = f"{len(self.matrix.names)} classes"
        self.setAccessibleDescription(told if self.chosen is None else self.matrix.told(self.chosen))

    # -- events

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        """All of it."""
        if not self.matrix.names:
            return
        painter = QPainter(self)
        confusion_drawing.draw(
            painter, self.grid(), self._theme.colours, chosen=self.chosen, hovered=self._hovered,
            focus=self.hasFocus(),
        )  # fmt: skip
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Tell what is below the pointer."""
        self._point(self._at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing is below the pointer."""
        super().leaveEvent(event)
        self._point(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Choose."""
        cell = self._at(event.position())
        if cell is not None:
            self.choose(cell)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Open."""
        if self._at(event.position()) is not None:
            self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows go from cell to cell, Home to the first, End to the last, Enter opens."""
        n, key = len(self.matrix.names), Qt.Key(event.key())
        if not n:
            event.ignore()
        elif key in MOVES:
            row, column = self.chosen or (0, 0)
            down, right = MOVES[key] if self.chosen is not None else (0, 0)
            self.choose((min(max(row + down, 0), n - 1), min(max(column + right, 0), n - 1)))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.choose((0, 0) if key == Qt.Key.Key_Home else (n - 1, n - 1))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen is not None:
            self.opened.emit()
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show where the keyboard is."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """It is elsewhere."""
        super().focusOutEvent(event)
        self.update()

    def _at(self, point: QPointF) -> Cell | None:
        return self.grid().cell_at(point) if self.matrix.names else None

    def _point(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self.update()
            self.pointed.emit(cell)
