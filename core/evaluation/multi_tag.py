"""Logistic regression of many tags at once: they share the embeddings, so one pass serves all of them.

The objective of each tag is scikit-learn's: the mean cross-entropy + |w|^2 / (2 C n), intercept free. The sum over tags
is convex and falls apart into tags, so its minimum is theirs. SciPy walks (L-BFGS), torch multiplies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor
from torch.nn import functional

from core.evaluation.intervals import Floats

TOLERANCE = 1e-4
"""Largest derivative at the end, scikit-learn's default."""
_EXACT = 20_000_000
"""Embeddings of more values than this are kept in float32."""


def unwatched() -> None:
    """Nobody wants to stop it."""


@dataclass(frozen=True, eq=False)
class TagModel:
    """A linear score for each tag.

    Parameters
    ----------
    c
        What it was fitted with.
    weights, intercepts
        (dim, tags) and (tags,).
    steps
        Of L-BFGS.
    """

    c: float
    weights: Floats
    intercepts: Floats
    converged: bool
    steps: int

    def scores(self, vectors: NDArray[np.floating[Any]]) -> Floats:
        """(n, dim) -> (n, tags) log-odds."""
        return np.asarray(vectors @ self.weights + self.intercepts, np.float64)


def fit(
    vectors: NDArray[np.floating[Any]],
    targets: NDArray[np.bool_],
    grid: Sequence[float],
    *,
    device: str = "cpu",
    max_iter: int = 1000,
    tolerance: float = TOLERANCE,
    watch: Callable[[], None] = unwatched,
) -> Iterator[TagModel]:
    """A model for each C, ascending, each started from the one before.

    Parameters
    ----------
    vectors
        (n, dim), standardised.
    targets
        (n, tags).
    device
        Where to compute, as torch names it.
    watch
        Called after each step, of which a fit may take hundreds; may raise to stop.
    """
    exact = device == "cpu" and vectors.size <= _EXACT
    dtype = torch.float64 if exact else torch.float32
    x = torch.as_tensor(vectors, dtype=dtype, device=device)
    y = torch.as_tensor(targets, dtype=dtype, device=device)
    flat = np.zeros((x.shape[1] + 1) * y.shape[1])
    for c in sorted(grid):
        options = {"maxiter": max_iter, "gtol": tolerance, "ftol": 64 * np.finfo(np.float64).eps, "maxls": 50}
        found = minimize(
            _loss, flat, (x, y, c), method="L-BFGS-B", jac=True, options=options, callback=lambda _: watch()
        )
        flat = found.x
        weights = flat.reshape(-1, y.shape[1])
        # The slope decides: the search also ends where rounding lets it go no further.
        converged = bool(np.abs(found.jac).max() <= tolerance)
        yield TagModel(c, weights[:-1].copy(), weights[-1].copy(), converged, int(found.nit))


def _loss(flat: Floats, x: Tensor, y: Tensor, c: float) -> tuple[float, Floats]:
    """Sum over tags of the objective, and its slope.

    Parameters
    ----------
    flat
        (dim + 1, tags) weights and, last, intercepts, in one row.
    """
    parameters = torch.as_tensor(flat, dtype=x.dtype, device=x.device).view(-1, y.shape[1])
    weights, n = parameters[:-1], len(x)
    logits = torch.addmm(parameters[-1], x, weights)  # (n, tags)
    entropy = functional.binary_cross_entropy_with_logits(logits, y, reduction="sum")
    loss = (entropy.double() + weights.double().square().sum() / (2 * c)) / n
    wrong = logits.sigmoid_().sub_(y)
    slope = torch.cat([x.T @ wrong + weights / c, wrong.sum(0, keepdim=True)]) / n
    return loss.item(), slope.double().cpu().numpy().ravel()
