from __future__ import annotations

from typing import Any

from core.library.store import Library
from tests.library_tools import PLAN
from tests.shelf import Shelf


def tracks(shelf: Shelf) -> list[int]:
    for i in range(3):
        shelf.write(f"{i}.mp3", f"C{i}")
    shelf.both()
    return [int(key) for key in shelf.library.vectors.tracks(shelf.encoder.id, PLAN)]


def answered(library: Library, keys: list[int], **changes: Any) -> Any:
    values: dict[str, Any] = {
        "query": keys[0], "encoder_a": "one", "encoder_b": "other", "weights_a": "1", "weights_b": "2",
        "track_a": keys[1], "track_b": keys[2], "left": "a", "choice": "b",
    }  # fmt: skip
    return library.listening.add(**values | changes)


def test_rounds_of_a_pair_are_told_from_its_side(shelf: Shelf) -> None:
    library, keys = shelf.library, tracks(shelf)
    first = answered(library, keys)
    turned = answered(library, keys, encoder_a="other", encoder_b="one", weights_a="2", weights_b="1")
    answered(library, keys, encoder_b="third")
    tie = answered(library, keys, choice="tie")
    assert library.listening.all(("one", "other")) == [first, turned.turned(), tie]
    seen = library.listening.all(("one", "other"))[1]
    assert (seen.encoder_a, seen.weights_a, seen.track_a, seen.left, seen.choice) == (
        "one",
        "1",
        keys[2],
        "b",
        "a",
    )
    assert seen.turned() == turned
    assert [each.choice for each in library.listening.all(("other", "one"))] == ["a", "b", "tie"]
    assert len(library.listening.all()) == 4


def test_rounds_stand_as_they_were_answered_whichever_was_written_first(shelf: Shelf) -> None:
    library, keys = shelf.library, tracks(shelf)
    later = answered(library, keys, answered_at=1_000_000_000.5)
    earlier = answered(library, keys, answered_at=1_000_000_000.25)
    now = answered(library, keys)
    assert library.listening.all() == [earlier, later, now]


def test_forgetting_a_pair_leaves_the_others(shelf: Shelf) -> None:
    library, keys = shelf.library, tracks(shelf)
    answered(library, keys)
    answered(library, keys, encoder_a="other", encoder_b="one")
    third = answered(library, keys, encoder_b="third")
    assert library.listening.clear(("other", "one")) == 2
    assert library.listening.all() == [third]
