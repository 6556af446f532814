"""The library table as a person sees it: an ordered list of ids, and pages of rows on demand.

The window keeps ids only, so that a million files cost 8 MB and a search is one query.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from core import paths
from core.library import search
from core.library.columns import listed
from core.library.database import Database
from core.library.duplicates import ids_json
from core.library.records import Fact, Row

Ids = Sequence[int] | NDArray[np.int64]

SORTS = {
    "title": search.TITLE, "artist": "f.artist", "album": "f.album", "genre": "f.genre", "year": "f.year",
    "length": "f.seconds", "format": "f.codec", "folder": "f.folder", "added": "f.added_at",
    "state": search.SHOWN_STATE, "disc": "f.disc_number", "track": "f.track_number",
}  # fmt: skip
"""Columns that the table sorts by."""

# Names sort without case and accents.
_KEYS = {
    "title": search.FOLDED_TITLE, "artist": search.folded("artist"), "album": search.folded("album"),
    "genre": search.folded("genre"), "folder": "f.folder COLLATE NOCASE",
}  # fmt: skip

# One line a track: duplicates and files that are gone stay out.
_SHOWN = "f.present AND NOT f.duplicate AND r.kind = 'music'"
_EMBEDDING = "LEFT JOIN embedding e ON e.track_id = f.track_id AND e.encoder_id = :encoder AND e.plan = :plan"

_IDS = "IN (SELECT value FROM json_each(:ids))"

_PAGE = text(f"""
SELECT f.id, f.track_id, r.raw_path, f.raw_path, {search.TITLE}, f.artist, f.album, f.genre, f.year, f.seconds, f.codec,
  f.folder, f.added_at, {search.SHOWN_STATE}, f.reason, r.online,
  coalesce((SELECT group_concat(value, ', ') FROM
    (SELECT l.value FROM label l WHERE l.track_id = f.track_id ORDER BY l.value)), '')
