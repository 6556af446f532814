"""Why two tracks are alike, and where a sound turns up in a library: questions to the vectors of single segments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.library.records import EncoderRecord
from core.library.store import Library
from core.recommend import Standardisation, measure, moments, unit_rows
from core.recommend.moments import SEGMENT_S, Best, MomentPair, pairs, start_of

SAMPLE = 500
"""Tracks on whose segments the statistics are measured."""

Segments = NDArray[np.float16]


class Moments:
    """The stored segments of one encoder and plan.

    They are standardised with statistics of their own: those of whole tracks vary less than their segments do.
    """

    def __init__(self, library: Library, encoder: EncoderRecord, plan: str) -> None:
        self._library, self._encoder, self._plan = library, encoder, plan
        self._measured: tuple[int, tuple[int, int], Standardisation | None] | None = None
        self._found: tuple[tuple[object, ...], moments.Moments] | None = None

    def why(self, a: int, b: int, n: int) -> tuple[MomentPair, ...]:
        """The `n` most alike pairs of moments, best first.

        Raises
        ------
        UserError
            One track has no stored segments, or both are the same.
        """
        if a == b:
            raise UserError("A track is like itself all over.", "Choose two different tracks.")
        (first, at_a), (second, at_b) = self._unit(a), self._unit(b)
        return tuple(
            MomentPair(at_a[i], at_b[j], SEGMENT_S, score) for i, j, score in pairs(first, second, n)
        )

    def heard(self, track: int, start_s: float, end_s: float) -> tuple[float, ...]:
        """When the segments begin that stand for some seconds of a track: those inside, else the nearest one.

        A plan that spreads segments over a track has heard only some of its seconds.
        """
        return tuple(
            self._times(track, self._stored(track))[place] for place in self._places(track, start_s, end_s)
        )

    def nearest(self, track: int, start_s: float, end_s: float) -> moments.Moments:
        """The best moment of every track, itself included, beside some seconds of one.

        Goes through all stored segments, `core.library.vectors.AT_ONCE` bytes at a time; asked again for the same
        seconds, as when another rule is put, through none.

        Raises
        ------
        UserError
            The track has no stored segments, or the seconds are none of its own.
        """
        state = self._library.vectors.segments_stamp(self._encoder.id, self._plan)
        asked = (track, start_s, end_s, state)
        if self._found is not None and self._found[0] == asked:
            return self._found[1]
        if self._measured is not None and self._measured[0] < min(SAMPLE, state[0]):
            self._measured = None
        unit, _ = self._unit(track)
        query = unit[self._places(track, start_s, end_s)].mean(axis=0)
        length = float(np.linalg.norm(query))
        if not length:
            raise UserError("There is no sound in these seconds.", "Choose others.")
        best = Best(query / length, self._statistics())
        with closing(self._library.vectors.all_segments(self._encoder.id, self._plan)) as batches:
            for batch in batches:
                best.add(*batch)
        self._found = asked, best.found()
        return self._found[1]

    def starts(self, files: Sequence[int], places: Sequence[int], counts: Sequence[int]) -> list[float]:
        """When segments begin: the files that their tracks are played from, which one it is, and of how many."""
        seconds = self._seconds(list(files))
        return [
            self._start(place, count, seconds.get(file))
            for file, place, count in zip(files, places, counts, strict=True)
        ]

    def _places(self, track: int, start_s: float, end_s: float) -> list[int]:
        """The numbers of the segments inside some seconds, else of the one whose middle is nearest."""
        if not 0 <= start_s < end_s:
            raise UserError("These are no seconds of a track.", "Choose a stretch from earlier to later.")
        times = np.array(self._times(track, self._stored(track)))
        half = SEGMENT_S / 2
        inside = np.flatnonzero((times + half >= start_s) & (times + half < end_s))
        if inside.size:
            return [int(place) for place in inside]
        return [int(np.abs(times + half - (start_s + end_s) / 2).argmin())]

    def _unit(self, track: int) -> tuple[NDArray[np.float32], list[float]]:
        """A track's segments as rows of length 1, and when each begins."""
        stored = self._stored(track)
        return unit_rows(stored.astype(np.float32), self._statistics()), self._times(track, stored)

    def _stored(self, track: int) -> Segments:
        stored = self._library.vectors.segments(track, self._encoder.id, self._plan)
        if stored is None or not len(stored):
            raise UserError(
                f"No moments of this track are stored under {self._encoder.name}.",
                "Store them with: earmap embed --keep-segments (or Keep segment vectors in the preferences).",
            )
        return stored

    def _times(self, track: int, stored: Segments) -> list[float]:
        file = self._library.rows.files_of([track]).get(track)
        seconds = self._seconds([] if file is None else [file])
        return [
            self._start(place, len(stored), None if file is None else seconds.get(file))
            for place in range(len(stored))
        ]

    def _start(self, place: int, count: int, seconds: float | None) -> float:
        spread = re.fullmatch(r"spread-(\d+)", self._plan)
        return start_of(place, count, int(spread[1]) if spread else 0, seconds)

    def _seconds(self, files: list[int]) -> dict[int, float | None]:
        return {row.file_id: row.seconds for row in self._library.rows.page(-1, "", files)}

    def _statistics(self) -> Standardisation | None:
        """Mean and deviation of segments, measured anew while fewer than `SAMPLE` tracks had been."""
        state = self._library.vectors.stamp(self._encoder.id, self._plan)
        known = self._measured
        if known is None or (known[1] != state and known[0] < SAMPLE):
            batches = list(self._library.vectors.all_segments(self._encoder.id, self._plan, SAMPLE))
            some = [segments for _, _, segments in batches]
            stats = measure(np.concatenate(some).astype(np.float32), halves=False) if some else None
            known = self._measured = sum(len(tracks) for tracks, _, _ in batches), state, stats
        return known[2]
