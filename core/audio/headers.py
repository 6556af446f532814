"""What MP3, WAV and WMA headers promise.

FFmpeg knows these numbers and drops them when they do not fit the size of the file, which for a file
that has been cut is just when they are of interest.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from core.audio.doorway import AudioFile

_XING_SEARCH = 4096
_XING_PLACES = (9 + 4, 17 + 4, 32 + 4)
"""Bytes from the beginning of the first MPEG frame to a Xing header, by version and channels."""
_MOST_CHUNKS = 64
_UNKNOWN_SIZE = 0x7FFFF000
"""A WAV file written into a pipe says something at least as large, or 0."""
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_SEARCH = 1 << 16


@dataclass(frozen=True)
class Promise:
    """A count of something, and the bytes that hold it: `there` of `size`."""

    count: int
    size: int
    there: int


def _at(file: AudioFile, position: int, size: int) -> bytes:
    file.seek(position)
    return file.read(size)


def behind_id3(file: AudioFile) -> int:
    """Where the ID3v2 tags at the beginning of the file end."""
    position = 0
    for _ in range(_MOST_CHUNKS):
        head = _at(file, position, 10)
        if len(head) < 10 or head[:3] != b"ID3":
            break
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        position += 10 + size + (10 if head[5] & 0x10 else 0)
    return position


def xing(file: AudioFile) -> Promise | None:
    """MPEG frames of an MP3 file, if a Xing or Info header counts frames and bytes."""
    begin = behind_id3(file)
    head = _at(file, begin, _XING_SEARCH)
    first = head.find(b"\xff")
    for mark in (b"Xing", b"Info"):
        at = head.find(mark)
        if first < 0 or at - first not in _XING_PLACES or len(head) < at + 16:
            continue
        flags, frames, size = struct.unpack(">III", head[at + 4 : at + 16])
        if flags & 3 == 3 and frames and size:
            return Promise(frames, size, min(size, file.length - begin - first))
    return None


def riff(file: AudioFile) -> Promise | None:
    """Bytes of the sound in a WAV file."""
    position, end = 12, file.length
    for _ in range(_MOST_CHUNKS):
        head = _at(file, position, 8)
        if len(head) < 8:
            break
        size = int.from_bytes(head[4:], "little")
        position += 8
        if head[:4] == b"data":
            return Promise(size, size, min(size, end - position)) if 0 < size < _UNKNOWN_SIZE else None
        position += size + size % 2
    return None


def asf_seconds(file: AudioFile) -> float | None:
    """Playing time (s) of a WMA file."""
    head = _at(file, 0, _ASF_SEARCH)
    at = head.find(_ASF_PROPERTIES)
    if at < 0 or len(head) < at + 92:
        return None
    play, _, preroll, flags = struct.unpack("<QQQI", head[at + 64 : at + 92])
    seconds = play / 1e7 - preroll / 1e3
    return seconds if seconds > 0 and not flags & 1 else None  # flag 1: a live stream, nothing is known
