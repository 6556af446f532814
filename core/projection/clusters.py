"""Groups of tracks that sound alike to an encoder, whatever their tags say."""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray

MOST = 20
"""As many as colours can be told apart."""
ROUNDS, DRAWS = 25, 5
"""Steps, and beginnings of which the best is taken."""


def how_many(n: int) -> int:
    """Groups for n tracks: the square root of half of them, 2 to 20."""
    return int(np.clip(round((n / 2) ** 0.5), min(2, n), MOST))


def k_means(unit: NDArray[np.float32], count: int | None = None, seed: int = 0) -> NDArray[np.int16]:
    """(n,) the group of each of (n, dim) rows of length 1, by the cosine to the groups' means; group 0 is the largest.

    Dhillon and Modha (2001), spherical k-means, with faiss.
    """
    count = how_many(len(unit)) if count is None else min(count, len(unit))
    means = faiss.Kmeans(
        unit.shape[1],
        count,
        niter=ROUNDS,
        seed=seed,
        spherical=True,
        min_points_per_centroid=1,
        verbose=False,
    )
    rows = np.ascontiguousarray(unit, np.float32)
    means.train(rows)
    _, found = means.index.search(rows, 1)
    return by_size(found[:, 0].astype(np.int16))


def dense(points: NDArray[np.floating], smallest: int | None = None) -> NDArray[np.int16]:
    """(n,) groups of points that lie densely together on a map (n, 2), -1 between them; group 0 is the largest.

    Campello et al. (2013), HDBSCAN, with scikit-learn.
    """
    from sklearn.cluster import HDBSCAN

    smallest = max(5, len(points) // 200) if smallest is None else smallest
    if len(points) <= smallest:
        return np.zeros(len(points), np.int16)
    return by_size(HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(points).astype(np.int16))


def by_size(groups: NDArray[np.int16]) -> NDArray[np.int16]:
    """The same groups numbered by size, largest first; those in none (-1) stay in none."""
    names, counts = np.unique(groups[groups >= 0], return_counts=True)
    return _renamed(
        groups, dict(zip(names[np.argsort(-counts, kind="stable")].tolist(), range(len(names)), strict=True))
    )


def named_as(groups: NDArray[np.int16], before: NDArray[np.int16]) -> NDArray[np.int16]:
    """The same groups under the numbers of earlier ones that share most tracks with them, so that colours stay.

    Parameters
    ----------
    groups, before
        (n,) of the same tracks; -1: in none, or not there before.
    """
    from scipy.optimize import linear_sum_assignment  # takes half a second, and most maps are not drawn anew

    top = int(max(groups.max(initial=-1), before.max(initial=-1))) + 1
    both = (groups >= 0) & (before >= 0)
    table = np.bincount(groups[both].astype(np.int64) * top + before[both], minlength=top * top).reshape(
        top, top
    )
    rows, columns = linear_sum_assignment(table, maximize=True)
    return _renamed(groups, dict(zip(rows.tolist(), columns.tolist(), strict=True)))


def _renamed(groups: NDArray[np.int16], names: dict[int, int]) -> NDArray[np.int16]:
    table = np.full(max([-1, *names]) + 2, -1, np.int16)  # the last entry is for -1
    for old, new in names.items():
        table[old] = new
    return table[groups]
