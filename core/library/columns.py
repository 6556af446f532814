"""Whole columns of whole numbers out of a query: what the list and the map of a million tracks are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

Column = NDArray[np.int64]

_PART = 14
"""Rows whose first numbers agree above so many bits come together: 256 KiB of each column."""


def columns(
    connection: Connection, rows: str, *names: str, values: Mapping[str, Any] | None = None
) -> tuple[Column, ...]:
    """(n,) of each named column of a query, in the order of the first, which is never NULL and never there twice.

    SQLite writes them as text without Python's lock, and NumPy reads it without: the window's thread, which needs the
    lock for each row that it paints, goes on meanwhile. (Of a text of decimals it had to wait 8 ms for each 70,000
    numbers.) They come in parts, since a text is copied with the lock held: that of a million numbers took 20 to 60 ms.
    """
    taken = ", ".join(f"CAST(group_concat(printf('%016x', {name}), '') AS BLOB)" for name in names)
    statement = text(f"SELECT {taken} FROM ({rows}) GROUP BY {names[0]} >> {_PART}")  # noqa: S608 - values are bound
    parts = [[_numbers(column) for column in part] for part in connection.execute(statement, values or {})]
    if not parts:
        return tuple(np.empty(0, np.int64) for _ in names)
    found = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(found[0], kind="stable")  # SQLite promises no order of what a group is made of
    return tuple(column[order] for column in found)


def _numbers(digits: bytes) -> Column:
    """(n,) what a part says, sixteen hexadecimal digits a number."""
    letters = np.frombuffer(digits, np.uint8)
    nibbles = (letters & np.uint8(15)) + np.uint8(9) * (letters >> np.uint8(6))  # "a" to "f" are 0x61 to 0x66
    return (nibbles[::2] << np.uint8(4) | nibbles[1::2]).view(">i8").astype(np.int64)
