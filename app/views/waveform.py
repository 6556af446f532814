"""The track as a picture that can be clicked: where it is loud, where it is, where to go, which seconds are meant."""

from __future__ import annotations

import math
from collections.abc import Sequence

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

_MOMENT_S = 3.0
"""What a click with Shift marks (s): as much as an encoder hears at once."""

_LEAST_LIT = 6.0
"""Width of what is lit in a long track, in logical pixels."""

_LEAST_SPAN_S = 1.0
"""A shorter drag with Shift is a click (s)."""

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


Span = tuple[float, float]
"""From this second to that one."""

TIP = (
    "Click to play from there. With the keyboard: arrows 5 s, page keys 30 s.\n"
    "With Shift, a drag marks the seconds to look for in other tracks (Shift and the arrows, then Enter)."
)
PLAIN_TIP = "Click to play from there. With the keyboard: arrows 5 s, page keys 30 s."


class Waveform(QWidget):
    """Shows one track and its position; a click, a drag or the arrow keys ask for another.

    Parameters
    ----------
    markable
        Whether a person can mark seconds in it.

    Signals
    -------
    seek_requested(float)
        A person wants to hear this second.
    span_chosen(float, float)
        A person has marked these seconds, with Shift.
    """

    seek_requested = Signal(float)
    span_chosen = Signal(float, float)

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, markable: bool = True) -> None:
        super().__init__(parent)
        self._markable = markable
        self._span: Span | None = None
        self._marking: float | None = None
        self._lit: tuple[Span, ...] = ()
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
        self.setToolTip(TIP if markable else PLAIN_TIP)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide and low."""
        return QSize(420, 44)

    # What it shows

    def set_track(self, seconds: float, excerpt: tuple[float, float] | None = None) -> None:
        """Another track of `seconds` (0: none or unknown); `excerpt` is what of it will be played (s)."""
        self._seconds, self._excerpt = seconds, excerpt
        self._peaks, self._position, self._dragged, self._hover = None, 0.0, None, None
        self._span = self._marking = None
        self._lit = ()
        self._rebuild()

    def set_lit(self, spans: Sequence[Span]) -> None:
        """Light these seconds, until another track comes."""
        self._lit = tuple(spans)
        self.update()

    @property
    def lit(self) -> tuple[Span, ...]:
        """The seconds that are lit."""
        return self._lit

    @property
    def span(self) -> Span | None:
        """The seconds that a person has marked."""
        return self._span

    def clear_span(self) -> None:
        """Nothing is marked any more."""
        self._span = self._marking = None
        self.update()

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
        self._paint_spans(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_bars(painter)
        if self._seconds:
            self._paint_lines(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(self._theme.colours.accent))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _paint_spans(self, painter: QPainter) -> None:
        """Grounds of what is lit or marked; so wide that a few seconds of a long track can be seen."""
        fill, edge = QColor(self._theme.colours.accent), QColor(self._theme.colours.accent)
        fill.setAlphaF(0.22)
        for first, last in (*self._lit, *([self._span] if self._span else [])):
            left, width = self._x(first), max(self._x(last) - self._x(first), _LEAST_LIT)
            painter.setBrush(fill)
            painter.drawRect(QRectF(left, 0, width, self.height()))
            painter.setBrush(edge)
            painter.drawRect(QRectF(left, 0, width, 2))
            painter.drawRect(QRectF(left, self.height() - 2, width, 2))

    def _paint_bars(self, painter: QPainter) -> None:
        colours = self._theme.colours
        edge, middle = self._x(self.position), self.height() / 2
        rects: dict[int, list[QRectF]] = {0: [], 1: [], 2: []}
        lit = [(self._x(first), max(self._x(last), self._x(first) + _LEAST_LIT)) for first, last in self._lit]
        for index, height in enumerate(self._heights.tolist()):
            left, known = index * (_BAR + _GAP), not math.isnan(height)
            half = max(height * (middle - 3), 1.0) if known else 0.75
            bright = left < edge or any(first <= left + _BAR and left <= last for first, last in lit)
            kind = 2 if not known else 0 if bright else 1
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
        """Begin to drag, or with Shift to mark."""
        if event.button() != Qt.MouseButton.LeftButton or not self._seconds:
            return
        if self._markable and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._marking = self._at(event.position().x())
            self._mark_to(self._marking)
        else:
            self._drag_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag on, or show the time under the mouse."""
        if self._marking is not None:
            self._mark_to(self._at(event.position().x()))
        elif self._dragged is not None:
            self._drag_to(event.position())
        elif self._seconds:
            self._hover = self._at(event.position().x())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go where the mouse was let go, or look for what was marked."""
        if event.button() == Qt.MouseButton.LeftButton and self._marking is not None:
            self._marked()
        elif event.button() == Qt.MouseButton.LeftButton and self._dragged is not None:
            target, self._dragged = self._dragged, None
            self._ask(target)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The mouse is elsewhere."""
        self._hover = None
        self.update()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows and page keys skip; Home and End go to the ends; with Shift arrows mark; Escape gives up."""
        key, steps = event.key(), {
            Qt.Key.Key_Left: -_STEP_S, Qt.Key.Key_Right: _STEP_S,
            Qt.Key.Key_PageDown: -_PAGE_S, Qt.Key.Key_PageUp: _PAGE_S,
            Qt.Key.Key_Home: -self._seconds, Qt.Key.Key_End: self._seconds,
        }  # fmt: skip
        if key == Qt.Key.Key_Escape and (self._dragged is not None or self._span is not None):
            self._dragged = None
            self.clear_span()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._span is not None:
            self.span_chosen.emit(*self._span)
        elif event.modifiers() == Qt.KeyboardModifier.ShiftModifier and self._mark_by_key(Qt.Key(key)):
            self.update()
        elif key in steps and self._seconds and not event.modifiers():
            self._ask(min(max(self._position + steps[Qt.Key(key)], 0.0), max(self._seconds - 1.0, 0.0)))
        else:
            super().keyPressEvent(event)

    def _mark_to(self, second: float) -> None:
        assert self._marking is not None
        self._span = min(self._marking, second), max(self._marking, second)
        self._hover = second
        self.update()

    def _marked(self) -> None:
        """A drag is over; one that is hardly any means the moment around the click."""
        assert self._span is not None
        first, last = self._span
        if last - first < _LEAST_SPAN_S:
            first = min(max((first + last - _MOMENT_S) / 2, 0.0), max(self._seconds - _MOMENT_S, 0.0))
            last = min(first + _MOMENT_S, self._seconds)
        self._span, self._marking = (first, last), None
        self.update()
        self.span_chosen.emit(first, last)

    def _mark_by_key(self, key: Qt.Key) -> bool:
        """Move the marked seconds' end: from the moment that plays, at first."""
        if key not in (Qt.Key.Key_Left, Qt.Key.Key_Right) or not (self._markable and self._seconds):
            return False
        first, last = self._span or (self._position, min(self._position + _MOMENT_S, self._seconds))
        if self._span is not None:
            step = 1.0 if key == Qt.Key.Key_Right else -1.0
            last = min(max(last + step, first + _LEAST_SPAN_S), self._seconds)
        self._span = (first, last)
        return True

    def _drag_to(self, point: QPointF) -> None:
        self._dragged = self._hover = self._at(point.x())
        self.update()

    def _ask(self, seconds: float) -> None:
        self._position = seconds
        self.update()
        self.seek_requested.emit(seconds)
