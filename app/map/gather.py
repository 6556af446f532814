"""Which points are inside an outline drawn by hand. Fills a mask by Qt's painter and looks each point up in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QPolygonF

from app.map.camera import Camera, Size
from app.map.points import Points
from app.map.raster import CHUNK


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
    taken = np.zeros(points.n, np.bool_)
    for first, last in points.spans(*corner, *end):
        for start in range(first, last, CHUNK):
            part = slice(start, min(start + CHUNK, last))
            hit = mask.take(_pixels(points, part, corner, camera.scale, mask.shape))
            taken[points.order[part][hit if on is None else hit & on[part]]] = True
    return np.flatnonzero(taken)


def _pixels(
    points: Points, part: slice, corner: tuple[float, float], scale: float, shape: tuple[int, ...]
) -> NDArray[np.intp]:
    """Where in the mask each point lies; on its empty edge if outside."""
    flat = np.zeros(part.stop - part.start, np.intp)
    for values, first, length in ((points.y, corner[1], shape[0]), (points.x, corner[0], shape[1])):
        place = (values[part] - np.float32(first)) * np.float32(scale) + np.float32(1)
        flat *= length
        flat += np.clip(place, 0, length - 1, out=place).astype(np.intp)
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
