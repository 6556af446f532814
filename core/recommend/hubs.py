"""Hubs: rows that are among the nearest of far too many others, as some are in every space of many dimensions.

Local scaling takes the distance between two rows by the measure of their own surroundings:
d(x, y) / sqrt(m(x) m(y)), with m(x) the mean distance to x's `K` nearest (Schnitzer, Flexer, Schedl and
Widmer, "Local and global scaling reduce hubs in space", JMLR 13, 2012, NICDM). For one list m(x) is a constant.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.recommend.standardise import chunks

K = 10
"""Of 5, 10, 20 and 50, 10 and 20 left the evenest spread on 469 tracks under four encoders."""

MOST_REFERENCES = 20_000
"""Surroundings are measured among so many rows at most: all of 100,000 rows would take minutes."""

NEAREST = 0.01
"""Least mean distance: copies of one row would otherwise be infinitely far from all others."""

_ROWS = 512
Rows = NDArray[np.int64]


def surroundings(
    unit: NDArray[np.float32], wanted: Rows | None = None, among: Rows | None = None
) -> NDArray[np.float32]:
    """Mean distance (1 - cosine) of rows to their `K` nearest others, `(len(wanted),)`.

    Parameters
    ----------
    unit
        `(n, dim)` float32 from `unit_rows`.
    wanted
        Rows; all by default.
    among
        The rows that may be nearest, ascending; all by default. Of more than `MOST_REFERENCES` an even sample.
    """
    rows = np.arange(len(unit)) if wanted is None else wanted
    others = np.arange(len(unit)) if among is None else among
    others = others[:: max(1, -(-len(others) // MOST_REFERENCES))]
    result = np.ones(len(rows), np.float32)
    k = min(K, len(others) - 1)
    if k < 1:
        return result
    references = unit[others].T
    for part in chunks(len(rows), _ROWS):
        some = rows[part]
        cosine = unit[some] @ references
        place = np.searchsorted(others, some).clip(max=len(others) - 1)
        own = np.flatnonzero(others[place] == some)
        cosine[own, place[own]] = -np.inf
        best = np.partition(cosine, len(others) - k, axis=1)[:, len(others) - k :]
        result[part] = 1 - best.mean(axis=1)
    return np.maximum(result, NEAREST)


def scale(mean_distance: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a distance to each row is multiplied by, `(n,)`."""
    return (1 / np.sqrt(mean_distance)).astype(np.float32)
