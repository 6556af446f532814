"""Any audio file as full-band stereo, a block at a time."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from app.playback.ring import Samples

FADE_S = 0.3
"""How an excerpt comes and goes (s)."""

_PREROLL_S = 0.3
"""Decoded and dropped before a seek's target, while codecs with a memory settle (s)."""

_PATIENCE = 500
"""Broken packets in a row after which the rest of a file is given up."""

# A playlist in disguise must not make FFmpeg open anything else, on the disk or on the network.
_OPTIONS = {"protocol_whitelist": "none"}


class Unplayable(Exception):  # noqa: N818 - the file's fault, not an error of ours
    """A file that cannot be played; the text is a sentence for a person."""


@dataclass
class Block:
    """Decoded sound.

    Parameters
    ----------
    samples
        float32 (frames, 2), finite; may be empty: a sign of life while nothing can be heard yet.
    rate
        Frames a second, as the file has it.
    """

    samples: Samples
    rate: int


def _open_regular(path: bytes) -> BinaryIO:
    """Open a plain file; a FIFO or a device is refused without waiting for its other end."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise Unplayable("The file is not there.") from None
    except OSError as error:
        raise Unplayable(f"The file cannot be opened ({error.strerror}).") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Unplayable("This is not a plain file.")
    return os.fdopen(handle, "rb")


@contextmanager
def opened(path: bytes) -> Iterator[tuple[InputContainer, AudioStream]]:
    """The container and its first audio stream.

    Raises
    ------
    Unplayable
        Not a plain file, or nothing to hear in it.
    """
    with _open_regular(path) as file:
        try:
            container = av.open(file, "r", options=_OPTIONS, metadata_errors="replace")
        except (av.FFmpegError, ValueError, OSError):
            raise Unplayable("The file is damaged or holds no sound.") from None
        with container:
            if not container.streams.audio:
                raise Unplayable("There is no sound in this file.")
            yield container, container.streams.audio[0]


def duration(container: InputContainer, stream: AudioStream) -> float | None:
    """What the file says of its length (s)."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Decode `stream` from where it is; broken packets are left out, a broken tail ends it."""
    broken = 0
    packets = container.demux(stream)
    while broken < _PATIENCE:
        try:
            packet = next(packets)
            decoded = stream.decode(packet)
        except (StopIteration, EOFError):
            return
        except (av.FFmpegError, ValueError, OSError):
            broken += 1
            continue
        broken = 0 if decoded else broken
        yield from decoded


class Stereo:
    """Frames of any format to float32 stereo at their own rate."""

    def __init__(self) -> None:
        self._converter: av.AudioResampler | None = None
        self._format: tuple[str, str, int] | None = None

    def __call__(self, frame: AudioFrame) -> Samples:
        """(frames, 2), finite and within [-1, 1]."""
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        # swresample makes stereo of mono 3 dB quieter; a mono record is to sound as loud on both sides.
        channels = 1 if frame.layout.nb_channels == 1 else 2
        if self._converter is None or form != self._format:
            self._format = form
            layout = "mono" if channels == 1 else "stereo"
            self._converter = av.AudioResampler("flt", layout, frame.sample_rate)
        frame.pts = None
        parts = [part.to_ndarray().reshape(-1, channels) for part in self._converter.resample(frame)]
        samples = np.concatenate(parts) if parts else np.zeros((0, channels), np.float32)
        np.nan_to_num(samples, copy=False, nan=0.0)
        return np.ascontiguousarray(np.broadcast_to(samples.clip(-1, 1), (len(samples), 2)))


def _seek(container: InputContainer, stream: AudioStream, seconds: float) -> None:
    """Go to a little before `seconds`, or to the start where the format cannot."""
    target = max(seconds - _PREROLL_S, 0.0) + _start(stream)
    try:
        container.seek(int(target * av.time_base))
    except (av.FFmpegError, OSError):
        container.seek(0)


def _start(stream: AudioStream) -> float:
    """The time stamp of the first sample (s)."""
    if stream.start_time is None or stream.time_base is None:
        return 0.0
    return float(stream.start_time * stream.time_base)


def blocks(path: bytes, start_s: float = 0.0) -> Iterator[Block]:
    """Play `path` from `start_s` to its end.

    Raises
    ------
    Unplayable
        Nothing of it can be decoded.
    """
    with opened(path) as (container, stream):
        if start_s > 0:
            _seek(container, stream, start_s)
        convert, heard, at = Stereo(), False, None
        for frame in frames(container, stream):
            if at is None:
                at = frame.time - _start(stream) if start_s > 0 and frame.time is not None else 0.0
            block = Block(convert(frame), frame.sample_rate)
            skip = min(max(round((start_s - at) * block.rate), 0), len(block.samples))
            at += len(block.samples) / block.rate
            heard = True
            yield replace(block, samples=block.samples[skip:])
        if not heard and start_s == 0:
            raise Unplayable("The file is damaged: nothing of it can be decoded.")


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
