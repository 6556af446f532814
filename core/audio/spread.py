"""N segments spread over a track, or one stretch of it, of which only those are decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from core.audio import SAMPLE_RATE, SEGMENT
from core.audio.decoding import Decoding
from core.audio.records import Samples
from core.audio.source import AudioPacket, Source
from core.audio.timing import Timing

RUN_IN = SEGMENT // 6
"""Samples (0.5 s) decoded before a segment and thrown away: a decoder needs some packets to find in."""


def starts(total: int, segments: int) -> list[int]:
    """First samples of the segments: each in the middle of its own share of `total` samples.

    A track too short for so many is taken whole: one segment after the other, at least one.
    """
    if total < segments * SEGMENT:
        return [index * SEGMENT for index in range(max(1, total // SEGMENT))]
    return [int((2 * index + 1) * total / (2 * segments) - SEGMENT / 2) for index in range(segments)]


def worth_skipping(at: Sequence[int], longest_packet_s: float) -> bool:
    """Whether there is room between the segments for skipping: packets are decoded whole."""
    room = SEGMENT + 3 * RUN_IN + 2 * longest_packet_s * SAMPLE_RATE
    return len(at) < 2 or at[1] - at[0] > room


def _padded(samples: Samples) -> Samples:
    return np.pad(samples, (0, SEGMENT - samples.size)) if samples.size < SEGMENT else samples


def cut(chunks: Iterable[Samples], at: Sequence[int]) -> Iterator[tuple[int, Samples]]:
    """Take the segments that begin at samples `at` out of consecutive chunks, `(start, (SEGMENT,))` each.

    The last one is padded with zeros where the sound ends less than half a segment too early, and a
    first one always.
    """
    held, origin, wanted, given = np.empty(0, np.float32), 0, list(at), 0
    for chunk in chunks:
        held = np.concatenate([held, chunk])
        while wanted and origin + held.size >= wanted[0] + SEGMENT:
            begin = wanted.pop(0)
            yield begin, held[begin - origin : begin - origin + SEGMENT]
            given += 1
        if not wanted:
            return
        drop = min(held.size, wanted[0] - origin)
        held, origin = held[drop:], origin + drop
    rest = held[wanted[0] - origin :]
    if rest.size >= (SEGMENT // 2 if given else 1):
        yield wanted[0], _padded(rest)


class _Clock:
    """Packets, and from which sample to which the last one reaches."""

    def __init__(self, packets: Iterable[AudioPacket], tick: float) -> None:
        self._packets = packets
        self._tick = tick
        self._timing = Timing()

    @property
    def begin(self) -> float:
        return self._timing.begin * self._tick

    @property
    def end(self) -> float:
        return self._timing.end * self._tick

    def packets(self) -> Iterator[AudioPacket]:
        for packet in self._packets:
            if packet.size:  # as in the pass that measured the track
                self._timing.take(packet)
            yield packet


def skip(
    source: Source, all_packets: Iterable[AudioPacket], decoding: Decoding, at: Sequence[int]
) -> Iterator[tuple[int, Samples]]:
    """Decode the segments at samples `at` and nothing else, `(start, (SEGMENT,))` each.

    The packets between are read over. That is as exact in every format and gives the same samples
    whatever tags the file has, which seeking by an estimated byte position does not.
    """
    clock = _Clock(all_packets, float(source.tick) * SAMPLE_RATE)
    packets = clock.packets()
    for index, begin in enumerate(at):
        samples = np.concatenate(
            [np.empty(0, np.float32), *_from(source, clock, packets, decoding, begin, SEGMENT)]
        )
        if samples.size >= (SEGMENT // 2 if index else 1):
            yield begin, _padded(samples)


def stretch(
    source: Source, all_packets: Iterable[AudioPacket], decoding: Decoding, begin: int, count: int
) -> Iterator[Samples]:
    """Decode `count` samples from sample `begin` on and nothing else, in consecutive pieces `(n,)`.

    What lies before is read over as in `skip`, unless the packets say nothing about time.
    """
    if not begin or not source.seconds:
        return _between(decoding.chunks(all_packets), begin, count)
    clock = _Clock(all_packets, float(source.tick) * SAMPLE_RATE)
    return _from(source, clock, clock.packets(), decoding, begin, count)


def _from(
    source: Source, clock: _Clock, packets: Iterator[AudioPacket], decoding: Decoding, begin: int, count: int
) -> Iterator[Samples]:
    """Read over packets up to shortly before sample `begin`, then decode `count` samples from there on."""
    first = next((packet for packet in packets if clock.end > begin - RUN_IN), None)
    if first is None:
        return
    source.context.flush_buffers()
    early = max(0, begin - round(clock.begin))
    yield from _between(decoding.chunks(chain([first], packets)), early, count)


def _between(chunks: Iterator[Samples], early: int, count: int) -> Iterator[Samples]:
    """`count` samples, or fewer where there are no more, behind the first `early` ones."""
    for chunk in chunks:
        piece = chunk[early : early + count]
        early = max(0, early - chunk.size)
        count -= piece.size
        if piece.size:
            yield piece
        if not count:
            return
