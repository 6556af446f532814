"""What happens in the sound card's callback: copy, gain, count. Nothing here allocates or waits."""

from __future__ import annotations

import numpy as np

from app.playback.ring import Ring, Samples

FADE_S = 0.03
"""From full volume to silence when playing stops, pauses or jumps: short, and yet no click (s)."""

PREVIEW_FADE_S = 0.3
"""How a preview comes and goes (s)."""

PREVIEW_GAIN = 10 ** (-12 / 20)
"""A preview is 12 dB quieter than what plays."""

_CHUNK = 4096


def gain_of(volume: float) -> float:
    """A slider's position in [0, 1] as a factor: cubic, so that equal steps sound about equal."""
    return min(max(volume, 0.0), 1.0) ** 3


class Ramp:
    """A gain that never jumps.

    Parameters
    ----------
    seconds
        From silence to full volume.
    rate
        Frames a second.
    """

    def __init__(self, seconds: float, rate: int) -> None:
        self._slope = 1.0 / (seconds * rate)
        self._index = np.arange(1, _CHUNK + 1, dtype=np.float32)
        self._ramp = np.zeros(_CHUNK, np.float32)
        self.gain = 0.0

    def amplify(self, out: Samples, target: float) -> None:
        """Multiply `out`, (at most 4096, 2), by a ramp from the present gain towards `target`."""
        if self.gain == target:
            if target != 1.0:
                np.multiply(out, target, out=out)
            return
        ramp = self._ramp[: len(out)]
        slope = self._slope if target > self.gain else -self._slope
        np.multiply(self._index[: len(out)], slope, out=ramp)
        np.add(ramp, self.gain, out=ramp)
        (np.minimum if slope > 0 else np.maximum)(ramp, target, out=ramp)
        np.multiply(out, ramp[:, None], out=out)
        # The last value is float32; snap to the target so that "reached" can be tested.
        self.gain = target if abs(float(ramp[-1]) - target) < self._slope / 2 else float(ramp[-1])


class Voice:
    """A quiet sound on top of what plays: a preview.

    Parameters
    ----------
    ring
        What is played.
    rate
        Frames a second.
    """

    def __init__(self, ring: Ring, rate: int) -> None:
        self.ring = ring
        self._ramp = Ramp(PREVIEW_FADE_S / PREVIEW_GAIN, rate)
        self._sound = np.zeros((_CHUNK, 2), np.float32)
        self.open = False
        """Whether it is to be heard; closing fades first."""
        self.silent = True
        """Closed and faded: nobody reads the ring."""

    def add_to(self, out: Samples, level: float) -> float:
        """Add the sound to `out`, (at most 4096, 2); returns its greatest gain."""
        before = self._ramp.gain
        if not self.open and before == 0.0:
            self.silent = True
            return 0.0
        self.silent = False
        sound = self._sound[: len(out)]
        sound[self.ring.read_into(sound) :] = 0
        self._ramp.amplify(sound, level * PREVIEW_GAIN if self.open else 0.0)
        np.add(out, sound, out=out)
        return max(before, self._ramp.gain)


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
        self._ramp = Ramp(FADE_S, rate)
        self._over = np.zeros((_CHUNK, 2), np.float32)
        self.voices: tuple[Voice, ...] = ()
        """Previews, heard on top."""
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
        self._ramp.gain = self.level

    def render(self, out: Samples) -> None:
        """Fill `out` (frames, 2)."""
        self.beats += 1
        for start in range(0, len(out), _CHUNK):
            self._render(out[start : start + _CHUNK])

    def _render(self, out: Samples) -> None:
        over = self._over[: len(out)]
        loud = 0.0
        if self.voices:
            over.fill(0)
            for voice in self.voices:
                loud += voice.add_to(over, self.level)
        # What plays makes room for a preview, as much as keeps the sum from clipping and no more.
        self._render_main(out, min(self.level, 1.0 - loud) if self.open else 0.0)
        if loud:
            np.add(out, over, out=out)

    def _render_main(self, out: Samples, target: float) -> None:
        if not self.open and self._ramp.gain == 0.0:
            out.fill(0)
            self.silent = True
            return
        self.silent = False
        given = self._ring.read_into(out)
        if given < len(out):
            out[given:] = 0
            self.starved += not self.ended
        self._ramp.amplify(out, target)
