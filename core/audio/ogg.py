"""The pages of an Ogg file that is whole: hash and times of its packets, without looking at each of them.

Asking FFmpeg for every packet takes as long as decoding ten segments of a track, most of it for packets that nobody
decodes. A page holds some twenty packets. What is unusual (several streams, a damaged, lost or unfinished page) is
left to FFmpeg.
"""

from __future__ import annotations

import io
import struct
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from core.audio.doorway import AudioFile

HEADERS = {"vorbis": 3, "opus": 2}
"""Packets before the sound, by codec."""

_PAGE = struct.Struct("<4sBBqIIIB")  # RFC 3533, section 6
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_BUFFER = 1 << 17
_BEAT_EVERY = 16
"""Pages between two signs of life."""
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class _UnusualError(Exception):
    """Not the plain, whole file that this module reads."""


class _Page(NamedTuple):
    flags: int
    granule: int
    serial: int
    number: int
    lacing: bytes
    body: bytes

    @property
    def unfinished(self) -> bool:
        """Whether its last packet goes on in the next page."""
        return self.lacing[-1:] == b"\xff"


@dataclass(frozen=True)
class Pages:
    """Where sound lies in a file, in units of one or more pages that end with the end of a packet.

    Attributes
    ----------
    head
        Bytes of the pages before the sound.
    ends
        Byte behind each unit.
    times
        When each unit ends, as FFmpeg counts, in the codec's ticks.
    size
        Bytes of all packets of sound.
    longest
        Ticks of the longest packet that the codec's header allows, 0 where it says nothing.
    """

    head: int
    ends: list[int]
    times: list[int]
    size: int
    longest: int

    def around(self, spans: Iterable[tuple[float, float]]) -> list[tuple[int, int]]:
        """Stretches of the file `(begin, end)` in bytes, with all packets of some spans in ticks.

        Packets in the first unit of a stretch have no right times: one that ends before its span is put ahead.
        """
        found = [(0, self.head)]
        for begin, end in spans:
            first = max(bisect_right(self.times, begin) - 1, 0)
            last = min(bisect_left(self.times, end) + 1, len(self.ends) - 1)
            start = self.ends[first - 1] if first else self.head
            if start <= found[-1][1]:
                start = found.pop()[0]
            found.append((start, self.ends[last]))
        return found


def read(
    file: AudioFile, codec: str, update: Callable[[bytes], None], alive: Callable[[], None]
) -> Pages | None:
    """Go through a file once; None where it is better left to FFmpeg. The file's position stays.

    Parameters
    ----------
    update
        Takes the bytes of all packets of sound, in order; to be forgotten where the answer is None.
    """
    place = file.tell()
    file.seek(0)
    reader = io.BufferedReader(file, _BUFFER)
    try:
        return _laid_out(_pages(reader), codec, update, alive) if codec in HEADERS else None
    except _UnusualError:
        return None
    finally:
        reader.detach()
        file.seek(place)


def _pages(reader: io.BufferedIOBase) -> Iterator[_Page]:
    """The pages of one stream, one behind the other, none damaged and none missing."""
    before: _Page | None = None
    while head := reader.read(_PAGE.size):
        if len(head) < _PAGE.size:
            raise _UnusualError
        mark, version, flags, granule, serial, number, checksum, count = _PAGE.unpack(head)
        lacing = reader.read(count)
        body = reader.read(sum(lacing))
        if (
            mark != b"OggS"
            or version
            or _checksum(b"".join([head[:22], bytes(4), head[26:], lacing, body])) != checksum
        ):
            raise _UnusualError
        page = _Page(flags, granule, serial, number, lacing, body)
        _require_next(before, page)
        yield page
        before = page
    if before is None or before.unfinished:
        raise _UnusualError


def _checksum(data: bytes) -> int:
    """Ogg's, which is zlib's with all bits the other way round and without its inversions."""
    mirrored = zlib.crc32(data.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


def _require_next(before: _Page | None, page: _Page) -> None:
    """Refuse what does not follow `before`, the page ahead, in one stream."""
    if before is None:
        usual = page.flags & (_FIRST | _CONTINUED) == _FIRST
    else:
        usual = (page.serial, page.number) == (before.serial, before.number + 1)
        usual = usual and bool(page.flags & _CONTINUED) == before.unfinished
        usual = usual and not page.flags & _FIRST and not before.flags & _LAST
    if not usual:
        raise _UnusualError


def _laid_out(
    pages: Iterator[_Page], codec: str, update: Callable[[bytes], None], alive: Callable[[], None]
) -> Pages:
    first = next(pages)  # there is one: FFmpeg has opened the file
    ahead, longest = _promises(codec, first.body)
    head = _behind_headers(chain([first], pages), HEADERS[codec])
    position, size, ends, times = head, 0, list[int](), list[int]()
    for number, page in enumerate(pages):
        if not number % _BEAT_EVERY:
            alive()
        update(page.body)
        size += len(page.body)
        position += _length(page)
        if page.granule >= 0:
            ends.append(position)
            times.append(page.granule - ahead)
    if not ends or ends[-1] != position or times != sorted(times):
        raise _UnusualError
    return Pages(head, ends, times, size, longest)


def _length(page: _Page) -> int:
    return _PAGE.size + len(page.lacing) + len(page.body)


def _promises(codec: str, header: bytes) -> tuple[int, int]:
    """By how many ticks the pages' clock is ahead of the sound, and the longest packet, as the first header says."""
    if codec == "opus":  # "pre-skip": RFC 7845, section 5.1
        return int.from_bytes(header[10:12], "little"), 0
    larger = 1 << (int.from_bytes(header[28:29]) >> 4)  # block, in samples: Vorbis I, section 4.2.2
    return 0, larger // 2


def _behind_headers(pages: Iterator[_Page], packets: int) -> int:
    """Read over the pages of the headers; their bytes. Sound begins on a page of its own, as both codecs ask."""
    position = 0
    for page in pages:
        position += _length(page)
        packets -= sum(length < 255 for length in page.lacing)
        if not packets and not page.unfinished:
            return position
        if packets <= 0:
            break
    raise _UnusualError
