"""What a map is worth: trustworthiness, neighbours kept, and what a mere change of seed would do. NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

K = 15
QUERIES = 1000
"""Tracks that trustworthiness is measured on, drawn blindly."""

_AT_ONCE = 50
"""Tracks whose cosines to all others are worked out together."""

Share = NDArray[np.float32]


def on_map(
    points: NDArray[np.floating], k: int = K, of: NDArray[np.integer] | None = None
) -> NDArray[np.int64]:
    """The nearest others on a map, best first.

    Parameters
    ----------
    points
        (n, 2).
    of
        (m,) rows that are asked; None: all.

    Returns
    -------
    (m, min(k, n - 1)).
    """
    n = len(points)
    asked = np.arange(n) if of is None else np.asarray(of, np.int64)
    if n < 2 or not len(asked):
        return np.empty((len(asked), 0), np.int64)
    found = _nearest(points, points[asked], min(k + 1, n))
    own = found == asked[:, None]
    own[~own.any(axis=1), -1] = True  # among many on one spot itself may be missing
    return np.asarray(found[~own].reshape(len(asked), -1), np.int64)


def on_map_of(places: NDArray[np.floating], points: NDArray[np.floating], k: int = K) -> NDArray[np.int64]:
    """(m, min(k, n)) the points (n, 2) nearest to each of (m, 2) places."""
    k = min(k, len(points))
    if not len(places) or not k:
        return np.empty((len(places), k), np.int64)
    return _nearest(points, places, k)


def _nearest(points: NDArray[np.floating], places: NDArray[np.floating], k: int) -> NDArray[np.int64]:
    """(m, k)."""
    from scipy.spatial import cKDTree  # a first picture need not wait for it

    _, found = cKDTree(points).query(places, k=k)
    return np.asarray(found, np.int64).reshape(len(places), k)


def shared(one: NDArray[np.integer], other: NDArray[np.integer]) -> Share:
    """(n,) share of each row's neighbours in (n, k) that are in the other (n, k) as well; NaN without any."""
    n, k = one.shape
    result = np.full(n, np.nan, np.float32)
    for start in range(0, n if k else 0, 4096):
        part = slice(start, start + 4096)
        result[part] = (one[part, :, None] == other[part, None, :]).any(axis=2).mean(axis=1)
    return result


def kept(true: NDArray[np.integer], points: NDArray[np.floating], k: int = K) -> Share:
    """(n,) share of each track's `k` true neighbours that are among its `k` nearest on the map."""
    true = true[:, :k]
    return shared(true, on_map(points, true.shape[1]))


def trustworthiness(
    unit: NDArray[np.float32], points: NDArray[np.floating], k: int = K, queries: int = QUERIES, seed: int = 0,
    watch: Callable[[int, int], None] | None = None,
) -> float:  # fmt: skip
    """How far those that the map shows as near are truly near: 1 is perfect, 0.5 is about blind.

    Venna and Kaski (2001), as scikit-learn works it out with cosine distances, but over a sample of the tracks:
    1 - 2 / (m k (2n - 3k - 1)) * sum over those on the map alone of (true rank - k).

    Parameters
    ----------
    unit
        (n, dim), rows of length 1.
    points
        (n, 2).
    """
    n = len(unit)
    k = min(k, (n - 1) // 2)  # the formula holds for k < n / 2
    if k < 1:
        return float("nan")
    asked = (
        np.arange(n)
        if n <= queries
        else np.sort(np.random.default_rng(seed).choice(n, queries, replace=False))
    )
    near = on_map(points, k, asked)
    penalty = 0
    for start in range(0, len(asked), _AT_ONCE):
        if watch is not None:
            watch(start, len(asked))
        rows = asked[start : start + _AT_ONCE]
        cosines = unit[rows] @ unit.T
        cosines[np.arange(len(rows)), rows] = np.inf
        for own, found in zip(cosines, near[start : start + _AT_ONCE], strict=True):
            penalty += int(np.maximum(_ranks(own, found) - k, 0).sum())
    return 1 - 2 * penalty / (len(asked) * k * (2 * n - 3 * k - 1))


def _ranks(cosines: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """(k,) true ranks of some rows: 0 is the track itself, 1 the nearest other; those on a par in order of row."""
    return np.array(
        [np.count_nonzero(cosines > cosines[j]) + np.count_nonzero(cosines[:j] == cosines[j]) for j in rows]
    )


def blind(n: int, k: int = K) -> float:
    """The share of neighbours that a map drawn blindly keeps."""
    return min(k, n - 1) / (n - 1) if n > 1 else float("nan")
