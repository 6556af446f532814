from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import Context
from app.notify import Message
from app.playlists import Contents, Playlists
from core.asking import Request
from core.playlist import Entry, write
from tests.scene import Scene
from tests.synthetic import Mix

MIX = Mix(80, folders=1, failed=0, partial=0, skipped=0)


@pytest.fixture
def scene(context: Context, qtbot: QtBot) -> Iterator[Scene]:
    made = Scene(context, qtbot)
    made.fill(MIX)
    made.session.start()
    made.until(lambda: made.session.encoder is not None)
    yield made
    made.close()


def names(playlists: Playlists) -> list[str]:
    return [record.name for record in playlists.records]


def contents(scene: Scene, name: str) -> Contents:
    found: list[Contents] = []
    record = next(record for record in scene.playlists.records if record.name == name)
    scene.playlists.ask(record.id, found.append)
    scene.until(lambda: bool(found))
    return found[0]


def tracks(scene: Scene, name: str) -> list[int | None]:
    return [place.item.track_id for place in contents(scene, name).places]


def test_changes_are_written_in_the_order_in_which_they_were_made(scene: Scene) -> None:
    playlists = scene.playlists
    playlists.create("Sunday", [1, 2, 3])
    scene.until(lambda: names(playlists) == ["Sunday"])
    key = playlists.records[0].id
    for order in ([3, 2, 1], [2, 1, 3], [1, 3, 2]):  # faster than the database
        playlists.set_places(key, order)
    playlists.add(key, [9])
    playlists.rename(key, "Monday")
    scene.until(lambda: names(playlists) == ["Monday"] and playlists.records[0].n == 4)
    assert tracks(scene, "Monday") == [1, 3, 2, 9]


def test_a_list_that_was_removed_comes_back_as_it_was(scene: Scene) -> None:
    playlists = scene.playlists
    rule = Request("similar", "mfcc", "whole", (1,)).rule()
    playlists.create("Like it", [4, 5], "similar", rule)
    scene.until(lambda: names(playlists) == ["Like it"])
    playlists.remove(playlists.records[0].id)
    scene.until(lambda: not playlists.records)
    playlists.restore()
    scene.until(lambda: names(playlists) == ["Like it"])
    assert tracks(scene, "Like it") == [4, 5]
    assert playlists.records[0].rule == rule


def test_a_change_that_fails_is_said_and_does_not_hold_up_the_next(
    scene: Scene, messages: list[Message]
) -> None:
    playlists = scene.playlists
    playlists.create("One")
    playlists.create("Two")
    scene.until(lambda: names(playlists) == ["One", "Two"])
    playlists.rename(playlists.records[0].id, "two")
    playlists.create("Three")
    scene.until(lambda: names(playlists) == ["One", "Three", "Two"])
    assert [message.title for message in messages if message.level == "error"] == [
        "There is a playlist called two already."
    ]


def test_a_list_that_is_asked_again_tells_what_was_in_it(scene: Scene, messages: list[Message]) -> None:
    playlists = scene.playlists
    playlists.create("Like it", [70], "similar", Request("similar", "mfcc", "whole", (1,), 5).rule())
    scene.until(lambda: bool(playlists.records))
    before: list[Contents] = []
    playlists.refreshed.connect(before.append)
    playlists.refresh(playlists.records[0].id)
    scene.until(lambda: bool(before))
    assert [place.item.track_id for place in before[0].places] == [70]
    now = tracks(scene, "Like it")
    assert len(now) == 5
    assert 1 not in now
    assert messages[-1].hint == "5 tracks new."


@pytest.mark.parametrize("suffix", [".m3u8", ".xspf"])
def test_a_file_becomes_a_list_that_keeps_what_is_missing(
    scene: Scene, messages: list[Message], tmp_path: Path, suffix: str
) -> None:
    rows = scene.ask(lambda reader: reader.page([7, 3]))
    gone = Entry(b"/nowhere/gone.ogg", "Gone", "Nobody")
    file = tmp_path / f"From afar{suffix}"
    write(file, [Entry(rows[0].path), gone, Entry(rows[1].path)])
    scene.playlists.import_files([bytes(file)])
    scene.until(lambda: names(scene.playlists) == ["From afar"])
    found = contents(scene, "From afar")
    assert [place.item.track_id for place in found.places] == [7, None, 3]
    assert [place.item.title for place in found.places][1] == "Gone"
    assert messages[-1].hint.startswith("1 of them")
    out = tmp_path / f"back{suffix}"
    scene.playlists.export(found, out)
    scene.until(out.exists)
    assert out.read_bytes().count(b"gone.ogg") == 1  # also what is missing here is told to others


def test_a_file_that_is_no_playlist_is_said(scene: Scene, messages: list[Message], tmp_path: Path) -> None:
    (tmp_path / "bad.xspf").write_text("<playlist")
    scene.playlists.import_files([bytes(tmp_path / "bad.xspf")])
    scene.until(lambda: bool(messages))
    assert messages[0].level == "error"
    assert not scene.playlists.records
