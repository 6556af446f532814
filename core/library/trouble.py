"""SQLite's errors as sentences for a person."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from core.errors import DamagedError, UserError

DISK_HINT = "Free some space, then start the job again: it goes on where it stopped."

_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOLFS}
_DENIED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}


def translate(error: sqlite3.Error | DatabaseError, path: Path) -> UserError | None:
    """The sentence for a failure of the world's; None where the program is at fault.

    Goes by SQLite's code: the words of an error may quote what was to be stored.
    """
    cause = error.orig if isinstance(error, DatabaseError) else error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in _DISK:
        return UserError(f"The disk that holds the library is full or failing: {path}.", DISK_HINT)
    if code in _DENIED:
        return unwritable(path)
    if code in _DAMAGED:
        return damaged(path)
    if code in _LOCKED:
        return UserError("Another program keeps the library locked.", "Close it, or wait, then try again.")
    return None


def unwritable(path: Path) -> UserError:
    """No permission, there or in its folder."""
    return UserError(
        f"The library cannot be written: {path}.",
        "Check the folder's permissions, or open another library (--library FILE).",
    )


def foreign(path: Path) -> UserError:
    """A database, though none of ours: whoever it belongs to needs it where it is."""
    return UserError(
        f"This file is some other program's, and no library: {path}.",
        "Open another library (--library FILE); this one is untouched.",
    )


def damaged(path: Path) -> DamagedError:
    """Broken, or no database at all."""
    return DamagedError(
        f"The library file is damaged or not a library: {path}.",
        "Rename it and start again, or restore a copy; your music files are untouched.",
    )
