"""A breath of colour behind the points, so that few of them still read as regions: their density, blurred, by hue."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from app.map.palette import Colour8
from app.map.points import Floats
from app.map.raster import Sheet, View

SIDE = 128
"""Pixels of the cloud on each side."""

COARSE = 64
"""The same while the points move: a cloud is made for every frame then."""

EDGE = 1.25
"""It reaches from -EDGE to EDGE in the map's units."""

MOST = 20_000
"""With more points the dots themselves are the cloud."""

FULL = 1.6
"""The cloud begins to fade where so much of the map is in view."""

WIDTHS = (0.022, 0.06)
"""Least and greatest width of the blur (standard deviation, the map's units)."""


def cloud(x: Floats, y: Floats, colours: Colour8, strength: float, side: int = SIDE) -> QImage:
    """Blurred density of points (n,) in colours (n, 3), nowhere more opaque than `strength`; `side` pixels wide."""
    column, row = (((axis + EDGE) * (side / 2 / EDGE)).astype(np.intp).clip(0, side - 1) for axis in (x, y))
    cell = row * side + column
    weights = np.concatenate([np.ones((len(x), 1), np.float32), colours.astype(np.float32)], axis=1)
    sums = np.stack([np.bincount(cell, weight, side * side) for weight in weights.T]).astype(np.float32)
    width = float(np.clip(0.06 * (max(len(x), 1) / 400) ** (-1 / 6), *WIDTHS))
    # By Fourier transforms: a product of matrices would wake as many threads as there are cores for a moment's work.
    spectrum = np.fft.rfft2(sums.reshape(4, side, side)) * _transfer(round(width, 3), side)
    density, *channels = np.maximum(np.fft.irfft2(spectrum, (side, side)), 0)
    usual = float(np.quantile(density[row, column], 0.4)) if len(x) else 1.0
    cover = strength * (1 - np.exp(-1.2 * density / max(usual, 1e-9)))
    result = np.empty((side, side, 4), np.uint8)
    for place, channel in enumerate(
        reversed(channels)
    ):  # blue, green, red: as a pixel of 32 bits lies in memory
        result[..., place] = np.rint(channel / np.maximum(density, 1e-9) * cover)
    result[..., 3] = np.rint(255 * cover)
    return QImage(result.data, side, side, side * 4, QImage.Format.Format_ARGB32_Premultiplied).copy()


def spread(image: QImage, sheet: Sheet, view: View, wide: int) -> None:
    """Paint a cloud on a sheet, where the points it was made of are; fainter the nearer one is."""
    opacity = min(wide / view.scale / FULL, 1.0)
    if opacity < 0.04:
        return
    target = sheet.image()
    painter = QPainter(target)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setOpacity(opacity)
    left = (-EDGE - view.x) * view.scale + view.width / 2
    top = (-EDGE - view.y) * view.scale + view.height / 2
    side = 2 * EDGE * view.scale
    painter.drawImage(QRectF(left, top, side, side), image)
    painter.end()


@lru_cache(16)
def _transfer(width: float, side: int) -> NDArray[np.float32]:
    """(side, side // 2 + 1): what a blur leaves of each frequency; the cloud's empty edge keeps its ends apart."""
    step = 2 * EDGE / side
    down, right = np.fft.fftfreq(side, step)[:, None], np.fft.rfftfreq(side, step)
    result: NDArray[np.float64] = np.exp(-2 * (np.pi * width) ** 2 * (down**2 + right**2))
    return result.astype(np.float32)
