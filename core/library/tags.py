"""What a file says of itself: mutagen's many kinds of tags as one plain record.

Every field is optional, and nothing in a file makes `read` raise: bad tags never fail a track.
"""

from __future__ import annotations

import math
import os
import stat
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, BinaryIO

import mutagen
from mutagen import id3

from core.library import tag_text
from core.library.tag_files import KINDS, Bounded, Id3, Mp3


@dataclass(frozen=True, slots=True)
class Tags:
    """What is shown of a track before it is decoded.

    Attributes
    ----------
    title
        Never empty: made of the file name where there is none.
    artist, album, album_artist, genre
        "" where unknown; several values joined by "; ".
    seconds
        Length that the file declares, which need not be true.
    codec
        FFmpeg's name ("mp3", "vorbis", "alac"), "" where unknown.
    sample_rate, channels, bit_rate
        In Hz, count, bits/s.
    track_gain_db, album_gain_db
        ReplayGain.
    """

    title: str
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    genre: str = ""
    year: int | None = None
    track_number: int | None = None
    disc_number: int | None = None
    seconds: float | None = None
    codec: str = ""
    sample_rate: int | None = None
    channels: int | None = None
    bit_rate: int | None = None
    track_gain_db: float | None = None
    album_gain_db: float | None = None


# The names of a field in ID3, Vorbis comments, MP4, ASF, APE, RIFF and AIFF, the best first.
_ITUNES = "----:com.apple.itunes:"
_NAMES: dict[str, tuple[str, ...]] = {
    "title": ("tit2", "title", "\xa9nam", "inam", "name"),
    "artist": ("tpe1", "artist", "\xa9art", "author", "iart", "auth"),
    "album": ("talb", "album", "\xa9alb", "wm/albumtitle", "iprd"),
    "album_artist": ("tpe2", "albumartist", "album artist", "album_artist", "aart", "wm/albumartist"),
    "genre": ("tcon", "genre", "\xa9gen", "wm/genre", "ignr"),
    "date": (
        "tdrc", "date", "\xa9day", "year", "wm/year", "icrd", "tdrl", "releasedate", "tdor", "originaldate",
        "originalyear", "wm/originalreleaseyear",
    ),
    "track": ("trck", "tracknumber", "track", "trkn", "wm/tracknumber", "iprt", "itrk"),
    "disc": ("tpos", "discnumber", "disc", "disk", "wm/partofset"),
    "track_gain": ("txxx:replaygain_track_gain", "replaygain_track_gain", _ITUNES + "replaygain_track_gain"),
    "album_gain": ("txxx:replaygain_album_gain", "replaygain_album_gain", _ITUNES + "replaygain_album_gain"),
    "opus_track_gain": ("r128_track_gain",),
    "opus_album_gain": ("r128_album_gain",),
}  # fmt: skip
_WANTED = frozenset(name for names in _NAMES.values() for name in names)

# What mutagen is known to let through from hostile files, beside its own.
_BROKEN = (
    mutagen.MutagenError, ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError,
    OSError, RecursionError, NotImplementedError, TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip


def read(path: bytes) -> tuple[Tags, str]:
    """Read the tags of a file; only a regular file is ever opened.

    Returns
    -------
    The tags, and a sentence for the person where they were unreadable, else "".
    """
    name = os.path.basename(path)  # noqa: PTH119 - pathlib knows no bytes
    bare = Tags(title=tag_text.title_of(name))
    try:
        with _open(path) as file:
            return _of(Bounded(file, name), bare)
    except OSError as error:
        return bare, f"The tags could not be read: {error.strerror or 'the file cannot be opened'}."


def _open(path: bytes) -> BinaryIO:
    """Open a regular file; a pipe that takes its place in between does not block."""
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - pathlib knows no bytes
        raise OSError(0, "not a regular file")
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, flags), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(0, "not a regular file")
    return file


def _of(file: Bounded, bare: Tags) -> tuple[Tags, str]:
    """The tags of an open file; where its audio is broken, those in front of it."""
    try:
        found = mutagen.File(file, options=list(KINDS))
        return (_record(found.tags, found, bare) if found is not None else bare), ""
    except _BROKEN as error:
        note = f"The tags could not be read: {_reason(error)}."
    try:
        file.seek(0)
        return _record(Id3(file), None, bare), ""
    except _BROKEN:
        return bare, note


