"""What a map's points are coloured by: a column of names or of numbers, and what of it is shown. Knows no widget."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.columns import clock, codec
from app.drawing import Drawing
from app.map.palette import CATEGORIES, NOTHING, OTHER, steps
from core.library.facet_columns import Categories, Ids, Numbers

Kind = Literal["names", "numbers"]
NAMED = CATEGORIES
"""So many names have a colour of their own; people cannot tell more apart."""
NONE, HIDDEN = NOTHING, 254
"""Categories of what has no value, and of what is not shown: no gradient uses the palette's last but one here."""
STEPS = HIDDEN
BARS = 40
"""At most, in a histogram."""
FEWEST_SHOWN = 0.01
"""A gradient runs from this quantile of the values to its opposite, lest one odd date make all the rest one colour."""


@dataclass(frozen=True)
class ColumnInfo:
    """What points can be coloured by.

    Parameters
    ----------
    name
        For the program.
    title
        In the list of columns.
    none
        What is said of points without a value.
    stored
        Whether the library is asked (`core.library.facets`); else it follows from the map or the player.
    """

    name: str
    title: str
    none: str
    kind: Kind = "names"
    stored: bool = True


COLUMNS: tuple[ColumnInfo, ...] = (
    ColumnInfo("folder", "Folder", "No folder"),
    ColumnInfo("album", "Album", "No album"),
    ColumnInfo("artist", "Artist", "No artist"),
    ColumnInfo("genre", "Genre", "No genre"),
    ColumnInfo("label", "Label", "No label"),
    ColumnInfo("year", "Year", "No year", "numbers"),
    ColumnInfo("length", "Length", "Unknown length", "numbers"),
    ColumnInfo("format", "Format", "Unknown format"),
    ColumnInfo("cluster", "Group", "In no group", stored=False),
    ColumnInfo("played", "Played", "Not played since the start", stored=False),
    ColumnInfo("trust", "Trust", "Not measured", "numbers", stored=False),
)
SHARED = ColumnInfo("shared", "Agreement", "On one map only", "numbers", stored=False)
"""Only where two maps stand beside each other."""
BY_NAME = {info.name: info for info in (*COLUMNS, SHARED)}
FIRST = ("folder", "genre", "artist", "cluster")
"""Until a person chooses: the first of these that tells at least `ENOUGH` of the points apart."""
ENOUGH = 0.3
SHARES = ("trust", "shared")
"""Columns of shares, 0 to 1."""


