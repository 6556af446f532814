"""The end of one track over the beginning of the next, at equal power."""

from __future__ import annotations

import numpy as np

from app.playback.ring import Samples

_NOTHING: Samples = np.zeros((0, 2), np.float32)


class Crossfade:
    """Holds back the end of what passes, since another track may be laid over it.

    Parameters
    ----------
    frames
        How long two tracks overlap at most; 0: they never do, and nothing is held back.
    """

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._held = _NOTHING
        self._length = 0
        self._at = 0
        self.tail = _NOTHING
        """The end of the track before, as it is without the fade."""

    def hold(self, end: Samples) -> None:
        """Begin with the end of a track that has been taken back."""
        self._held, self._length = end, 2 * len(end)

    def push(self, samples: Samples) -> Samples:
        """Go on with the present track; returns what is certain now."""
        self._length += len(samples)
        held = np.concatenate([self._held, self._blended(samples)]) if len(samples) else self._held
        count = max(len(held) - self._frames, 0)
        self._held = held[count:]
        return held[:count]

    def overlap(self) -> tuple[Samples, int]:
        """The next track begins over the end of the present one.

        Returns
        -------
        What is certain now, and how many frames the two have in common: half a short track at most.
        """
        self._outlast()
        count = min(self._frames, len(self._held), self._length // 2)
        certain = self._held[: len(self._held) - count]
        self.tail, self._at = self._held[len(certain) :], 0
        self._held, self._length = _NOTHING, 0
        return certain, count

    def release(self) -> Samples:
        """The present track ends, and nothing lies over it."""
        self._outlast()
        certain, self._held, self._length = self._held, _NOTHING, 0
        return certain

    def _outlast(self) -> None:
        """A track that is over sooner than the fade into it: what fades out goes on."""
        left = len(self.tail) - self._at
        if left:
            self._held = np.concatenate([self._held, self._blended(np.zeros((left, 2), np.float32))])
        self.tail = _NOTHING
        self._at = 0

    def _blended(self, samples: Samples) -> Samples:
        """`samples` under what is left of the tail: cosine and sine, whose squares come to 1."""
        count = min(len(self.tail) - self._at, len(samples))
        if not count:
            return samples
        turn = (self._at + 0.5 + np.arange(count, dtype=np.float32)) * (np.pi / 2 / len(self.tail))
        mixed = samples.copy()
        mixed[:count] *= np.sin(turn)[:, None]
        mixed[:count] += self.tail[self._at : self._at + count] * np.cos(turn)[:, None]
        self._at += count
        return mixed