FROM file f JOIN root r ON r.id = f.root_id {_EMBEDDING} WHERE f.id {_IDS}
""")  # noqa: S608 - constants only


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
        keys = [_key(column, down) for column, down in sort]
        embedding = _EMBEDDING if any("e.id" in part for part in (where.sql, *keys)) else ""
        ids = f"""
            SELECT f.id FROM file f CROSS JOIN root r ON r.id = f.root_id {embedding}
            WHERE {_SHOWN} AND {where.sql} ORDER BY {", ".join([*keys, "f.id"])}
        """  # noqa: S608 - values are bound
        values = where.values | ({"encoder": encoder_id, "plan": plan} if embedding else {})
        with self._db.read() as connection:
            return listed(connection, ids, values)

    def page(self, encoder_id: int, plan: str, file_ids: Ids) -> list[Row]:
        """The rows of some files, in the order asked for; ids that are gone are left out."""
        values = {"encoder": encoder_id, "plan": plan, "ids": ids_json(file_ids)}
        with self._db.read() as connection:
            found = {row[0]: _row(row) for row in connection.execute(_PAGE, values)}
        return [found[key] for key in map(int, file_ids) if key in found]

    def revision(self) -> int:
        """Grows whenever a file's row changes, in whichever process."""
        statement = text("SELECT coalesce(max(value), 0) FROM meta WHERE key = 'revision'")
        with self._db.read() as connection:
            return int(connection.execute(statement).scalar_one())

    def changed_since(self, revision: int) -> NDArray[np.int64]:
        """Ids of files whose row changed after that revision."""
        with self._db.read() as connection:
            return listed(
                connection, "SELECT id FROM file WHERE revision > :revision", {"revision": revision}
            )

    def files_of(self, track_ids: Ids) -> dict[int, int]:
        """The file that stands for each track: one that can be reached and read now, if any."""
        statement = text(f"""
            SELECT f.track_id, f.id FROM file f JOIN root r ON r.id = f.root_id
            WHERE f.track_id {_IDS} AND f.present
            ORDER BY r.online, r.kind = 'music', f.state NOT IN ('failed', 'skipped'), f.id DESC
        """)  # noqa: S608 - constants only
        with self._db.read() as connection:
            return {row[0]: row[1] for row in connection.execute(statement, {"ids": ids_json(track_ids)})}

    def known_as(self, identities: Sequence[str]) -> dict[str, int]:
        """The file that stands for each track, by the track's identity; those that are gone are left out."""
        found = self.tracks_known_as(identities)
        files = self.files_of(list(found.values()))
        return {identity: files[track] for identity, track in found.items() if track in files}

    def tracks_known_as(self, identities: Sequence[str]) -> dict[str, int]:
        """Tracks by identity, whether or not a file of them is there."""
        statement = text(
            "SELECT identity, id FROM track WHERE identity IN (SELECT value FROM json_each(:ids))"
        )
        with self._db.read() as connection:
            found = connection.execute(statement, {"ids": json.dumps(list(identities))}).all()
        return {row.identity: row.id for row in found}

    def identities(self) -> dict[str, int]:
        """Every track whose content is known, by its identity."""
        with self._db.read() as connection:
            found = connection.execute(
                text("SELECT identity, id FROM track WHERE identity IS NOT NULL")
            ).all()
        return {row.identity: row.id for row in found}

    def paths(self, file_ids: Ids) -> dict[int, bytes]:
        """The absolute path of each file."""
        statement = text(f"""
            SELECT f.id, r.raw_path, f.raw_path FROM file f JOIN root r ON r.id = f.root_id WHERE f.id {_IDS}
        """)  # noqa: S608 - constants only
        with self._db.read() as connection:
            rows = connection.execute(statement, {"ids": ids_json(file_ids)})
            return {row[0]: paths.join(row[1], row[2]) for row in rows}

    def find(self, path: bytes) -> int | None:
        """The file at an absolute path; one whose name is spelled otherwise in Unicode, if there is no other."""
        with self._db.read() as connection:
            roots = connection.execute(
                text("SELECT id, raw_path FROM root ORDER BY kind = 'music' DESC")
            ).all()
            inside = [(key, paths.relative(path, root)) for key, root in roots]
            for key, relative in inside:
                statement = text("SELECT id FROM file WHERE root_id = :root AND raw_path = :path")
                found = connection.execute(statement, {"root": key, "path": relative}).scalar()
                if found is not None:
                    return int(found)
            name = paths.display(path)
            statement = text(
                "SELECT f.id, r.raw_path, f.raw_path FROM file f JOIN root r ON r.id = f.root_id WHERE f.name = :n"
            )
            for row in connection.execute(
                statement, {"n": unicodedata.normalize("NFC", name.rpartition("/")[2])}
            ):
                if paths.display(paths.join(row[1], row[2])) == name:
                    return int(row[0])
        return None

    def facts(self) -> dict[int, Fact]:
        """What is known of every track that can be played now, by track id."""
        statement = text("""
            SELECT f.track_id, f.id, f.title, CASE WHEN f.artist <> '' THEN f.artist ELSE f.album_artist END, f.album,
              f.album_artist, f.seconds, f.folder, f.year, f.genre
            FROM file f JOIN root r ON r.id = f.root_id AND r.online AND r.kind = 'music'
            WHERE f.track_id IS NOT NULL AND f.present AND NOT f.duplicate
        """)
        with self._db.read() as connection:
            return {row[0]: Fact(*row[1:]) for row in connection.execute(statement)}


def _key(column: str, down: bool) -> str:
    """The sort key of a column; what is empty comes last."""
    key = _KEYS.get(column, SORTS[column])
    return f"nullif({key}, '') {'DESC' if down else 'ASC'} NULLS LAST"


def _row(row: Sequence[object]) -> Row:
    key, track, root, relative, *middle, online, labels = row
    path = paths.join(root, relative)  # type: ignore[arg-type] # SQLite gives bytes for both
    return Row(*(key, track, path, *middle, bool(online), labels))  # type: ignore[arg-type] # typed by the query
