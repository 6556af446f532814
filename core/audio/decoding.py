"""From packets to clean mono samples, counting what is broken on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import av
import numpy as np
from av.audio.frame import AudioFrame

from core.audio import SEGMENT
from core.audio.mono import Mono
from core.audio.records import Samples
from core.audio.source import AudioPacket, Source

_LOUDEST = 1e5
"""No recording is louder (full scale is 1, or 32,768 in a float file of the wrong scale); beyond is garbage."""
_MOST_ERRORS = 2_000
"""Packets in a row that cannot be decoded, after which the rest is given up."""


class Decoding:
    """Decodes the packets of one source.

    Attributes
    ----------
    samples
        Samples given so far.
    lost_s
        Duration (s) of the packets that could not be decoded.
    bad_packets, bad_samples
        How many packets could not be decoded, and how many samples were not numbers or absurdly large.
    capped, gave_up
        The longest allowed length was reached; too many packets in a row were broken.
    """

    def __init__(self, source: Source, longest: int, chunk: int = SEGMENT) -> None:
        self._source = source
        self._longest = longest
        self._chunk = chunk
        self._in_a_row = 0
        self.samples = 0
        self.lost_s = 0.0
        self.bad_packets = 0
        self.bad_samples = 0
        self.capped = False
        self.gave_up = False

    def chunks(self, packets: Iterable[AudioPacket]) -> Iterator[Samples]:
        """Decode packets into consecutive pieces `(n,)` of mostly `chunk` samples.

        Ends early, with packets left over, where the longest length is reached or nothing can be decoded.
        """
        mono = Mono(self._chunk)
        for packet in packets:
            for frame in self._frames(packet):
                for chunk in mono.feed(frame):
                    yield self._counted(chunk)
            self.gave_up = self._in_a_row > _MOST_ERRORS
            if self.capped or self.gave_up:
                break  # of what the graph still holds, the cap lets nothing through
        for chunk in mono.flush():
            yield self._counted(chunk)

    def _frames(self, packet: AudioPacket) -> list[AudioFrame]:
        """Decode one packet; a broken one gives nothing and is counted."""
        try:
            frames: list[AudioFrame] = self._source.context.decode(packet)
        except av.error.MemoryError:
            raise
        except av.error.EOFError:  # flushed twice
            return []
        except (av.error.FFmpegError, ValueError):
            self._in_a_row += 1
            self.bad_packets += 1
            self.lost_s += (packet.duration or 0) * float(self._source.tick)
            return []
        self._in_a_row = 0
        return frames

    def _counted(self, chunk: Samples) -> Samples:
        left = self._longest - self.samples
        if chunk.size > left:
            chunk, self.capped = chunk[:left], True
        self.samples += chunk.size
        self._source.alive()
        return self._clean(chunk)

    def _clean(self, chunk: Samples) -> Samples:
        """Silence in place of samples that are not finite, or too large to be sound."""
        if chunk.size and not max(chunk.max(), -chunk.min()) <= _LOUDEST:  # NaN compares as false
            bad = ~(np.abs(chunk) <= _LOUDEST)
            self.bad_samples += int(bad.sum())
            return np.where(bad, np.float32(0), chunk)
        return chunk
