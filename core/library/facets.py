"""One column of every track at once, as numbers: what a map is coloured by.

Of a million tracks SQLite gives columns, not a million rows: Python's lock is free meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sqlalchemy import text

from core.library.columns import columns
from core.library.database import Database
from core.library.facet_columns import UNKNOWN, Categories, Ids, Numbers
from core.library.labels import FIELD

CATEGORIES: Mapping[str, str] = {
    "folder": "f.folder",
    "album": "f.album",
    "artist": "CASE WHEN f.artist <> '' THEN f.artist ELSE f.album_artist END",
    # Several genres are joined by "; "; a point has one colour.
    "genre": "trim(substr(f.genre, 1, instr(f.genre || ';', ';') - 1))",
    "format": "f.codec",
    "label": "coalesce((SELECT min(l.value) FROM label l WHERE l.track_id = f.track_id AND l.field = :field), '')",
}
"""Columns of names; a track with several labels counts under the first of them."""

NUMBERS: Mapping[str, str] = {"year": "f.year", "length": "f.seconds"}
"""Columns of numbers, which are told to a tenth."""

_NOWHERE = -(2**62)
"""Stands for no number at all."""

_FROM = """
FROM file f JOIN root r ON r.id = f.root_id
WHERE f.track_id IS NOT NULL AND f.present AND NOT f.duplicate AND r.kind = 'music'
"""


class Facets:
    """Columns of the music that is in the library now; a track is there once."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def files(self) -> tuple[Ids, Ids]:
        """(n,) track ids, ascending, and (n,) the file that stands for each."""
        return self._columns("f.id")

    def categories(self, name: str) -> Categories:
        """A column of names (one of `CATEGORIES`)."""
        value = CATEGORIES[name]
        shown = f"SELECT f.track_id AS t, {value} AS v {_FROM}"
        ordered = text(f"SELECT DISTINCT v FROM ({shown}) WHERE v <> '' ORDER BY v")  # noqa: S608 - constants only
        # A rank needs one sort; looking names up in a table of their own takes minutes where there are many.
        rank = "dense_rank() OVER (PARTITION BY v = '' ORDER BY v) - 1"
        codes = f"SELECT t, iif(v = '', {UNKNOWN}, {rank}) AS code FROM ({shown})"  # noqa: S608 - constants only
        bound = {"field": FIELD} if ":field" in value else {}
        with self._db.read() as connection:
            values = tuple(connection.execute(ordered, bound).scalars())
            tracks, found = columns(connection, codes, "t", "code", values=bound)
        return _by_frequency(Categories(tracks, found, values))

    def numbers(self, name: str) -> Numbers:
        """A column of numbers (one of `NUMBERS`)."""
        tracks, tenths = self._columns(f"coalesce(CAST(round(10 * {NUMBERS[name]}) AS INTEGER), {_NOWHERE})")
        return Numbers(tracks, np.where(tenths == _NOWHERE, np.nan, tenths / 10))

    def _columns(self, value: str) -> tuple[Ids, Ids]:
        """(n,) track ids, ascending, and a whole number of each."""
        rows = f"SELECT f.track_id AS t, {value} AS v {_FROM}"
        with self._db.read() as connection:
            tracks, values = columns(connection, rows, "t", "v")
        return tracks, values

    def heard(self, encoder_id: int, plan: str) -> Ids:
        """(n,) the tracks that have a vector, ascending; also where their folder is offline."""
        rows = f"""SELECT f.track_id AS t {_FROM} AND EXISTS (
            SELECT 1 FROM embedding e WHERE e.track_id = f.track_id AND e.encoder_id = :encoder AND e.plan = :plan
        )"""  # noqa: S608 - constants only
        with self._db.read() as connection:
            (found,) = columns(connection, rows, "t", values={"encoder": encoder_id, "plan": plan})
        return found


def _by_frequency(column: Categories) -> Categories:
    """The same with the most frequent names first; names that are as frequent stay in their order."""
    order = np.argsort(-column.counts, kind="stable")
    table = np.full(len(order) + 1, UNKNOWN, np.int64)  # the last: what has no name
    table[order] = np.arange(len(order))
    return Categories(
        column.tracks, table[column.codes], tuple(column.values[code] for code in order.tolist())
    )
