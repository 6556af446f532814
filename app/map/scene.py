"""What is drawn: points with their categories, who is filtered, highlighted and selected. Knows no widget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtGui import QImage

from app.map import cloud, raster
from app.map.palette import Palette, ground, mixed, packed, single
from app.map.points import EMPTY, LEVELS, Points
from app.map.raster import Sheet, View
from app.theme import Colours

CATEGORY_BITS, MARKED, DENSITY = 8, 8, 9
"""A point's code: its category, one bit whether it is marked (found or selected), then how dense it is around it."""

CODES = (1 << DENSITY) * LEVELS

RINGED = 120
"""Up to so many selected points get a ring each; more are told by all others fading."""

LARGEST, SMALLEST = 6.5, 0.9
"""Radius of a dot (logical pixels) where there is room; below the smallest it is a square of two pixels or one."""

COVERED = 1.2
"""What the dots would cover where points lie dense, against the room there is: some overlap."""

ROUND, SOFT = 520_000, 500_000
"""Pixels of round discs, and of soft dots, that there is time for in a frame."""

CLOUD_LIGHT, CLOUD_DARK = 0.27, 0.34
"""How opaque the cloud behind the points is at most."""

LOOKED_UP = 1 << 16
"""Points whose category is looked up at once: NumPy makes long numbers of their places, in memory that is kept then."""

FADED = 0.8
"""How much of the ground is in a point that others stand out against."""


@dataclass(frozen=True)
class Dots:
    """How points are drawn: as `round` discs, `soft` dots or `square` blocks of pixels.

    Attributes
    ----------
    radius, halo
        Of a dot, and how far its rim goes beyond it (pixels of the device).
    shade
        How much paler the emptiest sixth of the points is than the densest, in [0, 1].
    """

    kind: Literal["round", "soft", "square"]
    radius: float
    halo: float
    shade: float


