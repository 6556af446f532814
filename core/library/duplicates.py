"""Which of several files with one identity stands for the track."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, text

# The first file on a reachable root stands for the track; the others are its duplicates.
_SETTLE = """
UPDATE file SET duplicate = NOT duplicate, revision = (SELECT value FROM meta WHERE key = 'revision')
WHERE {where} AND duplicate <> (file.id <> (
    SELECT g.id FROM file g JOIN root r ON r.id = g.root_id
    WHERE g.track_id = file.track_id AND g.present
    ORDER BY r.online DESC, g.id LIMIT 1))
"""


def settle(connection: Connection, track_ids: Collection[int]) -> None:
    """Choose again for some tracks."""
    statement = text(_SETTLE.format(where="track_id IN :ids")).bindparams(bindparam("ids", expanding=True))
    connection.execute(statement, {"ids": list(track_ids)})


def settle_all(connection: Connection) -> None:
    """Choose again for every track that has several files."""
    several = (
        "track_id IN (SELECT track_id FROM file GROUP BY track_id HAVING count(*) > 1 OR max(duplicate))"
    )
    connection.execute(text(_SETTLE.format(where=several)))
