"""Files as the scan finds them and as the reading pass leaves them."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, bindparam, insert, select, text, update

from core import paths
from core.library.database import Database, next_revision
from core.library.duplicates import settle
from core.library.models import File, Root, Track
from core.library.records import Candidate, Counts, Failure, Found, Known, Read
from core.library.vectors import insert_vector

_CANDIDATES = text("""
SELECT f.id, r.raw_path, f.raw_path, coalesce(t.identity, ''), e.id IS NOT NULL
FROM file f JOIN root r ON r.id = f.root_id AND r.online
LEFT JOIN track t ON t.id = f.track_id
LEFT JOIN embedding e ON e.track_id = f.track_id AND e.encoder_id = :encoder AND e.plan = :plan
WHERE f.present AND f.state IN ('pending', 'ok', 'partial')
  AND (NOT f.verified OR (e.id IS NULL AND NOT f.duplicate)) AND f.id NOT IN :busy
ORDER BY f.priority DESC, random() LIMIT :limit
""").bindparams(bindparam("busy", expanding=True))

_COUNTS = text("""
SELECT
  count(*) FILTER (WHERE f.present AND r.online),
  count(*) FILTER (WHERE f.present AND r.online AND f.state = 'ok' AND e.id IS NOT NULL),
  count(*) FILTER (WHERE f.present AND r.online AND f.state = 'partial' AND e.id IS NOT NULL),
  count(*) FILTER (WHERE f.present AND r.online AND f.state = 'failed'),
  count(*) FILTER (WHERE f.present AND r.online AND f.state = 'skipped'),
  count(*) FILTER (WHERE f.present AND r.online AND f.state NOT IN ('failed', 'skipped') AND e.id IS NULL),
  count(*) FILTER (WHERE f.present AND r.online AND f.duplicate),
  count(*) FILTER (WHERE f.present AND NOT r.online),
  count(*) FILTER (WHERE NOT f.present)
