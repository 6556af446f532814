"""The second look at a file's packets, after a first one has hashed and timed them: those near some places alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from core.audio import SAMPLE_RATE, ogg
from core.audio.doorway import AudioFile, Excerpt
from core.audio.source import Placed, Source

Span = tuple[float, float]
"""From one sample (mono, 16 kHz) to another."""
EVERYTHING: Span = (-math.inf, math.inf)


class Packets(Protocol):
    """Packets that can be asked for again."""

    def near(self, spans: Sequence[Span], /) -> Iterator[Placed]:
        """At least those that touch one of `spans`, which lie apart, in order."""


@dataclass(frozen=True)
class Kept:
    """They were kept."""

    packets: Sequence[Placed]

    def near(self, spans: Sequence[Span], /) -> Iterator[Placed]:  # noqa: ARG002 - none of them needs less
        """All of them: to pick some is up to the caller."""
        return iter(self.packets)


@dataclass(frozen=True)
class Again:
    """The whole file has to be read again, by a source of its own."""

    source: Source

    def near(self, spans: Sequence[Span], /) -> Iterator[Placed]:  # noqa: ARG002 - a file is read from its start
        """All of them."""
        return self.source.placed()


@dataclass(frozen=True)
class Paged:
    """Pages of an Ogg file, of which those that matter are read again.

    Parameters
    ----------
    origin
        Time of the file's first packet, in ticks.
    """

    file: AudioFile
    source: Source
    pages: ogg.Pages
    origin: int

    def near(self, spans: Sequence[Span], /) -> Iterator[Placed]:
        """Those on the pages around `spans`. The first ones behind a gap seem to come earlier than they do."""
        scale, end = float(self.source.tick) * SAMPLE_RATE, 0.0
        ticks = [(begin / scale + self.origin, end / scale + self.origin) for begin, end in spans]
        excerpt = Excerpt(self.file, self.pages.around(ticks))
        with closing(Source(excerpt, self.source.alive, counts=False)) as part:
            for packet in part.packets():
                begin = end if packet.pts is None else (packet.pts - self.origin) * scale
                end = begin + (packet.duration or 0) * scale
                yield Placed(begin, end, packet)


def look_through(file: AudioFile, source: Source, *, keep: bool) -> Packets | None:
    """Hash and time all packets of a source that has given none yet; None where they have to be read again for more.

    Parameters
    ----------
    keep
        Whether they may be kept in memory.
    """
    digest = source.digest()
    pages = ogg.read(file, source.codec, digest.update, source.alive)
    packets = source.placed()
    first = next(packets, None)
    if pages and first and first.packet.pts is not None:
        longest = max(pages.longest, first.packet.duration or 0)
        source.measured(digest, pages.size, pages.times[-1] - first.packet.pts, longest)
        return Paged(file, source, pages, first.packet.pts)
    everything = chain([first] if first else [], packets)
    if keep:
        return Kept(list(everything))
    for _ in everything:
        pass
    return None
