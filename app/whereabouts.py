"""Where each of a million ids stands: looked up by its number, so that a whole selection takes milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]

ROOM = 16
"""Up to so many numbers for each id the table has an entry for every number; ids in wider gaps are searched."""


class Whereabouts:
    """The places of different ids in an array; made in a thread (some 5 ms at a million).

    Parameters
    ----------
    ids
        (n,) in any order.
    """

    def __init__(self, ids: Ids) -> None:
        self.n = len(ids)
        self._first = int(ids.min()) if self.n else 0
        span = int(ids.max()) - self._first + 1 if self.n else 0
        close = span <= ROOM * self.n
        # Where ids lie far apart their ranks stand for them.
        self._ranks: Ids | None = None if close else np.sort(ids)
        self._table = np.full(span if close else self.n, -1, np.int32)
        self._table[self._numbers(ids)[0]] = np.arange(self.n, dtype=np.int32)

    def _numbers(self, ids: Ids) -> tuple[Ids, NDArray[np.bool_]]:
        """(m,) the entry of each id in the table, and whether it can be there at all."""
        if self._ranks is None:
            numbers = ids - self._first
            return numbers, (numbers >= 0) & (numbers < len(self._table))
        numbers = np.searchsorted(self._ranks, ids).clip(max=self.n - 1)
        return numbers, self._ranks[numbers] == ids

    def among(self, ids: Ids | Sequence[int]) -> Ids:
        """The places of those of `ids` that are there, ascending, each once."""
        numbers, there = self._numbers(np.asarray(ids, np.int64))
        marked = np.zeros(self.n + 1, np.bool_)  # the last for numbers between two ids, whose entry is -1
        marked[self._table[numbers if there.all() else numbers[there]]] = True
        return np.flatnonzero(marked[:-1])
