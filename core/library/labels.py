"""Labels that a person gives to tracks: any number of them, kept with the content, so that no move loses them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, TextClause, text

from core.errors import UserError
from core.library.database import Database, next_revision
from core.library.duplicates import ids_json
from core.library.text import storable

FIELD = "label"
"""What a person's own labels are stored under; data sets have fields of their own."""

LONGEST = 200

_CHANGED = text("""
    UPDATE file SET revision = :revision WHERE track_id IN (SELECT value FROM json_each(:ids))
""")


class Labels:
    """The label table."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def set(self, track_ids: Collection[int], value: str, field: str = FIELD) -> int:
        """Give tracks a label; how many did not have it yet. Tracks that are gone are passed over.

        Raises
        ------
        UserError
            The label is empty or longer than `LONGEST`.
        """
        statement = text("""
            INSERT INTO label(track_id, field, value)
            SELECT id, :field, :value FROM track WHERE id IN (SELECT value FROM json_each(:ids))
            ON CONFLICT DO NOTHING
        """)
        with self._db.write() as connection:
            return _run(connection, statement, track_ids, {"field": field, "value": _checked(value)})

    def remove(self, track_ids: Collection[int], value: str, field: str = FIELD) -> int:
        """Take a label from tracks; how many had it."""
        statement = text("""
            DELETE FROM label WHERE field = :field AND value = :value
            AND track_id IN (SELECT value FROM json_each(:ids))
        """)
        with self._db.write() as connection:
            return _run(connection, statement, track_ids, {"field": field, "value": value})

    def of(self, track_ids: Collection[int], field: str = FIELD) -> dict[int, tuple[str, ...]]:
        """The labels of each track, in alphabetical order; tracks without any are left out."""
        statement = text("""
            SELECT track_id, value FROM label WHERE field = :field
            AND track_id IN (SELECT value FROM json_each(:ids)) ORDER BY fold(value), value
        """)
        found: dict[int, tuple[str, ...]] = {}
        with self._db.read() as connection:
            for track, value in connection.execute(statement, {"field": field, "ids": ids_json(track_ids)}):
                found[track] = (*found.get(track, ()), value)
        return found

    def all(self, field: str = FIELD) -> list[tuple[str, int]]:
        """Every label with the number of its tracks, in alphabetical order."""
        statement = text("""
            SELECT value, count(*) FROM label WHERE field = :field GROUP BY value ORDER BY fold(value), value
        """)
        with self._db.read() as connection:
            return [(value, count) for value, count in connection.execute(statement, {"field": field})]

    def tracks(self, field: str = FIELD) -> dict[str, list[int]]:
        """The tracks of every label, both in order."""
        statement = text("SELECT value, track_id FROM label WHERE field = :field ORDER BY value, track_id")
        found: dict[str, list[int]] = {}
        with self._db.read() as connection:
            for value, track in connection.execute(statement, {"field": field}):
                found.setdefault(value, []).append(track)
        return found


def _run(
    connection: Connection, statement: TextClause, track_ids: Collection[int], values: dict[str, object]
) -> int:
    """Change labels, and let their tracks' rows bear a new revision."""
    ids = ids_json(track_ids)
    changed = connection.execute(statement, values | {"ids": ids}).rowcount
    connection.execute(_CHANGED, {"ids": ids, "revision": next_revision(connection)})
    return changed


def _checked(value: str) -> str:
    label = " ".join(storable(value).split())
    if not label or len(label) > LONGEST:
        raise UserError(f"A label has between 1 and {LONGEST} letters.", "Choose another name.")
    return label
