"""UMAP (McInnes et al. 2018, arXiv:1802.03426) from neighbours that are known, with umap-learn.

Its steps are called one by one, so that the positions can be looked at while they settle.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import umap.layouts
import umap.umap_
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from tqdm import tqdm

from core.projection.methods import Task

NEIGHBOURS = 15
"""Itself included, as umap-learn counts."""
SPREAD, MIN_DIST = 1.0, 0.1
SMALL, EPOCHS_SMALL, EPOCHS_LARGE = 10_000, 500, 200
"""umap-learn's own choice of epochs."""
SIZE = 10.0
"""The wider side of the picture at the beginning, as in umap-learn."""
NOISE = 1e-3
"""Equal tracks must not lie on one spot, or nothing parts them."""
WARM_RATE, WARM_SHARE = 0.25, 0.5
"""From an earlier map: first step, beside 1, and share of the epochs. Measured on 420 tracks and 49 new ones: the old
ones move half as far as in a drawing from nothing, and as many neighbours are kept."""

_COMPILED = (
    (umap.umap_, "smooth_knn_dist"), (umap.umap_, "compute_membership_strengths"),
    (umap.layouts, "_nb_optimize_layout_euclidean_single_epoch"),
)  # fmt: skip

Tell = Callable[[int, int, NDArray[np.float32]], None]
"""Hears epochs done, epochs in all and the positions, which go on changing afterwards."""


def warm() -> None:
    """Have the compiled steps ready: from the disk, where an earlier process left them there."""
    tqdm.set_lock(threading.RLock())  # its own is the system's, and outlives a process that is ended
    for module, name in _COMPILED:
        with suppress(AttributeError, RuntimeError):  # another umap-learn; or no folder to keep them in
            getattr(module, name).enable_caching()
    rng = np.random.default_rng(0)
    rows = np.array([[(i + j) % 20 for j in range(1, 16)] for i in range(20)], np.int32)
    fit(
        Task(
            "umap",
            rows,
            np.full((20, 15), 0.5, np.float32),
            rng.random((20, 2)).astype("f4"),
            _NONE,
            epochs=2,
        )
    )


def fit(task: Task, tell: Tell | None = None) -> NDArray[np.float32]:
    """(n, 2) positions; the same ones for the same task."""
    n = len(task.rows)
    random = np.random.RandomState(task.seed)
    graph = _memberships(task, random)
    epochs = task.epochs or (EPOCHS_SMALL if n <= SMALL else EPOCHS_LARGE)
    if task.size:
        epochs = max(1, round(epochs * WARM_SHARE))
    graph.data[graph.data < graph.data.max() / epochs] = 0.0
    graph.eliminate_zeros()
    points = _start(task, random)
    a, b = umap.umap_.find_ab_params(SPREAD, MIN_DIST)
    state = random.randint(-(2**31) + 1, 2**31 - 2, 3).astype(np.int64)
    umap.layouts.optimize_layout_euclidean(
        points, points, graph.row, graph.col, epochs, n, umap.umap_.make_epochs_per_sample(graph.data, epochs),
        a, b, state, initial_alpha=WARM_RATE if task.size else 1.0,
        tqdm_kwds=_progress(tell, points, epochs), move_other=True,
    )  # fmt: skip
    return points


_NONE = np.empty((0, 0), np.float32)


def _memberships(task: Task, random: np.random.RandomState) -> coo_matrix:
    """Edges and how strong they are (the paper's section 3.1)."""
    n, k = len(task.rows), min(NEIGHBOURS - 1, task.rows.shape[1])
    own = np.arange(n, dtype=np.int32)[:, None]
    rows = np.hstack((own, task.rows[:, :k]))
    distances = np.hstack((np.zeros((n, 1), np.float32), task.distances[:, :k]))
    graph, _, _ = umap.umap_.fuzzy_simplicial_set(
        np.empty((n, 0)), k + 1, random, "precomputed", knn_indices=rows, knn_dists=distances
    )
    graph = graph.tocoo()
    graph.sum_duplicates()
    return graph


def _start(task: Task, random: np.random.RandomState) -> NDArray[np.float32]:
    """At the size of the earlier map, else scaled as umap-learn does, but alike in both directions."""
    away = task.start.astype(np.float64) - task.start.min(axis=0)
    scale = task.size or SIZE / (float(away.max()) or 1.0)
    return np.ascontiguousarray(away * scale + random.normal(scale=NOISE, size=away.shape), np.float32)


class _Progress:
    """Stands where a terminal would: tqdm, inside umap-learn, writes the number of epochs there."""

    def __init__(self, tell: Tell, points: NDArray[np.float32], epochs: int) -> None:
        self._tell, self._points, self._epochs = tell, points, epochs

    def write(self, text: str) -> None:
        number = text.strip()
        if number.isdecimal():
            self._tell(int(number), self._epochs, self._points)

    def flush(self) -> None:
        """Nothing is held back."""


def _progress(tell: Tell | None, points: NDArray[np.float32], epochs: int) -> dict[str, object]:
    if tell is None:
        return {"disable": True}
    return {
        "disable": False, "file": _Progress(tell, points, epochs), "bar_format": "{n}", "mininterval": 0.1,
        "miniters": 1, "ascii": True,
    }  # fmt: skip
