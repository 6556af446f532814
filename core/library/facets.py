"""One column of every track at once, as numbers: what a map is coloured by.

A million tracks are two strings of numbers from SQLite, not a million rows: Python's lock is free meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sqlalchemy import text

from core.library.database import Database
from core.library.facet_columns import UNKNOWN, Categories, Ids, Numbers
from core.library.labels import FIELD
from core.library.rows import numbers

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

NUMBERS: Mapping[str, str] = {"year": "f.year", "length": "round(f.seconds, 1)"}
"""Columns of numbers."""

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
        tracks, files = self._columns("f.id")
        return tracks, numbers(files)

    def categories(self, name: str) -> Categories:
        """A column of names (one of `CATEGORIES`)."""
        value = CATEGORIES[name]
        shown = f"SELECT f.track_id AS t, {value} AS v {_FROM}"
        ordered = text(f"SELECT DISTINCT v FROM ({shown}) WHERE v <> '' ORDER BY v")  # noqa: S608 - constants only
        # A rank needs one sort; looking names up in a table of their own takes minutes where there are many.
        codes = text(f"""
            SELECT group_concat(t), group_concat(code) FROM (
                SELECT t, iif(v = '', {UNKNOWN}, dense_rank() OVER (PARTITION BY v = '' ORDER BY v) - 1) AS code
                FROM ({shown}) ORDER BY t)
        """)  # noqa: S608 - constants only
        bound = {"field": FIELD} if ":field" in value else {}
        with self._db.read() as connection:
            values = tuple(connection.execute(ordered, bound).scalars())
            tracks, found = connection.execute(codes, bound).one()
        return _by_frequency(Categories(numbers(tracks or ""), numbers(found or ""), values))

    def numbers(self, name: str) -> Numbers:
        """A column of numbers (one of `NUMBERS`)."""
        tracks, values = self._columns(f"coalesce({NUMBERS[name]}, 'nan')")
        return Numbers(tracks, numbers(values, np.float64))

    def _columns(self, value: str) -> tuple[Ids, str]:
        statement = text(f"""
            SELECT group_concat(t), group_concat(v) FROM (SELECT f.track_id AS t, {value} AS v {_FROM} ORDER BY t)
        """)  # noqa: S608 - constants only
        with self._db.read() as connection:
            tracks, values = connection.execute(statement).one()
        return numbers(tracks or ""), values or ""

    def heard(self, encoder_id: int, plan: str) -> Ids:
        """(n,) the tracks that have a vector, ascending; also where their folder is offline."""
        statement = text(f"""
            SELECT group_concat(t) FROM (SELECT f.track_id AS t {_FROM} AND EXISTS (
                SELECT 1 FROM embedding e WHERE e.track_id = f.track_id AND e.encoder_id = :encoder AND e.plan = :plan
            ) ORDER BY t)
        """)  # noqa: S608 - constants only
        with self._db.read() as connection:
            found = connection.execute(statement, {"encoder": encoder_id, "plan": plan}).scalar_one()
        return numbers(found or "")


def _by_frequency(column: Categories) -> Categories:
    """The same with the most frequent names first; names that are as frequent stay in their order."""
    order = np.argsort(-column.counts, kind="stable")
    table = np.full(len(order) + 1, UNKNOWN, np.int64)  # the last: what has no name
    table[order] = np.arange(len(order))
    return Categories(
        column.tracks, table[column.codes], tuple(column.values[code] for code in order.tolist())
    )
