"""Bars with intervals, drawn by a painter on whatever: screen, picture, drawing. Pure functions of their data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from app.theme import Colours

Style = Literal["bars", "dots"]
ROW, GAP, AXIS = 23.0, 9.0, 21.0
"""Height (px) of a bar's line, of the gap below the baselines, and of the axis."""
THICKNESS, CAP, MARK, DOT = 11.0, 4.5, 4.5, 4.0
PAD = 8.0
LABEL_SHARE, LEAST_PLOT = 0.52, 90.0
TICK_SPACE = 40.0
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
HATCH = 5.0


@dataclass(frozen=True)
class Bar:
    """One encoder in a chart.

    Parameters
    ----------
    key
        What it is from one drawing to the next.
    low, high
        The 95 % interval; NaN: none.
    mark
        The paper's figure, drawn hollow; None: none.
    baseline
        Stands apart, above the others.
    strong
        The best of its chart, or tied with it.
    faint
        Its encoder is gone.
    tip
        Everything about it, for a pointer that rests on it and for those who cannot see it.
    """

    key: str
    label: str
    value: float
    low: float = math.nan
    high: float = math.nan
    mark: float | None = None
    baseline: bool = False
    strong: bool = False
    faint: bool = False
    tip: str = ""


@dataclass(frozen=True)
class Bars:
    """A chart.

    Parameters
    ----------
    style
        bars: from 0. dots: on a line from chance, for figures of which 0 says nothing.
    chance
        A dashed line; None: none.
    digits
        Behind the point.
    """

    key: str
    title: str
    note: str
    bars: tuple[Bar, ...]
    style: Style = "bars"
    chance: float | None = None
    digits: int = 3
    tip: str = ""

    @property
    def height(self) -> float:
        """Room (px) that it needs: a line for each bar, the gap, the axis."""
        apart = 0 < sum(bar.baseline for bar in self.bars) < len(self.bars)
        return len(self.bars) * ROW + apart * GAP + AXIS + 4


@dataclass(frozen=True)
class Axis:
    """What x spans, and where it is marked."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float, area: QRectF) -> float:
        """X (px) of a value."""
        return area.left() + (value - self.low) / (self.high - self.low) * area.width()


def axis(bars: Bars, width: float) -> Axis:
    """An axis with round ends that holds every bar, interval, mark and chance; bars begin at 0."""
    chance = () if bars.chance is None else (bars.chance,)
    told = [end for bar in bars.bars for end in (bar.value, bar.low, bar.high, bar.mark) if end is not None]
    values = [value for value in (*told, *chance) if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(values), max(values)
    if bars.style == "bars":
        low, high = min(low, 0.0), max(high, 0.0)
    high = high if high - low > 1e-6 else low + 1.0
    step = _step((high - low) / max(width / TICK_SPACE, 1.0))
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    count = round((high - low) / step)
    return Axis(low, high, tuple(round(low + step * number, 10) for number in range(count + 1)))


def _step(least: float) -> float:
    """The smallest round number that is no smaller."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * step for step in STEPS if power * step >= least * (1 - 1e-9))


class Layout:
    """Where everything of a chart lies within a rectangle.

    Parameters
    ----------
    rect
        All of it, px.
    font
        Of names and values; the axis is smaller.
    """

    def __init__(self, bars: Bars, rect: QRectF, font: QFont) -> None:
        self.bars, self.rect, self.font = bars, rect, font
        self.small = QFont(font)
        self.small.setPointSizeF(max(font.pointSizeF() * 0.85, 6.0))
        bold = QFont(font)
        bold.setBold(True)
        metrics = QFontMetricsF(bold)
        longest = max((metrics.horizontalAdvance(bar.label) for bar in bars.bars), default=0.0)
        value = max((metrics.horizontalAdvance(told(bars, bar)) for bar in bars.bars), default=0.0)
        room = rect.width() - value - 2 * PAD
        self.label = max(min(longest + 4, room * LABEL_SHARE, room - LEAST_PLOT), 30.0)
        left = rect.left() + self.label + PAD
        self.value = value
        self.plot = QRectF(
            left, rect.top(), max(rect.right() - value - PAD - left, 10.0), rect.height() - AXIS
        )
        self.axis = axis(bars, self.plot.width())
        self.rows = self._rows()

    def _rows(self) -> list[QRectF]:
        """The line of each bar, from edge to edge."""
        rows, top = [], self.rect.top() + 1
        for place, bar in enumerate(self.bars.bars):
            if place and self.bars.bars[place - 1].baseline and not bar.baseline:
                top += GAP
            rows.append(QRectF(self.rect.left(), top, self.rect.width(), ROW))
            top += ROW
        return rows

    def x(self, value: float) -> float:
        """X (px) of a value."""
        return self.axis.place(value, self.plot)

    def bar_at(self, point: QPointF) -> int:
        """The number of the bar at that point; -1: none."""
        return next((place for place, row in enumerate(self.rows) if row.contains(point)), -1)


