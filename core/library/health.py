"""Whether a library file can be opened and is whole, without opening it as a library."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from core.errors import UserError
from core.library.trouble import damaged, translate
from core.library.upgrade import connect, readable


def trouble(path: Path, *, thorough: bool) -> UserError | None:
    """What is wrong with the file; None where nothing is, or there is none.

    Nothing is made, upgraded or mended.

    Parameters
    ----------
    thorough
        Have SQLite read every page, too, which takes a second for each 100 MB or so: a file whose first pages are
        well may be broken further on.
    """
    try:
        if readable(path) is not None and thorough and not _whole(path):
            return damaged(path)
    except UserError as error:
        return error
    except sqlite3.Error as error:
        if (sentence := translate(error, path)) is None:
            raise
        return sentence
    return None


def _whole(path: Path) -> bool:
    with closing(connect(path)) as connection:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)])
