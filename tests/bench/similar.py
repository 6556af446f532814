"""Time of one look-up of neighbours, beside the plain way, on the same matrix in the same run.

    python tests/bench/similar.py [--rows 100000 1000000] [--dim 256] [--repeats 15]

Reference: `np.argsort(matrix @ query)` over an ordinary array, which is what one writes first. Ours
runs on the memory-mapped cache, with filters and folding. Medians in ms.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from core.recommend import Catalogue, Query, measure, neighbours, similar, unit_rows
from core.vectors import VectorCache

_BATCH = 20_000


def timed(work: Callable[[int], object], repeats: int) -> float:
    """Median ms over `repeats` different queries, after one that warms up."""
    work(0)
    spent = []
    for turn in range(1, repeats + 1):
        start = time.perf_counter()
        work(turn * 101)
        spent.append((time.perf_counter() - start) * 1e3)
    return median(spent)


def batches(rows: int, dim: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Correlated vectors, as encoders give them: 32 directions and a little noise."""
    rng = np.random.default_rng(0)
    basis = rng.standard_normal((32, dim), np.float32)
    for start in range(0, rows, _BATCH):
        n = min(_BATCH, rows - start)
        noise = rng.standard_normal((n, dim), np.float32)
        yield np.arange(start, start + n), rng.standard_normal((n, 32), np.float32) @ basis + noise


def run(rows: int, dim: int, repeats: int, folder: Path) -> None:
    """One size."""
    rng = np.random.default_rng(1)
    cache = VectorCache(folder, f"bench {rows}", dim)
    start = time.perf_counter()
    cache.rebuild(batches(rows, dim))
    cache.restandardise(measure(cache.read().raw))
    print(f"{rows:,} x {dim}: cache written in {time.perf_counter() - start:.1f} s")
    opening = timed(lambda _: VectorCache(folder, f"bench {rows}", dim).read(), repeats)
    unit = cache.read().unit
    start = time.perf_counter()
    neighbours(unit, [7])
    first = (time.perf_counter() - start) * 1e3
    known = Catalogue(
        rng.integers(-1, rows // 10, rows),
        rng.integers(-1, rows // 12, rows),
        rng.uniform(60, 400, rows),
        [f"Song {i}" for i in range(rows)],
    )
    filtered = {"exclude_artist": True, "exclude_album": True}
    figures = {
        "open": opening,
        "first look-up after opening (pages mapped)": first,
        "neighbours, 10 of one seed": timed(lambda i: neighbours(unit, [i]), repeats),
        "neighbours, 100 of five seeds less two": timed(
            lambda i: neighbours(unit, [i, i + 1, i + 2, i + 3, i + 4], [i + 9, i + 8], 100), repeats
        ),
        "similar, both filters and folding": timed(
            lambda i: similar(unit, Query([i], **filtered), known), repeats
        ),
    }
    plain = unit_rows(cache.read().raw, cache.read().standardisation)
    figures["reference: argsort(matrix @ q), in memory"] = timed(
        lambda i: np.argsort(-(plain @ plain[i]))[1:11], repeats
    )
    figures["reference: matrix @ q alone"] = timed(lambda i: plain @ plain[i], repeats)
    for name, ms in figures.items():
        print(f"  {ms:8.2f} ms  {name}")


def main() -> None:
    """Every size in turn."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    options.add_argument("--dim", type=int, default=256)
    options.add_argument("--repeats", type=int, default=15)
    given = options.parse_args()
    for rows in given.rows:
        with tempfile.TemporaryDirectory() as folder:
            run(rows, given.dim, given.repeats, Path(folder))


if __name__ == "__main__":
    main()
