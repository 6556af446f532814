"""Which points are inside an outline drawn by hand.

Qt's painter fills a mask of the outline. Of the grid's cells those inside it are taken whole, those outside are left
out; only the points of the others, along the outline, are looked up one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QPolygonF

from app.map.camera import Camera, Size
from app.map.points import Block, Points

SLACK = 1
"""Pixels that a point may seem to lie beside its cell: in float32 it is a fifth of one where the map is nearest."""

SPARSE = 4
"""Where there are so many pixels for each point, to look up all points is quicker than to sum the mask."""


def inside(
    points: Points,
    outline: Sequence[QPointF],
    camera: Camera,
    size: Size,
    on: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """The rows inside, in ascending order; exact to half a logical pixel.

    Parameters
    ----------
    outline
        In logical pixels; its end is joined to its beginning, and where it crosses itself it has no holes.
    on
        (places,): which points are drawn; None: all.
    """
    polygon = QPolygonF(list(outline))
    box = polygon.boundingRect()
    wide, high = int(box.width()) + 2, int(box.height()) + 2
    if len(outline) < 3 or max(wide, high) > 32_000:
        return np.empty(0, np.int64)
    corner, end = (camera.to_map(spot.x(), spot.y(), size) for spot in (box.topLeft(), box.bottomRight()))
    mask = _mask(polygon.translated(1 - box.left(), 1 - box.top()), wide + 2, high + 2)
    hit = _hit(points, points.block(*corner, *end), mask, corner, camera.scale)
    if on is not None:
        hit &= on
    taken = np.zeros(points.n, np.bool_)
    taken[points.order[np.flatnonzero(hit)]] = True
    return np.flatnonzero(taken)


def _hit(
    points: Points, block: Block, mask: NDArray[np.bool_], corner: tuple[float, float], scale: float
) -> NDArray[np.bool_]:
    """(places,): which are inside."""
    hit = np.zeros(len(points.x), np.bool_)
    unsure = np.ones(block.starts.shape, np.bool_)
    if int((block.stops - block.starts).sum()) * SPARSE > mask.size:
        edges = [
            _edges(middle, first, scale, length)
            for middle, first, length in zip((block.y, block.x), corner[::-1], mask.shape, strict=True)
        ]
        share, room = _set_pixels(mask, *edges)
        for first, last in block.spans(share == room):
            hit[first:last] = True
        unsure = (share > 0) & (share < room)
    places = block.places(unsure)
    hit[places] = mask.take(_pixels(points, places, corner, scale, mask.shape))
    return hit


def _edges(
    cells: NDArray[np.float64], first: float, scale: float, length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First pixel of the mask on which a point of each cell may fall, and the one after the last; `cells` are edges."""
    at = np.floor((cells - first) * scale + 1)
    begin = np.clip(at[:-1] - SLACK, 0, length - 1)
    end = np.clip(at[1:] + SLACK, 0, length - 1) + 1
    return begin.astype(np.int64), end.astype(np.int64)


def _set_pixels(
    mask: NDArray[np.bool_],
    down: tuple[NDArray[np.int64], NDArray[np.int64]],
    along: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(rows, columns) how many pixels of each cell are set, and how many it has; by a table of sums."""
    table = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int32)
    np.cumsum(mask, axis=1, dtype=np.int32, out=table[1:, 1:])
    np.cumsum(table, axis=0, out=table)
    strips = (table[down[1]] - table[down[0]]).astype(np.int64)
    room = (down[1] - down[0])[:, None] * (along[1] - along[0])
    return strips[:, along[1]] - strips[:, along[0]], room


def _pixels(
    points: Points,
    places: NDArray[np.int64],
    corner: tuple[float, float],
    scale: float,
    shape: tuple[int, ...],
) -> NDArray[np.intp]:
    """Where in the mask each point lies; on its empty edge if outside."""
    flat = np.zeros(len(places), np.intp)
    for values, first, length in ((points.y, corner[1], shape[0]), (points.x, corner[0], shape[1])):
        at = (values[places] - np.float32(first)) * np.float32(scale) + np.float32(1)
        flat *= length
        flat += np.clip(at, 0, length - 1, out=at).astype(np.intp)
    return flat


def _mask(polygon: QPolygonF, wide: int, high: int) -> NDArray[np.bool_]:
    """(high, wide): what is inside; nothing on the edge."""
    image = QImage(wide, high, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.GlobalColor.white)
    painter.drawPolygon(polygon, Qt.FillRule.WindingFill)
    painter.end()
    kept = np.frombuffer(image.constBits(), np.uint8).reshape(high, image.bytesPerLine())[:, :wide]
    result: NDArray[np.bool_] = kept > 0
    result[[0, -1]], result[:, [0, -1]] = False, False
    return result
