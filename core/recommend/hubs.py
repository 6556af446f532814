"""Hubs: rows that are among the nearest of far too many others, as some are in every space of many dimensions.

Local scaling takes the distance between two rows by the measure of their own surroundings:
d(x, y) / sqrt(m(x) m(y)), with m(x) the mean distance to x's `K` nearest (Schnitzer, Flexer, Schedl and
Widmer, "Local and global scaling reduce hubs in space", JMLR 13, 2012, NICDM). For one list m(x) is a constant.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.recommend.standardise import chunks

K = 10
"""Of 5, 10, 20 and 50, 10 and 20 left the evenest spread on 469 tracks under four encoders."""

MOST_REFERENCES = 2000
"""Surroundings are measured among so many rows at most: all of 100,000 would take minutes. So many take 0.6 s of one
processor's time for 100,000 rows of 40 numbers, 1.6 s for 256, once: what was measured is kept (`core.hub_cache`).

Of 20,000 synthetic rows (skew 2.9) all others brought it down to 1.03, 5,000 of them to 1.06, 2,000 to 0.88.
"""

NEAREST = 0.01
"""Least mean distance: copies of one row would otherwise be infinitely far from all others."""

MOST_QUERIES = 2000
"""Lists that the effect is measured on."""

_ROWS = 512
_MEMBERS = 16
"""Columns in a group of `largest`."""
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
        result[part] = 1 - np.take_along_axis(cosine, largest(cosine, k), axis=1).mean(axis=1)
    return np.maximum(result, NEAREST)


def largest(values: NDArray[np.float32], k: int) -> Rows:
    """Columns of the `k` largest of each row of `(m, n)` in any order, `(m, k)`; exact.

    They are in the `k` groups of columns with the largest maxima: to sort these out takes a third of the time that
    parting 2,000 columns would, and less of more.
    """
    n = values.shape[1]
    groups = n // _MEMBERS
    if groups <= k:
        return np.argpartition(values, n - k, axis=1)[:, n - k :]
    tops = values[:, :groups].copy()
    for first in range(groups, groups * _MEMBERS, groups):
        np.maximum(tops, values[:, first : first + groups], out=tops)
    best = np.argpartition(tops, groups - k, axis=1)[:, groups - k :]
    columns = (best[:, :, None] + np.arange(_MEMBERS) * groups).reshape(len(values), -1)
    rest = np.broadcast_to(np.arange(groups * _MEMBERS, n), (len(values), n - groups * _MEMBERS))
    columns = np.concatenate([columns, rest], axis=1)
    some = np.take_along_axis(values, columns, axis=1)
    result: Rows = np.take_along_axis(
        columns, np.argpartition(some, some.shape[1] - k, axis=1)[:, some.shape[1] - k :], axis=1
    )
    return result


def scale(mean_distance: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a distance to each row is multiplied by, `(n,)`."""
    return (1 / np.sqrt(mean_distance)).astype(np.float32)


@dataclass(frozen=True)
class Effect:
    """What the correction does to lists of `K`.

    Parameters
    ----------
    skew, skew_corrected
        Skewness of how often each row is in the lists of others; 0 for an even spread, hubs make it large.
    unreached, unreached_corrected
        Share of rows that are in no list at all.
    same, same_corrected
        Mean share of a list that is of the query's own group; NaN where there are no groups.
    queries, rows
        How many lists were made, and over how many rows.
    """

    skew: float
    skew_corrected: float
    unreached: float
    unreached_corrected: float
    same: float
    same_corrected: float
    queries: int
    rows: int


def effect(
    unit: NDArray[np.float32], scale: NDArray[np.float32], among: Rows, group: NDArray[np.integer]
) -> Effect:
    """Lists of `K` of an even sample of at most `MOST_QUERIES` rows, as they are and corrected.

    Parameters
    ----------
    scale
        `(n,)` from `scale`.
    among
        The rows that count, ascending.
    group
        `(n,)` codes, such as albums; -1 in none.
    """
    queries = among[:: max(1, -(-len(among) // MOST_QUERIES))]
    lists: list[list[Rows]] = [[], []]
    references, own_scale = unit[among].T, scale[among]
    for part in chunks(len(queries), _ROWS):
        cosine = unit[queries[part]] @ references
        cosine[np.arange(len(cosine)), np.searchsorted(among, queries[part])] = -np.inf
        for scores, kept in ((cosine, lists[0]), ((cosine - 1) * own_scale, lists[1])):
            k = min(K, len(among) - 1)
            kept.append(among[largest(scores, k)])
    plain, corrected = (np.concatenate(kept) for kept in lists)
    before, after = (_figures(found, queries, among, group) for found in (plain, corrected))
    return Effect(before[0], after[0], before[1], after[1], before[2], after[2], len(queries), len(among))


def _figures(
    found: Rows, queries: Rows, among: Rows, group: NDArray[np.integer]
) -> tuple[float, float, float]:
    """Skewness, share that is never reached, and share of the query's group."""
    times = np.bincount(np.searchsorted(among, found.ravel()), minlength=len(among)).astype(np.float64)
    spread = times - times.mean()
    deviation = float(np.sqrt((spread**2).mean()))
    skew = float((spread**3).mean()) / deviation**3 if deviation else 0.0
    known = group[queries] >= 0
    same = (group[found] == group[queries][:, None])[known]
    return skew, float((times == 0).mean()), float(same.mean()) if same.size else float("nan")
