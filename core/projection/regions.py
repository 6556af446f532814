"""Names for the regions of a map: what the tracks there have in common, and not everywhere. NumPy and SciPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

FEWEST_CELLS, MOST_CELLS = 48, 96
"""Along a side of the grid in which densities are counted; a small map needs wide cells."""
BLUR = 1.6
"""Of the densities, in cells."""
FEWEST = 4
"""Tracks that make a region."""
PURE = 0.35
"""Share of the tracks around a region's heart that must be its own."""
SURE = 4.0
"""Deviations above what chance would put there; the heart is the best of very many places."""
APART = 0.06
"""Names stand at least so far from each other, as a share of the map's wider side."""
MOST = 40
MOST_NAMES = 400
"""Only the names that most tracks bear are looked for."""


class Region(NamedTuple):
    """A name and where it stands; `weight` is how many tracks it speaks of, the purer the more."""

    x: float
    y: float
    text: str
    weight: float


def regions(
    points: NDArray[np.floating], codes: NDArray[np.integer], names: Sequence[str], most: int = MOST
) -> list[Region]:
    """Names with the heaviest first; none where nothing lies together.

    A name stands where the density of its tracks, times their share of all tracks there, is highest: one that is
    everywhere names nothing.

    Parameters
    ----------
    points
        (n, 2).
    codes
        (n,) which of `names` each track bears; below 0: none.
    """
    bearing = codes[codes >= 0]
    if len(points) < FEWEST or not len(bearing):
        return []
    grid = _Grid(points)
    everyone = grid.density()
    counts = np.bincount(bearing, minlength=len(names))
    frequent = np.argsort(-counts, kind="stable")[:MOST_NAMES]
    base = counts / len(points)
    found = []
    for code in frequent[counts[frequent] >= FEWEST].tolist():
        own = grid.density(codes == code)
        share = np.divide(own, everyone, out=np.zeros_like(own), where=everyone > 0)
        heart = int((own * share).argmax())
        purity = float(share.flat[heart])
        if purity >= PURE and _surprise(own.flat[heart], everyone.flat[heart], base[code]) >= SURE:
            x, y, count = grid.around(heart, codes == code)
            found.append(Region(x, y, names[code], purity * count))
    return _apart(sorted(found, key=lambda region: -region.weight), grid.side, most)


class _Grid:
    """Square cells over a map (n, 2)."""

    def __init__(self, points: NDArray[np.floating]) -> None:
        self._points = points
        self._low = points.min(axis=0).astype(np.float64)
        self.side = float((points.max(axis=0) - self._low).max()) or 1.0
        self._cells = int(np.clip(1.5 * len(points) ** 0.5, FEWEST_CELLS, MOST_CELLS))
        places = ((points - self._low) * (self._cells / self.side)).astype(np.int64).clip(0, self._cells - 1)
        self._of = places[:, 1] * self._cells + places[:, 0]

    def density(self, chosen: NDArray[np.bool_] | slice = slice(None)) -> NDArray[np.float64]:
        """(cells, cells) how many of the chosen points there are around each cell."""
        counts = np.bincount(self._of[chosen], minlength=self._cells**2).astype(np.float64)
        blurred = gaussian_filter(
            counts.reshape(self._cells, self._cells), BLUR, mode="constant", truncate=3.0
        )
        return np.asarray(blurred, np.float64)

    def around(self, cell: int, chosen: NDArray[np.bool_]) -> tuple[float, float, int]:
        """The median of the chosen points around a cell, and how many they are."""
        y, x = divmod(cell, self._cells)
        heart = self._low + self.side * (np.array([x, y]) + 0.5) / self._cells
        own = self._points[chosen]
        near = own[np.linalg.norm(own - heart, axis=1) <= 4 * BLUR * self.side / self._cells]
        middle = np.median(near, axis=0) if len(near) else heart
        return float(middle[0]), float(middle[1]), len(near)


def _surprise(own: float, everyone: float, base: float) -> float:
    """By how many deviations the tracks of a name at a place exceed what its share of the whole map would put there."""
    n = everyone * 4 * np.pi * BLUR**2  # tracks under the blur's bell
    expected = base * n
    return float((own * 4 * np.pi * BLUR**2 - expected) / max(np.sqrt(expected * (1 - base)), 1e-9))


def _apart(found: list[Region], side: float, most: int) -> list[Region]:
    """Those that do not stand on heavier ones."""
    kept: list[Region] = []
    for region in found:
        if (
            len(kept) < most
            and region.weight >= FEWEST * PURE
            and all(np.hypot(region.x - other.x, region.y - other.y) >= APART * side for other in kept)
        ):
            kept.append(region)
    return kept
