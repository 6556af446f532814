"""Time of lists with rules, paths and radio over a large library, and of a moment looked for in stored segments.

    python -m tests.bench.lists [--rows 100000] [--dim 256] [--repeats 9] [--segments 10000 60 128]

Reference: `similar` without rules in the same run. Medians in ms. The last figures go through a real library file.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from core import answers
from core.answers import Stock
from core.library.models import Embedding
from core.library.store import Library
from core.neighbours import Neighbours
from core.recommend import Catalogue, Names, Query, hubs, similar
from core.recommend.radio import Spacing
from core.recommend.rules import Rules
from core.vectors import Snapshot
from tests import synthetic
from tests.bench.similar import batches, timed


def stock(rows: int, dim: int) -> tuple[Stock, float]:
    """Tracks by as many artists, years, genres and folders as people have; and what hub correction took, in s."""
    rng = np.random.default_rng(1)
    ids, raw = (np.concatenate(parts) for parts in zip(*batches(rows, dim), strict=True))
    snapshot = Snapshot.of(ids, raw)
    known = Catalogue(
        rng.integers(-1, rows // 10, rows), rng.integers(-1, rows // 12, rows), rng.uniform(60, 400, rows),
        [f"Song {i}" for i in range(rows)], np.where(rng.random(rows) < 0.1, np.nan, rng.integers(1950, 2025, rows)),
        Names.of(f"Genre {i}" for i in rng.integers(0, 300, rows)),
        Names.of(f"/m/{i}" for i in rng.integers(0, rows // 12, rows)), {"calm": rng.integers(0, rows, rows // 10)},
    )  # fmt: skip
    start = time.perf_counter()
    scale = hubs.scale(hubs.surroundings(snapshot.unit))
    spent = time.perf_counter() - start
    return Stock(snapshot, known, np.arange(rows, dtype=np.int64), "bench", lambda: scale), spent


def lists(rows: int, dim: int, repeats: int) -> None:
    """One size."""
    made, spent = stock(rows, dim)
    unit, known = made.snapshot.unit, made.catalogue
    every = Rules(
        other_artists=True, other_albums=True, years=(1960, 2020), seconds=(90, 360), hubness="local",
        genres=frozenset(f"genre {i}" for i in range(150)), folders=frozenset({"/m"}),
    )  # fmt: skip
    figures = {
        "reference: similar, 10 of one seed, folded": timed(
            lambda i: similar(unit, Query([i]), known), repeats
        ),
        "ask, no rule": timed(lambda i: answers.ask(made, [i], (), (), 10, Rules()), repeats),
        "ask, every rule": timed(lambda i: answers.ask(made, [i], (), [i + 1], 50, every), repeats),
        "ask, hubs corrected": timed(
            lambda i: answers.ask(made, [i], (), (), 10, Rules(hubness="local")), repeats
        ),
        "path of 12": timed(lambda i: answers.path(made, i, i + 500, 12, (), Rules()), repeats),
        "path of 12, hubs corrected": timed(
            lambda i: answers.path(made, i, i + 500, 12, (), Rules(hubness="local")), repeats
        ),
        "radio of 30": timed(lambda i: answers.radio(made, [i], 30, Spacing(), Rules(), ()), repeats),
    }
    print(f"{rows:,} x {dim}: surroundings for hub correction, once: {spent:.1f} s")
    for name, ms in figures.items():
        print(f"  {name:44} {ms:8.1f} ms")


def moments(tracks: int, segments: int, dim: int, repeats: int, folder: Path) -> None:
    """Segments in a library file; each look goes through all of them."""
    path = folder / "a.earmap"
    synthetic.fill(path, synthetic.Mix(tracks, failed=0, partial=0, skipped=0))
    rng = np.random.default_rng(0)
    with Library(path) as library:
        encoder = library.encoders.add(
            name="bench", strategy="mfcc", config={}, dim=dim, track_dim=dim, front_end="1", weights_hash="b", card={},
            file="",
        )  # fmt: skip
        for start in range(0, tracks, 500):
            rows = [
                {"track_id": number + 1, "encoder_id": encoder.id, "plan": "whole", "device": "cpu",
                 "vector": rng.standard_normal(dim).astype("<f4").tobytes(), "n_segments": segments,
                 "segments": rng.standard_normal((segments, dim)).astype("<f2").tobytes(), "precision": "float32"}
                for number in range(start, min(start + 500, tracks))
            ]  # fmt: skip
            with library._db.write() as connection:
                connection.execute(insert(Embedding), rows)
        found = Neighbours(library, encoder, "whole")
        found.refresh()
        why = timed(lambda i: found.why(i + 1, i + 2), repeats)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        moment = timed(lambda i: found.moment(i + 1, 30, 36, 20), repeats)
        again = timed(
            lambda i: found.moment(repeats, 30, 36, 20, Rules(years=(1960 + i % 50, None))), repeats
        )
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{tracks:,} tracks of {segments} segments x {dim} in a library file:")
    print(f"  why                                          {why:8.1f} ms")
    print(f"  moment in all of them                        {moment:8.1f} ms, {more:.0f} MB more at most")
    print(f"  the same moment by another rule              {again:8.1f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000])
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--segments", type=int, nargs=3, default=[10_000, 60, 128])
    wanted = parser.parse_args()
    for rows in wanted.rows:
        lists(rows, wanted.dim, wanted.repeats)
    with tempfile.TemporaryDirectory() as folder:
        tracks, each, dim = wanted.segments
        moments(tracks, each, dim, wanted.repeats, Path(folder))
