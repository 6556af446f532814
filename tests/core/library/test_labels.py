from __future__ import annotations

import pytest

from core.errors import UserError
from tests.shelf import Shelf


@pytest.fixture
def tracks(shelf: Shelf) -> list[int]:
    for name, content in (("a", "A"), ("b", "B"), ("copy of a", "A")):
        shelf.write(f"{name}.mp3", content)
    shelf.both()
    return [shelf.row(f"{name}.mp3").track_id or 0 for name in ("a", "b")]


def test_labels_are_set_listed_and_removed(shelf: Shelf, tracks: list[int]) -> None:
    labels = shelf.library.labels
    assert labels.set(tracks, "  Sunday\nmorning ") == 2
    assert labels.set([*tracks, 10**6], "Sunday morning") == 0
    assert labels.set(tracks[:1], "\u00c9t\u00e9") == 1
    assert labels.set(tracks[:1], "zorn") == 1
    assert labels.all() == [("\u00c9t\u00e9", 1), ("Sunday morning", 2), ("zorn", 1)]
    assert labels.of([*tracks, 10**6]) == {
        tracks[0]: ("\u00c9t\u00e9", "Sunday morning", "zorn"), tracks[1]: ("Sunday morning",),
    }  # fmt: skip
    assert labels.remove(tracks, "zorn") == 1
    assert labels.remove(tracks, "zorn") == 0
    assert [label for label, _ in labels.all()] == ["\u00c9t\u00e9", "Sunday morning"]


def test_labels_of_data_sets_are_kept_apart(shelf: Shelf, tracks: list[int]) -> None:
    labels = shelf.library.labels
    labels.set(tracks[:1], "Jazz", field="genre")
    labels.set(tracks[:1], "Jazz")
    assert labels.all("genre") == labels.all() == [("Jazz", 1)]
    labels.remove(tracks, "Jazz")
    assert labels.all("genre") == [("Jazz", 1)]
    assert labels.all() == []


def test_rows_show_them_and_bear_a_new_revision(shelf: Shelf, tracks: list[int]) -> None:
    rows = shelf.library.rows
    seen = rows.revision()
    shelf.library.labels.set(tracks[:1], "calm")
    copies = [row.file_id for row in (shelf.row("a.mp3"), shelf.row("copy of a.mp3"))]
    assert sorted(rows.changed_since(seen).tolist()) == sorted(copies)
    assert [row.labels for row in shelf.rows("label:calm")] == ["calm"]
    seen = rows.revision()
    shelf.library.labels.remove(tracks[:1], "calm")
    assert len(rows.changed_since(seen)) == 2
    assert shelf.rows("label:calm") == []


def test_labels_follow_the_content(shelf: Shelf, tracks: list[int]) -> None:
    shelf.library.labels.set(tracks, "calm")
    (shelf.folder / "b.mp3").rename(shelf.folder / "moved.mp3")
    shelf.both()
    assert shelf.row("moved.mp3").labels == "calm"


@pytest.mark.parametrize("label", ["", "  \t\n", "\0", "x" * 201])
def test_a_label_needs_a_name_of_some_letters(shelf: Shelf, tracks: list[int], label: str) -> None:
    with pytest.raises(UserError, match="between 1 and 200 letters"):
        shelf.library.labels.set(tracks, label)
    assert shelf.library.labels.all() == []


def test_any_letters_will_do(shelf: Shelf, tracks: list[int]) -> None:
    for label in ("100%", "it's; DROP TABLE label", "\U0001f600", "x" * 200, "a, b"):
        assert shelf.library.labels.set(tracks, label) == 2
    assert len(shelf.library.labels.of(tracks)[tracks[0]]) == 5
    assert [row.title for row in shelf.rows("label:100%")] == ["a", "b"]
