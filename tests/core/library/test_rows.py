from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import paths
from core.library.records import Found, Read
from core.library.rows import SORTS
from core.library.store import Library
from core.library.text import fold
from tests.library_tools import PLAN
from tests.shelf import Shelf
from tests.synthetic import Mix, fill

MANY = Mix(40_000, folders=3, waiting=0.3, offline=1)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = tmp_path_factory.mktemp("many") / "library.earmap"
    fill(path, MANY)
    with Library(path) as library:
        yield library


def test_a_page_of_any_size_keeps_the_order_asked_for(many: Library) -> None:
    ids = many.rows.order(1, PLAN).tolist()
    assert len(ids) == MANY.tracks > 32_766  # as many values as some builds of SQLite take
    random.Random(0).shuffle(ids)
    rows = many.rows.page(1, PLAN, ids)
    assert [row.file_id for row in rows] == ids
    assert many.rows.page(1, PLAN, []) == []
    assert [row.file_id for row in many.rows.page(1, PLAN, np.array([5, 3, 5]))] == [5, 3, 5]
    assert [row.file_id for row in many.rows.page(1, PLAN, [7, 10**9, -1, 8])] == [7, 8]


def test_long_lists_are_no_trouble_anywhere(many: Library) -> None:
    ids = many.rows.order(1, PLAN).tolist()
    tracks = [row.track_id for row in many.rows.page(1, PLAN, ids) if row.track_id is not None]
    assert len(many.rows.files_of(tracks)) == len(tracks)
    assert len(many.rows.paths(ids)) == len(ids)
    assert many.files.candidates(1, PLAN, 5, ids) == []
    assert len(many.labels.of(tracks)) == 0


def test_every_shown_state_is_counted_and_found(many: Library) -> None:
    rows = many.rows.page(1, PLAN, many.rows.order(1, PLAN).tolist())
    counts = many.files.counts(1, PLAN)
    for state in ("embedded", "partial", "failed", "skipped", "pending"):
        here = [row.file_id for row in rows if row.state == state]
        assert many.rows.order(1, PLAN, f"state:{state}").tolist() == here
        assert sum(row.state == state and row.online for row in rows) == getattr(counts, state)
    assert (
        counts.offline
        == sum(not row.online for row in rows)
        == len(many.rows.order(1, PLAN, "state:offline"))
    )


def value_of(row: object, column: str) -> object:
    names = {"length": "seconds", "format": "codec", "added": "added_at"}
    value = getattr(row, names.get(column, column))
    return fold(value) if column in ("title", "artist", "album", "genre", "folder") else value


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("column", sorted(set(SORTS) - {"disc", "track"}))
def test_sorting_is_that_of_python(many: Library, column: str, down: bool) -> None:
    ids = many.rows.order(1, PLAN, "harbour", [(column, down)]).tolist()
    values = [value_of(row, column) for row in many.rows.page(1, PLAN, ids)]
    assert len(values) > 500
    assert values == sorted(values, reverse=down)  # type: ignore[type-var] # one column, one type
    assert sorted(ids) == many.rows.order(1, PLAN, "harbour").tolist()


def test_the_first_key_counts_most_and_ties_keep_their_order(many: Library) -> None:
    keys = [("genre", True), ("year", False), ("track", True)]
    ids = many.rows.order(1, PLAN, "winter", keys).tolist()
    with many._db.read() as connection:
        from sqlalchemy import text

        rows = connection.execute(text("SELECT id, fold(genre), year, track_number FROM file")).all()
    told = {row[0]: row[1:] for row in rows}
    wanted = sorted(sorted(ids), key=lambda key: (told[key][1], -told[key][2]))
    assert ids == sorted(wanted, key=lambda key: told[key][0], reverse=True)


def test_empty_values_come_last_either_way_and_letters_sort_as_people_do(library: Library) -> None:
    root = library.roots.add(b"/music")
    artists = ["zebra", "\u00c9mile", "emil", "", "ABBA", "abba b", "Zoe"]
    years = [None, 1990, 2000, None, 1970, 1980, 1960]
    batch = [
        Found(b"%d" % i, "", f"{i}.mp3", i, i, tags={"title": "", "artist": artist, "year": year})
        for i, (artist, year) in enumerate(zip(artists, years, strict=True))
    ]
    library.files.put(root.id, batch, {})

    def sort(column: str, down: bool) -> list[object]:
        ids = library.rows.order(0, PLAN, "", [(column, down)]).tolist()
        return [(artists if column == "artist" else years)[key - 1] for key in ids]

    assert sort("artist", False) == ["ABBA", "abba b", "emil", "\u00c9mile", "zebra", "Zoe", ""]
    assert sort("artist", True) == ["Zoe", "zebra", "\u00c9mile", "emil", "abba b", "ABBA", ""]
    assert sort("year", False) == [1960, 1970, 1980, 1990, 2000, None, None]
    assert sort("year", True) == [2000, 1990, 1980, 1970, 1960, None, None]
    # What has no title is called by its file's name, and sorts by it.
    rows = library.rows.page(0, PLAN, library.rows.order(0, PLAN, "", [("title", True)]).tolist())
    assert [row.title for row in rows] == [f"{i}.mp3" for i in range(6, -1, -1)]


def test_only_one_folder(many: Library) -> None:
    each = [many.rows.order(1, PLAN, root_id=root.id).tolist() for root in many.roots.all()]
    assert [key for ids in each for key in ids] == many.rows.order(1, PLAN).tolist()
    assert all(each)
    both = many.rows.order(1, PLAN, "harbour", [("title", False)], many.roots.all()[1].id).tolist()
    assert set(both) == set(each[1]) & set(many.rows.order(1, PLAN, "harbour").tolist())


