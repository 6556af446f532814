"""When packets begin and end."""

from __future__ import annotations

from typing import Protocol


class Timed(Protocol):
    """A packet, in its stream's ticks."""

    @property
    def pts(self) -> int | None:
        """When it begins."""

    @property
    def duration(self) -> int | None:
        """How long it lasts."""


class Timing:
    """Lays packets one behind the other, in ticks from the first one on.

    Durations alone do not do: where a Vorbis block follows one of another size FFmpeg's fall short, by up to 4 % of a
    track (38 s of music counted as 36.6 s). Times alone do not do either: what a lost page leaves out was not heard. So
    a packet's time sets its duration right where they differ by less than a packet.

    Attributes
    ----------
    begin, end
        Of the last packet.
    longest
        Duration of the longest packet.
    """

    def __init__(self) -> None:
        self.begin = self.end = self.longest = 0
        self._due: int | None = None

    def take(self, packet: Timed) -> None:
        """The next packet."""
        duration, due = packet.duration or 0, self._due
        off = 0 if due is None or packet.pts is None else packet.pts - due
        self.longest = max(self.longest, duration)
        self.begin = max(self.begin, self.end + off) if abs(off) <= self.longest else self.end
        self.end = self.begin + duration
        self._due = None if packet.pts is None else packet.pts + duration
