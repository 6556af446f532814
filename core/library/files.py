"""Files as the scan finds them and as the reading pass leaves them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, insert, null, select, text, update

from core import paths
from core.errors import UserError
from core.library.database import Database, next_revision
from core.library.duplicates import ids_json, settle, tracks_of
from core.library.found import change, columns, rows_for
from core.library.listing import ListedFile, listing
from core.library.models import File, Root, Track
from core.library.music import MusicFile, music
from core.library.queue import candidates, due
from core.library.records import Candidate, Counts, Failure, Found, Known, Read
from core.library.vectors import insert_vector

_COUNTS = text("""
SELECT r.online, f.present, f.state, f.duplicate, count(*) AS files, count(e.id) AS vectors
FROM root r CROSS JOIN file f INDEXED BY ix_file_counts ON f.root_id = r.id
LEFT JOIN embedding e ON e.track_id = f.track_id AND e.encoder_id = :encoder AND e.plan = :plan
WHERE r.kind = 'music' AND (:root IS NULL OR r.id = :root) GROUP BY r.id, f.present, f.state, f.duplicate
""")

_FAILURES = text("""
SELECT f.id, r.raw_path, f.raw_path, f.state, f.reason FROM file f JOIN root r ON r.id = f.root_id
WHERE f.present AND r.online AND r.kind = 'music' AND f.state IN ('failed', 'skipped', 'partial')
ORDER BY f.state, f.folder, f.name
""")


class Files:
    """The file table, and the tracks that its files are."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def known(self, root_id: int) -> dict[bytes, Known]:
        """What the library knows of a root's files, by path relative to the root."""
        asked = (File.raw_path, File.id, File.size, File.mtime_ns, File.state, File.present)
        with self._db.read() as connection:
            rows = connection.execute(select(*asked).where(File.root_id == root_id))
            return {row[0]: Known(*row[1:]) for row in rows}

    def put(self, root_id: int, batch: Sequence[Found], known: dict[bytes, Known]) -> None:
        """Store new and changed files: a changed file keeps its track until its content has been read again.

        A new file of the size and time of one whose place is empty now is that one, moved.

        Raises
        ------
        UserError
            The root has left the library in the meantime.
        """
        if not batch:
            return
        with self._db.write() as connection:
            if connection.execute(select(Root.id).where(Root.id == root_id)).scalar() is None:
                raise UserError(
                    "The folder left the library, or became part of another one, while it was looked through.",
                    "Add it again.",
                )
            base: dict[str, object] = {"root_id": root_id, "revision": next_revision(connection)}
            base["present"] = True
            keys = rows_for(connection, root_id, batch, known)
            tracks = tracks_of(connection, keys.values())
            new = [found for found in batch if found.raw_path not in keys]
            if new:
                rows = [columns(found) | base | {"added_at": time.time()} for found in new]
                connection.execute(insert(File), rows)
            for found in batch:
                if found.raw_path in keys:
                    change(connection, keys[found.raw_path], found, base)
            settle(connection, tracks)

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
            settle(connection, tracks_of(connection, file_ids))

    def candidates(
        self, encoder_id: int, plan: str, limit: int, busy: Collection[int], roots: Collection[int] | None = None,
        *, keep: bool = False,
    ) -> list[Candidate]:  # fmt: skip
        """Files still to be read, in random order, those that a person asked for first; of some roots if named.

        `keep`: also those whose vector came without the vectors of its segments.
        """
        with self._db.read() as connection:
            return candidates(connection, encoder_id, plan, limit, busy, roots, keep=keep)

    def due(self, encoder_id: int, plan: str, roots: Collection[int], *, keep: bool = False) -> int:
        """How many files of some roots are still to be read; `keep` as in `candidates`."""
        with self._db.read() as connection:
            return due(connection, encoder_id, plan, roots, keep=keep)

    def readable(self) -> list[Candidate]:
        """Every file that can be read now, by id."""
        statement = text("""
            SELECT f.id, r.raw_path, f.raw_path FROM file f JOIN root r ON r.id = f.root_id AND r.online
            WHERE f.present AND NOT f.duplicate AND f.state NOT IN ('failed', 'skipped') ORDER BY f.id
        """)
        with self._db.read() as connection:
            return [
                Candidate(r[0], paths.join(r[1], r[2]), "", has_vector=False)
                for r in connection.execute(statement)
            ]

    def music(
        self, roots: Collection[int] | None, query: str, track_ids: Collection[int] | None
    ) -> list[MusicFile]:
        """What an encoder can learn from, one file a track; see `core.library.music.music`."""
        with self._db.read() as connection:
            return music(connection, roots, query, track_ids)

    def listing(self, root_id: int | None = None) -> list[ListedFile]:
        """Every file of a root (of all music by default) with what is known of it, in order of their paths."""
        with self._db.read() as connection:
            return listing(connection, root_id)

    def record(self, batch: Iterable[Read], encoder_id: int, plan: str, device: str, precision: str) -> None:
        """Store what a reading pass found: states, identities and vectors, in one transaction."""
        with self._db.write() as connection:
            revision = next_revision(connection)
            reads = list(batch)
            touched = tracks_of(connection, [read.file_id for read in reads])
            for read in reads:
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
        failed = select(File.id).where(File.state == "failed")
        with self._db.write() as connection:
            keys = set(connection.execute(failed).scalars())
            if file_ids is not None:
                keys &= set(file_ids)
            self._read_again(connection, keys)
        return len(keys)

    def reread(self, file_ids: Collection[int]) -> None:
        """Have files embedded again from scratch: their tracks lose their vectors."""
        tracks = text("DELETE FROM embedding WHERE track_id IN (SELECT value FROM json_each(:ids))")
        with self._db.write() as connection:
            connection.execute(tracks, {"ids": ids_json(tracks_of(connection, file_ids))})
            self._read_again(connection, file_ids)
            self._unverify(connection, file_ids)

    @staticmethod
    def _read_again(connection: Connection, file_ids: Collection[int]) -> None:
        statement = text("""
            UPDATE file SET state = 'pending', failures = 0, reason = '', revision = :revision
            WHERE id IN (SELECT value FROM json_each(:ids)) AND state <> 'skipped'
        """)
        values = {"ids": ids_json(file_ids), "revision": next_revision(connection)}
        connection.execute(statement, values)
        settle(connection, tracks_of(connection, file_ids))

    @staticmethod
    def _unverify(connection: Connection, file_ids: Collection[int]) -> None:
        statement = text(
            "UPDATE file SET verified = 0 WHERE id IN (SELECT value FROM json_each(:ids)) AND state <> 'skipped'"
        )
        connection.execute(statement, {"ids": ids_json(file_ids)})

    def prioritise(self, file_id: int) -> None:
        """Let a clicked file jump the queue: higher than any before it."""
        with self._db.write() as connection:
            highest = text("(SELECT coalesce(max(priority), 0) + 1 FROM file WHERE priority > 0)")
            connection.execute(update(File).where(File.id == file_id).values(priority=highest))

    def counts(self, encoder_id: int, plan: str, root_id: int | None = None) -> Counts:
        """The figures that reconcile, for one encoder, of one root or all."""
        other = select(text("coalesce(sum(other_files), 0)")).select_from(Root).where(Root.kind == "music")
        if root_id is not None:
            other = other.where(Root.id == root_id)
        with self._db.read() as connection:
            values = {"encoder": encoder_id, "plan": plan, "root": root_id}
            groups = connection.execute(_COUNTS, values).all()
            others = int(connection.execute(other).scalar_one())
        return _tally(groups, others)

    def failures(self) -> list[Failure]:
        """Files that failed, were skipped, or gave only a part, with the reason."""
        with self._db.read() as connection:
            rows = connection.execute(_FAILURES).all()
        return [Failure(r[0], paths.join(r[1], r[2]), r[3], r[4]) for r in rows]


