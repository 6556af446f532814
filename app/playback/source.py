"""Any audio file as full-band stereo, a block at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain

import av
import numpy as np
from av.audio.frame import AudioFrame

from app.playback.facts import UNTOLD, Facts, facts
from app.playback.ring import Samples
from core.audio.doorway import open_regular
from core.audio.records import UnusableError
from core.audio.source import Source

FADE_S = 0.3
"""How an excerpt comes and goes (s)."""

_PREROLL_S = 0.3
"""Decoded and dropped before a seek's target, while codecs with a memory settle (s)."""

_BLOCK = 8192
"""Frames handled at a time."""

_LOUDEST = 8.0
"""Lossy formats go a little beyond full scale, which a gain may bring back; nothing sane goes further."""

_PADDING = 4096
"""What an encoder adds to a track's end at most (frames)."""

_PATIENCE = 500
"""Broken packets in a row after which the rest of a file is given up."""


@dataclass(frozen=True)
class Block:
    """Decoded sound.

    Parameters
    ----------
    samples
        float32 (frames, 2), finite; may be empty: a sign of life while nothing can be heard yet.
    rate
        Frames a second, as the file has it.
    facts
        What the file's tags say.
    """

    samples: Samples
    rate: int
    facts: Facts = UNTOLD


@contextmanager
def opened(path: bytes) -> Iterator[Source]:
    """Open `path` with the care that decoding for the library takes.

    Raises
    ------
    UnusableError
        Not a plain file, or nothing to hear in it.
    """
    with open_regular(path) as file:
        source = Source(file, alive=lambda: None)
        try:
            yield source
        finally:
            source.close()


def frames(source: Source) -> Iterator[AudioFrame]:
    """Decode from where the file is; broken packets are left out, a broken tail ends it."""
    broken = 0
    for packet in source.packets():
        try:
            decoded = source.context.decode(packet)
        except av.error.EOFError:
            return
        except (av.FFmpegError, ValueError):
            broken += 1
            if broken > _PATIENCE:
                return
            continue
        broken = 0
        yield from decoded


def stereo(frames_: Iterable[AudioFrame]) -> Iterator[Block]:
    """Frames of any format to stereo at their own rate, finite and not absurdly loud.

    Collects frames of some 20 ms into blocks of some 200 ms, which Python then handles ten times faster.
    """
    converter, form, channels, rate = None, None, 2, 1
    for frame in frames_:
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        if converter is None or now != form:
            if converter is not None:
                yield from _converted(converter.resample(None), channels, rate)
            form, rate = now, frame.sample_rate
            # swresample makes stereo of mono 3 dB quieter; a mono record is to sound as loud on both sides.
            channels = 1 if frame.layout.nb_channels == 1 else 2
            converter = av.AudioResampler("flt", "mono" if channels == 1 else "stereo", rate, _BLOCK)
        frame.pts = None
        yield from _converted(converter.resample(frame), channels, rate)
    if converter is not None:
        yield from _converted(converter.resample(None), channels, rate)


def _converted(frames_: Sequence[AudioFrame], channels: int, rate: int) -> Iterator[Block]:
    for frame in frames_:
        samples = frame.to_ndarray().reshape(-1, channels).clip(-_LOUDEST, _LOUDEST)
        if np.isnan(samples.sum()):
            np.nan_to_num(samples, copy=False, nan=0.0)
        yield Block(samples if channels == 2 else np.repeat(samples, 2, axis=1), rate)


def _start(source: Source) -> float:
    """The time stamp of the first sample (s)."""
    return float((source.stream.start_time or 0) * source.tick)


def _seek(source: Source, seconds: float) -> None:
    """Go to a little before `seconds`, or to the start where the format cannot."""
    target = max(seconds - _PREROLL_S, 0.0) + _start(source)
    try:
        source.container.seek(int(target * av.time_base))
    except (av.FFmpegError, OSError):
        source.container.seek(0)


def _frames_in_all(source: Source) -> float:
    """Where an MP4 file says that its sound ends, in frames; endless where it does not.

    FFmpeg takes away what the encoder put before the sound, but not what it put after it. It is in the
    edit list, which is the stream's duration, or in iTunes' own tag: hexadecimal numbers, the third and
    fourth of which are the padding and the length.
    """
    if "mp4" not in source.container.format.name or not source.rate:
        return math.inf
    tag = source.container.metadata.get("iTunSMPB", "").split()
    with suppress(ValueError, IndexError):
        if count := int(tag[3], 16):
            return count
    return (
        round(source.stream.duration * float(source.tick) * source.rate)
        if source.stream.duration
        else math.inf
    )


def without_padding(source: Iterable[Block], frames_left: float) -> Iterator[Block]:
    """Leave out what follows `frames_left` frames, if that is no more than an encoder's padding."""
    spare: list[Block] = []
    for block in source:
        keep = int(min(max(frames_left, 0), len(block.samples)))
        frames_left -= len(block.samples)
        yield replace(block, samples=block.samples[:keep])
        if keep < len(block.samples):
            spare.append(replace(block, samples=block.samples[keep:]))
        if -frames_left > _PADDING:  # the file lies about its length: nothing of it is to be missed
            yield from spare
            spare, frames_left = [], math.inf


def blocks(path: bytes, start_s: float = 0.0) -> Iterator[Block]:
    """Play `path` from `start_s` to its end.

    Raises
    ------
    UnusableError
        Nothing of it can be decoded.
    """
    with opened(path) as source:
        if start_s > 0:
            _seek(source, start_s)
        decoded = frames(source)
        first = next(decoded, None)
        if first is None:
            if start_s == 0:
                raise UnusableError("unreadable", "The file is damaged: nothing of it can be decoded.")
            return
        at = first.time - _start(source) if start_s > 0 and first.time is not None else 0.0
        told, rate = facts(source), first.sample_rate
        left = _frames_in_all(source) - round(at * rate)
        for block in without_padding(stereo(chain([first], decoded)), left):
            skip = min(max(round((start_s - at) * block.rate), 0), len(block.samples))
            at += len(block.samples) / block.rate
            yield Block(block.samples[skip:], block.rate, told)


def excerpt(source: Iterator[Block], length_s: float) -> Iterator[Block]:
    """The first `length_s` of `source`, faded in and out.

    Each block is scaled by how far it is from both ends, so nothing but the block is kept.
    """
    at = 0.0
    for block in source:
        count = min(len(block.samples), round((length_s - at) * block.rate))
        times = at + np.arange(count, dtype=np.float64) / block.rate
        gain = np.minimum(times, length_s - times) / min(FADE_S, length_s / 2)
        yield replace(block, samples=block.samples[:count] * gain.clip(0, 1)[:, None].astype(np.float32))
        at += len(block.samples) / block.rate
        if at >= length_s:
            return
