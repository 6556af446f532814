"""N segments spread over a track, or one stretch of it, of which only those are decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from core.audio import SAMPLE_RATE, SEGMENT
from core.audio.decoding import Decoding
from core.audio.packets import EVERYTHING, Packets, Span
from core.audio.records import Samples
from core.audio.source import Placed, Source

RUN_IN = SEGMENT // 6
"""Samples (0.5 s) decoded before a segment and thrown away: a decoder needs some packets to find in."""

RUN_OUT = SEGMENT // 24
"""Samples (0.125 s) behind a segment that are decoded, beside two packets: the resampler looks ahead."""


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


def skip(
    source: Source, packets: Packets, decoding: Decoding, at: Sequence[int], longest_packet_s: float
) -> Iterator[tuple[int, Samples]]:
    """Decode the segments at samples `at` and nothing else, `(start, (SEGMENT,))` each.

    The packets between are read over. That is as exact in every format and gives the same samples
    whatever tags the file has, which seeking by an estimated byte position does not.
    """
    spans = [_span(begin, SEGMENT, longest_packet_s) for begin in at]
    near = packets.near(spans)
    for index, (begin, span) in enumerate(zip(at, spans, strict=True)):
        pieces = _from(source, _within(near, span), decoding, begin, SEGMENT)
        samples = np.concatenate([np.empty(0, np.float32), *pieces])
        if samples.size >= (SEGMENT // 2 if index else 1):
            yield begin, _padded(samples)


def stretch(
    source: Source, packets: Packets, decoding: Decoding, begin: int, count: int, longest_packet_s: float
) -> Iterator[Samples]:
    """Decode `count` samples from sample `begin` on and nothing else, in consecutive pieces `(n,)`.

    What lies before is read over as in `skip`, unless the packets say nothing about time.
    """
    if not begin or not source.seconds:
        everything = (placed.packet for placed in packets.near([EVERYTHING]))
        return _between(decoding.chunks(everything), begin, count)
    span = _span(begin, count, longest_packet_s)
    return _from(source, _within(packets.near([span]), span), decoding, begin, count)


def _span(begin: int, count: int, longest_packet_s: float) -> Span:
    """What is read for some samples: a decoder has to find in, and may give a packet less than it takes."""
    return begin - RUN_IN, begin + count + RUN_OUT + 2 * longest_packet_s * SAMPLE_RATE


def _from(
    source: Source, packets: Iterator[Placed], decoding: Decoding, begin: int, count: int
) -> Iterator[Samples]:
    """Decode `count` samples from sample `begin` on out of packets that begin shortly before."""
    first = next(packets, None)
    if first is None:
        return
    source.context.flush_buffers()
    early = max(0, begin - round(first.begin))
    chunks = decoding.chunks(placed.packet for placed in chain([first], packets))
    yield from _between(chunks, early, count)


def _within(near: Iterator[Placed], span: Span) -> Iterator[Placed]:
    """Packets that touch a span, of those that are left; no more is taken than needed to see its end."""
    begin, end = span
    for placed in near:
        if placed.end > begin and placed.packet.size:  # an empty one would end the decoder
            yield placed
        if placed.end >= end:
            return


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
