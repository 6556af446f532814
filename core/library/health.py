"""Whether a library file can be opened and is whole, without opening it; and setting a broken one aside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

from core import files
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


def set_aside(path: Path) -> Path:
    """Rename a library, with all that lies beside it under its name, so that another one can be begun in its place.

    What was set aside can be opened under its new name, should it be mended.

    Returns
    -------
    Its new name: `library.earmap` becomes `library.damaged-1.earmap`.

    Raises
    ------
    UserError
        The folder cannot be written to.
    """
    try:
        names = {one.name for one in path.parent.iterdir()}
        free = (path.with_stem(f"{path.stem}.damaged-{number}") for number in count(1))
        aside = next(one for one in free if not any(name.startswith(one.name) for name in names))
        mine = sorted(name for name in names if name.startswith((f"{path.name}-", f"{path.name}.")))
        for name in (*mine, path.name):  # the file last: what is cut off before can be asked for again
            path.with_name(name).rename(path.with_name(aside.name + name.removeprefix(path.name)))
    except OSError as error:
        raise files.unwritable(path, error) from error
    return aside
