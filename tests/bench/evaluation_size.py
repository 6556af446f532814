"""Time and memory of each evaluation at the paper's size, on synthetic vectors; each in a process of its own.

    python tests/bench/evaluation_size.py [--only genre-svm ...] [--share 0.05] [--device cpu] [--json FILE]

genre: 6,400 / 800 / 800 tracks x 1,280, 8 classes, one probe with its search for C, the official split once.
playlists: 7,245 lists of 4 to 20 tracks (AOTM-2011's number) among 50,000 tracks x 1,280, 5 seeds.
tags: 201,680 / 11,774 / 28,435 tracks (MSD's) x 512, 50 tags, search for C.
`--share` takes that part of the tracks and lists, for a trial. Memory is the process's peak, vectors included; `before`
is what it held when the work began.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.evaluation.fits import GRID, Recipe
from core.evaluation.playlists import Rules, draw, evaluate
from core.evaluation.probes import probe_classes
from core.evaluation.tag_probe import probe_tags
from core.evaluation.tasks import Split, Task

Work = Callable[[], dict[str, Any]]
"""What is measured; returns what it found."""


@dataclass(frozen=True)
class Options:
    """What was typed."""

    share: float = 1.0
    dim: int = 1280
    device: str = "cpu"
    grid: tuple[float, ...] = GRID

    def of(self, *sizes: int) -> tuple[int, ...]:
        """Sizes, as large as the trial shall be."""
        return tuple(max(20, round(size * self.share)) for size in sizes)


def parts(*sizes: int) -> Split:
    """Train, validation and test, one after the other."""
    train, validation, test = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    return Split(train, validation, test)


def genre(options: Options, probe: Any) -> Work:
    """Classes that a linear probe tells apart about as well as the paper's."""
    rng = np.random.default_rng(0)
    sizes = options.of(6400, 800, 800)
    n, dim = sum(sizes), options.dim
    targets = rng.integers(0, 8, n)
    rank = rng.normal(0, 1, (64, dim))  # embeddings fill few of their dimensions
    vectors = ((rng.normal(0, 0.32, (8, 64))[targets] + rng.normal(0, 1, (n, 64))) @ rank).astype(np.float32)
    vectors += rng.normal(0, 1, vectors.shape).astype(np.float32)
    names = tuple(f"genre {i}" for i in range(8))
    task = Task("genre", "class", tuple(range(n)), names, targets, np.arange(n), parts(*sizes))

    def work() -> dict[str, Any]:
        found = probe_classes(task, vectors, Recipe(probe, options.grid))
        return {"accuracy": found.accuracy.mean, "c": found.chosen, "notes": found.notes}

    return work


def playlists(options: Options) -> Work:
    """Lists drawn blindly: chance has to come out."""
    rng = np.random.default_rng(0)
    lists, tracks = options.of(7245, 50_000)
    tracks = max(tracks, 500)
    entries = [(i, row) for i in range(lists) for row in rng.integers(0, tracks, rng.integers(4, 21))]
    names = tuple(f"list {i}" for i in range(lists))
    task = Task("lists", "playlists", tuple(range(tracks)), names, np.array(entries))
    vectors = rng.standard_normal((tracks, options.dim), np.float32)

    def work() -> dict[str, Any]:
        found = evaluate(draw(task, Rules()), vectors)
        return {"hit_rate": found.hit_rate.mean, "percentile": found.percentile.mean, "cases": found.cases}

    return work


def tags(options: Options) -> Work:
    """Tags that follow directions, with prevalences as in MSD."""
    rng = np.random.default_rng(0)
    sizes, dim = options.of(201_680, 11_774, 28_435), 512
    n = sum(sizes)
    vectors = rng.standard_normal((n, dim), np.float32)
    heard = vectors @ rng.normal(0, dim**-0.5, (dim, 50)).astype(np.float32)
    heard += rng.standard_normal((n, 50), np.float32)
    targets = heard > np.quantile(heard, 1 - rng.uniform(0.01, 0.25, 50), axis=0).diagonal()
    names = tuple(f"tag {i}" for i in range(50))
    task = Task("tags", "tags", tuple(range(n)), names, targets, np.arange(n) // 5, parts(*sizes))

    def work() -> dict[str, Any]:
        found = probe_tags(task, vectors, Recipe("logistic", options.grid), device=options.device)
        areas = {"roc_auc": found.roc_auc.mean, "pr_auc": found.pr_auc.mean}
        return areas | {"c": found.chosen, "notes": found.notes}

    return work


TASKS: dict[str, Callable[[Options], Work]] = {
    "genre-svm": lambda options: genre(options, "svm"),
    "genre-logistic": lambda options: genre(options, "logistic"),
    "playlists": playlists,
    "tags": tags,
}


def peak() -> float:
    """The most memory that this process has held, in GiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)


def measure(name: str, options: Options) -> dict[str, Any]:
    """Seconds by the clock and of processor time, and memory; runs in a process that does nothing else."""
    work = TASKS[name](options)
    before, start, spent = peak(), time.perf_counter(), time.process_time()
    found = work()
    took = {"seconds": round(time.perf_counter() - start, 1), "cpu_s": round(time.process_time() - spent, 1)}
    return {"task": name, "share": options.share} | took | {"before_gib": before, "peak_gib": peak()} | found


def main() -> None:
    """One after the other."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--only", choices=TASKS, nargs="+", default=list(TASKS))
    given.add_argument("--share", type=float, default=1.0)
    given.add_argument("--dim", type=int, default=1280)
    given.add_argument("--device", default="cpu")
    given.add_argument("--c", type=float, nargs="+", default=list(GRID))
    given.add_argument("--json", type=Path)
    asked = given.parse_args()
    options = Options(asked.share, asked.dim, asked.device, tuple(asked.c))
    rows = []
    for name in asked.only:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            rows.append(pool.apply(measure, (name, options)))
        print(json.dumps(rows[-1]), flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1), "utf-8")


if __name__ == "__main__":
    main()
