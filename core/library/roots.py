"""Folders that a person added. Forgetting one deletes nothing from disk."""

from __future__ import annotations

import time

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from core import paths
from core.library.database import Database, next_revision
from core.library.duplicates import settle_all
from core.library.models import File, Root
from core.library.records import RootRecord

_COLUMNS = (Root.id, Root.raw_path, Root.path, Root.kind, Root.online, Root.scanned_at, Root.other_files)


def _record(row: Row[tuple[int, bytes, str, str, bool, float | None, int]]) -> RootRecord:
    return RootRecord(*row)


class Roots:
    """The root table."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[RootRecord]:
        """Every root, in the order they were added."""
        with self._db.read() as connection:
            return self._all(connection)

    @staticmethod
    def _all(connection: Connection) -> list[RootRecord]:
        return [_record(row) for row in connection.execute(select(*_COLUMNS).order_by(Root.id))]

    def add(self, path: bytes, kind: str = "music") -> RootRecord:
        """The root that holds `path`, made where there is none.

        A path inside a root belongs to that root; a path around roots takes their files over, so that no
        file stands in the library twice. A root that is offline waits until it can be reached.
        """
        with self._db.write() as connection:
            roots = [root for root in self._all(connection) if root.kind == kind]
            holders = [root for root in roots if paths.relative(path, root.raw_path) is not None]
            # The innermost: an offline folder can stand inside another.
            key = (
                max(holders, key=lambda root: len(root.raw_path)).id
                if holders
                else _new(connection, path, kind)
            )
            holder = next(root for root in self._all(connection) if root.id == key)
            self._absorb_below(connection, holder, roots)
            return holder

    @staticmethod
    def _absorb_below(connection: Connection, holder: RootRecord, roots: list[RootRecord]) -> None:
        for root in roots:
            prefix = paths.relative(root.raw_path, holder.raw_path)
            if prefix and root.online and holder.online:
                _absorb(connection, root.id, holder.id, prefix)

    def set_online(self, root_id: int, online: bool) -> None:
        """Note whether the folder can be reached; its files stay as they are."""
        with self._db.write() as connection:
            changed = connection.execute(
                update(Root).where(Root.id == root_id, Root.online != online).values(online=online)
            )
            if changed.rowcount:
                connection.execute(
                    update(File).where(File.root_id == root_id).values(revision=next_revision(connection))
                )
                settle_all(connection)

    def scanned(self, root_id: int, other_files: int) -> None:
        """Note a finished scan."""
        with self._db.write() as connection:
            connection.execute(
                update(Root).where(Root.id == root_id).values(scanned_at=time.time(), other_files=other_files)
            )

    def forget(self, root_id: int) -> None:
        """Take the folder out of the library. Vectors stay, should the same music come back."""
        with self._db.write() as connection:
            next_revision(connection)
            connection.execute(delete(Root).where(Root.id == root_id))
            settle_all(connection)


def _new(connection: Connection, path: bytes, kind: str) -> int:
    row = {"raw_path": path, "path": paths.display(path), "kind": kind, "added_at": time.time()}
    return int(connection.execute(insert(Root).returning(Root.id), row).scalar_one())


def _absorb(connection: Connection, child: int, parent: int, prefix: bytes) -> None:
    """Hand a root's files to the one around it, whose own rows of the same files give way: they are younger."""
    rows = connection.execute(select(File.id, File.raw_path).where(File.root_id == child)).all()
    moved = [{"key": row.id, "new": paths.join(prefix, row.raw_path)} for row in rows]
    if moved:
        here = (File.root_id == parent, File.raw_path == bindparam("new"))
        connection.execute(delete(File).where(*here), moved)
        values = {"root_id": parent, "raw_path": bindparam("new"), "revision": next_revision(connection)}
        connection.execute(update(File).where(File.id == bindparam("key")).values(values), moved)
    connection.execute(delete(Root).where(Root.id == child))
    settle_all(connection)