def told(bars: Bars, bar: Bar) -> str:
    """The figure as it stands at the end of the line."""
    return f"{bar.value:.{bars.digits}f}" if math.isfinite(bar.value) else "–"


def draw(
    painter: QPainter, layout: Layout, colours: Colours, *, chosen: str = "", hovered: int = -1,
    focus: bool = False,
) -> None:  # fmt: skip
    """Paint a chart.

    Parameters
    ----------
    chosen
        Key of the bar whose line is marked.
    hovered
        Number of the bar below the pointer.
    focus
        Whether the keyboard is with the chart: the chosen line gets a frame.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for place, (bar, row) in enumerate(zip(layout.bars.bars, layout.rows, strict=True)):
        if (chosen and bar.key == chosen) or place == hovered:
            _mark_row(painter, row, colours, chosen=bar.key == chosen, focus=focus)
    _draw_axis(painter, layout, colours)
    drawn = [
        (bar, row) for bar, row in zip(layout.bars.bars, layout.rows, strict=True) if math.isfinite(bar.value)
    ]
    for bar, row in drawn:
        _draw_body(painter, layout, bar, row, colours)
    _draw_chance(painter, layout, colours)
    for bar, row in drawn:
        _draw_interval(painter, layout, bar, row, colours)
        if layout.bars.style == "dots":
            _draw_dot(painter, layout, bar, row, colours)
    for bar, row in zip(layout.bars.bars, layout.rows, strict=True):
        _draw_words(painter, layout, bar, row, colours)
        if bar.mark is not None and math.isfinite(bar.mark):
            _draw_mark(painter, layout.x(bar.mark), row.center().y(), colours)
    _draw_apart(painter, layout, colours)


def _mark_row(painter: QPainter, row: QRectF, colours: Colours, *, chosen: bool, focus: bool) -> None:
    painter.setBrush(QColor(colours.selection if chosen else colours.hover))
    painter.setPen(QColor(colours.accent) if chosen and focus else Qt.PenStyle.NoPen)
    painter.drawRoundedRect(row.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


def _draw_axis(painter: QPainter, layout: Layout, colours: Colours) -> None:
    bottom = layout.rows[-1].bottom() if layout.rows else layout.plot.bottom()
    painter.setFont(layout.small)
    metrics = QFontMetricsF(layout.small)
    decimals = _decimals(layout.axis.ticks)
    for tick in layout.axis.ticks:
        x = round(layout.x(tick)) + 0.5
        painter.setPen(QColor(colours.border))
        painter.drawLine(QPointF(x, layout.rect.top()), QPointF(x, bottom + 3))
        painter.setPen(QColor(colours.muted))
        text = f"{tick:.{decimals}f}"
        half = metrics.horizontalAdvance(text) / 2 + 2
        painter.drawText(QRectF(x - half, bottom + 3, 2 * half, AXIS - 4), Qt.AlignmentFlag.AlignCenter, text)


def _draw_chance(painter: QPainter, layout: Layout, colours: Colours) -> None:
    """Over the bodies of the bars, below their intervals."""
    if layout.bars.chance is not None and layout.rows:
        x = layout.x(layout.bars.chance)
        painter.setPen(QPen(QColor(colours.muted), 1.4, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, layout.rect.top()), QPointF(x, layout.rows[-1].bottom() + 3))


def _decimals(ticks: Sequence[float]) -> int:
    """As many as the finest tick needs."""
    return max((len(f"{tick:.6f}".rstrip("0").partition(".")[2]) for tick in ticks), default=0)


def _draw_words(painter: QPainter, layout: Layout, bar: Bar, row: QRectF, colours: Colours) -> None:
    font = QFont(layout.font)
    font.setBold(bar.strong)
    painter.setFont(font)
    painter.setPen(QColor(colours.muted if bar.faint else colours.text))
    metrics = QFontMetricsF(font)
    side = Qt.AlignmentFlag.AlignVCenter
    place = QRectF(row.left() + 4, row.top(), layout.label, row.height())
    label = metrics.elidedText(bar.label, Qt.TextElideMode.ElideRight, layout.label)
    painter.drawText(place, side | Qt.AlignmentFlag.AlignRight, label)
    place = QRectF(row.right() - layout.value - 4, row.top(), layout.value, row.height())
    painter.drawText(place, side | Qt.AlignmentFlag.AlignRight, told(layout.bars, bar))


def _draw_body(painter: QPainter, layout: Layout, bar: Bar, row: QRectF, colours: Colours) -> None:
    colour = QColor(colours.faint if bar.baseline or bar.faint else colours.accent)
    middle, x = row.center().y(), layout.x(bar.value)
    if layout.bars.style == "dots":
        chance = layout.bars.chance
        start = layout.x(layout.axis.low if chance is None else chance)
        painter.setPen(QPen(colour, 2.0))
        painter.drawLine(QPointF(start, middle), QPointF(x, middle))
        return
    zero = layout.x(max(layout.axis.low, min(0.0, layout.axis.high)))
    body = QRectF(min(zero, x), middle - THICKNESS / 2, abs(x - zero), THICKNESS)
    fill = QColor(colour)
    if bar.baseline:
        fill.setAlphaF(0.38)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawRect(body)
    if bar.baseline:
        _hatch(painter, body, colour)


def _hatch(painter: QPainter, body: QRectF, colour: QColor) -> None:
    """Slanted lines: a baseline is known without its colour; Qt's own pattern would be a bitmap in a drawing."""
    painter.save()
    painter.setClipRect(body)
    painter.setPen(QPen(colour, 1.0))
    x = body.left() - body.height()
    while x < body.right():
        painter.drawLine(QPointF(x, body.bottom()), QPointF(x + body.height(), body.top()))
        x += HATCH
    painter.restore()


