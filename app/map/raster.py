"""Points into pixels, by NumPy alone: compiling (numba) is no faster here and would freeze the window while it loads.

All colours are opaque: a point that shall look faint has been mixed with the ground by its palette. So pixels can be
written without looking at what is there, and only the rims of discs are blended.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

Pixels = NDArray[np.uint32]
Places = NDArray[np.intp]

PAD = 48
"""Pixels around the picture that can be written too, so that nothing has to be cut at its edges."""

CHUNK = 65_536
"""Points at a time, so that what is computed of them stays in the processor's cache."""

PHASES = 4
"""Positions of a disc's centre inside a pixel, on each axis."""

RED_BLUE, GREEN = np.uint32(0xFF00FF), np.uint32(0x00FF00)


@dataclass(frozen=True)
class View:
    """The middle (in the map's units) and the scale (pixels of the device a unit) of a picture, and its size."""

    x: float
    y: float
    scale: float
    width: int
    height: int


class Sheet:
    """Pixels that NumPy writes and Qt paints.

    Attributes
    ----------
    flat
        All pixels, with those around the picture, in one row.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height, self.stride = width, height, width + 2 * PAD
        self.flat: Pixels = np.zeros((height + 2 * PAD) * self.stride, np.uint32)
        self.inner: Pixels = self.flat.reshape(-1, self.stride)[PAD:-PAD, PAD:-PAD]

    def image(self) -> QImage:
        """The picture, which shares the sheet's memory: the sheet has to live as long."""
        first = self.flat[PAD * self.stride + PAD :]
        return QImage(
            first.view(np.uint8).data, self.width, self.height, self.stride * 4, QImage.Format.Format_RGB32
        )


def pixels(x: NDArray[np.float32], y: NDArray[np.float32], view: View, stride: int) -> Places:
    """The pixel of each point; what is far outside falls on the margin."""
    columns = _axis(x, view.x, view.scale, view.width)
    result: Places = _axis(y, view.y, view.scale, view.height).astype(np.intp)
    result *= stride
    result += columns.astype(np.intp)
    return result


def _axis(values: NDArray[np.float32], middle: float, scale: float, length: int) -> NDArray[np.float32]:
    """Pixels from the margin's edge; clipped where even the largest disc leaves the picture alone."""
    result: NDArray[np.float32] = np.subtract(values, np.float32(middle))
    result *= np.float32(scale)
    result += np.float32(length / 2 + PAD)
    return np.clip(result, PAD // 2, length + PAD + PAD // 2 - 1, out=result)


def blocks(sheet: Sheet, at: Places, colours: Pixels, side: int) -> None:
    """A square of `side` pixels for each point; the quickest there is."""
    for down in range(side):
        for right in range(side):
            offset = (down - side // 2) * sheet.stride + right - side // 2
            sheet.flat[at + offset if offset else at] = colours


def soft(sheet: Sheet, at: Places, colours: Pixels, radius: float) -> None:
    """A small disc with a soft rim for each point, on whole pixels; rims first, so that no rim cuts a neighbour."""
    for offset_y, offset_x, cover in _ring_by_ring(radius):
        place = at + (offset_y * sheet.stride + offset_x)
        sheet.flat[place] = colours if cover >= 250 else blend(sheet.flat[place], colours, np.uint32(cover))


def discs(
    sheet: Sheet, x: NDArray[np.float32], y: NDArray[np.float32], colours: Pixels, view: View,
    radius: float, halo: float, ground: int,
) -> None:  # fmt: skip
    """A round disc for each point, exact to a quarter of a pixel, with a rim of the ground's colour around it.

    Parameters
    ----------
    radius, halo
        Of the disc, and how far the rim goes beyond it (pixels).
    ground
        Colour of the rim, a pixel.
    """
    offsets, fill, rim = _stencils(round(radius * 4) / 4, round(halo * 4) / 4)
    down, right = offsets
    flat_offsets = down * sheet.stride + right
    column = _axis(x, view.x, view.scale, view.width)
    row = _axis(y, view.y, view.scale, view.height)
    phase = (row % 1 * PHASES).astype(np.intp) * PHASES + (column % 1 * PHASES).astype(np.intp)
    at = row.astype(np.intp) * sheet.stride + column.astype(np.intp)
    step = max(CHUNK * 2 // flat_offsets.shape[1], 1)
    for first in range(0, len(at), step):
        part = slice(first, first + step)
        kinds = phase[part]
        place = at[part, None] + flat_offsets[kinds]
        a, b = fill[kinds], rim[kinds]
        below = blend(sheet.flat[place], np.uint32(ground), b)
        sheet.flat[place] = blend(below, colours[part, None], a)


def blend(below: Pixels, above: Pixels | np.uint32, cover: NDArray[np.uint32] | np.uint32) -> Pixels:
    """Opaque pixels over opaque pixels; `cover` is in 0..256."""
    rest = np.uint32(256) - cover
    red_blue = ((above & RED_BLUE) * cover + (below & RED_BLUE) * rest) >> np.uint32(8)
    green = ((above & GREEN) * cover + (below & GREEN) * rest) >> np.uint32(8)
    result: Pixels = np.uint32(0xFF000000) | (red_blue & RED_BLUE) | (green & GREEN)
    return result


@lru_cache(64)
def _ring_by_ring(radius: float) -> tuple[tuple[int, int, int], ...]:
    """(down, right, cover) of the pixels of a disc around a pixel's middle, the faintest first."""
    reach = math.ceil(radius + 0.5)
    found = [
        (down, right, round(256 * min(max(radius + 0.5 - math.hypot(down, right), 0.0), 1.0)))
        for down in range(-reach, reach + 1)
        for right in range(-reach, reach + 1)
    ]
    return tuple(sorted((one for one in found if one[2] > 12), key=lambda one: one[2]))


@lru_cache(128)
def _stencils(
    radius: float, halo: float
) -> tuple[tuple[Places, Places], NDArray[np.uint32], NDArray[np.uint32]]:
    """Offsets (phases, k) down and right, and cover (phases, k) of disc and rim, for each phase of the centre.

    All phases have as many pixels: those with fewer repeat their last, which changes nothing.
    """
    reach = math.ceil(radius + halo + 1)
    side = np.arange(-reach, reach + 1)
    down, right = (grid.ravel() for grid in np.meshgrid(side, side, indexing="ij"))
    phases = np.arange(PHASES * PHASES)[:, None]
    centre_down, centre_right = ((part + 0.5) / PHASES - 0.5 for part in np.divmod(phases, PHASES))
    far = np.hypot(down - centre_down, right - centre_right)
    inner, outer = (np.clip(size + 0.5 - far, 0, 1) * 256 for size in (radius, radius + halo))
    # From the rim inwards, so that of overlapping writes of one disc none matters.
    kept = [np.flatnonzero(row) for row in outer > 4]
    longest = max(map(len, kept))
    chosen = np.stack([row[np.minimum(np.arange(longest), len(row) - 1)] for row in kept])
    covers = [np.rint(cover[phases, chosen]).astype(np.uint32) for cover in (inner, outer)]
    return (down[chosen].astype(np.intp), right[chosen].astype(np.intp)), covers[0], covers[1]
