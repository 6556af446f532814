from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from core.library import names


@pytest.mark.parametrize(
    "name", ["mine", "self w0.25", "Größe", "music for 18", "a", "日本", "x" * names.LONGEST, "nully"]
)
def test_names_of_people_are_taken_as_they_are(name: str) -> None:
    assert names.checked(name) == name


def test_a_name_has_one_spelling() -> None:
    assert names.checked(unicodedata.normalize("NFD", "Größe")) == unicodedata.normalize("NFC", "Größe")
    assert names.checked("  mine ") == "mine"


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "../up", "a/b", "a\\b", "c:", "a\nb", "a\0", "\x1b[31m", "a\u202eb", "nul", "COM1.txt",
     ".hidden", "-rf", "end.", "x" * (names.LONGEST + 1), "\udcff", "日" * 79],
)  # fmt: skip
def test_names_that_play_tricks_are_refused(name: str) -> None:
    with pytest.raises(UserError):
        names.checked(name)
    assert names.checked(names.proposal(name, "run")), "there is always a name to propose"


@given(st.text(max_size=200))
def test_what_is_proposed_is_a_name_and_makes_a_file(text: str) -> None:
    proposed = names.proposal(text, "run")
    assert names.checked(proposed) == proposed
    assert Path("folder", proposed).parent == Path("folder")
    assert len(proposed.encode()) < 240, "a file's name has at most 255 bytes"


def test_an_unused_name_counts_on() -> None:
    assert names.unused("a", []) == "a"
    assert names.unused("a", ["A", "a-2"]) == "a-3"
    long = "x" * names.LONGEST
    assert names.checked(names.unused(long, [long])) != long
