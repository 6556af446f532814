"""Previews: quiet excerpts on top of what plays, each with a decoder of its own."""

from __future__ import annotations

from collections.abc import Callable

from app.playback.feeder import Feeder, Sound
from app.playback.mixer import Voice
from app.playback.protocol import Item, ReplayGain
from app.playback.ring import Ring

_RING_S = 2.0
"""Decoded sound that waits (s)."""

_PREFILL_S = 0.1
"""Decoded before anything is heard (s)."""

_VOICES = 2
"""One fades out while the next fades in."""


class _Part:
    """A voice, what decodes for it, and what it sounds."""

    def __init__(
        self,
        rate: int,
        decoding: Callable[[int | None], None],
        failed: Callable[[int, str], None],
    ) -> None:
        self.voice = Voice(Ring(int(_RING_S * rate)), rate)
        self.feeder = Feeder(self.voice.ring, rate, decoding, failed)
        self.feeder.start()
        self.key: int | None = None
        self._enough = _PREFILL_S * rate

    @property
    def free(self) -> bool:
        """Whether nothing of it is heard any more."""
        return self.voice.silent and not self.voice.open and self.key is None

    @property
    def over(self) -> bool:
        """Whether it has come to its end."""
        return self.feeder.ended and not self.voice.ring.filled

    def begin(self, item: Item, replaygain: ReplayGain) -> None:
        """Decode `item`; it is heard once there is enough of it."""
        self.key = item.key
        self.feeder.sound = Sound(replaygain=replaygain)
        self.feeder.cue([item], item, item.start_s)

    def leave(self) -> None:
        """Fade out."""
        self.voice.open, self.key = False, None

    def tick(self) -> None:
        """Open when there is enough to hear; let go of the file when nothing is heard."""
        if self.key is not None and not self.voice.open:
            self.voice.open = self.voice.ring.filled >= self._enough or (self.feeder.ended and not self.over)
        elif self.free and not self.feeder.ended:
            self.feeder.halt()


class Previews:
    """At most one preview is wanted at a time; the one before fades out under it.

    Parameters
    ----------
    rate
        Of the card, frames a second.
    decoding, failed
        As for `Feeder`.
    """

    def __init__(
        self,
        rate: int,
        decoding: Callable[[int | None], None],
        failed: Callable[[int, str], None],
    ) -> None:
        self._parts = [_Part(rate, decoding, failed) for _ in range(_VOICES)]
        self._next: Item | None = None
        self._replaygain: ReplayGain = "off"

    @property
    def voices(self) -> tuple[Voice, ...]:
        """For the mixer."""
        return tuple(part.voice for part in self._parts)

    @property
    def busy(self) -> bool:
        """Whether anything is heard, or will be."""
        return self._next is not None or not all(part.free for part in self._parts)

    def start(self, item: Item, replaygain: ReplayGain) -> None:
        """Preview `item` instead of what is previewed now."""
        self.stop()
        self._next, self._replaygain = item, replaygain
        self.tick()

    def stop(self) -> None:
        """Fade out."""
        self._next = None
        for part in self._parts:
            part.leave()

    def tick(self) -> list[int]:
        """Go on; returns the keys of previews that have come to their end."""
        for part in self._parts:
            part.tick()
        over = [part for part in self._parts if part.key is not None and part.over]
        keys = [part.key for part in over if part.key is not None]
        for part in over:
            part.leave()
        free = next((part for part in self._parts if part.free), None)
        if self._next is not None and free is not None:
            free.begin(self._next, self._replaygain)
            self._next = None
        return keys

    def close(self) -> None:
        """End the decoders."""
        for part in self._parts:
            part.feeder.close()
