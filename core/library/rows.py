"""The library table as a person sees it: an ordered list of ids, and pages of rows on demand.

The window keeps ids only, so that a million files cost 8 MB and a search is one query.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, text

from core import paths
from core.library import search
from core.library.database import Database
from core.library.records import Row

SORTS = {
    "title": "f.title COLLATE NOCASE", "artist": "f.artist COLLATE NOCASE", "album": "f.album COLLATE NOCASE",
    "genre": "f.genre COLLATE NOCASE", "year": "f.year", "length": "f.seconds", "format": "f.codec",
    "folder": "f.folder COLLATE NOCASE", "added": "f.added_at", "state": "f.state", "disc": "f.disc_number",
    "track": "f.track_number",
}  # fmt: skip
"""Columns that the table sorts by."""

# One line a track: duplicates and files that are gone stay out.
_SHOWN = "f.present AND NOT f.duplicate AND r.kind = 'music'"
_EMBEDDING = "LEFT JOIN embedding e ON e.track_id = f.track_id AND e.encoder_id = :encoder AND e.plan = :plan"

_PAGE = text(f"""
SELECT f.id, f.track_id, r.raw_path, f.raw_path, f.title, f.artist, f.album, f.genre, f.year, f.seconds, f.codec,
  f.folder, f.added_at,
  CASE WHEN f.state IN ('failed', 'skipped') THEN f.state WHEN e.id IS NULL THEN 'pending'
       WHEN f.state = 'partial' THEN 'partial' ELSE 'embedded' END,
  f.reason, r.online,
  coalesce((SELECT group_concat(l.value, ', ') FROM label l WHERE l.track_id = f.track_id), ''), f.name
FROM file f JOIN root r ON r.id = f.root_id {_EMBEDDING} WHERE f.id IN :ids
""").bindparams(bindparam("ids", expanding=True))  # noqa: S608 - constants only


class Rows:
    """Reading the library for the table, the panels and the command line."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def order(
        self,
        encoder_id: int,
        plan: str,
        query: str = "",
        sort: Sequence[tuple[str, bool]] = (),
        root_id: int | None = None,
    ) -> NDArray[np.int64]:
        """Ids of the files that a search finds, sorted.

        Parameters
        ----------
        sort
            (column of `SORTS`, descending), the most important first; empty values come last either way.
        root_id
            Only below this root.
        """
        where = search.parse(query)
        if root_id is not None:
            where.add(f"f.root_id = {where.bind(root_id)}")
        keys = [
            f"({SORTS[c]} IS NULL OR {SORTS[c]} = ''), {SORTS[c]} {'DESC' if down else 'ASC'}"
            for c, down in sort
        ]
        statement = f"SELECT f.id FROM file f JOIN root r ON r.id = f.root_id {_EMBEDDING if 'e.id' in where.sql else ''}"
        statement += f" WHERE {_SHOWN} AND {where.sql} ORDER BY {', '.join([*keys, 'f.id'])}"  # noqa: S608 - values are bound
        values: dict[str, object] = {**where.values}
        if "e.id" in where.sql:
            values |= {"encoder": encoder_id, "plan": plan}
        with self._db.read() as connection:
            cursor = connection.execute(text(statement), values)
            return np.fromiter((row[0] for row in cursor), np.int64)

    def page(self, encoder_id: int, plan: str, file_ids: Sequence[int]) -> list[Row]:
        """The rows of some files, in the order asked for; ids that are gone are left out."""
        values = {"encoder": encoder_id, "plan": plan, "ids": [int(key) for key in file_ids]}
        with self._db.read() as connection:
            found = {row[0]: _row(row) for row in connection.execute(_PAGE, values)}
        return [found[key] for key in values["ids"] if key in found]  # type: ignore[attr-defined] # a list, just made

    def revision(self) -> int:
        """Grows whenever a file's row changes, in whichever process."""
        with self._db.read() as connection:
            return int(connection.execute(text("SELECT coalesce(max(value), 0) FROM meta")).scalar_one())

    def changed_since(self, revision: int) -> NDArray[np.int64]:
        """Ids of files whose row changed after that revision."""
        statement = text("SELECT id FROM file WHERE revision > :revision")
        with self._db.read() as connection:
            return np.fromiter(connection.execute(statement, {"revision": revision}).scalars(), np.int64)

    def files_of(self, track_ids: Sequence[int]) -> dict[int, int]:
        """The file that stands for each track: one that can be reached now, if any."""
        statement = text("""
            SELECT f.track_id, f.id FROM file f JOIN root r ON r.id = f.root_id
            WHERE f.track_id IN :ids AND f.present ORDER BY r.online, f.id DESC
        """).bindparams(bindparam("ids", expanding=True))
        with self._db.read() as connection:
            return {
                row[0]: row[1] for row in connection.execute(statement, {"ids": [int(i) for i in track_ids]})
            }

    def find(self, path: bytes) -> int | None:
        """The file at an absolute path."""
        with self._db.read() as connection:
            for root_id, root in connection.execute(text("SELECT id, raw_path FROM root")).all():
                if path == root or path.startswith(root.rstrip(b"/") + b"/"):
                    relative = path[len(root.rstrip(b"/")) + 1 :]
                    statement = text("SELECT id FROM file WHERE root_id = :root AND raw_path = :path")
                    found = connection.execute(statement, {"root": root_id, "path": relative}).scalar()
                    if found is not None:
                        return int(found)
        return None

    def facts(self, track_ids: NDArray[np.int64]) -> list[tuple[str, str, str, float | None]]:
        """Title, artist, album and seconds of each track, for filters and for folding versions."""
        statement = text("""
            SELECT track_id, title, CASE WHEN artist <> '' THEN artist ELSE album_artist END, album, seconds
            FROM file WHERE track_id IS NOT NULL AND present AND NOT duplicate
        """)
        with self._db.read() as connection:
            facts = {row[0]: (row[1], row[2], row[3], row[4]) for row in connection.execute(statement)}
        return [facts.get(int(key), ("", "", "", None)) for key in track_ids]


def _row(row: Sequence[object]) -> Row:
    key, track, root, relative, title, *rest = row
    *middle, online, labels, name = rest
    shown = title or paths.display(str(name).encode("utf-8", "replace"))
    path = paths.join(root, relative)  # type: ignore[arg-type] # SQLite gives bytes for both
    return Row(key, track, path, shown, *middle, bool(online), labels)  # type: ignore[arg-type] # typed by the query
