"""Which seconds of two tracks sound alike, and where in a library a sound turns up. Segments last 3 s."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.audio import SAMPLE_RATE, SEGMENT
from core.recommend.standardise import Standardisation

Matrix = NDArray[np.float32]

SEGMENT_S = SEGMENT / SAMPLE_RATE


@dataclass(frozen=True)
class MomentPair:
    """Seconds of one track that sound like seconds of another; `score` is their cosine."""

    start_a: float
    start_b: float
    seconds: float
    score: float


@dataclass(frozen=True, eq=False)
class Moments:
    """The segment of each track that comes nearest to what was asked for; best first, equal ones in order of track.

    Parameters
    ----------
    tracks, places, counts
        `(k,)` ids, which segment it is, and of how many.
    scores
        `(k,)` its cosine.
    """

    tracks: NDArray[np.int64]
    places: NDArray[np.int32]
    counts: NDArray[np.int32]
    scores: Matrix


def pairs(a: Matrix, b: Matrix, n: int) -> list[tuple[int, int, float]]:
    """The `n` most alike pairs of rows, best first, each row and its neighbours in time in one pair only.

    Parameters
    ----------
    a, b
        `(segments, dim)` float32 rows of length 1, in the order of time.

    Returns
    -------
    Rows of `a` and `b` with their cosine; fewer where no more are left.
    """
    cosine = a @ b.T
    found: list[tuple[int, int, float]] = []
    while len(found) < n:
        place = int(cosine.argmax())
        i, j = divmod(place, cosine.shape[1])
        if not np.isfinite(cosine[i, j]):
            break
        found.append((i, j, float(cosine[i, j])))
        cosine[max(0, i - 1) : i + 2] = -np.inf
        cosine[:, max(0, j - 1) : j + 2] = -np.inf
    return found


class Best:
    """The best moment of each track, of all segments that pass by; holds 20 bytes a track.

    Parameters
    ----------
    query
        `(dim,)` of length 1, standardised.
    standardisation
        Of segments; None: as they are.
    """

    def __init__(self, query: Matrix, standardisation: Standardisation | None) -> None:
        self._mean = np.zeros(1, np.float32) if standardisation is None else standardisation.mean
        scale = np.ones(len(query)) if standardisation is None else standardisation.scale
        self._turned, self._squares = (scale * query).astype(np.float32), (scale**2).astype(np.float32)
        self._found: list[Moments] = []

    def _cosines(self, segments: NDArray[np.float16]) -> Matrix:
        """(m,) of segments `(m, dim)` as they are stored: each is cast once and never scaled as a whole."""
        shifted = segments.astype(np.float32)
        shifted -= self._mean
        dots = shifted @ self._turned
        np.square(shifted, out=shifted)
        lengths = np.sqrt(shifted @ self._squares)
        cosines: Matrix = np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)
        cosines[~np.isfinite(cosines)] = 0
        return cosines

    def add(
        self, tracks: NDArray[np.int64], counts: NDArray[np.int64], segments: NDArray[np.float16]
    ) -> None:
        """Look at tracks, `counts` (1 or more) segments each, one after the other in `(sum(counts), dim)`."""
        if not len(tracks):
            return
        scores = self._cosines(segments)
        firsts = np.concatenate(([0], np.cumsum(counts)[:-1]))
        best = np.maximum.reduceat(scores, firsts)
        hits = np.flatnonzero(scores == np.repeat(best, counts))
        _, first = np.unique(np.searchsorted(firsts, hits, side="right"), return_index=True)
        places = (hits[first] - firsts).astype(np.int32)
        self._found.append(Moments(tracks, places, counts.astype(np.int32), best))

    def found(self) -> Moments:
        """Of all tracks so far."""
        parts = self._found
        if not parts:
            return Moments(
                np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32)
            )
        tracks = np.concatenate([part.tracks for part in parts])
        scores = np.concatenate([part.scores for part in parts])
        order = np.lexsort((tracks, -scores))
        places, counts = (
            np.concatenate([getattr(part, name) for part in parts])[order] for name in ("places", "counts")
        )
        return Moments(tracks[order], places, counts, scores[order])


def start_of(place: int, segments: int, plan_segments: int, seconds: float | None) -> float:
    """When a segment begins, in seconds.

    Parameters
    ----------
    place, segments
        Its number, and how many the track has.
    plan_segments
        How many the plan spreads over a track; 0: one after the other.
    seconds
        The track's length.
    """
    from core.audio.spread import starts  # brings in PyAV

    if not plan_segments or not seconds:
        return place * SEGMENT_S
    at = starts(round(seconds * SAMPLE_RATE), plan_segments)
    return at[place] / SAMPLE_RATE if place < len(at) and segments <= len(at) else place * SEGMENT_S
