"""The SQLite file: opening, upgrading, backing up, and one transaction at a time.

Third-party database errors are translated here and nowhere else.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool

from core.errors import UserError
from core.library.text import fold, to_json
from core.library.trouble import translate, unwritable
from core.library.upgrade import bring_up_to_date, connect, write_ahead


class Database:
    """An open library file.

    Parameters
    ----------
    path
        The file; made where it is missing.

    Raises
    ------
    UserError
        Damaged, read-only, not a file, or written by a newer Earmap; the file is untouched then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        with self._doors():
            self._check_place()
            bring_up_to_date(self.path)
            write_ahead(self.path)
        self.engine = self._engine()
        self._file = _number(self.path)

    def _engine(self) -> Engine:
        # No limit on connections: each thread that reads holds one for a moment.
        engine = create_engine(
            "sqlite://", creator=lambda: connect(self.path), poolclass=QueuePool, max_overflow=-1,
            json_serializer=to_json,
        )  # fmt: skip

        @event.listens_for(engine, "connect")
        def prepare(connection: sqlite3.Connection, _record: object) -> None:
            for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY"):
                connection.execute(f"PRAGMA {pragma}")
            connection.create_function("fold", 1, fold, deterministic=True)

        return engine

    @contextmanager
    def _doors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, DatabaseError) as error:
            sentence = translate(error, self.path)
            if sentence is None:
                raise
            raise sentence from error

    def _check_place(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"The folder {self.path.parent} cannot be made: {error.strerror}.") from error
        try:
            there = self.path.exists()
        except OSError as error:
            raise unwritable(self.path) from error
        if there and not self.path.is_file():
            raise UserError(f"{self.path} is not a file.", "Choose another name with --library FILE.")
        folder = self.path.resolve().parent  # behind a link, what SQLite writes lies beside the target
        if not os.access(folder, os.W_OK) or (there and not os.access(self.path, os.R_OK | os.W_OK)):
            raise unwritable(self.path)

    def _check_same(self) -> None:
        """What is written into a file that was deleted or replaced meanwhile would be lost without a word."""
        if _number(self.path) != self._file:
            raise UserError(
                f"The library file was deleted, moved or replaced while it was open: {self.path}.",
                "Put it back, or start again with another one.",
            )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one snapshot."""
        self._check_same()
        with self._doors(), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                _roll_back(connection)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction, all or nothing; others wait for it."""
        self._check_same()
        with self._doors(), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise

    def uid(self) -> int:
        """A random number, drawn when first asked for and kept."""
        draw = {"uid": secrets.randbits(62)}
        with self.write() as connection:
            connection.execute(
                text("INSERT INTO meta(key, value) VALUES('uid', :uid) ON CONFLICT DO NOTHING"), draw
            )
            return int(connection.execute(text("SELECT value FROM meta WHERE key = 'uid'")).scalar_one())

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()

    def sidecar(self, name: str) -> Path:
        """A folder beside the library for what can be large (`vectors`, `encoders`)."""
        folder = self.path.with_name(f"{self.path.name}.{name}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"The folder {folder} cannot be made: {error.strerror}.") from error
        return folder

    def free_bytes(self) -> int:
        """Space left on the library's disk."""
        return shutil.disk_usage(self.path.parent).free


def _number(path: Path) -> tuple[int, int] | None:
    """What tells a file from another of its name. Windows lets nobody take an open file away."""
    if os.name != "posix":
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _roll_back(connection: Connection) -> None:
    """End the transaction, unless SQLite has ended it by itself, as it does when the disk is full."""
    driver = connection.connection.driver_connection
    if driver is not None and driver.in_transaction:
        driver.rollback()


def next_revision(connection: Connection) -> int:
    """A number larger than any a row bears; rows changed in this transaction bear it."""
    connection.execute(
        text(
            "INSERT INTO meta(key, value) VALUES('revision', 1) ON CONFLICT(key) DO UPDATE SET value = value + 1"
        )
    )
    return int(connection.execute(text("SELECT value FROM meta WHERE key = 'revision'")).scalar_one())
