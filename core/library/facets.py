"""Columns of every track at once: what a map is coloured by, and what filters and folding ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge

import numpy as np

from core.library.columns import parts
from core.library.database import Database
from core.library.facet_columns import UNKNOWN, Categories, Ids, Numbers
from core.library.known import MICRO, NOTHING, Coded, Coder, Known
from core.library.labels import FIELD

_ARTIST = "CASE WHEN f.artist <> '' THEN f.artist ELSE f.album_artist END"

CATEGORIES: Mapping[str, str] = {
    "folder": "f.folder",
    "album": "f.album",
    "artist": _ARTIST,
    # Several genres are joined by "; "; a point has one colour.
    "genre": "trim(substr(f.genre, 1, instr(f.genre || ';', ';') - 1))",
    "format": "f.codec",
    "label": "coalesce((SELECT min(l.value) FROM label l WHERE l.track_id = f.track_id AND l.field = :field), '')",
}
"""Columns of names; a track with several labels counts under the first of them."""

NUMBERS: Mapping[str, str] = {"year": "f.year", "length": "f.seconds"}
"""Columns of numbers, which are told to a tenth."""

# Without an index: files are gone through as they lie, part by part.
_FROM = """
FROM file f NOT INDEXED CROSS JOIN root r ON r.id = f.root_id
WHERE f.track_id IS NOT NULL AND f.present AND NOT f.duplicate AND r.kind = 'music'
"""

_KNOWN_NUMBERS = (
    "f.track_id", "f.id", f"coalesce(CAST(round({MICRO} * f.seconds) AS INTEGER), {NOTHING})",
    f"coalesce(f.year, {NOTHING})",
)  # fmt: skip
_KNOWN_TEXTS = (
    "f.title", _ARTIST,
    "iif(f.album = '', '', iif(f.album_artist = '', f.folder, f.album_artist) || char(10) || f.album)",
    "f.genre", "f.folder",
)  # fmt: skip


_SORTED = 4096
"""Names that are sorted at once."""


class Facets:
    """Columns of the music that is in the library now; a track is there once."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def files(self) -> tuple[Ids, Ids]:
        """(n,) track ids, ascending, and (n,) the file that stands for each."""
        return self._column("f.id")

    def categories(self, name: str) -> Categories:
        """A column of names (one of `CATEGORIES`)."""
        value = CATEGORIES[name]
        bound = {"field": FIELD} if ":field" in value else {}
        tracks, coder = [], Coder()
        with self._db.read() as connection:
            for part in parts(connection, _FROM, ["f.track_id"], [value], bound):
                tracks.append(part.numbers[0])
                coder.add(part.texts[0].strings())
        found = _joined(tracks)
        order = np.argsort(found, kind="stable")
        return _by_frequency(found[order], coder.column(order))

    def numbers(self, name: str) -> Numbers:
        """A column of numbers (one of `NUMBERS`)."""
        tracks, tenths = self._column(f"coalesce(CAST(round(10 * {NUMBERS[name]}) AS INTEGER), {NOTHING})")
        return Numbers(tracks, np.where(tenths == NOTHING, np.nan, tenths / 10))

    def heard(self, encoder_id: int, plan: str) -> Ids:
        """(n,) the tracks that have a vector, ascending; also where their folder is offline."""
        source = f"""{_FROM} AND EXISTS (
            SELECT 1 FROM embedding e WHERE e.track_id = f.track_id AND e.encoder_id = :encoder AND e.plan = :plan
        )"""  # noqa: S608 - constants only
        with self._db.read() as connection:
            bound = {"encoder": encoder_id, "plan": plan}
            return np.sort(
                _joined([part.numbers[0] for part in parts(connection, source, ["f.track_id"], (), bound)])
            )

    def known(self) -> Known:
        """What filters and folding ask of every track that can be played now."""
        with self._db.read() as connection:
            return Known.of(parts(connection, f"{_FROM} AND r.online", _KNOWN_NUMBERS, _KNOWN_TEXTS))

    def _column(self, value: str) -> tuple[Ids, Ids]:
        """(n,) track ids, ascending, and a whole number of each."""
        with self._db.read() as connection:
            found = [part.numbers for part in parts(connection, _FROM, ["f.track_id", value])]
        tracks, values = (_joined([numbers[k] for numbers in found]) for k in range(2))
        order = np.argsort(tracks, kind="stable")
        return tracks[order], values[order]


def _joined(columns: list[Ids]) -> Ids:
    return np.concatenate(columns) if columns else np.empty(0, np.int64)


def _by_frequency(tracks: Ids, column: Coded) -> Categories:
    """The most frequent names first; names that are as frequent by their letters."""
    known = column.codes >= 0
    counts = np.bincount(column.codes[known], minlength=len(column.values))
    letters = {name: rank for rank, name in enumerate(_sorted(column.values))}
    ranks = np.fromiter(map(letters.__getitem__, column.values), np.int64, len(column.values))
    order = np.lexsort((ranks, -counts))
    table = np.full(len(order) + 1, UNKNOWN, np.int64)  # the last: what has no name
    table[order] = np.arange(len(order))
    return Categories(tracks, table[column.codes], tuple(column.values[code] for code in order.tolist()))


def _sorted(names: Sequence[str]) -> Iterator[str]:
    """Names by their letters. At once, that would hold Python's lock for 60 ms with 100,000 of them."""
    return merge(*(sorted(names[first : first + _SORTED]) for first in range(0, len(names), _SORTED)))