FROM file f JOIN root r ON r.id = f.root_id AND r.kind = 'music'
LEFT JOIN embedding e ON e.track_id = f.track_id AND e.encoder_id = :encoder AND e.plan = :plan
WHERE :root IS NULL OR r.id = :root
""")

_FAILURES = text("""
SELECT f.id, r.raw_path, f.raw_path, f.state, f.reason FROM file f JOIN root r ON r.id = f.root_id
WHERE f.present AND f.state IN ('failed', 'skipped', 'partial') ORDER BY f.state, f.folder, f.name
""")


def search_text(name: str, tags: dict[str, object]) -> str:
    """What the search box looks through, case-folded."""
    fields = ("title", "artist", "album", "album_artist", "genre", "year")
    return "\n".join(str(v) for v in (*(tags.get(f) or "" for f in fields), name)).casefold()


class Files:
    """The file table, and the tracks that its files are."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def known(self, root_id: int) -> dict[bytes, Known]:
        """What the library knows of a root's files, by path relative to the root."""
        columns = (File.raw_path, File.id, File.size, File.mtime_ns, File.state, File.present)
        with self._db.read() as connection:
            rows = connection.execute(select(*columns).where(File.root_id == root_id))
            return {row[0]: Known(*row[1:]) for row in rows}

    def put(self, root_id: int, batch: Sequence[Found], known: dict[bytes, Known]) -> None:
        """Store new and changed files: a changed file keeps its track until its content has been read again."""
        with self._db.write() as connection:
            revision = next_revision(connection)
            for found in batch:
                before = known.get(found.raw_path)
                key = before.id if before else self._moved_from(connection, found)
                values = _columns(found) | {"root_id": root_id, "revision": revision, "present": True}
                if key is None:
                    connection.execute(insert(File).values(**values, added_at=time.time()))
                else:
                    if found.state == "pending":
                        values.pop("state")
                        values["state"] = _state_again(connection, key)
                    connection.execute(
                        update(File).where(File.id == key).values(**values, verified=False, failures=0)
                    )

    @staticmethod
    def _moved_from(connection: Connection, found: Found) -> int | None:
        """The row of a file of the same size and time whose place is empty now: it was moved here."""
        columns = (File.id, Root.raw_path, File.raw_path)
        same = (
            File.size == found.size,
            File.mtime_ns == found.mtime_ns,
            Root.online,
            File.track_id.is_not(None),
        )
        for key, root, relative in connection.execute(select(*columns).join(Root).where(*same)):
            if not os.path.lexists(paths.join(root, relative)):
                return int(key)
        return None

    def back(self, file_ids: Collection[int]) -> None:
        """Files that had gone missing and stand in their place again, unchanged."""
        self._set_present(file_ids, present=True)

    def missing(self, file_ids: Collection[int]) -> None:
        """Files that are gone from a root that can be reached; their rows and vectors stay."""
        self._set_present(file_ids, present=False)

    def _set_present(self, file_ids: Collection[int], *, present: bool) -> None:
        if not file_ids:
            return
        with self._db.write() as connection:
            revision = next_revision(connection)
            statement = (
                update(File).where(File.id == bindparam("key")).values(present=present, revision=revision)
            )
            connection.execute(statement, [{"key": key} for key in file_ids])
            settle(connection, _tracks_of(connection, file_ids))

    def candidates(self, encoder_id: int, plan: str, limit: int, busy: Collection[int]) -> list[Candidate]:
        """Files still to be read, in random order, those that a person asked for first."""
        values = {"encoder": encoder_id, "plan": plan, "limit": limit, "busy": list(busy)}
        with self._db.read() as connection:
            rows = connection.execute(_CANDIDATES, values).all()
        return [Candidate(r[0], paths.join(r[1], r[2]), r[3], bool(r[4])) for r in rows]

    def record(self, batch: Iterable[Read], encoder_id: int, plan: str, device: str, precision: str) -> None:
        """Store what a reading pass found: states, identities and vectors, in one transaction."""
        with self._db.write() as connection:
            revision = next_revision(connection)
            touched: set[int] = set()
            for read in batch:
                track = self._identify(connection, read) if read.identity else None
                connection.execute(
                    update(File).where(File.id == read.file_id).values(_outcome(read, revision))
                )
                if track is not None:
                    touched.add(track)
                    if read.vector is not None:
                        insert_vector(connection, track, encoder_id, plan, read, device, precision)
            settle(connection, touched)

    @staticmethod
    def _identify(connection: Connection, read: Read) -> int:
        """Give the file the track that its content is; the track's id."""
        track = connection.execute(select(Track.id).where(Track.identity == read.identity)).scalar()
        if track is None:
            row = {"identity": read.identity, "seconds": read.seconds}
            track = connection.execute(insert(Track).returning(Track.id), row).scalar_one()
        connection.execute(update(File).where(File.id == read.file_id).values(track_id=track, verified=True))
        return int(track)

    def retry(self, file_ids: Collection[int] | None = None) -> int:
        """Have failed files read again (all of them by default); how many there are."""
        statement = update(File).where(File.state == "failed")
        if file_ids is not None:
            statement = statement.where(File.id.in_(file_ids))
        with self._db.write() as connection:
            values = {"state": "pending", "failures": 0, "reason": "", "revision": next_revision(connection)}
            return connection.execute(statement.values(**values)).rowcount

    def reread(self, file_ids: Collection[int]) -> None:
        """Have files embedded again from scratch: their tracks lose their vectors."""
        with self._db.write() as connection:
            ids = bindparam("ids", expanding=True)
            tracks = text(
                "DELETE FROM embedding WHERE track_id IN (SELECT track_id FROM file WHERE id IN :ids)"
            )
            connection.execute(tracks.bindparams(ids), {"ids": list(file_ids)})
            values = {"state": "pending", "verified": False, "failures": 0, "reason": ""}
            statement = update(File).where(File.id.in_(file_ids), File.state != "skipped")
            connection.execute(statement.values(**values, revision=next_revision(connection)))

    def prioritise(self, file_id: int) -> None:
        """Let a clicked file jump the queue: higher than any before it."""
        with self._db.write() as connection:
            highest = select(text("max(priority) + 1")).select_from(File).scalar_subquery()
            connection.execute(update(File).where(File.id == file_id).values(priority=highest))

    def counts(self, encoder_id: int, plan: str, root_id: int | None = None) -> Counts:
        """The figures that reconcile, for one encoder, of one root or all."""
        other = select(text("coalesce(sum(other_files), 0)")).select_from(Root).where(Root.kind == "music")
        if root_id is not None:
            other = other.where(Root.id == root_id)
        with self._db.read() as connection:
            values = {"encoder": encoder_id, "plan": plan, "root": root_id}
            row = connection.execute(_COUNTS, values).one()
            return Counts(*row, other_files=connection.execute(other).scalar_one())

    def failures(self) -> list[Failure]:
        """Files that failed, were skipped, or gave only a part, with the reason."""
        with self._db.read() as connection:
            rows = connection.execute(_FAILURES).all()
        return [Failure(r[0], paths.join(r[1], r[2]), r[3], r[4]) for r in rows]


def _columns(found: Found) -> dict[str, object]:
    columns = {"raw_path": found.raw_path, "folder": found.folder, "name": found.name, "size": found.size}
    columns |= {"mtime_ns": found.mtime_ns, "state": found.state, "reason": found.reason, **found.tags}
    return columns | {"search": search_text(found.name, found.tags)}


def _state_again(connection: Connection, file_id: int) -> str:
    """A changed file that had been read stays usable until it is read again; a failed one is tried anew."""
    state = connection.execute(select(File.state).where(File.id == file_id)).scalar_one()
    return state if state in ("ok", "partial") else "pending"


def _tracks_of(connection: Connection, file_ids: Collection[int]) -> set[int]:
    statement = text("SELECT DISTINCT track_id FROM file WHERE id IN :ids AND track_id IS NOT NULL")
    rows = connection.execute(statement.bindparams(bindparam("ids", expanding=True)), {"ids": list(file_ids)})
    return set(rows.scalars())


def _outcome(read: Read, revision: int) -> dict[str, object]:
    """Columns of the file after it was read."""
    if read.state == "missing":
        return {"present": False, "revision": revision}
    values: dict[str, object] = {
        "state": read.state,
        "reason": read.reason,
        "priority": 0,
        "revision": revision,
    }
    if read.state in ("failed", "pending"):
        values["failures"] = File.failures + 1
    if read.codec:
        values |= {"codec": read.codec, "sample_rate": read.sample_rate, "channels": read.channels}
        values |= {"bit_rate": read.bit_rate}
    if read.seconds is not None:
        values["seconds"] = read.seconds
    return values
