"""Fitting one probe: what comes before it, its C, and whether it converged."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from core.machine import processors

ProbeName = Literal["svm", "logistic", "majority"]
GRID = (0.01, 0.1, 1.0, 10.0, 100.0)
"""Values of C; of equally good ones the smallest, which trusts the data least, is taken."""
PCA_DIM = 128
DUAL_BELOW = 3
"""Items for a dimension below which a linear SVM is solved in its dual: classes are apart, or nearly, and the primal
crawls (370 x 256, 40 classes, C = 10: 8.3 s and 1.5 s; 1,200 x 256, 11 classes: 0.4 and 0.6 s). One answer for both."""
NOTHING_APART = "Nothing was kept apart to choose C with in a split: the middle value was taken."

Matrix = NDArray[np.floating[Any]]
Watch = Callable[[int], None]
"""Told how many fits there were so far; may raise to stop."""


def unwatched(fits: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Recipe:
    """How a probe is made.

    Parameters
    ----------
    grid
        Values of C to choose from; a single one is not chosen.
    pca
        Whether embeddings are reduced to `PCA_DIM`, since width alone helps a probe.
    max_iter
        Steps after which a fit gives up, which is then noted.
    """

    probe: ProbeName = "svm"
    grid: tuple[float, ...] = GRID
    pca: bool = False
    max_iter: int = 1000

    def values(self) -> tuple[float, ...]:
        """C that can be told apart, ascending; the majority knows none."""
        return tuple(sorted(self.grid)) if self.probe != "majority" else (1.0,)


@dataclass
class Ledger:
    """Fits that did not converge, by C. `watch` is told after each fit how many there were; it may raise to stop."""

    fits: Counter[float] = field(default_factory=Counter)
    failed: Counter[float] = field(default_factory=Counter)
    failed_chosen: Counter[float] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)
    watch: Watch = unwatched

    def count(self, c: float, converged: bool) -> None:
        """One more fit."""
        self.fits[c] += 1
        self.failed[c] += not converged
        self.watch(self.fits.total())

    def step(self) -> None:
        """A fit is under way."""
        self.watch(self.fits.total())

    def choose(self, c: float, converged: bool) -> None:
        """That fit answered."""
        self.failed_chosen[c] += not converged

    def notes(self) -> tuple[str, ...]:
        """Sentences for a person."""
        lines = [
            f"C = {c:g}: {failed} of {self.fits[c]} fits did not converge; {self.failed_chosen[c]} of these were used."
            for c, failed in sorted(self.failed.items())
            if failed
        ]
        return (*dict.fromkeys(self.said), *lines)


@contextmanager
def fitting() -> Iterator[None]:
    """What fits need around them: products of one thread, and nothing said of what did not converge.

    Products here are too thin for several threads, which cost more waiting for each other than they take off. Logistic
    regression with two busy cores: 0.045 s with two threads and 0.003 s with one (300 x 40), 0.96 s and 0.22 s
    (6,400 x 640). Warnings are silenced here because they belong to the process, while `fitted_all` has threads.
    """
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def before(recipe: Recipe, train: Matrix) -> Pipeline:
    """Standardisation, and PCA where asked for, fitted on (n, dim) of the training part alone.

    Where there are fewer items than dimensions, what was standardised is rotated into the (n, n) that the items span. A
    linear classifier with an L2 penalty has no weight outside of it and knows no axes, so its answers stay what they
    were (300 x 1,280, 40 classes: 16 s and 3.6 s a fit).
    """
    n, dim = train.shape
    steps: list[Any] = [StandardScaler()]
    if dim > seen_dim(recipe, dim):
        steps.append(PCA(min(PCA_DIM, n), svd_solver="covariance_eigh"))
    elif n < dim and recipe.probe != "majority":
        steps.append(PCA(n, svd_solver="full"))
    return make_pipeline(*steps).fit(train.astype(np.float64) if n < dim else train)


def seen_dim(recipe: Recipe, dim: int) -> int:
    """Dimensions of an embedding that a probe is shown."""
    return min(dim, PCA_DIM) if recipe.pca else dim


def classifier(recipe: Recipe, c: float, seed: int, dual: bool = False) -> Any:
    """scikit-learn's classifier, not fitted; `dual` is a linear SVM's way to its answer."""
    if recipe.probe == "majority":
        return DummyClassifier(strategy="most_frequent")
    if recipe.probe == "svm":
        return LinearSVC(C=c, dual=dual, random_state=seed, max_iter=recipe.max_iter)
    return LogisticRegression(C=c, solver="lbfgs", max_iter=recipe.max_iter)


def converges(fit: Callable[[], object]) -> bool:
    """Run `fit`; whether it ended without a warning that it did not converge. Other warnings pass."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", category=ConvergenceWarning)
        fit()
    for warning in caught:
        if not issubclass(warning.category, ConvergenceWarning):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return not any(issubclass(warning.category, ConvergenceWarning) for warning in caught)


def fitted(recipe: Recipe, c: float, seed: int, x: Matrix, y: NDArray[np.int64]) -> tuple[Any, bool]:
    """A classifier that has learned (n, dim) and (n,), and whether it converged; one class is always answered."""
    ((model, converged),) = fitted_all(recipe, (c,), seed, x, y)
    return model, converged


def fitted_all(
    recipe: Recipe, values: Sequence[float], seed: int, x: Matrix, y: NDArray[np.int64]
) -> Iterator[tuple[Any, bool]]:
    """`fitted` for each C, in that order. Linear SVMs learn side by side, since theirs is the fit that takes long."""
    if len(np.unique(y)) < 2:
        yield from ((DummyClassifier(strategy="most_frequent").fit(x, y), True) for _ in values)
    elif recipe.probe != "svm" or len(values) < 2 or processors() < 2:
        for c in values:
            model = _classifier_for(recipe, c, seed, x)
            yield model, converges(partial(model.fit, x, y))
    else:
        yield from _side_by_side([_classifier_for(recipe, c, seed, x) for c in values], x, y)


def _classifier_for(recipe: Recipe, c: float, seed: int, x: Matrix) -> Any:
    n, dim = x.shape
    return classifier(recipe, c, seed, dual=n < DUAL_BELOW * dim)


def _side_by_side(models: Sequence[LinearSVC], x: Matrix, y: NDArray[np.int64]) -> Iterator[tuple[Any, bool]]:
    """The last C takes longest and comes first. What did not converge is told by its steps: see `fitting`."""
    pool = ThreadPoolExecutor(processors(), "probe")
    try:
        fits = [pool.submit(model.fit, x, y) for model in reversed(models)]
        for model, fit in zip(models, reversed(fits), strict=True):
            fit.result()
            yield model, bool(model.n_iter_ < model.max_iter)
    finally:
        pool.shutdown(cancel_futures=True)
