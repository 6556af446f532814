"""Any audio file as mono windows at 16 kHz, in memory that does not grow with its length."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import av
import numpy as np

from core.audio import SAMPLE_RATE, SEGMENT, spread
from core.audio.declared import Declared, declared
from core.audio.decoding import Decoding
from core.audio.doorway import AudioFile, open_regular, unusable
from core.audio.packets import EVERYTHING, Again, Packets, look_through
from core.audio.records import Event, Failed, Finished, Request, Samples, UnusableError, Window
from core.audio.source import Alive, AudioPacket, Source
from core.audio.verdict import flaws

WINDOW = 10 * SEGMENT
"""Samples of a whole file's windows: 30 s."""

_KEEP = 16 << 20
"""Bytes of a file whose packets are kept in memory between two passes; a larger one is read again."""

Decoder = Callable[[Request, float, Alive], Iterator[Event]]
"""What a worker runs for each file: `decode`, or a stand-in of a test."""


def decode(request: Request, longest_s: float, alive: Alive) -> Iterator[Event]:
    """Decode one file in this process.

    Parameters
    ----------
    longest_s
        Only this much (s) from the start of a longer file is decoded.
    alive
        Called now and then as long as there is progress.

    Yields
    ------
    Windows (whose samples are valid until the next one is asked for), then one `Finished`; or, at any
    point, one `Failed`.
    """
    try:
        with open_regular(request.path) as file:
            yield from _decode(file, request, int(longest_s * SAMPLE_RATE), alive)
    except UnusableError as error:
        yield Failed(request.key, error.kind, error.reason)
    except MemoryError:  # PyAV's own is one as well
        yield Failed(request.key, "memory", "This file needs more memory to decode than it is allowed.")
    except (av.error.FFmpegError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        yield Failed(request.key, "unreadable", f"This file cannot be decoded ({what}).")
    except OSError as error:  # of the disk; FFmpeg's own have been caught
        failure = unusable(request.path, error)
        yield Failed(request.key, failure.kind, failure.reason)


def _decode(file: AudioFile, request: Request, longest: int, alive: Alive) -> Iterator[Event]:
    began = time.process_time()
    if not (request.segments or request.middle_s or request.identify_only or request.known):
        with closing(Source(file, alive)) as source:
            yield from _all(file, source, source.packets(), _Report(request, began), longest)
        return
    with closing(Source(file, alive)) as source:
        keep = not request.identify_only and file.length <= _KEEP
        packets = look_through(file, source, keep=keep)
        report = _Report(request, began, source.identity, source.seconds, source.longest_packet_s)
        if request.identify_only or source.identity == request.known:
            yield report.of(source, declared(source, file), None)
            return
        if packets is not None:
            yield from _second(file, source, packets, report, longest)
            return
    with closing(Source(file, alive)) as source:
        yield from _second(file, source, Again(source), report, longest)


def _second(
    file: AudioFile, source: Source, packets: Packets, report: _Report, longest: int
) -> Iterator[Event]:
    """The second pass over a file whose identity is known."""
    if report.request.middle_s:
        yield from _middle(file, source, packets, report, longest)
    elif report.request.segments:
        yield from _some(file, source, packets, report, longest)
    else:
        yield from _all(file, source, _every(packets), report, longest)


def _every(packets: Packets) -> Iterator[AudioPacket]:
    return (placed.packet for placed in packets.near([EVERYTHING]))


def _all(
    file: AudioFile, source: Source, packets: Iterator[AudioPacket], report: _Report, longest: int
) -> Iterator[Event]:
    """The whole file."""
    decoding, start = Decoding(source, longest), 0
    for samples in _windows(decoding.chunks(packets)):
        yield Window(report.request.key, start, samples)
        start += samples.size
    for _ in packets:  # the identity covers what was not decoded as well
        pass
    report = replace(report, identity=source.identity, seconds=decoding.samples / SAMPLE_RATE)
    yield report.of(source, declared(source, file), decoding)


def _some(
    file: AudioFile, source: Source, packets: Packets, report: _Report, longest: int
) -> Iterator[Event]:
    """Segments spread over a file whose packets have been looked at once."""
    total = int(report.seconds * SAMPLE_RATE) or _length(file, longest, source.alive)
    used = min(total, longest)
    at = spread.starts(used, report.request.segments)
    decoding = Decoding(source, sys.maxsize, chunk=spread.RUN_IN)
    if report.seconds and spread.worth_skipping(at, report.longest_packet_s):
        segments = spread.skip(source, packets, decoding, at, report.longest_packet_s)
    else:
        segments = spread.cut(decoding.chunks(_every(packets)), at)
    for start, samples in segments:
        yield Window(report.request.key, start, samples)
    decoding.capped = used < total
    report = replace(report, seconds=used / SAMPLE_RATE)
    yield report.of(source, declared(source, file), decoding)


def _middle(
    file: AudioFile, source: Source, packets: Packets, report: _Report, longest: int
) -> Iterator[Event]:
    """So many seconds around the middle of a file whose packets have been looked at once."""
    total = round(report.seconds * SAMPLE_RATE) or _length(file, longest, source.alive)
    used, wanted = min(total, longest), round(report.request.middle_s * SAMPLE_RATE)
    begin = max(0, (used - wanted) // 2)
    decoding = Decoding(source, sys.maxsize, chunk=spread.RUN_IN)
    start = begin
    count, longest_packet_s = min(wanted, used - begin), report.longest_packet_s
    for samples in _windows(spread.stretch(source, packets, decoding, begin, count, longest_packet_s)):
        yield Window(report.request.key, start, samples)
        start += samples.size
    decoding.capped = used < total
    report = replace(report, seconds=used / SAMPLE_RATE)
    yield report.of(source, declared(source, file), decoding)


def _windows(chunks: Iterable[Samples]) -> Iterator[Samples]:
    """Gather chunks in one buffer of a window's size that is given again and again."""
    buffer, filled = np.empty(WINDOW, np.float32), 0
    for chunk in chunks:
        left = chunk
        while left.size:
            part = left[: WINDOW - filled]
            buffer[filled : filled + part.size] = part
            filled, left = filled + part.size, left[part.size :]
            if filled == WINDOW:
                yield buffer
                filled = 0
    if filled:
        yield buffer[:filled]


def _length(file: AudioFile, longest: int, alive: Alive) -> int:
    """Samples of a file whose packets say nothing about time: it has to be decoded once to know."""
    with closing(Source(file, alive)) as source:
        return sum(chunk.size for chunk in Decoding(source, longest).chunks(source.packets()))


@dataclass(frozen=True)
class _Report:
    """What is known of a file before the verdict on its decoding."""

    request: Request
    began: float
    identity: str = ""
    seconds: float = 0.0
    longest_packet_s: float = 0.0

    def of(self, source: Source, said: Declared, decoding: Decoding | None) -> Finished:
        reason = flaws(source, decoding, said, self.seconds) if decoding else ""
        return Finished(
            key=self.request.key,
            identity=self.identity,
            seconds=self.seconds,
            declared_seconds=said.seconds,
            partial=bool(reason),
            reason=reason,
            codec=source.codec,
            sample_rate=source.rate,
            channels=source.channels,
            bit_rate=source.bit_rate,
            cpu_seconds=time.process_time() - self.began,
            decoded=decoding is not None,
        )
