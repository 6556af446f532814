"""How a column of numbers is coloured, and how often each number is there; dragging across it shows a part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.map_colours import ALL, STEPS, Filter, Scheme
from app.theme import Theme
from app.views.map.legend_list import Colour

HEIGHT, BAND = 64, 8
NUDGE = 0.05
"""Of the range: what an arrow key moves an end by."""


class GradientKey(QWidget):
    """A histogram above a band of colour.

    Signals
    -------
    filter_changed(Filter)
        The part that was dragged across; `ALL` after a click.
    """

    filter_changed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._scheme: Scheme | None = None
        self._bars: NDArray[np.float64] = np.zeros(1)
        self._colour: Colour = lambda _: QColor()
        self._from: float | None = None
        self._shown = ALL
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Drag across a part to show it alone; click to show all.")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as bars, band and figures need."""
        return QSize(160, HEIGHT + BAND + self.fontMetrics().height() + 8)

    def show_scheme(self, scheme: Scheme, shown: Filter, colour: Colour) -> None:
        """Take another column, or the same with other colours."""
        self._scheme, self._shown, self._colour = scheme, shown, colour
        self._bars = scheme.bars
        self._tell()
        self.update()

    # -- choosing a part

    def choose(self, low: float | None, high: float | None) -> None:
        """Show numbers between these alone."""
        wanted = Filter(low=low, high=high)
        if wanted != self._shown:
            self._shown = wanted
            self._tell()
            self.update()
            self.filter_changed.emit(wanted)

    def _tell(self) -> None:
        if self._scheme is None:
            return
        text, shown = self._scheme.text, self._shown
        low, high = self._scheme.range
        part = f"{text(low if shown.low is None else shown.low)} to {text(high if shown.high is None else shown.high)}"
        self.setAccessibleName(f"{self._scheme.info.title}, {part} shown")

    def _number(self, x: float) -> float:
        assert self._scheme is not None
        low, high = self._scheme.range
        return low + (high - low) * min(max(x / max(self.width(), 1), 0.0), 1.0)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin a part."""
        if event.button() == Qt.MouseButton.LeftButton and self._scheme is not None:
            self._from = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Widen it."""
        if self._from is not None and abs(event.position().x() - self._from) > 3:
            ends = sorted((self._number(self._from), self._number(event.position().x())))
            self.choose(ends[0], ends[1])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """End it; without a drag, show all."""
        if self._from is not None and abs(event.position().x() - self._from) <= 3:
            self.choose(None, None)
        self._from = None

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Left and Right move the lower end, with Shift the upper one; Delete shows all."""
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.choose(None, None)
        elif way is None or self._scheme is None:
            super().keyPressEvent(event)
        else:
            self._nudge(way, upper=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def _nudge(self, way: int, upper: bool) -> None:
        assert self._scheme is not None
        low, high = self._scheme.range
        step = way * NUDGE * (high - low)
        ends = [low if self._shown.low is None else self._shown.low,
                high if self._shown.high is None else self._shown.high]  # fmt: skip
        ends[upper] = min(max(ends[upper] + step, low), high)
        self.choose(*sorted(ends))

    # -- painting

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Bars, band, both ends in figures."""
        if self._scheme is None:
            return
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        width = self.width() / len(self._bars)
        for place, share in enumerate(self._bars.tolist()):
            painter.setBrush(self._bar_colour(place))
            height = share * (HEIGHT - 4) if share else 0.0
            painter.drawRect(QRectF(place * width, HEIGHT - height, max(width - 1, 1), height))
            painter.drawRect(QRectF(place * width, HEIGHT + 2, width + 0.5, BAND))
        self._paint_ends(painter)
        painter.end()

    def _bar_colour(self, place: int) -> QColor:
        assert self._scheme is not None
        low, high = self._scheme.range
        middle = low + (high - low) * (place + 0.5) / len(self._bars)
        shown = self._shown
        out = (shown.low is not None and middle < shown.low) or (
            shown.high is not None and middle > shown.high
        )
        if out:
            return QColor(self._theme.colours.border)
        return self._colour(min(int((place + 0.5) / len(self._bars) * STEPS), STEPS - 1))

    def _paint_ends(self, painter: QPainter) -> None:
        assert self._scheme is not None
        low, high = self._scheme.range
        shown, text = self._shown, self._scheme.text
        painter.setPen(QColor(self._theme.colours.accent if self.hasFocus() else self._theme.colours.muted))
        at = QRectF(QPointF(0, HEIGHT + BAND + 4), self.rect().bottomRight().toPointF())
        align = Qt.AlignmentFlag
        painter.drawText(at, align.AlignLeft | align.AlignTop, text(low if shown.low is None else shown.low))
        painter.drawText(
            at, align.AlignRight | align.AlignTop, text(high if shown.high is None else shown.high)
        )
