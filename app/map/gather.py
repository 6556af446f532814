"""Which points are inside an outline drawn by hand. Fills a mask by Qt's painter and looks each point up in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QPolygonF

from app.map.camera import Camera, Size
from app.map.points import Points


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
    corners = [camera.to_map(box.left(), box.top(), size), camera.to_map(box.right(), box.bottom(), size)]
    places = points.within(*corners[0], *corners[1])
    if on is not None:
        places = places[on[places]]
    mask = _mask(polygon.translated(-box.topLeft()), wide, high)
    left, top = corners[0]
    column = np.floor((points.x[places] - np.float32(left)) * np.float32(camera.scale)).astype(np.intp)
    row = np.floor((points.y[places] - np.float32(top)) * np.float32(camera.scale)).astype(np.intp)
    near = (column >= 0) & (row >= 0) & (column < wide) & (row < high)
    places, column, row = places[near], column[near], row[near]
    hit = mask[row, column] > 0
    return np.sort(points.order[places[hit]]).astype(np.int64)


def _mask(polygon: QPolygonF, wide: int, high: int) -> NDArray[np.uint8]:
    """(high, wide), 255 inside."""
    image = QImage(wide, high, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.GlobalColor.white)
    painter.drawPolygon(polygon, Qt.FillRule.WindingFill)
    painter.end()
    kept = np.frombuffer(image.constBits(), np.uint8).reshape(high, image.bytesPerLine())[:, :wide]
    result: NDArray[np.uint8] = kept.copy()
    return result
