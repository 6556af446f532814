from __future__ import annotations

from core.evaluation.said import Said, listed, titled, told

TITLES = {"mfcc": "Timbre (MFCC)", "earmap-2": "Earmap 2"}


def title(name: str) -> str:
    return TITLES.get(name, name)


def test_a_sentence_is_its_names_until_it_is_titled() -> None:
    note = listed("Not measured for ", ["mfcc", "own", "earmap-2"], ".")
    assert note == "Not measured for mfcc, own, earmap-2."
    assert titled(note, title) == "Not measured for Timbre (MFCC), own, Earmap 2."


def test_what_is_said_of_each_stays_beside_its_name() -> None:
    note = told("Heard: ", [("mfcc", " 7"), ("earmap-2", " 8 of mfcc")], ".", "; ")
    assert note == "Heard: mfcc 7; earmap-2 8 of mfcc."
    assert note.titled(title) == "Heard: Timbre (MFCC) 7; Earmap 2 8 of mfcc.", (
        "text that looks like a name is text"
    )


def test_nobody_and_plain_notes() -> None:
    assert listed("None", [], ".") == titled(listed("None", [], "."), title) == "None."
    assert titled("mfcc is a name", title) == "mfcc is a name"
    assert isinstance(listed("None", [], "."), Said)
