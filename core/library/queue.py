"""What is read next: what a person asked for, then what was never read, then what lacks a vector.

Each file has a random place in the queue, which is indexed, so that a question costs the same for a
thousand files and for a million, and the first neighbours are not all of one album.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, TextClause, text

from core import paths
from core.library.duplicates import ids_json
from core.library.records import Candidate

# A vector of the person's own music without those of its segments, where these shall be kept (`keep`).
_SEGMENTLESS = "(:keep AND r.kind = 'music' AND e.segments IS NULL)"


def _statement(index: str, where: str, order: str) -> TextClause:
    return text(f"""
        SELECT f.id, r.raw_path, f.raw_path, coalesce(t.identity, ''),
          e.id IS NOT NULL AND NOT {_SEGMENTLESS}, f.failures
        FROM file f {index} CROSS JOIN root r ON r.id = f.root_id AND r.online
        LEFT JOIN track t ON t.id = f.track_id
        LEFT JOIN embedding e ON e.track_id = f.track_id AND e.encoder_id = :encoder AND e.plan = :plan
        WHERE {where} AND f.state IN ('pending', 'ok', 'partial')
          AND f.id NOT IN (SELECT value FROM json_each(:busy))
        ORDER BY {order} LIMIT :limit
    """)  # noqa: S608 - constants only


_LACKS = f"(e.id IS NULL OR {_SEGMENTLESS})"
_DUE = f"f.present AND (NOT f.verified OR ({_LACKS} AND NOT f.duplicate))"
_ASKED = _statement("INDEXED BY ix_file_priority", f"f.priority > 0 AND {_DUE}", "f.priority DESC")
_UNREAD = "f.present AND NOT f.verified"
_WITHOUT = f"f.present AND f.verified AND NOT f.duplicate AND {_LACKS}"
# Round the circle of places in the queue, from one of them on.
_CIRCLE = [
    _statement(f"INDEXED BY {index}", f"{where} AND f.shuffle {side} :start", "f.shuffle")
    for index, where in (("ix_file_unread", _UNREAD), ("ix_file_read", _WITHOUT))
    for side in (">=", "<")
]


# Of some roots only: their files, and those elsewhere that stand for the same content.
_THERE = """(f.root_id IN (SELECT value FROM json_each(:roots)) OR EXISTS (
    SELECT 1 FROM file o WHERE o.track_id = f.track_id AND o.duplicate AND o.present
    AND o.root_id IN (SELECT value FROM json_each(:roots))))"""
_WITHIN = [
    text(str(statement).replace("WHERE ", f"WHERE {_THERE} AND ", 1)) for statement in (_ASKED, *_CIRCLE)
]
_DUE_THERE = text(f"""
    SELECT count(*) FROM file f JOIN root r ON r.id = f.root_id AND r.online
    LEFT JOIN embedding e ON e.track_id = f.track_id AND e.encoder_id = :encoder AND e.plan = :plan
    WHERE {_THERE} AND {_DUE} AND f.state IN ('pending', 'ok', 'partial')
""")  # noqa: S608 - constants only


def due(
    connection: Connection, encoder_id: int, plan: str, roots: Collection[int], *, keep: bool = False
) -> int:  # fmt: skip
    """How many files `candidates` has in all, of these roots."""
    values = {"encoder": encoder_id, "plan": plan, "roots": ids_json(roots), "keep": keep}
    return int(connection.execute(_DUE_THERE, values).scalar_one())


def candidates(
    connection: Connection, encoder_id: int, plan: str, limit: int, busy: Collection[int],
    roots: Collection[int] | None = None, *, keep: bool = False,
) -> list[Candidate]:  # fmt: skip
    """At most `limit` files that are to be read, without those that are `busy`; of all roots, or of these.

    `keep`: also those whose vector came without the vectors of its segments.
    """
    # From anywhere: those at the head of the queue have been read long since, or are being read by another job.
    start = random.randrange(-(2**63), 2**63)  # noqa: S311 - no secret
    values = {"encoder": encoder_id, "plan": plan, "busy": ids_json(busy), "start": start, "keep": keep}
    found: dict[int, Candidate] = {}
    if roots is not None:
        values["roots"] = ids_json(roots)
    for statement in (_ASKED, *_CIRCLE) if roots is None else _WITHIN:
        if len(found) < limit:
            for candidate in _ask(connection, statement, values | {"limit": limit}):
                found.setdefault(candidate.file_id, candidate)
    return list(found.values())[:limit]


def _ask(connection: Connection, statement: TextClause, values: dict[str, object]) -> Iterator[Candidate]:
    for key, root, relative, identity, has_vector, failures in connection.execute(statement, values):
        yield Candidate(key, paths.join(root, relative), identity, bool(has_vector), failures)