class Scene:
    """The points and all that is said of them; every change tells through `version` that a kept picture is stale."""

    def __init__(self) -> None:
        self.points: Points = EMPTY
        self.palette: Palette = single()
        self.categories: NDArray[np.uint8] = np.empty(0, np.uint8)
        self.off: frozenset[int] = frozenset()
        self._unwanted: frozenset[int] = frozenset()
        self.highlight: NDArray[np.int64] | None = None
        self.selection: NDArray[np.int64] = np.empty(0, np.int64)
        self._plain: NDArray[np.uint16] = np.empty(0, np.uint16)
        self.codes: NDArray[np.uint16] = self._plain
        # Kept from one selection to the next: with a million points, fresh memory costs more than what is done with it.
        self._marks: NDArray[np.bool_] = np.empty(1, np.bool_)
        self._marking: NDArray[np.uint16] = self._plain
        self.marked: NDArray[np.int64] = np.empty(0, np.int64)
        self.moving: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
        self.fading = False
        self.core = EMPTY.core()
        self._on: tuple[NDArray[np.bool_] | None] | None = None
        self._cloud: tuple[tuple[int, str], QImage | None] = ((-1, ""), None)
        self.version = 0

    # -- what is said

    def set_points(self, points: Points, categories: ArrayLike | None = None) -> None:
        """Other points; what was said of rows holds on while there are as many."""
        if points.n != self.points.n:
            self.categories = np.zeros(points.n, np.uint8)
            self.highlight, self.selection = None, np.empty(0, np.int64)
        self.points, self.core = points, points.core()
        if categories is not None:
            self.categories = np.asarray(categories, np.uint8)
        self._recode()

    def set_colours(self, categories: ArrayLike, palette: Palette) -> None:
        """A category in 0..255 for each row.

        Raises
        ------
        ValueError
            There are not as many as there are rows.
        """
        given = np.asarray(categories, np.uint8)
        if given.shape != (self.points.n,):
            raise ValueError(f"{self.points.n} points, but categories of the shape {given.shape}")
        self.categories, self.palette = given, palette
        self._recode()

    def set_off(self, categories: ArrayLike) -> None:
        """Which categories are not drawn and cannot be pointed at."""
        self._unwanted = frozenset(np.asarray(categories, np.int64).ravel().tolist())
        self._leave_out()
        self.version += 1

    def set_highlight(self, rows: ArrayLike | None) -> None:
        """Which rows stand out, the others fade; None: no difference."""
        self.highlight = None if rows is None else self._rows(rows)
        self._mark()

    def set_selection(self, rows: ArrayLike) -> None:
        """Which rows are selected."""
        self.selection = self._rows(rows)
        self._mark()

    def _rows(self, rows: ArrayLike) -> NDArray[np.int64]:
        given = np.asarray(rows, np.int64).ravel()
        if not len(given) or (given.min() >= 0 and given.max() < self.points.n):
            return given
        return given[(given >= 0) & (given < self.points.n)]

    def move(self, x: NDArray[np.float32] | None, y: NDArray[np.float32] | None) -> None:
        """Draw the points elsewhere for now, (places,) each; None: where they belong."""
        self.moving = None if x is None or y is None else (x, y)
        self.version += 1

    def _recode(self) -> None:
        """The categories of the places have changed."""
        self._plain = self.points.levels.astype(np.uint16)
        self._plain <<= np.uint16(DENSITY)
        if self.categories.any():  # before there are colours, a million points would be looked up for nothing
            for start in range(0, len(self._plain), LOOKED_UP):
                part = slice(start, start + LOOKED_UP)
                self._plain[part] += self.categories.take(self.points.order[part])
        self._leave_out()
        if len(self._marking) != len(self._plain):
            self._marks = np.empty(len(self._plain) + 1, np.bool_)
            self._marking = np.empty_like(self._plain)
        self._mark()

    def _leave_out(self) -> None:
        """Of the categories that are not wanted those that there are: to look for others costs every frame."""
        there = (one for one in self._unwanted if 0 <= one < 256 and (self.categories == np.uint8(one)).any())
        self.off = frozenset(there)
        self._on = None

    def _mark(self) -> None:
        """Who stands out has changed."""
        rows = [self.highlight] if self.highlight is not None else []
        rows += [self.selection] if len(self.selection) > RINGED else []
        self.fading = bool(rows)
        marks = self._marks  # the last for rows without a place, which is -1
        marks.fill(False)
        for some in rows:
            marks[self.points.places.take(some)] = True
        self.marked = np.flatnonzero(marks[:-1])
        self.codes = self._plain
        if self.fading:
            self.codes = self._marking
            np.multiply(marks[:-1], np.uint16(1 << MARKED), out=self.codes)
            self.codes |= self._plain
        self.version += 1

    # -- what can be pointed at

    def on(self) -> NDArray[np.bool_] | None:
        """(places,): which points are drawn; None: all. Kept: a pointer that moves asks each time."""
        if self._on is None:
            self._on = (self._shown(),)
        return self._on[0]

    def _shown(self) -> NDArray[np.bool_] | None:
        if not self.off:
            return None
        table = np.ones(256, np.bool_)
        table[list(self.off)] = False
        shown = np.empty(len(self.points.order), np.bool_)
        for start in range(0, len(shown), LOOKED_UP):
            part = slice(start, start + LOOKED_UP)
            shown[part] = table[self.categories.take(self.points.order[part])]
        return shown

    # -- how it looks

    def entries(self, colours: Colours, shade: float) -> NDArray[np.uint32]:
        """(CODES,) the pixel of each code.

        Parameters
        ----------
        shade
            How much paler the emptiest sixth is than the densest, in [0, 1].
        """
        plain, below = self.palette.of(colours), ground(colours)
        result = np.empty((LEVELS, 2, 256), np.uint32)
        for level in range(LEVELS):
            pale = shade * (LEVELS - 1 - level) / (LEVELS - 1)
            result[level, 0] = packed(mixed(plain, below, FADED if self.fading else pale))
            result[level, 1] = packed(mixed(plain, below, pale * 0.3))
        return result.ravel()

    def cloud(self, colours: Colours) -> QImage | None:
        """What lies behind the points; None: they are many, and need none."""
        key = (self.version, colours.name)
        if self._cloud[0] != key:
            few = 0 < len(self.points.x) <= cloud.MOST
            self._cloud = (key, self._clouded(colours) if few else None)
        return self._cloud[1]

    def _clouded(self, colours: Colours) -> QImage | None:
        x, y = self.moving or (self.points.x, self.points.y)
        places = self.marked if self.fading else np.arange(len(x))
        categories = self.categories.take(self.points.order[places])
        kept = ~np.isin(categories, list(self.off))
        if not kept.any():
            return None
        hues = self.palette.of(colours)[categories[kept]]
        strength = CLOUD_DARK if colours.name == "dark" else CLOUD_LIGHT
        side = cloud.SIDE if self.moving is None else cloud.COARSE
        return cloud.cloud(x[places[kept]], y[places[kept]], hues, strength, side)

    def dots(self, view: View, ratio: float) -> Dots:
        """How dots are drawn: by the zoom, so that panning changes none, unless there is no time for so many."""
        n = max(sum(stop - start for start, stop in self._seen(view)[2]), 1)
        room = math.sqrt(COVERED / math.pi / self.points.density) * view.scale / ratio
        radius = min(room, LARGEST)
        halo = min(max((radius - 3.0) * 0.3, 0.0), 1.0)
        radius = (radius - halo / 2) * ratio
        shade = round(0.75 * min(max(math.log10(n / 20_000) / 1.5, 0.0), 1.0), 1)
        if radius >= SMALLEST and n * math.pi * (radius + halo * ratio + 1) ** 2 <= ROUND:
            return Dots("round", radius, halo * ratio, shade)
        radius = round(4 * min(radius, math.sqrt(SOFT / math.pi / n))) / 4
        return Dots("soft" if radius >= SMALLEST else "square", radius, 0.0, shade)

    def draw(self, sheet: Sheet, view: View, dots: Dots, colours: Colours) -> None:
        """Draw all points in view on what the sheet already shows."""
        x, y, spans = self._seen(view)
        below = int(packed(mixed(np.zeros((1, 3), np.uint8), ground(colours), 1.0))[0])
        brush = Brush(sheet, view, self.entries(colours, dots.shade), self._entries_on(), dots, below)
        for start, stop in spans:
            brush.draw(x[start:stop], y[start:stop], self.codes[start:stop])
        brush.flush()
        if len(self.marked):  # once more, over the faded ones
            edges = np.searchsorted(self.marked, np.array(spans, np.int64).reshape(-1, 2))
            places = np.concatenate([self.marked[:0], *(self.marked[a:b] for a, b in edges.tolist())])
            brush.draw(x[places], y[places], self.codes[places])
            brush.flush()

    def _seen(self, view: View) -> tuple[NDArray[np.float32], NDArray[np.float32], list[tuple[int, int]]]:
        """Positions, and the spans of them that may be in view."""
        if self.moving is not None:
            return *self.moving, [(0, len(self.moving[0]))]
        half_x, half_y = ((length / 2 + raster.PAD) / view.scale for length in (view.width, view.height))
        box = view.x - half_x, view.y - half_y, view.x + half_x, view.y + half_y
        return self.points.x, self.points.y, self.points.spans(*box)

    def _entries_on(self) -> NDArray[np.bool_] | None:
        if not self.off:
            return None
        table = np.ones((CODES // 256, 256), np.bool_)
        table[:, list(self.off)] = False
        return table.ravel()


class Brush:
    """Collects points until there are enough for one stroke of NumPy."""

    def __init__(
        self, sheet: Sheet, view: View, entries: NDArray[np.uint32], shown: NDArray[np.bool_] | None,
        dots: Dots, below: int,
    ) -> None:  # fmt: skip
        self._sheet, self._view, self._entries, self._on = sheet, view, entries, shown
        self._dots, self._below = dots, below
        self._waiting: list[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint16]]] = []
        self._n = 0

    def draw(self, x: NDArray[np.float32], y: NDArray[np.float32], codes: NDArray[np.uint16]) -> None:
        """Points with their codes, (n,) each."""
        for first in range(0, len(x), raster.CHUNK):
            part = slice(first, first + raster.CHUNK)
            self._waiting.append((x[part], y[part], codes[part]))
            self._n += len(x[part])
            if self._n >= raster.CHUNK // 2:
                self.flush()

    def flush(self) -> None:
        """Draw what was collected."""
        if not self._waiting:
            return
        x, y, codes = self._waiting[0]
        if len(self._waiting) > 1:
            columns = zip(*self._waiting, strict=True)
            x, y, codes = (np.concatenate(column) for column in columns)
        self._waiting, self._n = [], 0
        if self._on is not None:
            kept = self._on[codes]
            x, y, codes = x[kept], y[kept], codes[kept]
        self._stroke(x, y, self._entries.take(codes))

    def _stroke(self, x: NDArray[np.float32], y: NDArray[np.float32], colours: NDArray[np.uint32]) -> None:
        sheet, view, dots = self._sheet, self._view, self._dots
        if dots.kind == "round":
            raster.discs(sheet, x, y, colours, view, dots.radius, dots.halo, self._below)
            return
        at = raster.pixels(x, y, view, sheet.stride)
        if dots.kind == "soft":
            raster.soft(sheet, at, colours, dots.radius)
        else:
            raster.blocks(sheet, at, colours, max(round(dots.radius * 2.5), 1))
