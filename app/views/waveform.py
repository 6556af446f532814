"""The track as a picture that can be clicked: where it is loud, where it is, where to go."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import Theme

_BAR, _GAP = 2, 1
"""Width of a bar and of the gap beside it, in logical pixels."""

_STEP_S, _PAGE_S = 5.0, 30.0
"""What an arrow key and a page key skip (s)."""

_LEAST_PEAK = 0.05
"""A track quieter than this all through is not drawn as if it were loud."""


def clock(seconds: float) -> str:
    """`3:05`, `1:02:07`."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def heights(peaks: NDArray[np.float32], bars: int) -> NDArray[np.float32]:
    """Height of each bar in [0, 1], the loudest 1; NaN where nothing is known yet.

    Parameters
    ----------
    peaks
        (buckets, 2), least and greatest sample.
    """
    loudness = np.abs(peaks).max(axis=1)
    starts = np.minimum(np.arange(bars) * len(loudness) // bars, len(loudness) - 1)
    values: NDArray[np.float32] = np.fmax.reduceat(loudness, starts)
    known = values[~np.isnan(values)]
    return values / max(float(known.max()), _LEAST_PEAK) if len(known) else values


class Waveform(QWidget):
    """Shows one track and its position; a click, a drag or the arrow keys ask for another.

    Signals
    -------
    seek_requested(float)
        A person wants to hear this second.
    """

    seek_requested = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        theme.changed.connect(self.update)
        self._peaks: NDArray[np.float32] | None = None
        self._heights: NDArray[np.float32] = np.zeros(0, np.float32)
        self._seconds = 0.0
        self._position = 0.0
        self._excerpt: tuple[float, float] | None = None
        self._dragged: float | None = None
        self._hover: float | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumSize(120, 40)
        self.setAccessibleName("Position in the track")
        self.setToolTip("Click to play from there. With the keyboard: arrows 5 s, page keys 30 s.")

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide and low."""
        return QSize(420, 44)

    # What it shows

    def set_track(self, seconds: float, excerpt: tuple[float, float] | None = None) -> None:
        """Another track of `seconds` (0: none or unknown); `excerpt` is what of it will be played (s)."""
        self._seconds, self._excerpt = seconds, excerpt
        self._peaks, self._position, self._dragged, self._hover = None, 0.0, None, None
        self._rebuild()

    def set_peaks(self, peaks: NDArray[np.float32]) -> None:
        """(buckets, 2) least and greatest sample, NaN where not read yet."""
        self._peaks = peaks
        self._rebuild()

    def set_position(self, seconds: float) -> None:
        """Where it is; repaints only when that shows."""
        before, self._position = self._x(self._position), seconds
        if self._dragged is None and int(before) != int(self._x(seconds)):
            self.update()

    @property
    def position(self) -> float:
        """What is shown as being played, or the place under the dragging mouse (s)."""
        return self._position if self._dragged is None else self._dragged

    @property
    def seconds(self) -> float:
        """Length of the track (s)."""
        return self._seconds

    # How it is drawn

    def _bars(self) -> int:
        return max((self.width() + _GAP) // (_BAR + _GAP), 1)

    def _rebuild(self) -> None:
        empty = np.full(self._bars(), np.nan, np.float32)
        self._heights = empty if self._peaks is None else heights(self._peaks, self._bars())
        self.update()

    def _x(self, seconds: float) -> float:
        return seconds / self._seconds * self.width() if self._seconds else 0.0

    def _at(self, x: float) -> float:
        return min(max(x / max(self.width(), 1), 0.0), 1.0) * self._seconds

    def resizeEvent(self, event: QEvent) -> None:  # noqa: ARG002, N802 - Qt's name and argument
        """As many bars as there is room for."""
        self._rebuild()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and argument
        """Bars, the excerpt's ground, the places of sound and mouse."""
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        if self._excerpt is not None:
            left, right = (self._x(second) for second in self._excerpt)
            painter.setBrush(QColor(self._theme.colours.selection))
            painter.drawRoundedRect(QRectF(left, 0, right - left, self.height()), 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_bars(painter)
        if self._seconds:
            self._paint_lines(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(self._theme.colours.accent))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _paint_bars(self, painter: QPainter) -> None:
        colours = self._theme.colours
        edge, middle = self._x(self.position), self.height() / 2
        rects: dict[int, list[QRectF]] = {0: [], 1: [], 2: []}
        for index, height in enumerate(self._heights.tolist()):
            left, known = index * (_BAR + _GAP), not math.isnan(height)
            half = max(height * (middle - 3), 1.0) if known else 0.75
            kind = 2 if not known else 0 if left < edge else 1
            rects[kind].append(QRectF(left, middle - half, _BAR, 2 * half))
        for kind, colour in enumerate((colours.accent, colours.faint, colours.border)):
            painter.setBrush(QColor(colour))
            painter.drawRects(rects[kind])

    def _paint_lines(self, painter: QPainter) -> None:
        text = QColor(self._theme.colours.text)
        painter.setBrush(text)
        painter.drawRoundedRect(QRectF(self._x(self.position) - 1, 1, 2, self.height() - 2), 1, 1)
        if self._hover is None:
            return
        x, label = self._x(self._hover), clock(self._hover)
        faint = QColor(text)
        faint.setAlphaF(0.45)
        painter.setBrush(faint)
        painter.drawRect(QRectF(x - 0.5, 0, 1, self.height()))
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(label) + 8
        box = QRectF(min(x + 3, self.width() - width), 0, width, metrics.height())
        painter.setBrush(QColor(self._theme.colours.surface))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(text)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label)
        painter.setPen(Qt.PenStyle.NoPen)

    # What a person does

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin to drag."""
        if event.button() == Qt.MouseButton.LeftButton and self._seconds:
            self._drag_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag on, or show the time under the mouse."""
        if self._dragged is not None:
            self._drag_to(event.position())
        elif self._seconds:
            self._hover = self._at(event.position().x())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go where the mouse was let go."""
        if event.button() == Qt.MouseButton.LeftButton and self._dragged is not None:
            target, self._dragged = self._dragged, None
            self._ask(target)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The mouse is elsewhere."""
        self._hover = None
        self.update()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows and page keys skip; Home and End go to the ends; Escape gives up dragging."""
        key, steps = event.key(), {
            Qt.Key.Key_Left: -_STEP_S, Qt.Key.Key_Right: _STEP_S,
            Qt.Key.Key_PageDown: -_PAGE_S, Qt.Key.Key_PageUp: _PAGE_S,
            Qt.Key.Key_Home: -self._seconds, Qt.Key.Key_End: self._seconds,
        }  # fmt: skip
        if key == Qt.Key.Key_Escape and self._dragged is not None:
            self._dragged = None
            self.update()
        elif key in steps and self._seconds and not event.modifiers():
            self._ask(min(max(self._position + steps[Qt.Key(key)], 0.0), max(self._seconds - 1.0, 0.0)))
        else:
            super().keyPressEvent(event)

    def _drag_to(self, point: QPointF) -> None:
        self._dragged = self._hover = self._at(point.x())
        self.update()

    def _ask(self, seconds: float) -> None:
        self._position = seconds
        self.update()
        self.seek_requested.emit(seconds)