def test_a_row_tells_all(shelf: Shelf) -> None:
    path = shelf.write("A folder/song.mp3", "PART")
    shelf.scan()
    [candidate] = shelf.candidates()
    read = Read(
        candidate.file_id,
        "partial",
        "Read 1 s of 2 s.",
        identity="P",
        seconds=1.0,
        vector=np.ones(4, np.float32),
    )
    shelf.record(read)
    [row] = shelf.rows()
    assert row.track_id is not None
    shelf.library.labels.set([row.track_id], "b")
    shelf.library.labels.set([row.track_id], "a")
    [row] = shelf.rows()
    assert row.path == paths.raw(path)
    assert (row.title, row.artist, row.state, row.reason, row.seconds) == (
        "song",
        "",
        "partial",
        "Read 1 s of 2 s.",
        1.0,
    )
    assert (row.online, row.labels, row.folder) == (True, "a, b", str(path.parent))
    assert abs(row.added_at - path.stat().st_ctime) < 600


def test_changes_are_seen_from_every_other_connection(shelf: Shelf) -> None:
    with Library(shelf.library.path) as other:
        seen = other.rows.revision()
        for i in range(5):
            shelf.write(f"{i}.mp3", f"C{i}")
        shelf.scan()
        ids = other.rows.order(0, PLAN).tolist()
        assert sorted(other.rows.changed_since(seen).tolist()) == ids
        seen = other.rows.revision()
        assert other.rows.changed_since(seen).tolist() == []
        one = shelf.candidates(limit=1)[0].file_id
        shelf.embed(limit=0)
        assert other.rows.changed_since(seen).tolist() == []
        shelf.record(Read(one, "failed", "No."))
        assert other.rows.changed_since(seen).tolist() == [one]
        assert other.rows.revision() > seen


def test_the_revision_is_its_own_whatever_else_is_kept(library: Library) -> None:
    before = library.rows.revision()
    assert library.uid > 10**6
    assert library.rows.revision() == before


def test_a_file_is_found_by_its_path_whichever_way_it_is_spelled(shelf: Shelf) -> None:
    names = [
        "caf\u00e9.mp3",
        "re\u0301sume\u0301.mp3",
        os.fsdecode(b"\xe9.mp3"),
        "back\\slash.mp3",
        "a b.mp3",
    ]
    for i, name in enumerate(names):
        (shelf.folder / name).write_text(f"C{i}")
    shelf.scan()
    rows = shelf.library.rows
    found = [rows.find(paths.raw(shelf.folder / name)) for name in names]
    assert len(set(found)) == len(names)
    assert None not in found
    assert rows.find(paths.raw(shelf.folder / "cafe\u0301.mp3")) == found[0]
    assert rows.find(paths.raw(shelf.folder / "r\u00e9sum\u00e9.mp3")) == found[1]
    assert rows.find(paths.raw(shelf.folder / "other.mp3")) is None
    assert rows.find(paths.raw(shelf.folder)) is None
    assert rows.find(paths.raw(shelf.folder.with_name("music2") / "a b.mp3")) is None


def test_the_exact_name_wins_over_its_twin(shelf: Shelf) -> None:
    for name in ("caf\u00e9.mp3", "cafe\u0301.mp3"):
        (shelf.folder / name).write_text(name)
    shelf.scan()
    for name in ("caf\u00e9.mp3", "cafe\u0301.mp3"):
        key = shelf.library.rows.find(paths.raw(shelf.folder / name))
        assert key is not None
        assert shelf.library.rows.paths([key])[key] == paths.raw(shelf.folder / name)


def test_a_single_file_as_a_folder_of_its_own(shelf: Shelf) -> None:
    path = shelf.write("single.mp3", "A")
    shelf.scan(path)
    while shelf.embed():
        pass
    [row] = shelf.rows()
    assert row.path == paths.raw(path)
    assert shelf.library.rows.find(paths.raw(path)) == row.file_id


def test_facts_are_those_of_tracks_that_can_be_played_now(shelf: Shelf, tmp_path: Path) -> None:
    for name, content in (("a", "A"), ("copy", "A"), ("gone", "G"), ("unread", "U")):
        shelf.write(f"{name}.mp3", content)
    drive = tmp_path / "drive"
    drive.mkdir()
    (drive / "x.mp3").write_text("X")
    shelf.scan(shelf.folder, drive)
    unread = shelf.row("unread.mp3").file_id
    shelf.record(*(shelf.outcome(c) for c in shelf.candidates(busy=(unread,))))
    (shelf.folder / "gone.mp3").unlink()
    shelf.scan()
    shelf.library.roots.set_online(shelf.library.roots.all()[1].id, online=False)
    facts = shelf.library.rows.facts()
    row = shelf.row("a.mp3")
    assert set(facts) == {row.track_id}
    fact = facts[row.track_id or 0]
    assert (fact.file_id, fact.title, fact.artist, fact.seconds) == (row.file_id, "a", "", 1.0)
    gone, offline = shelf.row("gone.mp3"), shelf.library.rows.find(paths.raw(drive / "x.mp3"))
    assert gone.track_id is not None
    assert shelf.library.rows.files_of([gone.track_id]) == {}
    [away] = shelf.library.rows.page(1, PLAN, [offline or 0])
    assert away.track_id is not None
    assert shelf.library.rows.files_of([away.track_id]) == {away.track_id: offline}


@settings(max_examples=30)
@given(st.lists(st.integers(-5, 60), max_size=30))
def test_pages_of_any_ids(many: Library, ids: list[int]) -> None:
    assert [row.file_id for row in many.rows.page(1, PLAN, ids)] == [key for key in ids if key >= 1]
