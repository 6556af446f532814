"""The SQLite file: opening, upgrading, backing up, and one transaction at a time.

Third-party database errors are translated here and nowhere else.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import QueuePool

from core.errors import UserError

HEAD = "0001"
"""The newest revision in `migrations/versions` (a test compares)."""

BUSY_MS = 30_000
DISK_HINT = "Free some space, then start the job again: it goes on where it stopped."


def translate(error: sqlite3.Error | DatabaseError, path: Path) -> UserError | None:
    """The sentence for a failure of the world's; None where the program is at fault."""
    words = str(error).lower()
    if "disk is full" in words or "disk i/o" in words:
        return UserError(f"The disk that holds the library is full or failing: {path}.", DISK_HINT)
    if "readonly" in words or "unable to open" in words:
        return UserError(
            f"The library cannot be written: {path}.",
            "Check the folder's permissions, or use --library FILE.",
        )
    if "not a database" in words or "malformed" in words:
        return UserError(
            f"The library file is damaged or not a library: {path}.",
            "Rename it and start again, or restore a copy; your music files are untouched.",
        )
    if "locked" in words:
        return UserError("Another program keeps the library locked.", "Close it, or wait, then try again.")
    return None


class Database:
    """An open library file.

    Parameters
    ----------
    path
        The file; made where it is missing.

    Raises
    ------
    UserError
        Damaged, read-only, or written by a newer Earmap.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"The folder {path.parent} cannot be made: {error.strerror}.") from error
        with self._doors():
            self._bring_up_to_date()
        self.engine = self._engine()

    def _engine(self) -> Engine:
        engine = create_engine(
            f"sqlite:///{self.path}",
            poolclass=QueuePool,
            connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False, "isolation_level": None},
        )

        @event.listens_for(engine, "connect")
        def pragmas(connection: sqlite3.Connection, _record: object) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY"):
                connection.execute(f"PRAGMA {pragma}")

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

    def _revision(self) -> str | None:
        """The file's revision; None for a new file. Asked without SQLAlchemy and alembic: this is start-up."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            return None
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_MS / 1000
        )
        try:
            tables = {
                row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
            }
            if "alembic_version" not in tables:
                if tables:
                    raise sqlite3.DatabaseError("file is not a database of ours: not a database")
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
        return str(row[0]) if row else None

    def _bring_up_to_date(self) -> None:
        revision = self._revision()
        if revision == HEAD:
            return
        if revision is not None:
            if revision > HEAD:
                raise UserError(
                    f"This library was written by a newer Earmap (its format is {revision}, this program knows {HEAD}).",
                    "Update Earmap, or open another library with --library FILE.",
                )
            copy = self.path.with_name(f"{self.path.name}.before-{HEAD}")
            with sqlite3.connect(self.path) as source, sqlite3.connect(copy) as target:
                source.backup(target)
        upgrade(self.path)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one snapshot."""
        with self._doors(), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction, all or nothing; others wait for it."""
        with self._doors(), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            try:
                connection.exec_driver_sql("COMMIT")
            except OperationalError:
                connection.exec_driver_sql("ROLLBACK")
                raise

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()

    def sidecar(self, name: str) -> Path:
        """A folder beside the library for what can be large (`vectors`, `encoders`)."""
        folder = self.path.with_name(f"{self.path.name}.{name}")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def free_bytes(self) -> int:
        """Space left on the library's disk."""
        return shutil.disk_usage(self.path.parent).free


def next_revision(connection: Connection) -> int:
    """A number larger than any a row bears; rows changed in this transaction bear it."""
    connection.execute(
        text(
            "INSERT INTO meta(key, value) VALUES('revision', 1) ON CONFLICT(key) DO UPDATE SET value = value + 1"
        )
    )
    return int(connection.execute(text("SELECT value FROM meta WHERE key = 'revision'")).scalar_one())


def upgrade(path: Path) -> None:
    """Bring the file to the newest revision; alembic is imported only when there is something to do."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    with resources.as_file(resources.files("core.library") / "migrations") as scripts:
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.attributes["path"] = str(path)
        command.upgrade(config, "head")
