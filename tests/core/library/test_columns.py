"""Columns against the rows that the same query gives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import StaticPool

from core.library import columns
from core.library.columns import listed, parts

WHOLE = st.integers(-(2**63), 2**63 - 1)
NAME = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
SOURCE = "FROM file f WHERE 1"


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    """A database that knows a table of files."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as opened:
        opened.execute(text("CREATE TABLE file (id INTEGER PRIMARY KEY, v INTEGER, name TEXT)"))
        yield opened
    engine.dispose()


def put(connection: Connection, rows: dict[int, tuple[int, str]]) -> None:
    """Have these rows and no others."""
    connection.execute(text("DELETE FROM file"))
    for key, (value, name) in rows.items():
        connection.execute(text("INSERT INTO file VALUES (:k, :v, :n)"), {"k": key, "v": value, "n": name})


@given(st.dictionaries(st.integers(1, 60_000), st.tuples(WHOLE, NAME), max_size=30))
def test_parts_hold_what_the_rows_hold(connection: Connection, rows: dict[int, tuple[int, str]]) -> None:
    put(connection, rows)
    found: dict[int, tuple[int, str]] = {}
    for part in parts(connection, SOURCE, ["f.id", "f.v"], ["f.name"]):
        keys, values = (column.tolist() for column in part.numbers)
        names = part.texts[0].strings()
        assert names == [part.texts[0][row] for row in range(len(keys))]
        found |= dict(zip(keys, zip(values, names, strict=True), strict=True))
    assert found == {key: (value, name.replace("\x1f", " ")) for key, (value, name) in rows.items()}


def test_parts_go_by_what_is_asked_for(connection: Connection) -> None:
    put(connection, {key: (key % 3, "") for key in range(1, 60_000, 7)})
    found = [part.numbers[0] for part in parts(connection, f"{SOURCE} AND v = :v", ["f.id"], (), {"v": 1})]
    assert len(found) == -(-60_000 // (1 << 14))
    assert [key for part in found for key in part.tolist()] == [k for k in range(1, 60_000, 7) if k % 3 == 1]


@given(values=st.lists(WHOLE, max_size=40), size=st.integers(1, 9))
def test_a_list_is_in_the_order_of_its_query(connection: Connection, values: list[int], size: int) -> None:
    put(connection, {key: (value, "") for key, value in enumerate(values)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_PART", size)
        down = listed(connection, "SELECT v AS id FROM file ORDER BY v DESC")
        some = listed(connection, "SELECT v AS id FROM file WHERE v < :v ORDER BY id", {"v": 3})
    assert down.tolist() == sorted(values, reverse=True)
    assert some.tolist() == sorted(value for value in values if value < 3)
