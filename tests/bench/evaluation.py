"""Time of each evaluation at the paper's size, on synthetic vectors.

    python tests/bench/evaluation.py [--only genre|playlists|tags] [--dim 1280] [--tracks 50000] [--device cpu]

genre: 6,400 / 800 / 800 tracks, 8 classes, both probes with their search for C, the official split once.
playlists: 7,245 lists of 4 to 20 tracks, 5 seeds. tags: 201,680 / 11,774 / 28,435 tracks x 512, 50 tags.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np

from core.evaluation.fits import GRID, Recipe
from core.evaluation.playlists import Rules, draw, evaluate
from core.evaluation.probes import probe_classes
from core.evaluation.tag_probe import probe_tags
from core.evaluation.tasks import Split, Task

RNG = np.random.default_rng(0)
T = TypeVar("T")


def timed(name: str, work: Callable[[], T]) -> T:
    """Say how long it took, by the clock and in seconds of processor time, and the most memory so far."""
    start, spent = time.perf_counter(), time.process_time()
    result = work()
    took, cpu = time.perf_counter() - start, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{name}: {took:.1f} s ({cpu:.1f} s CPU), at most {peak:.2f} GiB so far", flush=True)
    return result


def parts(*sizes: int) -> Split:
    """Train, validation and test, one after the other."""
    train, validation, test = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    return Split(train, validation, test)


def genre(dim: int, grid: tuple[float, ...]) -> None:
    """Classes that a linear probe tells apart about as well as the paper's."""
    targets = RNG.integers(0, 8, 8000)
    rank = RNG.normal(0, 1, (64, dim))  # embeddings fill few of their dimensions
    vectors = ((RNG.normal(0, 0.32, (8, 64))[targets] + RNG.normal(0, 1, (8000, 64))) @ rank).astype(
        np.float32
    )
    vectors += RNG.normal(0, 1, vectors.shape).astype(np.float32)
    names = tuple(f"genre {i}" for i in range(8))
    task = Task("genre", "class", tuple(range(8000)), names, targets, np.arange(8000), parts(6400, 800, 800))
    for probe in ("svm", "logistic"):
        work = partial(probe_classes, task, vectors, Recipe(probe, grid))
        found = timed(f"genre, {probe}, 6400 x {dim}", work)
        print(f"  {found.accuracy}, C {found.chosen}, {found.notes}")


def playlists(dim: int, tracks: int) -> None:
    """Lists drawn blindly: chance has to come out."""
    entries = [(i, row) for i in range(7245) for row in RNG.integers(0, tracks, RNG.integers(4, 21))]
    names = tuple(f"list {i}" for i in range(7245))
    task = Task("lists", "playlists", tuple(range(tracks)), names, np.array(entries))
    vectors = RNG.normal(0, 1, (tracks, dim)).astype(np.float32)
    drawn = timed("playlists, drawn once for all encoders", lambda: draw(task, Rules()))
    found = timed(f"playlists, {len(drawn.asks)} cases, {tracks} x {dim}", lambda: evaluate(drawn, vectors))
    print(f"  HR@10 {found.hit_rate}, MPR {found.percentile}")


def tags(dim: int, device: str, grid: tuple[float, ...]) -> None:
    """Tags that follow directions, with prevalences as in MSD."""
    sizes = (201_680, 11_774, 28_435)
    n = sum(sizes)
    vectors = RNG.standard_normal((n, dim), np.float32)
    heard = vectors @ RNG.normal(0, dim**-0.5, (dim, 50)).astype(np.float32) + RNG.standard_normal(
        (n, 50), np.float32
    )
    targets = heard > np.quantile(heard, 1 - RNG.uniform(0.01, 0.25, 50), axis=0).diagonal()
    names = tuple(f"tag {i}" for i in range(50))
    task = Task("tags", "tags", tuple(range(n)), names, targets, np.arange(n) // 5, parts(*sizes))
    recipe = Recipe("logistic", grid)
    found = timed(f"tags, {n} x {dim}", lambda: probe_tags(task, vectors, recipe, device=device))
    print(f"  ROC-AUC {found.roc_auc}, PR-AUC {found.pr_auc}, C {found.chosen}, {found.notes}")


def main() -> None:
    """One or all."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", choices=["genre", "playlists", "tags"])
    options.add_argument("--dim", type=int, default=1280)
    options.add_argument("--tracks", type=int, default=50_000)
    options.add_argument("--device", default="cpu")
    options.add_argument("--c", type=float, nargs="+", default=list(GRID))
    given = options.parse_args()
    if given.only in (None, "genre"):
        genre(given.dim, tuple(given.c))
    if given.only in (None, "playlists"):
        playlists(given.dim, given.tracks)
    if given.only in (None, "tags"):
        tags(512, given.device, tuple(given.c))


if __name__ == "__main__":
    main()
