"""Radio: a queue that goes on, near its seeds and near what has just played, with room between one artist's tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.recommend.catalogue import Catalogue
from core.recommend.neighbours import Rows
from core.recommend.similar import Folder

DRIFT = 0.3
"""Weight of what has just played, beside 1 for the seeds: smooth changes, and no walking away."""

RECENT = 2
"""Tracks that count as having just played."""

POOL = 1024
"""Rows nearest to the seeds from which the next one is taken, as long as any of them will do."""


@dataclass(frozen=True)
class Spacing:
    """At least so many other tracks between two of one artist, and of one album (or folder, where tags name none)."""

    artist: int = 5
    album: int = 3

    def __post_init__(self) -> None:
        if min(self.artist, self.album) < 0:
            raise ValueError("spacing is a number of tracks")


@dataclass(frozen=True, eq=False)
class Queue:
    """What plays next, in order.

    Parameters
    ----------
    rows, scores
        With their likeness to the seeds.
    artist, album
        How many of them came nearer to one of their artist, or album, than the spacing asks.
    folded
        Versions of chosen tracks that were passed over.
    """

    rows: tuple[int, ...]
    scores: tuple[float, ...]
    artist: int = 0
    album: int = 0
    folded: int = 0


def queue(
    unit: NDArray[np.float32], query: NDArray[np.float64], hidden: NDArray[np.bool_], catalogue: Catalogue, n: int,
    spacing: Spacing, played: Sequence[int] = (), scale: NDArray[np.float32] | None = None, *, fold: bool = True,
) -> Queue:  # fmt: skip
    """The next `n` rows; fewer only where no more are left.

    Parameters
    ----------
    unit
        `(rows, dim)` float32 from `unit_rows`.
    query
        `(dim,)` from `query_vector`.
    hidden
        `(rows,)` rows that must not appear; those that were played are never chosen again.
    played
        In order, the last one last. Spacing and drift go on from there.
    scale
        `(rows,)` from `core.recommend.hubs`, where hubs are corrected.
    """
    player = _Player(np.asarray(unit), query, hidden, catalogue, spacing, list(played), scale)
    folder = Folder(player.unit, catalogue)
    for row in played if fold else ():
        folder.add(row, 1.0)
    while len(player.chosen) < n:
        row, kept = player.next()
        if row < 0:
            break
        if fold and folder.add(row, 1.0) is None:
            player.hidden[row] = True
            player.folded += 1
        else:
            player.take(row, kept)
    scores = tuple(float(player.scores[row]) for row in player.chosen)
    return Queue(tuple(player.chosen), scores, player.relaxed[0], player.relaxed[1], player.folded)


@dataclass(eq=False)
class _Player:
    """The state of a queue while it is made."""

    unit: NDArray[np.float32]
    query: NDArray[np.float64]
    hidden: NDArray[np.bool_]
    catalogue: Catalogue
    spacing: Spacing
    history: list[int]
    scale: NDArray[np.float32] | None = None
    chosen: list[int] = field(default_factory=list)
    relaxed: list[int] = field(default_factory=lambda: [0, 0])
    folded: int = 0

    def __post_init__(self) -> None:
        self.hidden = self.hidden.copy()
        self.hidden[self.history] = True
        self.scores = self.unit @ self.query.astype(np.float32)
        self._order = self.scores if self.scale is None else 1 + (self.scores - 1) * self.scale
        self._artist, self._album = codes(self.catalogue, len(self.unit))
        self._pool = np.empty(0, np.int64)

    def next(self) -> tuple[int, Spacing]:
        """The best row, and the spacing that it keeps; -1 where none is left."""
        self._pool = self._pool[~self.hidden[self._pool]]
        if len(self._pool) < POOL // 2:
            self._pool = _best(self._order, self.hidden, POOL)
        best = self._best_of(self._pool, self.spacing)
        if best >= 0 or not len(self._pool):
            return best, self.spacing
        everything = np.flatnonzero(~self.hidden)
        for weaker in _weaker(self.spacing):
            best = self._best_of(everything, weaker)
            if best >= 0:
                return best, weaker
        raise AssertionError("without spacing every row will do")

    def take(self, row: int, kept: Spacing) -> None:
        """Play it."""
        for place, codes, wanted in (
            (0, self._artist, self.spacing.artist),
            (1, self._album, self.spacing.album),
        ):
            self.relaxed[place] += int(kept != self.spacing and self._bars(codes[[row]], codes, wanted)[0])
        self.chosen.append(row)
        self.history.append(row)
        self.hidden[row] = True

    def _best_of(self, rows: Rows, spacing: Spacing) -> int:
        free = ~self._bars(self._artist[rows], self._artist, spacing.artist)
        free &= ~self._bars(self._album[rows], self._album, spacing.album)
        some = rows[free]
        if not len(some):
            return -1
        scores = self._order[some].astype(np.float64)
        if self.history:
            now = self.unit[self.history[-RECENT:]].mean(axis=0)
            scores += DRIFT * (self.unit[some] @ now)
        return int(some[np.lexsort((some, -scores))[0]])

    def _bars(
        self, codes: NDArray[np.integer], column: NDArray[np.integer], wanted: int
    ) -> NDArray[np.bool_]:
        """Which codes of a column belong to one of the last `wanted` tracks."""
        recent = column[self.history[-wanted:]] if wanted else column[:0]
        return np.isin(codes, recent[recent >= 0])


def _best(scores: NDArray[np.float32], hidden: NDArray[np.bool_], count: int) -> Rows:
    """The best rows that are not hidden, in no order."""
    free = np.flatnonzero(~hidden)
    if len(free) <= count:
        return free
    return free[np.argpartition(-scores[free], count)[:count]]


def _weaker(spacing: Spacing) -> list[Spacing]:
    """The spacing itself, then ever less: between albums alone, between artists alone, between both."""
    artists, albums = range(spacing.artist, -1, -1), range(spacing.album, -1, -1)
    one = [Spacing(spacing.artist, album) for album in albums] + [Spacing(a, spacing.album) for a in artists]
    return [*one, *(Spacing(artist, 0) for artist in artists)]


def codes(known: Catalogue, n: int) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Artists, and albums; a folder stands for the album where the tags name none."""
    nothing = np.full(n, -1, np.int64)
    artist = nothing if known.artist is None else known.artist
    album = nothing if known.album is None else known.album
    if known.folder is None:
        return artist, album
    own = np.where(known.folder.codes >= 0, known.folder.codes + int(album.max(initial=-1)) + 1, -1)
    return artist, np.where(album >= 0, album, own)