def _draw_interval(painter: QPainter, layout: Layout, bar: Bar, row: QRectF, colours: Colours) -> None:
    if not (math.isfinite(bar.low) and math.isfinite(bar.high)):
        return
    low, high = (round(layout.x(end)) + 0.5 for end in (bar.low, bar.high))  # sharp ends
    middle = row.center().y()
    painter.setPen(QPen(QColor(colours.muted if bar.faint else colours.text), 1.3))
    painter.drawLine(QPointF(low, middle), QPointF(high, middle))
    for x in (low, high):
        painter.drawLine(QPointF(x, middle - CAP), QPointF(x, middle + CAP))


def _draw_dot(painter: QPainter, layout: Layout, bar: Bar, row: QRectF, colours: Colours) -> None:
    """Over the interval, and smaller than its ends, so that both are seen however narrow it is."""
    painter.setPen(QPen(QColor(colours.surface), 1.0))
    painter.setBrush(QColor(colours.faint if bar.baseline or bar.faint else colours.accent))
    painter.drawEllipse(QPointF(layout.x(bar.value), row.center().y()), DOT, DOT)


def _draw_mark(painter: QPainter, x: float, y: float, colours: Colours) -> None:
    """A hollow diamond; a rim in the ground's colour keeps it apart from the bar behind it."""
    corners = [QPointF(x, y - MARK), QPointF(x + MARK, y), QPointF(x, y + MARK), QPointF(x - MARK, y)]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((colours.surface, 4.0), (colours.warning, 1.6)):
        painter.setPen(QPen(QColor(colour), width))
        painter.drawPolygon(QPolygonF(corners))


def _draw_apart(painter: QPainter, layout: Layout, colours: Colours) -> None:
    """A line between the baselines and what has learned."""
    for before, after, bar in zip(layout.rows, layout.rows[1:], layout.bars.bars, strict=False):
        if after.top() > before.bottom() + 1 and bar.baseline:
            y = round((before.bottom() + after.top()) / 2) + 0.5
            painter.setPen(QColor(colours.border))
            painter.drawLine(QPointF(layout.rect.left(), y), QPointF(layout.rect.right(), y))


