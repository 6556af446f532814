"""Which format a library file has: making a new file, and bringing an older one up to date beside a copy.

A new file gets the models' tables and the stamp of the newest revision, without alembic. That this is what all
migrations lead to is tested.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from importlib import resources
from pathlib import Path

from core.errors import UserError
from core.library.trouble import foreign

BUSY_S = 30.0
_OURS = {"alembic_version", "file", "track", "embedding"}
# As alembic makes it.
_STAMP = """CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)"""


def connect(path: Path) -> sqlite3.Connection:
    """A plain connection that begins no transaction by itself."""
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)


def bring_up_to_date(path: Path) -> None:
    """Make the tables of a new file, or bring an older file's to the newest revision.

    Raises
    ------
    UserError
        Not a library, or written by a newer Earmap; the file is untouched then.
    """
    revision, newest = readable(path), head()
    if revision == newest:
        return
    if revision is None:
        _make(path, newest)
        return
    _copy_aside(path, newest)
    upgrade(path)


def readable(path: Path) -> str | None:
    """The revision of a file that this program can open, as it is or once it is brought up to date; None: a new one.

    Raises
    ------
    UserError
        Not a library, or written by a newer Earmap.
    """
    revision, newest = _revision(path), head()
    if revision is not None and revision > newest:
        raise UserError(
            f"This library was written by a newer Earmap (its format is {revision}, this program knows {newest}).",
            "Update Earmap, or open another library with --library FILE.",
        )
    return revision


def head() -> str:
    """The newest revision: scripts' names begin with theirs (a test asks alembic, too slow for a start)."""
    scripts = (script.name for script in (migrations() / "versions").iterdir())
    return max(name[:4] for name in scripts if name[:4].isdigit())


def _make(path: Path, newest: str) -> None:
    """All tables and the stamp in one transaction, unless another process was quicker."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    from core.library.models import Base

    engine = create_engine("sqlite://", creator=lambda: connect(path), poolclass=NullPool)
    with engine.connect() as connection:
        run = connection.exec_driver_sql
        run("BEGIN IMMEDIATE")
        if not run("SELECT count(*) FROM sqlite_master").scalar_one():
            Base.metadata.create_all(connection, checkfirst=False)
            run(_STAMP)
            run("INSERT INTO alembic_version VALUES(?)", (newest,))
        run("COMMIT")


def _revision(path: Path) -> str | None:
    """The file's revision; None for a new file. Asked without SQLAlchemy and alembic: this is start-up."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    # Not read-only: what a killed program left is tidied up first, and nothing is left beside the file.
    with closing(connect(path)) as connection:
        return _revision_in(connection, path)


def _revision_in(connection: sqlite3.Connection, path: Path) -> str | None:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    if not tables:
        return None
    row = (
        connection.execute("SELECT version_num FROM alembic_version").fetchone() if tables >= _OURS else None
    )
    if row is None:
        raise foreign(path)
    return str(row[0])


def _copy_aside(path: Path, newest: str) -> None:
    """Keep the file as it was before the upgrade, unless another process has just upgraded it."""
    copy = path.with_name(f"{path.name}.before-{newest}")
    part = copy.with_name(f"{copy.name}.part")
    with closing(connect(path)) as guard:
        guard.execute("BEGIN IMMEDIATE")  # nobody upgrades while we copy
        if _revision_in(guard, path) == newest:
            return
        try:
            part.unlink(missing_ok=True)
            with closing(connect(path)) as source, closing(connect(part)) as target:
                source.backup(target)
            part.replace(copy)
        finally:
            part.unlink(missing_ok=True)


def write_ahead(path: Path) -> None:
    """Have writers write beside the file, so that readers need not wait; the file remembers it.

    SQLite does not wait for others here, as it does elsewhere: several programs may open a new file at once.
    """
    until = time.monotonic() + BUSY_S
    with closing(connect(path)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(0.02)


def migrations() -> resources.abc.Traversable:
    """The folder with alembic's scripts."""
    return resources.files("core.library") / "migrations"


def upgrade(path: Path) -> None:
    """Bring the file to the newest revision. Only this imports alembic."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    with resources.as_file(migrations()) as scripts:
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.attributes["path"] = path
        command.upgrade(config, "head")
