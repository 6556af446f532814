"""Columns of many tracks as numbers: names as codes, numbers as they are. Knows no database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
UNKNOWN = -1
"""The code of what has no name."""


@dataclass(frozen=True, eq=False)
class Categories:
    """A column of names.

    Parameters
    ----------
    tracks
        (n,) ids, ascending.
    codes
        (n,) int64, which of `values` each has; `UNKNOWN` where it has none.
    values
        The names, the most frequent first.
    """

    tracks: Ids
    codes: Ids
    values: tuple[str, ...]

    def of(self, tracks: Ids) -> Ids:
        """(m,) the code of each of these tracks; `UNKNOWN` for those that are not in the library."""
        places, known = places_of(self.tracks, tracks)
        return (
            np.where(known, self.codes[places], UNKNOWN) if len(self.codes) else np.full(len(tracks), UNKNOWN)
        )

    @cached_property
    def counts(self) -> Ids:
        """How many tracks have each value."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers: (n,) `tracks`, ascending, and (n,) float64 `values`, NaN where there is none."""

    tracks: Ids
    values: NDArray[np.float64]

    def of(self, tracks: Ids) -> NDArray[np.float64]:
        """(m,) the number of each of these tracks; NaN for those that are not in the library."""
        places, known = places_of(self.tracks, tracks)
        return (
            np.where(known, self.values[places], np.nan) if len(self.values) else np.full(len(tracks), np.nan)
        )


def places_of(known: Ids, wanted: Ids) -> tuple[Ids, NDArray[np.bool_]]:
    """(m,) where each of `wanted` stands in `known` (n,), ascending; and whether it is there at all."""
    if not len(known):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    places = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    return places, known[places] == wanted