def _tally(groups: Sequence[Row[Any]], others: int) -> Counts:
    """Sum up groups of files that are alike; the same words as `search.SHOWN_STATE`."""
    sums: Counter[str] = Counter(other_files=others)
    for group in groups:
        if not group.present or not group.online:
            sums["offline" if group.present else "missing"] += group.files
            continue
        sums["found"] += group.files
        sums["duplicates"] += group.files if group.duplicate else 0
        if group.state in ("failed", "skipped"):
            sums[group.state] += group.files
        else:
            sums["partial" if group.state == "partial" else "embedded"] += group.vectors
            sums["pending"] += group.files - group.vectors
    return Counts(**sums)


def _outcome(read: Read, revision: int) -> dict[str, object]:
    """Columns of the file after it was read."""
    if read.state == "missing":
        return {"present": False, "revision": revision}
    if read.state == "unchanged":
        return {"priority": 0, "revision": revision}
    values: dict[str, object] = {
        "state": read.state,
        "reason": read.reason,
        "priority": 0,
        "revision": revision,
    }
    if read.state in ("failed", "pending"):
        values["failures"] = File.failures + 1
    if read.state in ("failed", "skipped") and not read.identity:
        # It is no longer known to be what it was, if it has changed since.
        values |= {"track_id": case((File.verified, File.track_id), else_=null())}
        values |= {"duplicate": case((File.verified, File.duplicate), else_=False)}
    if read.codec:
        values |= {"codec": read.codec, "sample_rate": read.sample_rate, "channels": read.channels}
        values |= {"bit_rate": read.bit_rate}
    if read.seconds is not None:
        values["seconds"] = read.seconds
    return values
