"""The columns of the track table: what each shows, sorts by, and how wide it likes to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.library.records import Row


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    name
        For the program; also the search field of that name, where there is one.
    title
        In the header.
    text
        What a cell shows.
    then
        Sort keys after its own, so that an album stays in its order; None: cannot be sorted by.
    weight
        Share of the room, for columns of text; 0: `width` pixels.
    room
        Width of the table (px) from which on it is there, until a person chooses.
    """

    name: str
    title: str
    text: Callable[[Row], str]
    then: tuple[str, ...] | None = ()
    weight: int = 0
    width: int = 70
    right: bool = False
    room: int = 0


def clock(seconds: float | None) -> str:
    """`3:07`, `1:02:07`; empty where unknown."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


NEVER = 1_000_000
_DISC = ("disc", "track")
_FORMATS = {"mp3float": "MP3", "vorbis": "Vorbis", "opus": "Opus", "wavpack": "WavPack"}


def codec(name: str) -> str:
    """A codec's name as a person writes it."""
    if name.startswith("pcm_"):
        return "PCM"
    return _FORMATS.get(name, name.upper())


COLUMNS: tuple[Column, ...] = (
    Column("state", "", lambda _: "", ("artist", "album", *_DISC), width=34),
    Column("title", "Title", lambda row: row.title, ("artist",), weight=5),
    Column("artist", "Artist", lambda row: row.artist, ("album", *_DISC, "title"), weight=4),
    Column("album", "Album", lambda row: row.album, _DISC, weight=4),
    Column("genre", "Genre", lambda row: row.genre, ("artist", "album", *_DISC), weight=3, room=700),
    Column("year", "Year", lambda row: "" if row.year is None else str(row.year), ("artist", "album", *_DISC),
           width=66, right=True, room=640),
    Column("length", "Length", lambda row: clock(row.seconds), width=74, right=True),
    Column("format", "Format", lambda row: codec(row.codec), ("artist", "album", *_DISC), width=80,
           room=1050),
    Column("folder", "Folder", lambda row: row.folder, ("disc", "track", "title"), weight=4, room=NEVER),
    Column("added", "Added", lambda row: f"{datetime.fromtimestamp(row.added_at):%Y-%m-%d}", width=98,
           room=1150),
    Column("labels", "Labels", lambda row: row.labels, None, weight=2, room=NEVER),
)  # fmt: skip
NAMES = tuple(column.name for column in COLUMNS)
DEFAULT_SORT = (("artist", False),)

Sort = Sequence[tuple[str, bool]]


def sort_keys(sort: Sort) -> list[tuple[str, bool]]:
    """The keys that a person chose and the ones that follow from the last of them, each once."""
    keys = dict(sort)
    if sort:
        for name in COLUMNS[NAMES.index(sort[-1][0])].then or ():
            keys.setdefault(name, False)
    return list(keys.items())
