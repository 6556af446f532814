"""Fitting one probe: what comes before it, its C, and whether it converged."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
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

ProbeName = Literal["svm", "logistic", "majority"]
GRID = (0.01, 0.1, 1.0, 10.0, 100.0)
"""Values of C; of equally good ones the smallest, which trusts the data least, is taken."""
PCA_DIM = 128
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


def one_thread() -> AbstractContextManager[object]:
    """Fits of products too thin for several: threads that wait for each other cost more than they take off.

    Logistic regression with two busy cores: 0.045 s with two threads and 0.003 s with one (300 x 40), 0.96 s and 0.22 s
    (6,400 x 640).
    """
    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits


def before(recipe: Recipe, train: Matrix) -> Pipeline:
    """Standardisation, and PCA where asked for, fitted on (n, dim) of the training part alone."""
    steps: list[Any] = [StandardScaler()]
    if recipe.pca and train.shape[1] > PCA_DIM:
        steps.append(PCA(min(PCA_DIM, len(train)), svd_solver="covariance_eigh"))
    return make_pipeline(*steps).fit(train)


def classifier(recipe: Recipe, c: float, seed: int) -> Any:
    """scikit-learn's classifier, not fitted."""
    if recipe.probe == "majority":
        return DummyClassifier(strategy="most_frequent")
    if recipe.probe == "svm":
        return LinearSVC(C=c, dual="auto", random_state=seed, max_iter=recipe.max_iter)
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
    lone = len(np.unique(y)) < 2
    model = DummyClassifier(strategy="most_frequent") if lone else classifier(recipe, c, seed)
    return model, converges(lambda: model.fit(x, y))
