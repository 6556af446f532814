"""What a reader holds: arrays that stay as they are whatever a writer does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.recommend.standardise import Standardisation, unit_rows

Ids = NDArray[np.int64]
Matrix = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The cache at one moment, read-only.

    Parameters
    ----------
    ids
        `(n,)` int64 track ids; their position is the row.
    raw, unit
        `(n, dim)` float32: as the encoder made them, and as rows of length 1.
    standardisation
        What `unit` was made with; None: the raw cosine.
    stamp
        The number that the last writer left, 0 for an empty cache.
    """

    ids: Ids
    raw: Matrix
    unit: Matrix
    standardisation: Standardisation | None = None
    stamp: int = 0

    @classmethod
    def of(cls, ids: Ids, vectors: Matrix, standardisation: Standardisation | None = None) -> Snapshot:
        """A snapshot in memory, for where nothing can be written."""
        return cls(ids, vectors, unit_rows(vectors, standardisation), standardisation)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def _order(self) -> Ids | None:
        """Rows in order of id; None where they lie in order already."""
        ascending = bool((self.ids[1:] > self.ids[:-1]).all())
        return None if ascending else np.argsort(self.ids, kind="stable")

    def rows(self, ids: Ids | Sequence[int]) -> Ids:
        """The row of every id, -1 where there is none."""
        wanted = np.asarray(ids, np.int64)
        if not len(self.ids):
            return np.full(len(wanted), -1, np.int64)
        order = self._order
        places = np.searchsorted(self.ids, wanted, sorter=order).clip(max=len(self.ids) - 1)
        found = places if order is None else order[places]
        return np.where(self.ids[found] == wanted, found, -1).astype(np.int64)
