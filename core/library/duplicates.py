"""Which of several files with one identity stands for the track."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, text

# The first file that can be reached and read stands for the track, the others are its duplicates;
# music and data sets apart, since a data set's file is never shown.
_SETTLE = """
UPDATE file SET duplicate = NOT duplicate, revision = (SELECT value FROM meta WHERE key = 'revision')
WHERE {where} AND duplicate <> (file.id <> (
    SELECT g.id FROM file g JOIN root r ON r.id = g.root_id
    WHERE g.track_id = file.track_id AND g.present
      AND r.kind = (SELECT kind FROM root WHERE root.id = file.root_id)
    ORDER BY r.online DESC, g.state IN ('failed', 'skipped'), g.id LIMIT 1))
"""
_SOME = text(_SETTLE.format(where="track_id IN (SELECT value FROM json_each(:ids))"))
_SEVERAL = text(
    _SETTLE.format(
        where="track_id IN (SELECT track_id FROM file GROUP BY track_id HAVING count(*) > 1 OR max(duplicate))"
    )
)


def ids_json(ids: Iterable[int]) -> str:
    """Ids as one value for `json_each`: SQLite limits how many values a statement may have."""
    return json.dumps([int(key) for key in ids])


def settle(connection: Connection, track_ids: Collection[int]) -> None:
    """Choose again for some tracks; within a transaction that has a new revision."""
    if track_ids:
        connection.execute(_SOME, {"ids": ids_json(track_ids)})


def settle_all(connection: Connection) -> None:
    """Choose again for every track that has several files."""
    connection.execute(_SEVERAL)


def tracks_of(connection: Connection, file_ids: Collection[int]) -> set[int]:
    """The tracks that some files are."""
    statement = text(
        "SELECT DISTINCT track_id FROM file "
        "WHERE id IN (SELECT value FROM json_each(:ids)) AND track_id IS NOT NULL"
    )
    return set(connection.execute(statement, {"ids": ids_json(file_ids)}).scalars())
