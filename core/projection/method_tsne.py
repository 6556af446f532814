"""t-SNE (van der Maaten and Hinton 2008; Barnes-Hut, 2014) with scikit-learn, as a second opinion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE

from core.projection.methods import Task

PERPLEXITY = 30.0
START = 1e-4
"""Deviation of the positions that it begins from, as scikit-learn recommends."""
NOISE = 0.01
"""Beside positions at a mean square distance of 1: without it nothing would depend on the seed."""


def warm() -> None:
    """Nothing has to be compiled."""


def fit(
    task: Task, _tell: Callable[[int, int, NDArray[np.float32]], None] | None = None
) -> NDArray[np.float32]:
    """(n, 2) positions from the principal axes' coordinates; nothing can be seen of it before it is done."""
    scale = task.size or START / (float(task.start.std(axis=0).max()) or 1.0)
    noise = np.random.default_rng(task.seed).normal(scale=NOISE, size=task.start.shape)
    model = TSNE(
        perplexity=min(PERPLEXITY, (len(task.start) - 1) / 3),
        init=np.asarray((task.start + noise) * scale, np.float32),
        early_exaggeration=1.0 if task.size else 12.0,  # which would first draw everything together
        random_state=task.seed,
        max_iter=task.epochs or 1000,
    )
    return np.asarray(model.fit_transform(task.features), np.float32)
