"""Neighbours of tracks in a library: the database, the vector cache and `core.recommend` together.

Blocks on disk and SQL; the window asks from a thread. No torch.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import answers
from core.answers import Found, Similar, Stock
from core.hub_cache import HubCache
from core.library.facet_columns import places_of
from core.library.known import Coded, Known
from core.library.records import EncoderRecord
from core.library.store import Library
from core.moments import Moments
from core.nets import card
from core.recommend import Catalogue, Names, Query, Standardisation, hubs, similar
from core.recommend.moments import MomentPair
from core.recommend.radio import Spacing, codes
from core.recommend.rules import Rules
from core.recommend.standardise import FEWEST
from core.titles import words
from core.vectors import Snapshot, VectorCache

__all__ = [
    "Found", "MomentPair", "Neighbours", "Rules", "Similar", "Spacing", "catalogue", "vector_cache",
]  # fmt: skip

_ANY, _SPACED = Rules(), Spacing()

FACTS_SHARE = 0.05
"""Reading what is known of the tracks may take at most this share of the time while they change."""


def vector_cache(library: Library, encoder: EncoderRecord, plan: str) -> VectorCache:
    """The memory-mapped copy of an encoder's vectors beside the library.

    Its key names the very library, weights, front-end and plan, so that no vectors are taken for others.
    """
    key = f"{library.uid}/{encoder.weights_hash}/{encoder.front_end}/{plan}"
    return VectorCache(library.sidecar("vectors"), key, encoder.track_dim)


class Neighbours:
    """Who is near whom, under one encoder and one segment plan, as of the last `refresh`.

    Vectors are standardised with the library's own statistics as soon as there are any (from 20 tracks on), before
    with those of the music that the encoder learned from, where its card has them; else the raw cosine stands. On
    music like that which was learned from, the two are the same within noise (mean average precision of the
    soundtrack, 10 encoders, 20 to 160 tracks: +0.001 to +0.003 for the card's); on other music the library's own are
    better by up to 0.02 (instruments, 40 to 640 tracks). Under 20 tracks the card's are no worse than raw vectors.
    """

    def __init__(self, library: Library, encoder: EncoderRecord, plan: str) -> None:
        self._library, self._encoder, self._plan = library, encoder, plan
        self._learned = card.standardisation(encoder.card, encoder.track_dim)
        self._cache = vector_cache(library, encoder, plan)
        self._snapshot = self._cache.read()
        self._catalogue = Catalogue()
        self._files = np.full(
            len(self._snapshot), -1, np.int64
        )  # (n,) what stands for each row, -1: nothing now
        self._facts_of: tuple[int, Snapshot | None] = (-1, None)
        self._facts_due = 0.0
        self._hubs = HubCache(library.sidecar("vectors"), self._cache.name)
        self._moments = Moments(library, encoder, plan)

    def __len__(self) -> int:
        return len(self._snapshot)

    @property
    def encoder(self) -> EncoderRecord:
        """Under whose vectors."""
        return self._encoder

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
        standardisation = self._learned if known is None else Standardisation(*known)
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
        known, self._files = catalogue(self._library.facets.known(), self._snapshot.ids)
        labels = self._library.labels.tracks()
        rows = {label: self._snapshot.rows(tracks) for label, tracks in labels.items()}
        self._catalogue = replace(known, labels={label: row[row >= 0] for label, row in rows.items()})
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

    def _stock(self) -> Stock:
        return Stock(self._snapshot, self._catalogue, self._files, words(self._encoder)[0], self._scale)

    def _scale(self) -> NDArray[np.float32]:
        return hubs.scale(self._hubs.of(self._snapshot, self._files))

    def ask(
        self, seeds: Sequence[int], more: Sequence[int] = (), less: Sequence[int] = (), n: int = 10,
        rules: Rules = _ANY,
    ) -> Found:  # fmt: skip
        """The `n` tracks most like `seeds` and `more` and least like `less`, and a receipt; see `core.answers.ask`."""
        return answers.ask(self._stock(), seeds, more, less, n, rules)

    def hub_effect(self) -> hubs.Effect | None:
        """What hub correction does to lists of 10 here; groups are albums, or folders. None under 20 tracks."""
        own = np.flatnonzero(self._files >= 0)
        if len(own) < FEWEST:
            return None
        group = codes(self._catalogue, len(self._files))[1]
        return hubs.effect(self._snapshot.unit, self._scale(), own, group)

    def path(self, a: int, b: int, n: int = 12, waypoints: Sequence[int] = (), rules: Rules = _ANY) -> Found:
        """`n` tracks from `a` to `b` in even steps, both included; see `core.answers.path`."""
        return answers.path(self._stock(), a, b, n, waypoints, rules)

    def radio(
        self, seeds: Sequence[int], n: int = 30, spacing: Spacing = _SPACED, rules: Rules = _ANY,
        played: Sequence[int] = (),
    ) -> Found:  # fmt: skip
        """The next `n` tracks of a queue near the seeds; `played` is what came before. See `core.answers.radio`."""
        return answers.radio(self._stock(), seeds, n, spacing, rules, played)

    def why(self, a: int, b: int, n: int = 3) -> tuple[MomentPair, ...]:
        """Which seconds of two tracks are most alike.

        Raises
        ------
        UserError
            No segments of one are stored, or both are one track.
        """
        return self._moments.why(a, b, n)

    def moment(self, track: int, start_s: float, end_s: float, n: int = 20, rules: Rules = _ANY) -> Found:
        """Where some seconds of a track turn up in others: the best moment of each of `n`. See `core.answers.moment`.

        Raises
        ------
        UserError
            No segments of the track are stored, or these are no seconds.
        """
        nearest = self._moments.nearest(track, start_s, end_s)
        heard = self._moments.heard(track, start_s, end_s)
        return answers.moment(self._stock(), track, heard, nearest, self._moments.starts, n, rules)

    def heard(self, track: int, start_s: float, end_s: float) -> tuple[float, ...]:
        """When the segments begin that stand for these seconds in `moment`; raises as it does."""
        return self._moments.heard(track, start_s, end_s)


def _same(one: Standardisation | None, other: Standardisation | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.n == other.n and np.array_equal(one.mean, other.mean) and np.array_equal(one.std, other.std)


def catalogue(known: Known, tracks: NDArray[np.int64]) -> tuple[Catalogue, NDArray[np.int64]]:
    """What filters and folding need, a row each; and (n,) the file of each row, -1 where none can be played now."""
    places, there = places_of(known.tracks, tracks)
    rows = np.where(there, places, -1)

    def picked(column: NDArray[Any], otherwise: float) -> NDArray[Any]:
        return np.append(column, otherwise)[rows]  # -1 is the last

    def names(column: Coded) -> Names:
        return Names(picked(column.codes, -1), column.values)

    found = Catalogue(
        artist=picked(known.artist.codes, -1), album=picked(known.album.codes, -1),
        seconds=picked(known.seconds, np.nan), titles=known.titles.take(rows), year=picked(known.year, np.nan),
        genre=names(known.genre), folder=names(known.folder),
    )  # fmt: skip
    return found, picked(known.files, -1)