@dataclass(frozen=True, eq=False)
class Scheme:
    """A column on a map of n points.

    Parameters
    ----------
    info
        Which.
    values
        Its names, the most frequent first; empty for numbers.
    codes
        (n,) which of them each point has; -1: none.
    numbers
        (n,) float64; NaN: none. Empty for names.
    """

    info: ColumnInfo
    values: tuple[str, ...] = ()
    codes: Ids = field(default_factory=lambda: np.empty(0, np.int64))
    numbers: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    @property
    def n(self) -> int:
        """How many points."""
        return len(self.numbers) if self.info.kind == "numbers" else len(self.codes)

    @cached_property
    def counts(self) -> Ids:
        """(number of values,) points of each."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values)).astype(np.int64)

    @cached_property
    def without(self) -> int:
        """Points without a value."""
        missing = np.isnan(self.numbers) if self.info.kind == "numbers" else self.codes < 0
        return int(np.count_nonzero(missing))

    @cached_property
    def range(self) -> tuple[float, float]:
        """Where the gradient begins and ends; (0, 1) where there is no number at all."""
        if self.info.name in SHARES:
            return 0.0, 1.0
        known = self.numbers[~np.isnan(self.numbers)]
        if not len(known):
            return 0.0, 1.0
        low, high = np.quantile(known, [FEWEST_SHOWN, 1 - FEWEST_SHOWN], method="nearest").tolist()
        return (low, high) if high > low else (low - 0.5, low + 0.5)

    @cached_property
    def titles(self) -> list[str]:
        """The names for a person, and at the end what is said of points without one."""
        return [*(title_of(self.info, value) for value in self.values), self.info.none]

    @cached_property
    def folded(self) -> list[str]:
        """The same as a search compares them."""
        return [title.casefold() for title in self.titles]

    @cached_property
    def bars(self) -> NDArray[np.float64]:
        """How high the bars of a histogram are, 0 to 1; as roots, so that the rare are seen beside the frequent."""
        low, high = self.range
        known = np.clip(self.numbers[~np.isnan(self.numbers)], low, high)
        counts = np.histogram(known, _bars(known, low, high), (low, high))[0].astype(np.float64)
        roots: NDArray[np.float64] = np.sqrt(counts / max(counts.max(initial=0), 1))
        return roots

    @cached_property
    def plain(self) -> NDArray[np.uint8]:
        """(n,) the colour of each point where nothing is left out; not to be written to."""
        if self.info.kind == "numbers":
            result = steps(self.numbers, *self.range)
            np.minimum(result, STEPS - 1, out=result, where=~np.isnan(self.numbers))
        else:
            result = np.append(slots(self, ALL), np.uint8(NONE))[self.codes]  # -1 is the last
        result.flags.writeable = False
        return result

    @property
    def told_apart(self) -> float:
        """Share of the points that have a colour of their own; nothing is told apart where all have the same."""
        if np.count_nonzero(self.counts[:NAMED]) < 2:
            return 0.0
        return float(self.counts[:NAMED].sum()) / max(self.n, 1)

    def same(self, other: Scheme) -> bool:
        """Whether it says the same of as many points."""
        return (
            (self.info, self.values) == (other.info, other.values)
            and np.array_equal(self.codes, other.codes)
            and np.array_equal(self.numbers, other.numbers, equal_nan=True)
        )

    def prepared(self) -> Scheme:
        """The same with all of it worked out: for a thread."""
        _ = (
            self.plain,
            self.without,
            *((self.bars,) if self.info.kind == "numbers" else (self.counts, self.folded)),
        )
        return self

    def text(self, number: float) -> str:
        """A number of the column for a person."""
        if self.info.name in SHARES:
            return f"{number:.0%}"
        return clock(number) if self.info.name == "length" else f"{number:.0f}"


@dataclass(frozen=True)
class Filter:
    """What of a column is shown.

    Parameters
    ----------
    hidden
        Codes of names that are not shown; -1 for points without one.
    low, high
        Numbers below and above are not shown; None: no bound.
    """

    hidden: Set[int] = frozenset()
    low: float | None = None
    high: float | None = None

    @property
    def active(self) -> bool:
        """Whether anything may be left out."""
        return bool(self.hidden) or self.low is not None or self.high is not None


ALL = Filter()


def scheme_of(
    info: ColumnInfo, drawing: Drawing, column: Categories | Numbers | None, played: Set[int] = frozenset()
) -> Scheme:
    """A column on a map; `column` is what the library (or a comparison) said, `played` are ids of tracks."""
    if isinstance(column, Numbers):
        return Scheme(info, numbers=column.of(drawing.tracks))
    if column is not None:
        return _ranked(Scheme(info, column.values, column.of(drawing.tracks)))
    if info.name == "trust":
        return Scheme(info, numbers=drawing.kept.astype(np.float64))
    if info.name == "played":
        heard = np.isin(drawing.tracks, np.fromiter(played, np.int64, len(played)))
        return Scheme(info, ("Played since the start",), np.where(heard, 0, -1))
    names = tuple(f"Group {number + 1}" for number in range(int(drawing.clusters.max(initial=-1)) + 1))
    return _ranked(Scheme(info, names, drawing.clusters))


def like(scheme: Scheme, other: Scheme) -> Scheme:
    """The same with its names numbered as in another, so that one legend holds for both; what that lacks has none."""
    if scheme.values == other.values or scheme.info.kind == "numbers":
        return scheme
    known = {value: code for code, value in enumerate(other.values)}
    table = np.array([*(known.get(value, -1) for value in scheme.values), -1], np.int64)
    return replace(scheme, values=other.values, codes=table[scheme.codes])


def _ranked(scheme: Scheme) -> Scheme:
    """The same with the values in order of how many points of this map have them, and none without any."""
    order = np.argsort(-scheme.counts, kind="stable")
    order = order[scheme.counts[order] > 0]
    if np.array_equal(order, np.arange(len(scheme.values))):
        return scheme
    numbers = np.full(len(scheme.values) + 1, -1, np.int64)  # the last: what has no value
    numbers[order] = np.arange(len(order))
    return replace(scheme, values=tuple(scheme.values[code] for code in order), codes=numbers[scheme.codes])


def slots(scheme: Scheme, shown: Filter) -> NDArray[np.uint8]:
    """(number of values,) the colour of each name: 0 to 19, `OTHER`, or `HIDDEN`.

    The 20 most frequent keep theirs whatever is hidden; of the rest those that are shown take the places of those
    that are not.
    """
    count = len(scheme.values)
    result = np.full(count, OTHER, np.uint8)
    result[:NAMED] = np.arange(min(NAMED, count))
    if not shown.hidden:
        return result
    hidden = np.array(sorted(code for code in shown.hidden if 0 <= code < count), np.int64)
    free = [int(code) for code in hidden if code < NAMED]
    result[hidden] = HIDDEN
    if count - len(hidden) <= NAMED:
        for code, slot in zip(np.flatnonzero(result == OTHER).tolist(), free, strict=False):
            result[code] = slot
    return result


def categories(scheme: Scheme, shown: Filter = ALL) -> NDArray[np.uint8]:
    """(n,) the colour of each point: a name's or a step's number, `OTHER`, `NONE` or `HIDDEN`; not to be written to."""
    if not shown.active:
        return scheme.plain
    if scheme.info.kind == "numbers":
        return _between(scheme, shown)
    table = np.append(slots(scheme, shown), np.uint8(HIDDEN if -1 in shown.hidden else NONE))
    return table[scheme.codes]  # -1 is the last


def _between(scheme: Scheme, shown: Filter) -> NDArray[np.uint8]:
    """Points without a number are left out wherever some numbers are."""
    numbers, result = scheme.numbers, scheme.plain.copy()
    result[np.isnan(numbers)] = HIDDEN
    if shown.low is not None:
        result[numbers < shown.low] = HIDDEN
    if shown.high is not None:
        result[numbers > shown.high] = HIDDEN
    return result


def title_of(info: ColumnInfo, value: str) -> str:
    """A name of the column for a person: the innermost folder, a codec's usual name."""
    if info.name == "folder":
        return value.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or value
    return codec(value) if info.name == "format" else value


def _bars(known: NDArray[np.float64], low: float, high: float) -> int:
    """As many bars as there can be different numbers, so that none stands empty between two others; else `BARS`."""
    different = np.unique(known)
    if not 2 <= len(different) <= BARS:
        return BARS if len(different) > 1 else 1
    return min(max(round((high - low) / float(np.diff(different).min())) + 1, 1), BARS)
