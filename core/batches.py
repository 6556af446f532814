"""Windows of sound from many tracks at once, cut into segments and turned into vectors side by side."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.audio import SEGMENT
from core.audio.records import Finished
from core.library.records import Candidate

if TYPE_CHECKING:  # torch comes in with it
    from core.nets.device import Embedder

Floats = NDArray[np.float32]


@dataclass(eq=False)
class Track:
    """A file on its way: its segments' vectors so far, and how reading it ended."""

    candidate: Candidate
    vectors: list[Floats] = field(default_factory=list)  # each (dim,)
    waiting: int = 0  # segments in the batch that is being filled; windows, while there is no encoder
    samples: int = 0
    finished: Finished | None = None

    @property
    def complete(self) -> bool:
        """Whether it is read to its end and all its segments have vectors."""
        return self.finished is not None and not self.waiting

    def matrix(self) -> Floats:
        """The vectors of its segments, (segments, dim)."""
        return np.stack(self.vectors)


class Batches:
    """Fills batches with segments of whatever track comes, and hands each track its vectors.

    What is heard before there is an encoder is kept as it is: the caller looks at `early`.

    Attributes
    ----------
    seconds
        Time spent in the encoder.
    """

    def __init__(self, embedder: Embedder | None = None) -> None:
        self.seconds = 0.0
        self._early: list[tuple[Track, Floats]] = []
        self._owners: list[Track] = []
        self._embedder: Embedder | None = None
        self._waves = np.empty((0, SEGMENT), np.float32)
        if embedder is not None:
            self.begin(embedder)

    @property
    def early(self) -> int:
        """Samples that wait for the encoder."""
        return sum(samples.size for _, samples in self._early)

    def begin(self, embedder: Embedder) -> list[Track]:
        """Here is the encoder: what was heard so far goes through it; the tracks that are complete now."""
        self._embedder = embedder
        self._waves = np.empty((embedder.plan.batch, SEGMENT), np.float32)
        waiting, self._early = self._early, []
        complete: list[Track] = []
        for track, samples in waiting:
            complete += self.hear(track, samples)
            # Not before: a batch that is full in its middle would take the track for complete.
            track.waiting -= 1
            complete += [track] if track.complete else []
        return complete

    def hear(self, track: Track, samples: Floats) -> list[Track]:
        """Take the next window (n,) of a track; the tracks that are complete now.

        A window is cut into segments. A rest shorter than one is dropped, unless it is all there is: then it
        is padded with zeros.
        """
        if self._embedder is None:
            self._early.append((track, samples))
            track.waiting += 1
            return []
        first = track.samples == 0
        track.samples += len(samples)
        whole = len(samples) // SEGMENT
        pieces = [samples[i * SEGMENT : (i + 1) * SEGMENT] for i in range(whole)]
        complete: list[Track] = []
        for piece in pieces or ([samples] if first else []):
            if len(self._owners) == len(self._waves):
                complete += self.flush()
            self._add(track, piece)
        return complete

    def _add(self, track: Track, wave: Floats) -> None:
        row = self._waves[len(self._owners)]
        row[: len(wave)] = wave
        row[len(wave) :] = 0
        self._owners.append(track)
        track.waiting += 1

    def flush(self) -> list[Track]:
        """Embed what has come together; the tracks that are complete now."""
        owners, self._owners = self._owners, []
        if not owners or self._embedder is None:
            return []
        start = time.perf_counter()
        vectors = self._embedder(self._waves[: len(owners)])
        self.seconds += time.perf_counter() - start
        for track, vector in zip(owners, vectors, strict=True):
            track.vectors.append(vector)
            track.waiting -= 1
        return [track for track in dict.fromkeys(owners) if track.complete]

    def summarise(self, track: Track) -> Floats:
        """The track's vector, (track_dim,)."""
        assert self._embedder is not None  # the track has vectors
        start = time.perf_counter()
        vector = self._embedder.summarise(track.matrix())
        self.seconds += time.perf_counter() - start
        return vector
