"""Where the points lie, sorted so that what is in view and what is under the pointer are found at once. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""

Span = tuple[int, int]
"""First place and the one after the last."""

CELLS = 256
"""Cells of the grid on each side; a cell's number then fits 16 bits, which NumPy sorts by radix."""

LEVELS = 6
"""How many steps of density a point may have."""

STRAGGLERS = 2000
"""From so many points on, a view of all may leave the farthest out."""


@dataclass(frozen=True, eq=False)
class Block:
    """Some cells of the grid that lie together.

    Attributes
    ----------
    starts, stops
        (rows, columns), first place and the one after the last of each cell.
    x, y
        (columns + 1,) and (rows + 1,), the cells' edges.
    """

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def spans(self, cells: NDArray[np.bool_]) -> list[Span]:
        """The places of these (rows, columns) cells; spans that follow each other are one."""
        wanted = cells & (self.stops > self.starts)
        starts, stops = self.starts[wanted], self.stops[wanted]
        apart = np.flatnonzero(starts[1:] != stops[:-1])
        ends = np.append(apart, len(stops) - 1) if len(stops) else apart
        return list(
            zip(starts[ends - np.diff(ends, prepend=-1) + 1].tolist(), stops[ends].tolist(), strict=True)
        )

    def places(self, cells: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The places of these (rows, columns) cells, ascending."""
        spans = np.array(self.spans(cells), np.int64).reshape(-1, 2)
        lengths = spans[:, 1] - spans[:, 0]
        before = np.cumsum(lengths) - lengths
        result: NDArray[np.int64] = np.repeat(spans[:, 0] - before, lengths)
        result += np.arange(len(result))
        return result


@dataclass(frozen=True, eq=False)
class Points:
    """Points in the order of the cells of a grid over [-1, 1] x [-1, 1], y pointing down as on a screen.

    A *row* is a point's number as its owner knows it, a *place* its number in that order. Inside a cell the
    order is random but seeded, so that every so many points of a cell are a fair sample of it.

    Attributes
    ----------
    n
        Number of rows; those without a finite position have no place.
    x, y
        (places,) float32.
    order
        (places,) int32, the row of each place.
    places
        (n,) int32, the place of each row, -1: none.
    starts
        (CELLS * CELLS + 1,) int64, the first place of each cell.
    levels
        (places,) uint8, how crowded it is around a point: 0 the emptiest sixth of the points, 5 the densest.
    density
        How many points there are on a square of side 1 around a point, where it is fuller than at three of four.
    centre, half
        What was taken off the positions that were given, and what they were divided by.
    """

    n: int
    x: Floats
    y: Floats
    order: NDArray[np.int32]
    places: NDArray[np.int32]
    starts: NDArray[np.int64]
    levels: NDArray[np.uint8]
    density: float
    centre: tuple[float, float]
    half: float

    @staticmethod
    def build(xy: ArrayLike, seed: int = 0) -> Points:
        """Sort (n, 2) positions, y pointing up as in a chart; some 0.3 s at a million: for a thread.

        Raises
        ------
        ValueError
            The array is not of shape (n, 2).
        """
        given = np.asarray(xy, np.float64)
        if given.ndim != 2 or given.shape[1] != 2:
            raise ValueError(f"positions have the shape (n, 2), not {given.shape}")
        rows = np.flatnonzero(np.isfinite(given).all(axis=1))
        centre, half = _extent(given[rows])
        shuffled = np.random.default_rng(seed).permutation(rows)
        unit = _unit(given[shuffled], centre, half)
        cells = _cells(unit)
        sort = np.argsort(cells, kind="stable")
        order = shuffled[sort].astype(np.int32)
        places = np.full(len(given), -1, np.int32)
        places[order] = np.arange(len(order), dtype=np.int32)
        counts = np.bincount(cells, minlength=CELLS * CELLS)
        result = Points(
            n=len(given), x=np.ascontiguousarray(unit[sort, 0]), y=np.ascontiguousarray(unit[sort, 1]),
            order=order, places=places, starts=np.concatenate([[0], np.cumsum(counts)]),
            levels=_levels(counts, cells[sort]), density=_density(counts), centre=centre, half=half,
        )  # fmt: skip
        result.core()  # here and not where it would be waited for
        return result

    def to_unit(self, xy: ArrayLike) -> Floats:
        """(m, 2) positions, as they were given, in the coordinates of x and y."""
        return _unit(np.asarray(xy, np.float64).reshape(-1, 2), self.centre, self.half)

    def at(self, row: int) -> tuple[float, float] | None:
        """Where a row lies; None: nowhere, or there is no such row."""
        place = int(self.places[row]) if 0 <= row < self.n else -1
        return None if place < 0 else (float(self.x[place]), float(self.y[place]))

    def bounds(self) -> Box:
        """Left, top, right and bottom of all points; of the whole grid where there are none."""
        return self._bounds

    def core(self) -> Box:
        """Like `bounds`, but a few stragglers far from all others (1 in 1,000 on each side) do not count."""
        return self._core

    @cached_property
    def _bounds(self) -> Box:
        if not len(self.x):
            return -1.0, -1.0, 1.0, 1.0
        return float(self.x.min()), float(self.y.min()), float(self.x.max()), float(self.y.max())

    @cached_property
    def _core(self) -> Box:
        whole = self._bounds
        if len(self.x) < STRAGGLERS:
            return whole
        thin = max(len(self.x) // 100_000, 1)
        low, high = np.quantile(np.stack([self.x[::thin], self.y[::thin]]), [0.001, 0.999], axis=1)
        low, high = low - (high - low) * 0.06, high + (high - low) * 0.06
        inner = (*low.tolist(), *high.tolist())
        left, top = (max(a, b) for a, b in zip(whole[:2], inner[:2], strict=True))
        right, bottom = (min(a, b) for a, b in zip(whole[2:], inner[2:], strict=True))
        return left, top, right, bottom

    def spans(self, left: float, top: float, right: float, bottom: float) -> list[Span]:
        """The places in the cells that touch a rectangle; spans that follow each other are one."""
        if right < -1 or bottom < -1 or left > 1 or top > 1:
            return []
        (first, last), (above, below) = _strip(left, right), _strip(top, bottom)
        rows = np.arange(above, below + 1) * CELLS
        starts, stops = self.starts[rows + first], self.starts[rows + last + 1]
        if (first, last) == (0, CELLS - 1):
            return [(int(starts[0]), int(stops[-1]))] if stops[-1] > starts[0] else []
        full = stops > starts
        return list(zip(starts[full].tolist(), stops[full].tolist(), strict=True))

    def block(self, left: float, top: float, right: float, bottom: float) -> Block:
        """The cells that touch a rectangle, and those around them."""
        outside = right < -1 or bottom < -1 or left > 1 or top > 1
        (first, last), (above, below) = _strip(left, right), _strip(top, bottom)
        columns, rows = np.arange(first, last + 2), np.arange(above, above if outside else below + 2)
        cells = rows[:-1, None] * CELLS + columns[:-1]
        return Block(self.starts[cells], self.starts[cells + 1], _edges(columns), _edges(rows))

    def within(self, left: float, top: float, right: float, bottom: float) -> NDArray[np.int64]:
        """The places in the cells that touch a rectangle, as one array."""
        spans = self.spans(left, top, right, bottom)
        return np.concatenate([np.arange(*span) for span in spans]) if spans else np.empty(0, np.int64)

    def nearest(self, x: float, y: float, reach: float, on: NDArray[np.bool_] | None = None) -> int:
        """The row nearest to a position, at most `reach` away; -1: none.

        Parameters
        ----------
        on
            (places,): which points there are to find; None: all.
        """
        best, found = reach * reach, -1
        for start, stop in self.spans(x - reach, y - reach, x + reach, y + reach):
            far = (self.x[start:stop] - x) ** 2 + (self.y[start:stop] - y) ** 2
            if on is not None:
                far = np.where(on[start:stop], far, np.inf)
            place = int(far.argmin())
            if far[place] <= best:
                best, found = float(far[place]), start + place
        return int(self.order[found]) if found >= 0 else -1


def _extent(xy: NDArray[np.float64]) -> tuple[tuple[float, float], float]:
    """Middle and half of the longer side of what holds all positions (m, 2)."""
    if not len(xy):
        return (0.0, 0.0), 1.0
    low, high = xy.min(axis=0), xy.max(axis=0)
    middle, half = low / 2 + high / 2, float((high / 2 - low / 2).max())
    return (float(middle[0]), float(middle[1])), half or 1.0


def _unit(xy: NDArray[np.float64], centre: tuple[float, float], half: float) -> Floats:
    """Centred and scaled before the digits of float32 are all there is; y turned over."""
    result: Floats = ((xy - np.array(centre)) / half * (1.0, -1.0)).astype(np.float32)
    return result


def _cells(unit: Floats) -> NDArray[np.uint16]:
    steps = np.clip((unit + np.float32(1)) * np.float32(CELLS / 2), 0, CELLS - 1).astype(np.uint16)
    result: NDArray[np.uint16] = steps[:, 1] * np.uint16(CELLS) + steps[:, 0]
    return result


def _edges(lines: NDArray[np.int64]) -> NDArray[np.float64]:
    """Where the grid's lines of one axis lie."""
    return lines.astype(np.float64) * (2 / CELLS) - 1


def _strip(low: float, high: float) -> tuple[int, int]:
    """First and last cell of one axis between two coordinates; one more on each side, as cells are rounded."""
    first, last = (int(np.clip((edge + 1) * CELLS / 2, -1, CELLS)) for edge in (low, high))
    return max(first - 1, 0), min(last + 1, CELLS - 1)


def _levels(counts: NDArray[np.int64], cells: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """The sixth each point is in by how many are in the 5 x 5 cells around it."""
    field = counts.reshape(CELLS, CELLS).astype(np.float64)
    for axis in (0, 1):
        field = sum((np.roll(field, step, axis) for step in (-2, -1, 1, 2)), field)
    crowd = field.ravel()[cells]
    if not len(crowd):
        return np.empty(0, np.uint8)
    edges = np.quantile(crowd[:: max(len(crowd) // 50_000, 1)], np.arange(1, LEVELS) / LEVELS)
    return np.searchsorted(edges, field.ravel(), side="left").astype(np.uint8)[cells]


def _density(counts: NDArray[np.int64]) -> float:
    """Points on a square of side 1 around the point at the third quartile, by squares of 8 x 8 cells."""
    side = CELLS // 8
    squares = np.sort(counts.reshape(side, 8, side, 8).sum(axis=(1, 3)).ravel())
    before = np.cumsum(squares)
    if not before[-1]:
        return 1.0
    return float(squares[np.searchsorted(before, before[-1] * 0.75)]) * (side / 2) ** 2


EMPTY = Points.build(np.empty((0, 2)))