def _reason(error: BaseException) -> str:
    """Mutagen's own words where they are short and say something, else what kind of trouble."""
    text = tag_text.clean(str(error)).rstrip(".")
    return text if isinstance(error, mutagen.MutagenError) and 0 < len(text) <= 100 else "they are damaged"


def _record(tags: Any, file: mutagen.FileType | None, bare: Tags) -> Tags:
    """`bare` with all that tags and stream say."""
    raw = _raw(tags)

    def values(field: str) -> list[str]:
        return next((raw[name] for name in _NAMES[field] if raw.get(name)), [])

    def first(field: str) -> str:
        return next(iter(values(field)), "")

    return replace(
        bare,
        title=tag_text.joined(values("title")) or bare.title,
        artist=tag_text.joined(values("artist")),
        album=tag_text.joined(values("album")),
        album_artist=tag_text.joined(values("album_artist")),
        genre=tag_text.joined(_genres(values("genre"))),
        year=next((y for n in _NAMES["date"] for text in raw.get(n, ()) if (y := tag_text.year(text))), None),
        track_number=tag_text.number(first("track")),
        disc_number=tag_text.number(first("disc")),
        track_gain_db=_gain(first("track_gain"), first("opus_track_gain")),
        album_gain_db=_gain(first("album_gain"), first("opus_album_gain")),
        **_stream(file),
    )


def _raw(tags: Any) -> dict[str, list[str]]:
    """The fields that we show, by lower-case name, as texts."""
    # A Vorbis comment is a list of pairs; asking it for its keys and each key is quadratic.
    pairs: Iterable[tuple[str, Any]] = tags if isinstance(tags, list) else (tags or {}).items()
    raw: dict[str, list[str]] = {}
    for key, value in pairs:
        name = key.lower() if len(key) < 64 else ""
        if name in _WANTED and len(known := raw.setdefault(name, [])) < tag_text.MOST_VALUES:
            known.extend(islice(_texts(value), tag_text.MOST_VALUES))
    return raw


def _texts(value: Any) -> Iterator[str]:
    """Each text in what mutagen calls a value."""
    match value:
        case str():
            yield value
        case bytes():
            yield value.decode("utf-8", "replace")
        case tuple():  # MP4: number and count
            yield "/".join(map(str, value))
        case list():
            for item in value[: tag_text.MOST_VALUES]:
                yield from _texts(item)
        case id3.TextFrame():
            yield from map(str, getattr(value, "text", ())[: tag_text.MOST_VALUES])
        case _:
            # APE keeps several values in one text, parted by NUL.
            yield from str(value)[: 4 * tag_text.LONGEST].split("\0")


def _genres(values: list[str]) -> list[str]:
    """Names in place of ID3v1's numbers, which travel in other tags too."""
    return [name for value in values for name in id3.TCON(text=[value[: tag_text.LONGEST]]).genres]


def _gain(replay_gain: str, opus: str) -> float | None:
    """Decibels; Opus counts in 1/256 dB from -23 LUFS, ReplayGain from -18."""
    if replay_gain:
        return tag_text.decibels(replay_gain)
    steps = tag_text.decibels(opus)
    return None if steps is None else steps / 256 + 5


def _stream(file: mutagen.FileType | None) -> dict[str, Any]:
    """What the file declares of its audio."""
    if file is None:
        return {}
    info = file.info
    seconds = getattr(info, "length", None)
    return {
        "seconds": float(seconds) if seconds and 0 < seconds < math.inf else None,
        "codec": _codec(file),
        "sample_rate": _count(info, "sample_rate"),
        "channels": _count(info, "channels"),
        "bit_rate": _count(info, "bitrate"),
    }


def _codec(file: mutagen.FileType) -> str:
    codec = KINDS[type(file)]
    stated = str(getattr(file.info, "codec", ""))
    if codec == "aac" and stated and not stated.startswith("mp4a"):
        return tag_text.clean(stated)[:16]
    if isinstance(file, Mp3):
        return f"mp{getattr(file.info, 'layer', 3)}"
    return codec


def _count(info: Any, name: str) -> int | None:
    value = getattr(info, name, None)
    return int(value) if value and 0 < value < 1 << 31 else None
