"""Whole columns out of SQLite: what the list, the map and the neighbours of a million tracks are made of.

A row as Python sees it takes Python's lock, and a million of them have the window wait for it over and over. So SQLite
packs what is asked for into long texts, for which it needs no lock, and NumPy takes them apart without one too. They
come in parts: one is copied with the lock held, and of a million numbers that would be 20 to 60 ms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from core.library.known import Part, Texts

Column = NDArray[np.int64]

_PART = 1 << 14
"""Files, or numbers, that come at once: 256 KiB of each column."""
_DIGITS = 16


def parts(
    connection: Connection,
    source: str,
    numbers: Sequence[str],
    texts: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
) -> Iterator[Part]:
    """What a query says of files, as many at a time as are read at once, in no promised order.

    Parameters
    ----------
    source
        What follows on the columns: FROM, with `file` as `f`, and WHERE with at least one condition.
    numbers, texts
        Expressions; a number may be nothing but a whole one, a text never NULL. In a text a unit separator (U+001F)
        becomes a space.
    """
    taken = [_packed(number) for number in numbers]
    taken += [f"CAST(group_concat(replace({text}, char(31), ' '), char(31)) AS BLOB)" for text in texts]
    statement = text(f"SELECT count(*), {', '.join(taken)} {source} AND f.id > :after AND f.id <= :upto")
    newest = connection.execute(text("SELECT coalesce(max(id), 0) FROM file")).scalar_one()
    for after in range(0, newest, _PART):
        bound = {**(values or {}), "after": after, "upto": after + _PART}
        count, *found = connection.execute(statement, bound).one()
        if count:
            split = len(numbers)
            yield Part(tuple(map(_numbers, found[:split])), tuple(map(Texts.of_joined, found[split:])))


def listed(connection: Connection, ids: str, values: Mapping[str, Any] | None = None) -> Column:
    """(n,) what a query finds, in its order: a SELECT whose one column is called `id`."""
    size = _PART * _DIGITS
    statement = text(f"""
        WITH RECURSIVE
          whole AS MATERIALIZED (SELECT {_packed("id")} AS digits, count(*) * {_DIGITS} AS length FROM ({ids})),
          part(start) AS (SELECT 0 UNION ALL SELECT start + {size} FROM part, whole WHERE start + {size} < length)
        SELECT length, start, substr(digits, start + 1, {size}) FROM whole, part
    """)  # noqa: S608 - values are bound
    found = np.empty(0, np.int64)
    for length, start, digits in connection.execute(statement, values or {}):
        if not len(found):
            found = np.empty(length // _DIGITS, np.int64)
        here = start // _DIGITS
        found[here : here + _PART] = _numbers(digits)
    return found


def _packed(number: str) -> str:
    """SQL for a column as hexadecimal digits, for `_numbers`; decimals took longer to read."""
    return f"CAST(group_concat(printf('%0{_DIGITS}x', {number}), '') AS BLOB)"


def _numbers(digits: bytes | None) -> Column:
    """(n,) what the digits say; none where there are no rows."""
    letters = np.frombuffer(digits or b"", np.uint8)
    nibbles = (letters & np.uint8(15)) + np.uint8(9) * (letters >> np.uint8(6))  # "a" to "f" are 0x61 to 0x66
    return (nibbles[::2] << np.uint8(4) | nibbles[1::2]).view(">i8").astype(np.int64)