@dataclass(frozen=True)
class Sign:
    """A line of the legend: its sign and what it means."""

    kind: Literal["trained", "baseline", "gone", "interval", "chance", "paper", "strong"]
    text: str


def legend(charts: Sequence[Bars], paper: str) -> tuple[Sign, ...]:
    """What the signs of these charts mean; only of those that there are."""
    bars = [bar for chart in charts for bar in chart.bars]
    found: list[Sign] = []
    if any(not bar.baseline and not bar.faint for bar in bars):
        found.append(Sign("trained", "learned"))
    if any(bar.baseline for bar in bars):
        found.append(Sign("baseline", "baseline"))
    if any(bar.faint and not bar.baseline for bar in bars):
        found.append(Sign("gone", "no longer in the library"))
    if any(math.isfinite(bar.low) for bar in bars):
        found.append(Sign("interval", "95 % interval"))
    if any(chart.chance is not None for chart in charts):
        found.append(Sign("chance", "by chance"))
    if any(bar.strong for bar in bars):
        found.append(Sign("strong", "best, or tied with it"))
    if any(bar.mark is not None for bar in bars):
        found.append(Sign("paper", paper))
    return tuple(found)


SIGN, SIGN_GAP = 22.0, 16.0


def sign_width(sign: Sign, font: QFont) -> float:
    """Room (px) that a line of the legend needs."""
    return SIGN + 6 + QFontMetricsF(font).horizontalAdvance(sign.text) + 4 + SIGN_GAP


def rows_of_signs(signs: Sequence[Sign], font: QFont, width: float) -> list[list[Sign]]:
    """The legend broken into lines that fit into a width."""
    rows: list[list[Sign]] = [[]]
    used = 0.0
    for sign in signs:
        wide = sign_width(sign, font)
        if used + wide > width and rows[-1]:
            rows.append([])
            used = 0.0
        rows[-1].append(sign)
        used += wide
    return rows


def draw_signs(painter: QPainter, rect: QRectF, signs: Sequence[Sign], font: QFont, colours: Colours) -> None:
    """Paint the legend from the left, in as many lines as it takes."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for number, row in enumerate(rows_of_signs(signs, font, rect.width())):
        x, line = rect.left(), QRectF(rect.left(), rect.top() + number * ROW, rect.width(), ROW)
        for sign in row:
            _draw_sign(painter, QRectF(x, line.top(), SIGN, ROW), sign, font, colours)
            painter.setFont(font)
            painter.setPen(QColor(colours.muted))
            text = QRectF(x + SIGN + 6, line.top(), rect.width(), ROW)
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, sign.text)
            x += sign_width(sign, font)


def _draw_sign(painter: QPainter, place: QRectF, sign: Sign, font: QFont, colours: Colours) -> None:
    middle = place.center()
    body = QRectF(place.left(), middle.y() - THICKNESS / 2, place.width(), THICKNESS)
    if sign.kind in ("trained", "gone"):
        painter.fillRect(body, QColor(colours.accent if sign.kind == "trained" else colours.faint))
    elif sign.kind == "baseline":
        fill = QColor(colours.faint)
        fill.setAlphaF(0.38)
        painter.fillRect(body, fill)
        _hatch(painter, body, QColor(colours.faint))
    elif sign.kind == "interval":
        painter.setPen(QPen(QColor(colours.text), 1.3))
        painter.drawLine(QPointF(body.left(), middle.y()), QPointF(body.right(), middle.y()))
        for x in (body.left(), body.right()):
            painter.drawLine(QPointF(x, middle.y() - CAP), QPointF(x, middle.y() + CAP))
    elif sign.kind == "chance":
        painter.setPen(QPen(QColor(colours.muted), 1.4, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(middle.x(), place.top() + 3), QPointF(middle.x(), place.bottom() - 3))
    elif sign.kind == "paper":
        _draw_mark(painter, middle.x(), middle.y(), colours)
    else:
        bold = QFont(font)
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(QColor(colours.text))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "0.5")
