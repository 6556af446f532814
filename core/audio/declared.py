"""How long a file says it is, and whether that is to be believed."""

from __future__ import annotations

import io
import os
import struct
from dataclasses import dataclass

import av

from core.audio.source import Source

_COUNTED = {
    "aiff", "ape", "asf", "au", "avi", "caf", "dsf", "flac", "iff", "mov", "matroska", "mpc", "mpc8", "ogg", "osq",
    "rm", "shn", "tak", "tta", "voc", "w64", "wav", "wv",
}  # fmt: skip
"""Containers that count their samples or carry an index; the others are estimated from the bit rate."""
_XING_SEARCH = 4096
_SIDE_INFO = (9 + 4, 17 + 4, 32 + 4)
"""Where a Xing header may begin within the first MPEG frame, by version and channels."""


@dataclass(frozen=True)
class Declared:
    """A duration in seconds (`None`: nothing is said) and whether a shorter file is a broken one."""

    seconds: float | None
    reliable: bool


def declared(source: Source, file: io.FileIO) -> Declared:
    """What the container says, or the Xing header of an MP3 file."""
    names = set(source.container.format.name.split(","))
    if "mp3" in names:
        return _mp3(source, file)
    stream, container = source.stream, source.container
    if stream.duration is not None and stream.duration > 0:
        return Declared(float(stream.duration * source.tick), bool(names & _COUNTED))
    if container.duration is None or container.duration <= 0:
        return Declared(None, reliable=False)
    # A film's length is not that of its sound.
    alone = all(other.type != "video" or _is_picture(other) for other in container.streams)
    return Declared(container.duration / av.time_base, alone and bool(names & _COUNTED))


def _is_picture(stream: av.stream.Stream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _mp3(source: Source, file: io.FileIO) -> Declared:
    """FFmpeg drops a Xing header that does not fit the file's size, but that is just what is of interest.

    The header counts frames and bytes. Only where the bytes are missing as well has the file been cut;
    else the count of frames is wrong, which does happen and does no harm.
    """
    duration = source.container.duration
    estimate = duration / av.time_base if duration else None
    header = _xing(file)
    if header is None or not source.rate:
        return Declared(estimate, reliable=False)
    frames, size, begin = header
    samples = 1152 if source.rate >= 32_000 else 576
    cut = begin + size > 1.01 * os.fstat(file.fileno()).st_size
    return Declared(frames * samples / source.rate, cut)


def _xing(file: io.FileIO) -> tuple[int, int, int] | None:
    """Frames, bytes and the position of the first frame, if a Xing header gives both counts."""
    begin = _behind_id3(file)
    file.seek(begin)
    head = file.read(_XING_SEARCH)
    first = head.find(b"\xff")
    for mark in (b"Xing", b"Info"):
        at = head.find(mark)
        if first < 0 or at - first not in _SIDE_INFO or len(head) < at + 16:
            continue
        flags, frames, size = struct.unpack(">III", head[at + 4 : at + 16])
        if flags & 3 == 3 and frames and size:
            return frames, size, begin + first
    return None


def _behind_id3(file: io.FileIO) -> int:
    """Where the ID3v2 tags at the beginning of the file end."""
    position = 0
    for _ in range(16):
        file.seek(position)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3":
            break
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        position += 10 + size + (10 if head[5] & 0x10 else 0)
    return position
