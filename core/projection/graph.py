"""Who is nearest to whom, by cosine: made once, kept beside the library, shared by maps, their quality and hubness."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.files import atomic
from core.vectors import Snapshot

K = 30
"""Neighbours kept of each row."""
FLAT = 100_000
"""Up to the pairs of so many rows each is looked at; above, a graph of links is walked (HNSW)."""
LINKS, EF_BUILD, EF_SEARCH = 32, 80, 128
PRODUCTS = 2e10
"""Multiplications between two looks at whether to stop: a quarter of a second on two cores."""
FEWEST_QUERIES = 512
"""faiss takes five times as long for each of fewer."""
_BUILD = 1000

Rows = NDArray[np.int32]
Matrix = NDArray[np.float32]
Watch = Callable[[int, int], None]
"""Hears how many of how many rows are done; may raise to stop."""


def unwatched(_done: int, _total: int) -> None:
    """Nobody looks."""


@dataclass(frozen=True, eq=False)
class Graph:
    """Neighbours of tracks.

    Parameters
    ----------
    tracks
        (n,) ids, ascending.
    rows
        (n, k) int32, numbers into `tracks`: the nearest others, best first.
    distances
        (n, k) cosine distances, 0 to 2.
    """

    tracks: NDArray[np.int64]
    rows: Rows
    distances: Matrix


def nearest(unit: Matrix, k: int = K, watch: Watch = unwatched) -> tuple[Rows, Matrix]:
    """The `k` nearest other rows of each row.

    Parameters
    ----------
    unit
        (n, dim), rows of length 1 or 0.

    Returns
    -------
    Rows and cosine distances, both (n, min(k, n - 1)), best first.
    """
    n = len(unit)
    found, distances = _search(unit, unit, min(k + 1, n), watch)
    # Itself is taken out wherever it stands; among many equals it may not be there, and the last one goes.
    own = found == np.arange(n)[:, None]
    own[~own.any(axis=1), -1] = True
    kept = ~own
    return found[kept].reshape(n, -1), distances[kept].reshape(n, -1)


def nearest_of(queries: Matrix, unit: Matrix, k: int, watch: Watch = unwatched) -> tuple[Rows, Matrix]:
    """The `k` rows of `unit` (n, dim) nearest to each of (m, dim) queries; rows and distances, (m, min(k, n))."""
    return _search(queries, unit, min(k, len(unit)), watch)


def _search(queries: Matrix, unit: Matrix, k: int, watch: Watch) -> tuple[Rows, Matrix]:
    queries, unit = np.ascontiguousarray(queries, np.float32), np.ascontiguousarray(unit, np.float32)
    m = len(queries)
    look = _flat(unit) if m * len(unit) <= FLAT**2 else _linked(unit, watch)
    step = max(FEWEST_QUERIES, int(PRODUCTS / max(unit.size, 1)))
    found, distances = np.empty((m, k), np.int32), np.empty((m, k), np.float32)
    for start in range(0, m, step):
        watch(start, m)
        part = slice(start, min(start + step, m))
        distances[part], found[part] = look(queries[part], k)
    return found, distances.clip(0, 2)


Look = Callable[[Matrix, int], tuple[Matrix, NDArray[np.int64]]]


def _flat(unit: Matrix) -> Look:
    def look(queries: Matrix, k: int) -> tuple[Matrix, NDArray[np.int64]]:
        cosines, rows = faiss.knn(queries, unit, k, metric=faiss.METRIC_INNER_PRODUCT)
        return np.asarray(1 - cosines, np.float32), rows

    return look


def _linked(unit: Matrix, watch: Watch) -> Look:
    """Malkov and Yashunin (2018), built in one thread: the same links every time."""
    index = faiss.IndexHNSWFlat(unit.shape[1], LINKS)
    index.hnsw.efConstruction, index.hnsw.efSearch = EF_BUILD, EF_SEARCH
    with _one_thread():
        for start in range(0, len(unit), _BUILD):
            watch(0, len(unit))
            index.add(unit[start : start + _BUILD])

    def look(queries: Matrix, k: int) -> tuple[Matrix, NDArray[np.int64]]:
        squares, rows = index.search(queries, k)
        return np.asarray(squares / 2, np.float32), rows  # |a - b|^2 = 2 - 2 cos for rows of length 1

    return look


@contextmanager
def _one_thread() -> Iterator[None]:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


# -- beside the library ---------------------------------------------------------------------------


def rows_of(snapshot: Snapshot, tracks: NDArray[np.int64]) -> Matrix:
    """(n, dim) rows of length 1 of these tracks, all in the snapshot; not copied where they are the whole of it."""
    rows = snapshot.rows(tracks)
    whole = len(rows) == len(snapshot) and bool((rows == np.arange(len(rows))).all())
    return snapshot.unit if whole else snapshot.unit[rows]


def of_tracks(
    folder: Path, key: str, snapshot: Snapshot, tracks: NDArray[np.int64], watch: Watch = unwatched
) -> Graph:
    """The graph of these tracks, from the file beside the library where it still holds.

    Parameters
    ----------
    folder
        The library's `maps`.
    key
        Names the library, weights, front-end and plan.
    tracks
        (n,) ascending, all in the snapshot.
    """
    path = folder / f"{hashlib.blake2b(key.encode(), digest_size=10).hexdigest()}.graph"
    state = _state(key, snapshot, tracks)
    graph = _read(path, state, tracks)
    if graph is None:
        graph = Graph(tracks, *nearest(rows_of(snapshot, tracks), watch=watch))
        _keep(path, state, graph)
    return graph


def _state(key: str, snapshot: Snapshot, tracks: NDArray[np.int64]) -> bytes:
    """Hash of what a graph follows from: a track's vector never changes under one key, its standardisation does."""
    state = hashlib.blake2b(f"{key} {K} {FLAT} {LINKS} {EF_BUILD} {EF_SEARCH}".encode(), digest_size=16)
    state.update(np.ascontiguousarray(tracks).data)
    stats = snapshot.standardisation
    for part in () if stats is None else (stats.mean, stats.std):
        state.update(np.ascontiguousarray(part).data)
    return state.digest()


def _read(path: Path, state: bytes, tracks: NDArray[np.int64]) -> Graph | None:
    n = len(tracks)
    broken = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)
    # Opened here: what NumPy opens stays open where it finds no archive.
    with suppress(*broken), path.open("rb") as file, np.load(file, allow_pickle=False) as parts:
        rows, distances = parts["rows"], parts["distances"]
        fits = rows.shape == distances.shape == (n, min(K, n - 1)) and rows.dtype == np.int32
        if parts["state"].tobytes() == state and fits and distances.dtype == np.float32 and _within(rows, n):
            return Graph(tracks, rows, distances)
    return None


def _within(rows: Rows, n: int) -> bool:
    return not rows.size or (int(rows.min()) >= 0 and int(rows.max()) < n)


def _keep(path: Path, state: bytes, graph: Graph) -> None:
    """Beside the library; where there is no room it is made again next time."""
    with suppress(UserError), atomic(path) as file:
        np.savez(file, rows=graph.rows, distances=graph.distances, state=np.frombuffer(state, np.uint8))
