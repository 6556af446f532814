"""The ways to draw a map. A method that is worked out step by step is one function, `fit`, in a module of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError

FEWEST = 5
"""Tracks under which there is nothing to draw."""
EVERYTHING = 10**9


@dataclass(frozen=True)
class Method:
    """A way to draw a map.

    Parameters
    ----------
    title, summary
        For a person.
    module
        Has `fit(task, tell) -> (n, 2)`; "": the principal axes themselves.
    most
        Above so many tracks a sample is fitted ...
    sample
        ... of this size, and neighbours place the rest.
    """

    title: str
    summary: str
    module: str
    most: int = EVERYTHING
    sample: int = EVERYTHING


@dataclass(frozen=True, eq=False)
class Task:
    """What a method works from.

    Parameters
    ----------
    rows, distances
        (n, k) each row's nearest others, best first, and their cosine distances.
    start
        (n, 2) where the points begin: principal axes or an earlier map; centred, at a mean square distance of 1.
    features
        (n, d) the principal axes' coordinates, for methods that want more than neighbours; else (n, 0).
    size
        What the method itself had made of that distance where it drew the earlier map; 0: a drawing from nothing.
    epochs
        0: as the method thinks fit.
    live
        Where pictures are shown meanwhile (`core.projection.live`); None: nowhere.
    """

    method: str
    rows: NDArray[np.int32]
    distances: NDArray[np.float32]
    start: NDArray[np.float32]
    features: NDArray[np.float32]
    seed: int = 0
    size: float = 0.0
    epochs: int = 0
    live: Path | None = None


METHODS = {
    "umap": Method(
        "UMAP", "Keeps neighbours together. Distances between groups say little.", "core.projection.method_umap",
        most=200_000, sample=100_000,
    ),
    "pca": Method("PCA", "The two directions in which the tracks differ most: a straight shadow.", ""),
    "tsne": Method(
        "t-SNE", "Keeps the nearest neighbours together, and shows the finest grain.", "core.projection.method_tsne",
        most=20_000, sample=20_000,
    ),
}  # fmt: skip


def method(name: str) -> Method:
    """The method of that name.

    Raises
    ------
    UserError
        There is none.
    """
    if name not in METHODS:
        raise UserError(
            f"There is no way to draw a map called {name[:80]}.", f"There are: {', '.join(METHODS)}."
        )
    return METHODS[name]
