"""What is known of tracks, in columns, against the records of the same tracks."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.library.facet_columns import Ids
from core.library.known import Coded, Coder, Known, Texts
from core.library.records import Fact
from core.library.store import Library
from tests.synthetic import Mix, fill

NAME = st.sampled_from(["", "Air", "AIR", "straße", "STRASSE", "a\nb", "é"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=5
)
FACT = st.builds(
    Fact, st.integers(1, 10**9), NAME, NAME, NAME, NAME, st.sampled_from([None, 0.0]) | st.floats(0.01, 1e5), NAME,
    st.none() | st.integers(0, 3000), NAME,
)  # fmt: skip


def said(column: Coded) -> list[str]:
    """Each row's name."""
    return [column.values[code] if code >= 0 else "" for code in column.codes.tolist()]


def groups(names: list[str]) -> list[int]:
    """Rows that share a name, each by the first of them; -1: it has none."""
    return [names.index(name) if name else -1 for name in names]


def alike(codes: Ids) -> list[int]:
    """The same of numbers."""
    found = codes.tolist()
    return [found.index(code) if code >= 0 else -1 for code in found]


@given(st.dictionaries(st.integers(1, 99), FACT, max_size=12))
def test_columns_say_what_the_records_say(facts: dict[int, Fact]) -> None:
    clean = {
        key: replace(
            fact,
            **{
                name: getattr(fact, name).replace("\x1f", " ")
                for name in ("title", "artist", "album", "album_artist", "folder", "genre")
            },
        )
        for key, fact in facts.items()
    }
    known, records = Known.of_facts(facts), [clean[key] for key in sorted(clean)]
    assert known.tracks.tolist() == sorted(facts)
    assert known.files.tolist() == [record.file_id for record in records]
    assert [known.titles[row] for row in range(len(records))] == [record.title for record in records]
    assert said(known.genre) == [record.genre for record in records]
    assert said(known.folder) == [record.folder for record in records]
    assert alike(known.artist.codes) == groups([record.artist.casefold() for record in records])
    albums = [
        f"{record.album_artist or record.folder}\n{record.album}".casefold() if record.album else ""
        for record in records
    ]
    assert alike(known.album.codes) == groups(albums)
    lengths = [record.seconds or np.nan for record in records]
    assert known.seconds.tolist() == pytest.approx(lengths, abs=1e-6, nan_ok=True)
    assert known.year.tolist() == pytest.approx([record.year or np.nan for record in records], nan_ok=True)


def test_a_librarys_columns_are_those_of_its_records(tmp_path: Path) -> None:
    fill(tmp_path / "l.earmap", Mix(300, folders=3, waiting=0.1))
    with Library(tmp_path / "l.earmap") as library:
        with library._db.write() as connection:
            connection.exec_driver_sql(
                "UPDATE file SET album_artist = 'Various', album = 'Best' WHERE id % 7 = 0"
            )
            connection.exec_driver_sql("UPDATE file SET artist = '', year = NULL WHERE id % 11 = 0")
            connection.exec_driver_sql("UPDATE root SET online = 0 WHERE id = 2")
        known, facts = library.facets.known(), library.rows.facts()
    assert facts
    assert known.tracks.tolist() == sorted(facts)
    expected = Known.of_facts(facts)
    for name in ("files", "seconds", "year"):
        np.testing.assert_allclose(getattr(known, name), getattr(expected, name), atol=1e-6)
    for name in ("genre", "folder"):
        assert said(getattr(known, name)) == said(getattr(expected, name))
    for name in ("artist", "album"):
        assert alike(getattr(known, name).codes) == alike(getattr(expected, name).codes)
    assert [known.titles[row] for row in range(len(known.titles))] == [
        facts[track].title for track in sorted(facts)
    ]


def test_a_coder_numbers_texts_in_the_order_they_come_in() -> None:
    coder = Coder()
    coder.add(["two", "", "three"])
    coder.add(["one", "Two"])
    found = coder.column(np.array([4, 3, 2, 1, 0]))
    assert found.values == ("two", "three", "one", "Two")
    assert found.codes.tolist() == [3, 2, 1, -1, 0]
    folded = coder.column(np.arange(5), folded=True)
    assert (folded.values, folded.codes.tolist()) == (("two", "three", "one"), [0, -1, 1, 2, 0])


def test_texts_of_nothing_and_of_rows_that_are_not_there() -> None:
    nothing = Texts.joined([])
    assert len(nothing) == 0
    assert [nothing.take(np.array([-1, -1]))[row] for row in range(2)] == ["", ""]
    some = Texts.joined([Texts.of(["a", "ä"]), Texts.of([""]), Texts.of(["\U0001f3b5"])])
    assert [some[row] for row in range(4)] == ["a", "ä", "", "\U0001f3b5"]
    picked = some.take(np.array([3, -1, 1]))
    assert [picked[row] for row in range(3)] == ["\U0001f3b5", "", "ä"]


def test_texts_are_nothing_that_pythons_collections_go_through() -> None:
    column = Texts.of(f"Title {row}" for row in range(1000))
    assert column[999] == "Title 999"
    held = gc.get_referents(column)
    assert len(held) + sum(len(gc.get_referents(one)) for one in held) < 100
