"""Folders that a person added. Forgetting one deletes nothing from disk."""

from __future__ import annotations

import time

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, text, update

from core import paths
from core.library.database import Database, next_revision
from core.library.duplicates import settle_all
from core.library.models import File, Root
from core.library.records import RootRecord

_COLUMNS = (Root.id, Root.raw_path, Root.path, Root.kind, Root.online, Root.scanned_at, Root.other_files)


def _record(row: Row[tuple[int, bytes, str, str, bool, float | None, int]]) -> RootRecord:
    return RootRecord(*row)


def _inside(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/\\") + b"/")


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
        file stands in the library twice.
        """
        with self._db.write() as connection:
            roots = [root for root in self._all(connection) if root.kind == kind]
            for root in roots:
                if _inside(path, root.raw_path):
                    return root
            row = {"raw_path": path, "path": paths.display(path), "kind": kind, "added_at": time.time()}
            new_id = int(connection.execute(insert(Root).returning(Root.id), row).scalar_one())
            for root in roots:
                if _inside(root.raw_path, path):
                    self._absorb(connection, root, new_id, path)
            return next(root for root in self._all(connection) if root.id == new_id)

    @staticmethod
    def _absorb(connection: Connection, child: RootRecord, parent_id: int, parent: bytes) -> None:
        prefix = child.raw_path[len(parent.rstrip(b"/\\")) + 1 :]
        rows = connection.execute(select(File.id, File.raw_path).where(File.root_id == child.id)).all()
        moved = [{"key": row.id, "new": paths.join(prefix, row.raw_path)} for row in rows]
        if moved:
            statement = update(File).where(File.id == bindparam("key"))
            connection.execute(statement.values(root_id=parent_id, raw_path=bindparam("new")), moved)
        connection.execute(delete(Root).where(Root.id == child.id))

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
            connection.execute(delete(Root).where(Root.id == root_id))
            connection.execute(
                text(
                    "DELETE FROM track WHERE identity IS NULL AND id NOT IN "
                    "(SELECT track_id FROM file WHERE track_id IS NOT NULL)"
                )
            )
            settle_all(connection)
            next_revision(connection)
