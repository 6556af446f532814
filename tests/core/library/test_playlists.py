from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from core.errors import UserError
from core.library.store import Library
from core.playlist import Entry
from tests.shelf import Shelf


@pytest.fixture
def tracks(shelf: Shelf) -> list[int]:
    for name in "abcd":
        shelf.write(f"album/{name}.mp3", name.upper())
    shelf.both()
    return [shelf.row(f"album/{name}.mp3").track_id or 0 for name in "abcd"]


def titles(shelf: Shelf, playlist: int) -> list[str]:
    return [item.title for item in shelf.library.playlists.items(playlist)]


def test_a_list_keeps_its_order_and_what_is_known_of_its_tracks(shelf: Shelf, tracks: list[int]) -> None:
    a, b, c, _ = tracks
    made = shelf.library.playlists.create("Sunday", [c, a, b, a], "path", {"seeds": [c, b]})
    assert (made.name, made.kind, made.rule, made.n) == ("Sunday", "path", {"seeds": [c, b]}, 4)
    items = shelf.library.playlists.items(made.id)
    assert [item.track_id for item in items] == [c, a, b, a]
    assert [item.position for item in items] == [0, 1, 2, 3]
    assert [item.title for item in items] == ["c", "a", "b", "a"]
    row = shelf.row("album/c.mp3")
    assert (items[0].file_id, items[0].raw_path) == (row.file_id, row.path)


def test_it_is_there_when_the_library_is_opened_again(shelf: Shelf, tracks: list[int]) -> None:
    made = shelf.library.playlists.create("Sunday", tracks)
    with Library(shelf.library.path) as again:
        assert again.playlists.all() == [made]
        assert [item.track_id for item in again.playlists.items(made.id)] == tracks


def test_names_are_unique_and_readable(shelf: Shelf, tracks: list[int]) -> None:
    lists = shelf.library.playlists
    made = [lists.create(name) for name in ("Été", "  été ", "Zoo", "aaa", "Été")]
    assert [one.name for one in made] == ["Été", "été 2", "Zoo", "aaa", "Été 3"]
    assert [one.name for one in lists.all()] == ["aaa", "Été", "été 2", "Été 3", "Zoo"]
    assert lists.rename(made[0].id, "ZOO 2").name == "ZOO 2"
    assert lists.rename(made[0].id, "zoo 2").name == "zoo 2"  # its own name in other letters is no clash
    with pytest.raises(UserError, match="called zoo already"):
        lists.rename(made[0].id, "zoo")
    for name in ("", " \n\t", "x" * 201):
        with pytest.raises(UserError, match="between 1 and 200 letters"):
            lists.create(name)
    assert len(lists.all()) == 5
    found = lists.find("ZOO")
    assert found is not None
    assert found.id == made[2].id
    assert lists.find("none") is None


def test_long_names_get_their_number_too(shelf: Shelf) -> None:
    names = {shelf.library.playlists.create("x" * 200).name for _ in range(3)}
    assert len(names) == 3
    assert max(map(len, names)) == 200


def test_places_are_reordered_taken_out_and_put_back(shelf: Shelf, tracks: list[int]) -> None:
    lists = shelf.library.playlists
    made = lists.create("L", tracks)
    before = lists.items(made.id)
    assert lists.reorder(made.id, [3, 0, 2, 99]).n == 3
    assert titles(shelf, made.id) == ["d", "a", "c"]
    lists.set_items(made.id, before)
    assert lists.items(made.id) == before
    lists.add(made.id, [tracks[0], before[1]])
    assert titles(shelf, made.id) == ["a", "b", "c", "d", "a", "b"]
    assert [item.position for item in lists.items(made.id)] == list(range(6))
    assert lists.set_items(made.id, tracks[:1], rule={"n": 1}).rule == {"n": 1}
    assert lists.set_items(made.id, tracks[:2]).rule == {"n": 1}


def test_a_list_that_was_deleted_comes_back_as_it_was(shelf: Shelf, tracks: list[int]) -> None:
    lists = shelf.library.playlists
    made = lists.create("L", tracks, "radio", {"n": 4})
    items = lists.items(made.id)
    lists.delete(made.id)
    lists.delete(made.id)
    assert lists.all() == []
    again = lists.create(made.name, items, made.kind, made.rule)
    assert (again.name, again.kind, again.rule, again.n) == ("L", "radio", {"n": 4}, 4)
    assert again.id != made.id
    assert lists.items(again.id) == items


