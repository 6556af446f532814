from __future__ import annotations

import os
from pathlib import Path

from core.library.records import Read
from tests.library_tools import PLAN
from tests.shelf import Shelf, encoder


def test_two_jobs_begin_at_different_places(shelf: Shelf) -> None:
    for i in range(200):
        shelf.write(f"{i}.mp3", f"C{i}")
    shelf.scan()
    assert len({shelf.candidates(limit=1)[0].file_id for _ in range(10)}) > 5
    shelf.both()
    other = encoder(shelf.library, "other")
    firsts = [shelf.library.files.candidates(other.id, PLAN, 1, [])[0].file_id for _ in range(10)]
    assert len(set(firsts)) > 5


def test_how_often_reading_went_wrong_is_known(shelf: Shelf) -> None:
    path = shelf.write("a.mp3", "A")
    shelf.scan()
    (fresh,) = shelf.candidates()
    assert fresh.failures == 0
    shelf.record(Read(fresh.file_id, "pending", "The decoder crashed."))
    assert [c.failures for c in shelf.candidates()] == [1]
    path.write_text("another content")
    shelf.scan()
    assert [c.failures for c in shelf.candidates()] == [0]


def test_the_oldest_vector_says_how_an_encoders_vectors_are_made(shelf: Shelf) -> None:
    library, key = shelf.library, shelf.encoder.id
    assert library.vectors.made_with(key, PLAN) is None
    for i, made in enumerate((("cuda", "bfloat16"), ("cpu", "float32"))):
        shelf.write(f"{i}.mp3", f"C{i}")
        shelf.scan()
        (candidate,) = shelf.candidates()
        library.files.record([shelf.outcome(candidate)], key, PLAN, *made)
    assert library.vectors.made_with(key, PLAN) == ("cuda", "bfloat16")
    assert library.vectors.made_with(key, "spread-4") is None


def test_some_folders_alone_are_read(shelf: Shelf) -> None:
    for i in range(4):
        shelf.write(f"music/{i}.mp3", f"C{i}")
        shelf.write(f"set/{i}.mp3", f"D{i}")
    shelf.scan(shelf.folder / "music", shelf.folder / "set")
    other, music = (root.id for root in shelf.library.roots.all())  # shorter paths are scanned first
    files, key = shelf.library.files, shelf.encoder.id
    assert files.due(key, PLAN, [other]) == 4
    assert files.due(key, PLAN, [music, other]) == 8
    found = files.candidates(key, PLAN, 100, [], [other])
    assert sorted(Path(os.fsdecode(each.path)).read_text() for each in found) == ["D0", "D1", "D2", "D3"]
    shelf.record(*map(shelf.outcome, found))
    assert files.due(key, PLAN, [other]) == 0
    assert files.candidates(key, PLAN, 100, [], [other]) == []
    assert files.candidates(key, PLAN, 100, [], []) == []
    assert len(files.candidates(key, PLAN, 100, [])) == 4


def test_what_a_person_asked_for_elsewhere_does_not_jump_a_queue_of_some_folders(shelf: Shelf) -> None:
    shelf.write("music/a.mp3", "A")
    shelf.write("set/b.mp3", "B")
    shelf.scan(shelf.folder / "music", shelf.folder / "set")
    other, music = (root.id for root in shelf.library.roots.all())  # shorter paths are scanned first
    (asked,) = shelf.library.files.candidates(shelf.encoder.id, PLAN, 9, [], [music])
    shelf.library.files.prioritise(asked.file_id)
    (found,) = shelf.library.files.candidates(shelf.encoder.id, PLAN, 9, [], [other])
    assert found.path.endswith(b"b.mp3")


def test_a_folders_copy_of_a_track_that_stands_elsewhere_is_due(shelf: Shelf) -> None:
    shelf.write("first/a.mp3", "A")
    shelf.write("second/a.mp3", "A")
    shelf.scan(shelf.folder / "first", shelf.folder / "second")
    while shelf.embed():
        pass
    _, second = (root.id for root in shelf.library.roots.all())
    other = encoder(shelf.library, "other")
    assert shelf.library.files.due(other.id, PLAN, [second]) == 1
    (found,) = shelf.library.files.candidates(other.id, PLAN, 9, [], [second])
    assert found.path.endswith(b"first/a.mp3"), "the file that stands for the track, wherever it lies"
