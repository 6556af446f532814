"""Time until a map is seen and until it is done, beside umap-learn alone, each in a process of its own.

    python tests/bench/projection.py [--tracks 470 10000 50000] [--dim 256] [--no-plain]

Ours: the job as the window starts it, from the start of its process; "first" is the first picture that the window can
show, "done" the finished map in the library. Reference: `umap.UMAP(metric="cosine", random_state=0).fit_transform` on
the same standardised rows, from the start of its process. Then 100 tracks are added, and the map is drawn again from
nothing under the same seed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.jobs.events import Ended
from core.jobs.process import JobProcess
from core.library.projections import Points
from core.library.store import Library
from core.projection.live import Live, read
from core.projection.quality import kept, trustworthiness
from core.settings import Settings
from tests.map_tools import PLAN, hear, make

NAME = "bench"
PLAIN = """
import sys, time
start = time.time()
import numpy as np, umap
rows = np.load(sys.argv[1])
np.save(sys.argv[2], umap.UMAP(metric="cosine", random_state=0, n_jobs=1).fit_transform(rows))
"""


def draw(library: Library, **params: Any) -> tuple[float, float, float, dict[str, Any]]:
    """Seconds to the first picture, to the stored map and to the job's end; and its result."""
    encoder = library.encoders.get(NAME)
    before = library.projections.find(encoder.id, PLAN)
    start, first, done = time.perf_counter(), 0.0, 0.0
    job = JobProcess(library.path, "project", {"encoder": NAME, **params}, Settings())
    picture = Live.path(library, encoder.id, PLAN)
    try:
        while True:
            events = job.poll(0.02)
            now = time.perf_counter() - start
            if not first and read(picture) is not None:
                first = now
            record = library.projections.find(encoder.id, PLAN)
            if not done and record is not None and (before is None or record.id != before.id):
                done = now
            for event in events:
                if isinstance(event, Ended):
                    assert event.outcome == "completed", (event.title, event.details)
                    return first, done, now, event.result
    finally:
        job.close()


def plain(rows: np.ndarray, folder: Path) -> tuple[float, np.ndarray]:
    """Seconds of umap-learn alone, and what it draws."""
    np.save(folder / "rows.npy", rows)
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PLAIN, folder / "rows.npy", folder / "map.npy"], check=True
    )
    return time.perf_counter() - start, np.load(folder / "map.npy")


def points(library: Library) -> Points:
    """The map that is stored."""
    record = library.projections.find(library.encoders.get(NAME).id, PLAN)
    assert record is not None
    return library.projections.arrays(record.id)


def run(tracks: int, dim: int, folder: Path, *, reference: bool) -> None:
    """One size."""
    from core.neighbours import Neighbours

    path = folder / "library.earmap"
    make(path, tracks + 100)
    hear(path, NAME, range(tracks), dim)
    with Library(path) as library:
        first, done, end, result = draw(library)
        one = points(library)
        print(f"{tracks:,} x {dim}: first picture {first:.1f} s, map {done:.1f} s, with baseline {end:.1f} s")
        print(
            "  "
            + ", ".join(
                f"{k} {result.get(k)}" for k in ("trustworthiness", "recall", "blind", "seed_overlap")
            )
        )
        if reference:
            near = Neighbours(library, library.encoders.get(NAME), PLAN)
            near.refresh()
            unit = np.array(near.snapshot.unit[near.snapshot.rows(one.tracks)])
            seconds, theirs = plain(unit, folder)
            from core.projection.graph import nearest

            share = float(kept(nearest(unit, 15)[0], theirs).mean())
            print(f"  umap-learn alone {seconds:.1f} s: trustworthiness {trustworthiness(unit, theirs):.4f}, "
                  f"recall {share:.4f}")  # fmt: skip
        library.projections.delete([record.id for record in library.projections.all()])
        _, again, _, _ = draw(library, baseline=False)
        same = np.array_equal(points(library).points, one.points)
        print(f"  again under the same seed, neighbours known: map {again:.1f} s, the same picture: {same}")
        hear(path, NAME, range(tracks, tracks + 100), dim)
        *_, end, result = draw(library)
        after = points(library)
        stayed = np.array_equal(after.points[: len(one)], one.points) and np.array_equal(
            after.tracks[: len(one)], one.tracks
        )
        print(f"  100 tracks added in {end:.1f} s (the job itself {result['seconds']} s), others moved: {not stayed}; "
              f"share of neighbours kept {np.nanmean(after.kept[after.placed]):.3f}")  # fmt: skip
        first, done, _, result = draw(library, refit=True, baseline=False)
        print(f"  drawn anew from there: map {done:.1f} s, moved by {result['moved']} of the radius")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tracks", type=int, nargs="+", default=[470, 10_000, 50_000])
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--no-plain", action="store_true")
    options = parser.parse_args()
    for tracks in options.tracks:
        with tempfile.TemporaryDirectory() as folder:
            run(tracks, options.dim, Path(folder), reference=not options.no_plain)


if __name__ == "__main__":
    main()
