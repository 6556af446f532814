"""How long the library's questions take: `python -m tests.bench.library [TRACKS] [FILE]`.

Best of three in ms, of the clock and of the processor; half of the tracks wait for their vector.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from core.library.records import Found
from core.library.store import Library
from tests.synthetic import Mix, fill

HERE = (1, "whole")


def timed(name: str, work: Callable[[], object], times: int = 3) -> None:
    """Print the best of some runs."""
    best = cpu = float("inf")
    for _ in range(times):
        start, used = time.perf_counter(), time.process_time()
        work()
        best, cpu = min(best, time.perf_counter() - start), min(cpu, time.process_time() - used)
    print(f"{name:44} {best * 1000:9.1f} {cpu * 1000:9.1f}", flush=True)


def sorts(library: Library) -> None:
    """The table's order."""
    order = library.rows.order
    for keys in ("", "title", "artist album disc track", "year", "folder", "state"):
        chosen = [(key, False) for key in keys.split()]
        timed(f"order: {keys or 'unsorted'}", partial(order, *HERE, "", chosen))
    for query in (
        "harbour", "harbour -iron blue", "artist:golden", "artist:Gölden", "folder:kind", "year:1960..1970", "label:x",
        "state:embedded", "state:failed", "no such thing",
    ):  # fmt: skip
        timed(f"order: search {query!r}", partial(order, *HERE, query, [("artist", False)]))


def reads(library: Library) -> None:
    """Pages, figures, the queue."""
    ids = library.rows.order(*HERE)
    timed("page of 100", lambda: library.rows.page(*HERE, ids[1000:1100]))
    timed("page of 40,000", lambda: library.rows.page(*HERE, ids[:40_000]), 1)
    timed("counts", lambda: library.files.counts(*HERE))
    timed("counts of one folder", lambda: library.files.counts(*HERE, 1))
    timed("failures", library.files.failures)
    timed("candidates: 16, half is waiting", lambda: library.files.candidates(*HERE, 16, range(500)))
    timed("candidates: 16 of another encoder", lambda: library.files.candidates(2, "whole", 16, []))
    timed("known", library.facets.known)
    timed("files_of 50", lambda: library.rows.files_of(ids[:50]))
    timed("changed_since", lambda: library.rows.changed_since(10**9))
    timed("find", lambda: library.rows.find(b"/nowhere"))
    timed("vectors.stamp", lambda: library.vectors.stamp(*HERE))
    timed("vectors.after: 20,000", lambda: library.vectors.after(*HERE, 0))
    timed("known", lambda: library.files.known(1), 1)


def writes(library: Library) -> None:
    """What changes many rows."""
    timed("prioritise", lambda: library.files.prioritise(77))
    batch = [
        Found(b"new/%d" % i, "/new", f"{i}.mp3", i, 2**60 + i, tags={"title": str(i)}) for i in range(200)
    ]
    timed("put 200 new", lambda: library.files.put(1, batch, {}), 1)
    timed("put 200 changed", lambda: library.files.put(1, batch, library.files.known(1)), 1)
    ids = np.arange(1, 2001).tolist()
    timed("label 2,000", lambda: library.labels.set(ids, "x"), 1)
    timed("missing 2,000", lambda: library.files.missing(ids), 1)
    timed("a folder goes offline", lambda: library.roots.set_online(1, online=False), 1)
    library.roots.set_online(1, online=True)
    timed("a folder is forgotten", lambda: library.roots.forget(1), 1)


def main(tracks: int, path: Path) -> None:
    """Fill the file unless it is there, then ask."""
    if not path.exists():
        timed(f"fill with {tracks:,}", lambda: fill(path, Mix(tracks, waiting=0.5)), 1)
    with Library(path) as library:
        sorts(library)
        reads(library)
        writes(library)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(
            int(sys.argv[1]) if len(sys.argv) > 1 else 100_000,
            Path(*(sys.argv[2:3] or [folder, "library.earmap"])),
        )