def test_what_is_gone_says_so(shelf: Shelf, tracks: list[int]) -> None:
    lists = shelf.library.playlists
    for change in (
        lambda: lists.get(7), lambda: lists.items(7), lambda: lists.rename(7, "x"),
        lambda: lists.set_items(7, tracks), lambda: lists.add(7, tracks), lambda: lists.reorder(7, [0]),
    ):  # fmt: skip
        with pytest.raises(UserError, match="playlist is gone"):
            change()
    assert lists.create("L", [10**6, tracks[0]]).n == 1


def test_a_place_outlives_its_file_and_its_track(shelf: Shelf, tracks: list[int]) -> None:
    lists = shelf.library.playlists
    made = lists.create("L", tracks[:2])
    path = lists.items(made.id)[0].raw_path
    (shelf.folder / "album/a.mp3").unlink()
    shelf.scan()
    gone = lists.items(made.id)[0]
    assert (gone.track_id, gone.file_id, gone.title, gone.raw_path) == (tracks[0], None, "a", path)
    shelf.write("album/a.mp3", "A")
    shelf.both()
    assert lists.items(made.id)[0].file_id == shelf.row("album/a.mp3").file_id
    with sqlite3.connect(shelf.library.path) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM file")
        connection.execute("DELETE FROM track")
    connection.close()
    assert [(item.track_id, item.title) for item in lists.items(made.id)] == [(None, "a"), (None, "b")]


def test_a_place_without_a_track_has_one_when_its_file_comes(shelf: Shelf, tracks: list[int]) -> None:
    lists = shelf.library.playlists
    path = os.fsencode(shelf.folder / "later.mp3")
    made = lists.import_entries("L", [Entry(path, "Later"), Entry(b"/nowhere/x.mp3", "Never")]).playlist
    assert [item.track_id for item in lists.items(made.id)] == [None, None]
    shelf.write("later.mp3", "LATER")
    shelf.both()
    row = shelf.row("later.mp3")
    assert [(item.track_id, item.file_id) for item in lists.items(made.id)] == [
        (row.track_id, row.file_id), (None, None),
    ]  # fmt: skip
    # Writing the list again keeps the place that still has none.
    lists.reorder(made.id, [1, 0])
    assert titles(shelf, made.id) == ["Never", "later"]


def test_a_moved_file_is_followed(shelf: Shelf, tracks: list[int]) -> None:
    made = shelf.library.playlists.create("L", tracks[:1])
    (shelf.folder / "album/a.mp3").rename(shelf.folder / "moved.mp3")
    shelf.both()
    item = shelf.library.playlists.items(made.id)[0]
    assert (item.track_id, item.raw_path) == (tracks[0], os.fsencode(shelf.folder / "moved.mp3"))


def test_entries_of_other_programs_keep_what_is_missing(shelf: Shelf, tracks: list[int]) -> None:
    shelf.write("one/01.mp3", "N1")
    shelf.write("two/01.mp3", "N2")
    shelf.write("three/two/01.mp3", "N3")
    shelf.both()
    here = os.fsencode(shelf.folder)
    entries = [
        Entry(here + b"/album/b.mp3"),
        Entry(rb"D:\Music\Album\c.mp3", "other title"),  # another machine's place of the same folder and name
        Entry(b"/elsewhere/one/01.mp3"),
        Entry(b"/elsewhere/two/01.mp3"),  # two files end so: none is guessed
        Entry(b"/elsewhere/a.mp3", "Song", "Singer"),  # a name alone says too little
    ]
    made = shelf.library.playlists.import_entries("From elsewhere", entries)
    assert (made.found, made.missing, made.moved) == (3, 2, 2)
    items = shelf.library.playlists.items(made.playlist.id)
    assert [item.track_id for item in items[:2]] == tracks[1:3]
    assert items[2].raw_path == here + b"/one/01.mp3"
    assert [(item.track_id, item.title, item.artist, item.raw_path) for item in items[3:]] == [
        (None, "01", "", b"/elsewhere/two/01.mp3"), (None, "Song", "Singer", b"/elsewhere/a.mp3"),
    ]  # fmt: skip
    assert made.playlist.kind == "import"


def test_names_in_another_unicode_spelling_are_found(shelf: Shelf) -> None:
    shelf.write("Mo\u0308tley.mp3", "M")
    shelf.both()
    path = os.fsencode(shelf.folder) + "/M\u00f6tley.mp3".encode()
    assert shelf.library.playlists.import_entries("L", [Entry(path)]).found == 1


def test_long_lists_are_written_and_read(shelf: Shelf, tracks: list[int], tmp_path: Path) -> None:
    made = shelf.library.playlists.create("L", tracks * 2500)
    assert made.n == 10_000
    assert [item.track_id for item in shelf.library.playlists.items(made.id)] == tracks * 2500
