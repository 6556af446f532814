"""What happens in the sound card's callback: copy, gain, count. Nothing here allocates or waits."""

from __future__ import annotations

import numpy as np

from app.playback.ring import Ring, Samples

FADE_S = 0.03
"""From full volume to silence when playing stops, pauses or jumps: short, and yet no click (s)."""

_CHUNK = 4096


def gain_of(volume: float) -> float:
    """A slider's position in [0, 1] as a factor: cubic, so that equal steps sound about equal."""
    return min(max(volume, 0.0), 1.0) ** 3


class Mixer:
    """Fills the sound card's buffers from a ring, through a gain that never jumps.

    Parameters
    ----------
    ring
        What is played.
    rate
        Frames a second.
    volume
        The slider's position in [0, 1].
    """

    def __init__(self, ring: Ring, rate: int, volume: float) -> None:
        self._ring = ring
        self._slope = 1.0 / (FADE_S * rate)
        self._index = np.arange(1, _CHUNK + 1, dtype=np.float32)
        self._ramp = np.zeros(_CHUNK, np.float32)
        self._gain = 0.0
        self.level = gain_of(volume)
        """The gain while the gate is open."""
        self.open = False
        """Whether anything is to be heard; closing fades first."""
        self.ended = False
        """The decoder has nothing more: an empty ring is no fault."""
        self.silent = True
        """Closed and faded: nobody reads the ring."""
        self.beats = 0
        """Buffers filled: a count that stands still betrays a dead sound card."""
        self.starved = 0
        """Buffers that the ring could not fill although more was to come."""
        self.underflows = 0
        """Buffers that the sound card says came too late, while something was to be heard."""

    def begin(self) -> None:
        """Open without a fade: a track's own first frames are to be heard as they are."""
        self.open = True
        self._gain = self.level

    def render(self, out: Samples) -> None:
        """Fill `out` (frames, 2)."""
        self.beats += 1
        for start in range(0, len(out), _CHUNK):
            self._render(out[start : start + _CHUNK])

    def _render(self, out: Samples) -> None:
        if not self.open and self._gain == 0.0:
            out.fill(0)
            self.silent = True
            return
        self.silent = False
        given = self._ring.read_into(out)
        if given < len(out):
            out[given:] = 0
            self.starved += not self.ended
        self._amplify(out)

    def _amplify(self, out: Samples) -> None:
        """Multiply by a ramp from the present gain towards the wanted one."""
        target = self.level if self.open else 0.0
        if self._gain == target:
            if target != 1.0:
                np.multiply(out, target, out=out)
            return
        ramp = self._ramp[: len(out)]
        slope = self._slope if target > self._gain else -self._slope
        np.multiply(self._index[: len(out)], slope, out=ramp)
        np.add(ramp, self._gain, out=ramp)
        (np.minimum if slope > 0 else np.maximum)(ramp, target, out=ramp)
        np.multiply(out, ramp[:, None], out=out)
        # The last value is float32; snap to the target so that "reached" can be tested.
        self._gain = target if abs(float(ramp[-1]) - target) < self._slope / 2 else float(ramp[-1])
