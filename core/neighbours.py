"""Neighbours of tracks in a library: the database, the vector cache and `core.recommend` together.

Blocks on disk and SQL; the window asks from a thread. No torch.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.library.records import EncoderRecord, Fact
from core.library.store import Library
from core.recommend import Catalogue, Query, Standardisation, similar
from core.vectors import Snapshot, VectorCache

FACTS_SHARE = 0.05
"""Reading what is known of the tracks may take at most this share of the time while they change."""


@dataclass(frozen=True)
class Similar:
    """A neighbour: its track, the file that stands for it, its score, and other versions of the recording."""

    track_id: int
    file_id: int
    score: float
    folded: tuple[int, ...]


def vector_cache(library: Library, encoder: EncoderRecord, plan: str) -> VectorCache:
    """The memory-mapped copy of an encoder's vectors beside the library.

    Its key names the very library, weights, front-end and plan, so that no vectors are taken for others.
    """
    key = f"{library.uid}/{encoder.weights_hash}/{encoder.front_end}/{plan}"
    return VectorCache(library.sidecar("vectors"), key, encoder.track_dim)


class Neighbours:
    """Who is near whom, under one encoder and one segment plan, as of the last `refresh`."""

    def __init__(self, library: Library, encoder: EncoderRecord, plan: str) -> None:
        self._library, self._encoder, self._plan = library, encoder, plan
        self._cache = vector_cache(library, encoder, plan)
        self._snapshot = self._cache.read()
        self._catalogue = Catalogue()
        self._files = np.full(
            len(self._snapshot), -1, np.int64
        )  # (n,) what stands for each row, -1: nothing now
        self._facts_of: tuple[int, Snapshot | None] = (-1, None)
        self._facts_due = 0.0

    def __len__(self) -> int:
        return len(self._snapshot)

    @property
    def snapshot(self) -> Snapshot:
        """The vectors that are compared."""
        return self._snapshot

    def refresh(self) -> bool:
        """Follow the database; whether neighbours may have changed."""
        before = self._snapshot
        self._sync_vectors()
        self._snapshot = self._cache.read()
        return self._sync_facts() or self._snapshot is not before

    def _sync_vectors(self) -> None:
        vectors, here = self._library.vectors, (self._encoder.id, self._plan)
        known = vectors.standardisation(*here)
        standardisation = None if known is None else Standardisation(*known)
        count, newest = vectors.stamp(*here)
        now = self._cache.read()
        if now.stamp > newest or len(now) > count:  # something was taken out
            self._cache.rebuild([], standardisation)
        self._append_new()
        now = self._cache.read()
        count, newest = vectors.stamp(*here)  # anew: a job may have stored more in the meantime
        if now.stamp >= newest and len(now) != count:
            self._cache.rebuild([], standardisation)
            self._append_new()
        if not _same(self._cache.read().standardisation, standardisation):
            self._cache.restandardise(standardisation)

    def _append_new(self) -> None:
        while True:
            stamp = self._cache.read().stamp
            newest, ids, matrix = self._library.vectors.after(self._encoder.id, self._plan, stamp)
            if newest == stamp:
                return
            self._cache.put(ids, matrix, newest)

    def _sync_facts(self) -> bool:
        """Read again what is known of the tracks, if it changed; while only that changes, not too often."""
        state, before = (self._library.rows.revision(), self._snapshot), self._facts_of
        start = time.monotonic()
        if state[1] is before[1] and (state[0] == before[0] or start < self._facts_due):
            return False
        facts = self._library.rows.facts()
        self._catalogue, self._files = catalogue([facts.get(key) for key in self._snapshot.ids.tolist()])
        self._facts_of, now = state, time.monotonic()
        self._facts_due = now + (now - start) / FACTS_SHARE
        return True

    @property
    def files(self) -> NDArray[np.int64]:
        """(n,) the file that stands for each row of the snapshot, -1 where none can be played now."""
        return self._files

    def file(self, track_id: int) -> int:
        """The file that stands for a track, -1 where there is none."""
        row = int(self._snapshot.rows([track_id])[0])
        return int(self._files[row]) if row >= 0 else -1

    def has(self, track_id: int) -> bool:
        """Whether the track has a vector."""
        return bool(self._snapshot.rows([track_id])[0] >= 0)

    def similar(
        self, seeds: Sequence[int], less: Sequence[int] = (), n: int = 10, *,
        exclude_artist: bool = False, exclude_album: bool = False, fold: bool = True,
        hidden: NDArray[np.bool_] | None = None,
    ) -> list[Similar]:  # fmt: skip
        """The tracks most like all of `seeds` and least like `less`, best first; none where no seed has a vector.

        `hidden`: (n,) rows of the snapshot that must not appear.
        """
        snapshot = self._snapshot
        rows, away = snapshot.rows(seeds), snapshot.rows(less)
        if not (rows >= 0).any():
            return []
        exclude = self._files < 0 if hidden is None else (self._files < 0) | hidden
        query = Query(
            rows[rows >= 0], away[away >= 0], n, exclude=exclude, exclude_artist=exclude_artist,
            exclude_album=exclude_album, fold=fold,
        )  # fmt: skip
        found = similar(snapshot.unit, query, self._catalogue)
        ids = snapshot.ids
        return [
            Similar(int(ids[m.row]), int(self._files[m.row]), m.score, tuple(int(ids[v]) for v in m.versions))
            for m in found.matches
        ]


def _same(one: Standardisation | None, other: Standardisation | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.n == other.n and np.array_equal(one.mean, other.mean) and np.array_equal(one.std, other.std)


def catalogue(facts: list[Fact | None]) -> tuple[Catalogue, NDArray[np.int64]]:
    """What filters and folding need, a row each; and the file of each row."""
    known = Catalogue(
        artist=_codes([fact.artist if fact else "" for fact in facts]),
        # Two albums of one name by two artists are two albums; a compilation shares its album artist or its folder.
        album=_codes([_album(fact) if fact else "" for fact in facts]),
        seconds=np.array([fact.seconds if fact and fact.seconds else np.nan for fact in facts], np.float64),
        titles=[fact.title if fact else "" for fact in facts],
    )
    return known, np.array([fact.file_id if fact else -1 for fact in facts], np.int64)


def _album(fact: Fact) -> str:
    return f"{fact.album_artist or fact.folder}\n{fact.album}" if fact.album else ""


def _codes(values: list[str]) -> NDArray[np.int64]:
    """Equal names (case aside) get one number, no name gets -1."""
    numbers: dict[str, int] = {"": -1}
    return np.array([numbers.setdefault(value.casefold(), len(numbers)) for value in values], np.int64)
