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
from core.vectors import VectorCache

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
    """Who is near whom, under one encoder and one segment plan."""

    def __init__(self, library: Library, encoder: EncoderRecord, plan: str) -> None:
        self._library, self._encoder, self._plan = library, encoder, plan
        self._cache = vector_cache(library, encoder, plan)
        self._catalogue = Catalogue()
        self._files = np.empty(0, np.int64)  # (n,) file that stands for each row, -1 where none can be played
        self._facts_of: tuple[int, int, int] = (-1, -1, -1)
        self._facts_due = 0.0

    def __len__(self) -> int:
        return len(self._cache.read())

    def refresh(self) -> bool:
        """Follow the database; whether neighbours may have changed."""
        return self._sync_vectors() | self._sync_facts()

    def _sync_vectors(self) -> bool:
        vectors, here = self._library.vectors, (self._encoder.id, self._plan)
        count, newest = vectors.stamp(*here)
        known = vectors.standardisation(*here)
        standardisation = None if known is None else Standardisation(*known)
        before = self._cache.read()
        if before.stamp > newest or len(before) > count:  # something was taken out
            self._cache.rebuild([], standardisation)
        self._append_new()
        if len(self._cache.read()) != count:
            self._cache.rebuild([], standardisation)
            self._append_new()
        if not _same(self._cache.read().standardisation, standardisation):
            self._cache.restandardise(standardisation)
        after = self._cache.read()
        return after is not before

    def _append_new(self) -> None:
        while True:
            stamp = self._cache.read().stamp
            newest, ids, matrix = self._library.vectors.after(self._encoder.id, self._plan, stamp)
            if newest == stamp:
                return
            self._cache.put(ids, matrix, newest)

    def _sync_facts(self) -> bool:
        snapshot = self._cache.read()
        state = (self._library.rows.revision(), snapshot.stamp, len(snapshot))
        if state == self._facts_of or (
            state[1:] == self._facts_of[1:] and time.monotonic() < self._facts_due
        ):
            return False
        start = time.monotonic()
        facts = self._library.rows.facts()
        self._catalogue, self._files = _catalogue([facts.get(key) for key in snapshot.ids.tolist()])
        self._facts_of = state
        self._facts_due = time.monotonic() + (time.monotonic() - start) / FACTS_SHARE
        return True

    def has(self, track_id: int) -> bool:
        """Whether the track has a vector."""
        return bool(self._cache.read().rows([track_id])[0] >= 0)

    def similar(
        self, seeds: Sequence[int], less: Sequence[int] = (), n: int = 10, *,
        exclude_artist: bool = False, exclude_album: bool = False, fold: bool = True,
    ) -> list[Similar]:  # fmt: skip
        """The tracks most like all of `seeds` and least like `less`, best first; none where no seed has a vector."""
        snapshot = self._cache.read()
        rows, away = snapshot.rows(seeds), snapshot.rows(less)
        if not (rows >= 0).any() or len(self._files) != len(snapshot):
            return []
        query = Query(
            rows[rows >= 0], away[away >= 0], n, exclude=self._files < 0, exclude_artist=exclude_artist,
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


def _catalogue(facts: list[Fact | None]) -> tuple[Catalogue, NDArray[np.int64]]:
    """What filters and folding need, a row each; and the file of each row."""
    catalogue = Catalogue(
        artist=_codes([fact.artist if fact else "" for fact in facts]),
        # Two albums of one name by two artists are two albums; compilations share the album artist or the folder.
        album=_codes([f"{fact.album_artist}\n{fact.album}" if fact and fact.album else "" for fact in facts]),
        seconds=np.array([fact.seconds if fact and fact.seconds else np.nan for fact in facts], np.float64),
        titles=[fact.title if fact else "" for fact in facts],
    )
    return catalogue, np.array([fact.file_id if fact else -1 for fact in facts], np.int64)


def _codes(values: list[str]) -> NDArray[np.int64]:
    """Equal names (case aside) get one number, no name gets -1."""
    numbers: dict[str, int] = {"": -1}
    return np.array([numbers.setdefault(value.casefold(), len(numbers)) for value in values], np.int64)
