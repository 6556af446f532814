"""What is painted over the points: region names, lines to neighbours, rings, titles, the lasso."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from app.map.palette import ground
from app.map.text import RIM, Room, Style, Words, beside
from app.theme import Colours

Spot = tuple[float, float]
"""Where a point is on the screen (logical pixels)."""

MOST = 80
"""So many titles at most."""

REGIONS = 40
"""So many names of regions at most."""


@dataclass
class Told:
    """All there is to paint, in logical pixels.

    Attributes
    ----------
    firm, near, titles
        Titles (x and y of the dot, and the text) that are painted in any case, those of neighbours, and all others;
        the last two where there is room.
    """

    size: tuple[float, float]
    radius: float
    regions: Sequence[tuple[float, float, str, float]] = ()
    regions_strength: float = 1.0
    lines_from: Spot | None = None
    lines_to: Sequence[Spot] = ()
    rings: Sequence[Spot] = ()
    titles: Sequence[tuple[float, float, str]] = ()
    firm: Sequence[tuple[float, float, str]] = ()
    near: Sequence[tuple[float, float, str]] = ()
    hovered: tuple[float, float, str] | None = None
    focused: Spot | None = None
    lasso: Sequence[QPointF] = field(default_factory=list)


def paint(painter: QPainter, told: Told, colours: Colours, words: Words) -> None:
    """Everything, the most important last."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _lines(painter, told, colours)
    for spot in told.rings:
        _ring(painter, spot, told.radius, colours.text, colours, 2.0)
    room = Room(told.size)
    _titles(painter, told.firm, told.radius, colours, words, room, firm=True)
    _titles(painter, told.near, told.radius, colours, words, room)
    _regions(painter, told, colours, words, room)
    if told.titles:
        middles = np.array([title[:2] for title in told.titles])
        room.keep_free(np.concatenate([middles - told.radius + 1, middles + told.radius - 1], axis=1))
        _titles(painter, told.titles, told.radius, colours, words, room)
    if told.focused is not None:
        _ring(painter, told.focused, told.radius + 3, colours.accent, colours, 2.5)
    if told.hovered is not None:
        _hovered(painter, told.hovered, told.radius, colours)
    if len(told.lasso) > 1:
        _lasso(painter, told.lasso, colours)


def _faint(colour: str, share: float) -> QColor:
    result = QColor(colour)
    result.setAlphaF(share)
    return result


def _lines(painter: QPainter, told: Told, colours: Colours) -> None:
    if told.lines_from is None:
        return
    lines = [_between(told.lines_from, spot, told.radius + 3) for spot in told.lines_to]
    for width, colour in ((4.0, _faint(ground(colours), 0.7)), (1.6, _faint(colours.accent, 0.9))):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLines([line for line in lines if line is not None])
    for spot in told.lines_to:
        _ring(painter, spot, told.radius, colours.accent, colours, 1.6)
    _ring(painter, told.lines_from, told.radius + 1, colours.accent, colours, 2.5)


def _between(start: Spot, end: Spot, gap: float) -> QLineF | None:
    """A line from rim to rim; None: the dots touch."""
    line = QLineF(*start, *end)
    if line.length() <= 2 * gap:
        return None
    share = gap / line.length()
    return QLineF(line.pointAt(share), line.pointAt(1 - share))


def _ring(painter: QPainter, spot: Spot, radius: float, colour: str, colours: Colours, width: float) -> None:
    """A ring around a dot, with a gap that shows the ground, so that it is seen on any colour."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    far = max(radius, 2.5) + 1.5
    painter.setPen(QPen(_faint(ground(colours), 0.9), width + 2.5))
    painter.drawEllipse(QPointF(*spot), far, far)
    painter.setPen(QPen(QColor(colour), width))
    painter.drawEllipse(QPointF(*spot), far + 0.5, far + 0.5)


def _hovered(painter: QPainter, hovered: tuple[float, float, str], radius: float, colours: Colours) -> None:
    x, y, colour = hovered
    size = max(radius * 1.25, 4.5)
    painter.setPen(QPen(QColor(ground(colours)), 5))
    painter.setBrush(QColor(colour))
    painter.drawEllipse(QPointF(x, y), size + 1, size + 1)
    painter.setPen(QPen(QColor(colours.text), 2))
    painter.drawEllipse(QPointF(x, y), size + 1, size + 1)


def _regions(painter: QPainter, told: Told, colours: Colours, words: Words, room: Room) -> None:
    """Names of regions, the weightiest first and largest."""
    shown = sorted(told.regions, key=lambda one: -one[3])[:REGIONS]
    most = max((one[3] for one in shown), default=1.0) or 1.0
    painter.setOpacity(told.regions_strength)
    for x, y, text, weight in shown:
        size = 12 + 7 * math.sqrt(max(weight, 0.0) / most)
        style = Style(round(size), QFont.Weight.DemiBold, colours.text, ground(colours), 0.4)
        extent = words.extent(painter, text, style)
        if extent is None:
            break
        wide, high = extent
        left = x - wide / 2
        if 0 <= x <= told.size[0]:  # a name at the edge is read whole
            left = min(max(left, 4.0), max(told.size[0] - wide - 4.0, 4.0))
        place = room.take([QRectF(left, y - high / 2, wide, high)])
        if place is not None:
            words.draw(painter, place, text, style)
    painter.setOpacity(1.0)


def _titles(
    painter: QPainter, titles: Sequence[tuple[float, float, str]], radius: float, colours: Colours,
    words: Words, room: Room, *, firm: bool = False,
) -> None:  # fmt: skip
    """Titles of dots where there is room for them."""
    weight = QFont.Weight.DemiBold if firm else QFont.Weight.Normal
    style = Style(12, weight, colours.text, ground(colours))
    placed = 0
    for x, y, text in titles:
        if not text:
            continue
        extent = words.extent(painter, text, style)
        if extent is None:  # those after it must not take its place
            return
        right, left, above, below = beside(x, y, *extent, radius + 3 - RIM / 2)
        place = room.take([right, left, room.inward(above), room.inward(below)], anyhow=firm)
        if place is not None:
            words.draw(painter, place, text, style)
            placed += 1
        if placed == MOST:
            return


def _lasso(painter: QPainter, points: Sequence[QPointF], colours: Colours) -> None:
    painter.setBrush(_faint(colours.accent, 0.14))
    painter.setPen(QPen(QColor(colours.accent), 1.5, Qt.PenStyle.SolidLine))
    painter.drawPolygon(QPolygonF(list(points)))
