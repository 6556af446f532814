"""The picture of a track: in its tags, else beside it. As bytes of whatever kind; who shows it decodes it.

Nothing in a file makes `find` raise, and no file makes it read more than `MOST_BYTES` of pictures.
"""

from __future__ import annotations

import base64
import binascii
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import mutagen
from mutagen import flac, mp4, oggflac, oggopus, oggspeex, oggvorbis

from core.errors import UserError
from core.library.tag_files import Bounded

MOST_BYTES = 16 << 20
MOST_FRAMES = 2_000
NAMES = ("cover", "folder", "front", "album", "albumart", "artwork")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
MOST_NAMES = 2_000
"""Of a folder, so many names are looked at."""

_FRONT = 3
_KINDS = [flac.FLAC, oggvorbis.OggVorbis, oggopus.OggOpus, oggflac.OggFLAC, oggspeex.OggSpeex, mp4.MP4]


def find(path: bytes) -> bytes | None:
    """The front cover of the file at this absolute path, else any picture of it; None where there is none."""
    return _inside(path) or _beside(path)


def _inside(path: bytes) -> bytes | None:
    try:
        place = Path(os.fsdecode(path))
        if not place.is_file():  # opening a pipe would wait for ever
            return None
        with place.open("rb") as file:
            tagged = _id3(file)
            if tagged is not None:
                return tagged
            file.seek(0)
            found = mutagen.File(Bounded(file, path), options=_KINDS)
            return _front(list(_pictures(found)))
    except (
        OSError,
        UserError,
        ValueError,
        mutagen.MutagenError,
        struct.error,
        IndexError,
        KeyError,
        TypeError,
    ):
        return None  # what is broken has no cover


def _pictures(found: Any) -> Iterator[tuple[int, bytes]]:
    """Kind (3: front) and bytes of each picture of a parsed file."""
    if isinstance(found, flac.FLAC):
        yield from ((picture.type, picture.data) for picture in found.pictures)
    elif isinstance(found, mp4.MP4):
        yield from ((_FRONT, bytes(picture)) for picture in found.get("covr", ()))
    elif found is not None and found.tags is not None:
        for text in found.tags.get("metadata_block_picture", []):
            try:
                picture = flac.Picture(base64.b64decode(text))
            except (binascii.Error, mutagen.MutagenError):
                continue
            yield picture.type, picture.data


def _front(pictures: list[tuple[int, bytes]]) -> bytes | None:
    best = sorted((item for item in pictures if item[1]), key=lambda item: item[0] != _FRONT)
    return best[0][1][:MOST_BYTES] if best else None


def _id3(file: BinaryIO) -> bytes | None:
    """The picture of an ID3v2 tag at the start of the file (id3.org/id3v2.3.0, 4.15)."""
    head = file.read(10)
    if len(head) < 10 or head[:3] != b"ID3" or head[3] not in (2, 3, 4):
        return None
    data = file.read(min(_safe(head[6:10]), MOST_BYTES))
    if head[5] & 0x80:
        data = data.replace(b"\xff\x00", b"\xff")
    return _front(
        [parsed for name, body in _frames(data, head[3]) if (parsed := _apic(name, body)) is not None]
    )


def _frames(data: bytes, version: int) -> Iterator[tuple[bytes, bytes]]:
    width, at = (3 if version == 2 else 4), 0
    header = 6 if version == 2 else 10
    for _ in range(MOST_FRAMES):
        name = data[at : at + width]
        size = data[at + width : at + 2 * width]
        if len(size) < width or not name.isalnum():
            return
        length = _safe(size) if version == 4 else int.from_bytes(size, "big")
        if name in (b"APIC", b"PIC"):
            yield name, data[at + header : at + header + length]
        at += header + length


def _apic(name: bytes, body: bytes) -> tuple[int, bytes] | None:
    """Kind and bytes of an APIC frame's picture."""
    if len(body) < 8:
        return None
    kind = 4 if name == b"PIC" else body.index(b"\0", 1) + 1
    wide = body[0] in (1, 2)
    at = kind + 1
    if not wide:
        return body[kind], body[body.index(b"\0", at) + 1 :]
    while body[at : at + 2] != b"\0\0":
        if at >= len(body):
            return None
        at += 2
    return body[kind], body[at + 2 :]


def _safe(data: bytes) -> int:
    """A number in bytes of seven bits."""
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def _beside(path: bytes) -> bytes | None:
    """`cover.jpg` and the like in the file's folder."""
    folder = Path(os.fsdecode(path)).parent
    found: dict[str, Path] = {}
    try:
        with os.scandir(folder) as entries:
            for entry, _ in zip(entries, range(MOST_NAMES), strict=False):
                name = Path(entry.name.casefold())
                if name.suffix in SUFFIXES and name.stem in NAMES and entry.is_file():
                    found.setdefault(name.stem, Path(entry.path))
        best = next((found[name] for name in NAMES if name in found), None)
        if best is None or best.stat().st_size > MOST_BYTES:
            return None
        return best.read_bytes()
    except OSError:
        return None
