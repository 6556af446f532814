"""What neighbours are worth where nobody labelled anything: same artist, same album, hubs, reach. No torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.spread import consistency, effective_rank
from core.library.known import Known
from core.library.records import EncoderRecord
from core.library.store import Library
from core.recommend import measure, unit_rows

K = 10
_ROWS = 1024
"""Queries compared with everything at a time."""

Codes = NDArray[np.int64]
"""(n,) a group's number for each item; -1 where it is unknown."""
Rows = NDArray[np.int64]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class HitRate:
    """How often the nearest are of the same group; items alone in their group, or without one, are left out.

    Attributes
    ----------
    any_hit
        Share of items that have at least one of their group among the nearest.
    mean_share
        Mean share of the nearest that are of the item's group.
    chance_any, chance_share
        The same for neighbours drawn blindly.
    n, groups
        Items that count, and their groups.
    """

    any_hit: float
    mean_share: float
    chance_any: float
    chance_share: float
    n: int
    groups: int


@dataclass(frozen=True)
class Reach:
    """How evenly recommendation falls on the items.

    Attributes
    ----------
    hubness
        Skewness of how often each item is among the nearest of others; 0 for an even spread.
    reached
        Share of items that are among the nearest of at least one other.
    """

    hubness: float
    reached: float


@dataclass(frozen=True)
class Report:
    """An encoder over the whole library, with `K` neighbours each. `n`: tracks with a vector that can be played."""

    n: int
    artist: HitRate
    album: HitRate
    album_other_artists: HitRate
    """As `album`, without neighbours by the same artist: compilations and joint albums alone are left."""
    reach: Reach
    effective_rank: float
    """Of the rows that neighbours are found with."""
    consistency: float
    """Of the segments of a track; NaN where an encoder's vectors do not tell."""


@dataclass(frozen=True, eq=False)
class Held:
    """Tracks that can be played and have a vector: ids ascending, and a number for each one's artist and album."""

    tracks: Rows
    artist: Codes
    album: Codes


def unwatched() -> None:
    """Nobody wants to stop it."""


def nearest(
    unit: Matrix, k: int = K, apart: Codes | None = None, watch: Callable[[], None] = unwatched
) -> Rows:
    """The `k` nearest other rows of each row by cosine, best first, equal ones in order of row.

    Parameters
    ----------
    unit
        (n, dim), rows of length 1 or 0.
    apart
        Rows of one code are no neighbours of each other (the artist filter); -1: of all.
    watch
        Called now and then; may raise to stop.

    Returns
    -------
    (n, min(k, n - 1)) int64; -1 where fewer are left.
    """
    n, k = len(unit), min(k, len(unit) - 1)
    found = np.full((n, max(k, 0)), -1, np.int64)
    for start in range(0, n if k > 0 else 0, _ROWS):
        watch()
        rows = np.arange(start, min(start + _ROWS, n))
        scores = unit[rows] @ unit.T  # (rows, n)
        scores[np.arange(len(rows)), rows] = -np.inf
        if apart is not None:
            scores[(apart[rows, None] == apart) & (apart[rows, None] >= 0)] = -np.inf
        found[rows] = _best(scores, k)
    return found


def _best(scores: Matrix, k: int) -> Rows:
    """Columns of the k highest of each row; -1 for what is minus infinity."""
    last = np.partition(scores, -k, axis=1)[:, -k, None]
    best = np.empty((len(scores), k), np.int64)
    for row, (values, lowest) in enumerate(zip(scores, last, strict=True)):
        candidates = np.flatnonzero(values >= lowest)
        best[row] = candidates[np.lexsort((candidates, -values[candidates]))[:k]]
    best[np.take_along_axis(scores, best, 1) == -np.inf] = -1
    return best


def hit_rate(neighbours: Rows, codes: Codes) -> HitRate:
    """How often the nearest are of the same group.

    Parameters
    ----------
    neighbours
        (n, k) as `nearest` returns them.
    codes
        (n,).
    """
    sizes = np.bincount(codes[codes >= 0], minlength=1) if len(codes) else np.zeros(1, np.int64)
    mates = np.where(codes >= 0, sizes[codes] - 1, 0)
    counted = mates > 0
    if not counted.any() or not neighbours.shape[1]:
        return HitRate(math.nan, math.nan, math.nan, math.nan, 0, 0)
    same = (codes[neighbours] == codes[:, None]) & (neighbours >= 0)  # (n, k)
    n, k = neighbours.shape
    return HitRate(
        any_hit=float(same.any(1)[counted].mean()),
        mean_share=float(same.mean(1)[counted].mean()),
        chance_any=float(np.mean([_blind(n - 1, int(m), k) for m in mates[counted]])),
        chance_share=float(mates[counted].mean() / (n - 1)),
        n=int(counted.sum()),
        groups=int((sizes > 1).sum()),
    )


def _blind(others: int, mates: int, k: int) -> float:
    """Chance that k of `others`, drawn without replacement, hold one of `mates`."""
    return 1 - math.comb(others - mates, k) / math.comb(others, k)


def reach(neighbours: Rows) -> Reach:
    """Hubness and reach of (n, k) neighbours.

    Hubness is the skewness of the k-occurrence, Radovanovic et al. (2010), JMLR 11, equation 1.
    """
    n = len(neighbours)
    if not n or not neighbours.size:
        return Reach(math.nan, math.nan)
    counts = np.bincount(neighbours[neighbours >= 0], minlength=n).astype(np.float64)
    away, deviation = counts - counts.mean(), counts.std()
    skewness = float((away**3).mean() / deviation**3) if deviation > 0 else 0.0
    return Reach(skewness, float((counts > 0).mean()))


def report(
    vectors: Matrix,
    artist: Codes,
    album: Codes,
    *,
    halves: bool = False,
    watch: Callable[[], None] = unwatched,
) -> Report:
    """All figures of (n, dim) vectors, standardised as the program's own neighbours are.

    Parameters
    ----------
    artist, album
        (n,).
    halves
        Whether a vector is its segments' mean and then their deviation.
    watch
        Called now and then; may raise to stop.
    """
    unit = unit_rows(vectors, measure(vectors))
    neighbours = nearest(unit, watch=watch)
    return Report(
        n=len(vectors),
        artist=hit_rate(neighbours, artist),
        album=hit_rate(neighbours, album),
        album_other_artists=hit_rate(nearest(unit, apart=artist, watch=watch), album),
        reach=reach(neighbours),
        effective_rank=effective_rank(unit),
        consistency=consistency(vectors) if halves else math.nan,
    )


def held(library: Library, encoders: Sequence[EncoderRecord], plan: str, known: Known | None = None) -> Held:
    """What a library holds and can play, of which every one of these encoders has a vector.

    Parameters
    ----------
    known
        Of these tracks, where others are meant than a person's own music.
    """
    known = library.facets.known() if known is None else known
    everywhere = known.tracks
    for encoder in encoders:
        everywhere = np.intersect1d(everywhere, library.vectors.tracks(encoder.id, plan), assume_unique=True)
    rows = np.searchsorted(known.tracks, everywhere)
    return Held(everywhere, known.artist.codes[rows], known.album.codes[rows])


def of_library(library: Library, encoder: EncoderRecord, plan: str, over: Held | None = None) -> Report:
    """All figures of an encoder over what a library holds and can play, or over these tracks of it."""
    over = over or held(library, [encoder], plan)
    vectors, _ = library.vectors.of(encoder.id, plan, over.tracks.tolist())
    return report(vectors, over.artist, over.album, halves=encoder.track_dim == 2 * encoder.dim)
