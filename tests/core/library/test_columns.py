"""Columns against the rows that the same query gives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import StaticPool

from core.library.columns import columns

WHOLE = st.integers(-(2**63), 2**63 - 1)


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    """A database that knows a table of numbers."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as opened:
        opened.execute(text("CREATE TABLE t (k INTEGER, v INTEGER)"))
        yield opened
    engine.dispose()


def put(connection: Connection, rows: dict[int, int]) -> None:
    """Have these rows and no others, in their order."""
    connection.execute(text("DELETE FROM t"))
    for key, value in rows.items():
        connection.execute(text("INSERT INTO t VALUES (:k, :v)"), {"k": key, "v": value})


@given(st.dictionaries(WHOLE | st.integers(0, 60_000), WHOLE, max_size=50))
def test_a_column_holds_what_the_rows_hold(connection: Connection, rows: dict[int, int]) -> None:
    put(connection, rows)
    keys, values = columns(connection, "SELECT k, v FROM t", "k", "v")
    assert list(zip(keys.tolist(), values.tolist(), strict=True)) == sorted(rows.items())


def test_many_parts_are_one_column_in_the_order_of_its_keys(connection: Connection) -> None:
    put(connection, {key * 7919 % 100_003: key for key in range(4_000)})
    keys, values = columns(connection, "SELECT k, v FROM t WHERE k > :least", "k", "v", values={"least": 50})
    assert keys.tolist() == sorted(keys.tolist())
    assert keys[0] > 50
    assert (values * 7919 % 100_003).tolist() == keys.tolist()
    assert len(keys) == connection.execute(text("SELECT count(*) FROM t WHERE k > 50")).scalar_one()


def test_nothing_found_is_empty_columns(connection: Connection) -> None:
    put(connection, {})
    assert [column.tolist() for column in columns(connection, "SELECT k, v FROM t", "k", "v")] == [[], []]
