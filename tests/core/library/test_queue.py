from __future__ import annotations

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
