"""From the blocks of one file after another to one signal at the card's rate."""

from __future__ import annotations

import av
import numpy as np

from app.playback.crossfade import Crossfade
from app.playback.limiter import Limiter
from app.playback.ring import Samples

_NOTHING: Samples = np.zeros((0, 2), np.float32)


class Resampler:
    """One continuous signal from the file's rate to the card's; files that follow each other may share it.

    Parameters
    ----------
    rate_in, rate_out
        Frames a second.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self.rate_in = rate_in
        self._ratio = rate_out / rate_in
        self._taken = 0
        self.given = 0
        """Frames (at the card's rate) that have come out."""
        self._filter = None if rate_in == rate_out else av.AudioResampler("flt", "stereo", rate_out)

    @property
    def owed(self) -> int:
        """Frames (at the card's rate) that all input so far comes to, those still in the filter included."""
        return round(self._taken * self._ratio)

    def push(self, samples: Samples) -> Samples:
        """(frames, 2) in, about `frames` x ratio out."""
        self._taken += len(samples)
        if self._filter is None or not len(samples):
            self.given += len(samples)
            return samples
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), "flt", "stereo")
        frame.sample_rate = self.rate_in
        return self._collect(frame)

    def flush(self) -> Samples:
        """What is still in the filter; the end of the signal."""
        return _NOTHING if self._filter is None else self._collect(None)

    def _collect(self, frame: av.AudioFrame | None) -> Samples:
        frames = self._filter.resample(frame) if self._filter else []
        parts = [part.to_ndarray().reshape(-1, 2) for part in frames]
        out: Samples = np.concatenate(parts) if parts else _NOTHING
        self.given += len(out)
        return out


class Chain:
    """Resampler, cross-fade and limiter in a row.

    Parameters
    ----------
    rate
        Of the card, frames a second.
    fade_s
        The longest cross-fade (s); 0: tracks follow each other without gap and without fade.
    end
        The end of a track that the first one is to be faded into.
    """

    def __init__(self, rate: int, fade_s: float, end: Samples = _NOTHING) -> None:
        self._rate = rate
        self._resampler: Resampler | None = None
        self._fade = Crossfade(round(fade_s * rate))
        self._limiter = Limiter(rate)
        self._fade.hold(end)
        self._base = len(end)

    @property
    def tail(self) -> Samples:
        """The end of the track before, as it is without the fade."""
        return self._fade.tail

    def begin(self, rate: int, *, overlap: bool) -> tuple[Samples, int]:
        """Another track comes, at `rate` frames a second.

        Returns
        -------
        Frames that are certain now, and the one (counted from the chain's first) from which on it is heard.
        """
        if not overlap and self._resampler is not None and self._resampler.rate_in == rate:
            return self._limiter.push(self._fade.release()), self._base + self._resampler.owed
        out = [self._fade.push(self._change(rate))]
        certain, common = self._fade.overlap() if overlap else (self._fade.release(), 0)
        self._base -= common
        out.append(certain)
        return self._limiter.push(np.concatenate(out)), self._base

    def push(self, samples: Samples, rate: int) -> Samples:
        """Go on with the track."""
        rest = _NOTHING
        if self._resampler is None or self._resampler.rate_in != rate:
            rest = self._change(rate)
        assert self._resampler is not None
        return self._limiter.push(self._fade.push(np.concatenate([rest, self._resampler.push(samples)])))

    def flush(self) -> Samples:
        """The end of the last track."""
        rest = self._resampler.flush() if self._resampler else _NOTHING
        out = self._limiter.push(np.concatenate([self._fade.push(rest), self._fade.release()]))
        return np.concatenate([out, self._limiter.flush()])

    def _change(self, rate: int) -> Samples:
        """Begin another signal; returns what the one before still had in its filter."""
        rest = _NOTHING
        if self._resampler is not None:
            rest = self._resampler.flush()
            self._base += self._resampler.given
        self._resampler = Resampler(rate, self._rate)
        return rest
