from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from core.evaluation.datasets.building import classes
from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.entries import Entry, Tally
from core.evaluation.datasets.names import artist_key, artist_keys, title_key
from core.library.listing import ListedFile
from core.library.store import Library
from tests.dataset_tools import clip, hold, library, track

__all__ = ["library"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Beatles", "Beatles, The"),
        ("Beyoncé", "BEYONCE"),
        ("Guns N' Roses", "guns n’ roses"),
        ("Simon & Garfunkel", "Simon and Garfunkel"),
        ("Santana feat. Rob Thomas", "Santana"),
        ("AC/DC", "AC-DC"),
        ("The The", "The"),
        ("Motörhead (ft. Ozzy)", "Motorhead"),
    ],
)
def test_one_artist_has_one_key(one: str, other: str) -> None:
    assert artist_key(one) == artist_key(other) != ""


def test_different_artists_and_titles_keep_different_keys() -> None:
    names = ["The Who", "Who Cares", "!!!", "???", "Prince", "Queen", "Queen + Paul Rodgers", "Feat"]
    assert len({artist_key(name) for name in names}) == len(names)
    titles = ["Let It Be", "Let It Be (Live)", "Let It Be (Remix)", "Let It Bleed"]
    assert len({title_key(title) for title in titles}) == len(titles)
    assert title_key("Let It Be - Remastered 2009") == title_key("Let it be!") == "let it be"
    assert title_key("Don`t Cry") == title_key("Don't cry") == title_key("DON´T CRY")
    assert artist_keys("Air; Beck") == {"air", "beck", "air beck"}


@given(st.text(max_size=30))
def test_any_name_has_a_key_that_is_stable(name: str) -> None:
    assert artist_key(name) or not any(letter.isalnum() for letter in name)
    assert artist_key(name) == artist_key(name.strip())
    assert "" not in artist_keys(name)


@pytest.fixture
def music(library: Library, tmp_path: Path) -> Path:
    here = tmp_path / "music"
    for name in ("A/x.mp3", "A/x.flac", "B/x.mp3", "B/y.mp3", "z.mp3"):
        clip(here / name)
    (here / "B" / "broken.mp3").write_bytes(b"no music")
    hold(library, here)
    return here


def test_a_file_is_found_by_as_much_of_its_path_as_agrees(library: Library, music: Path) -> None:
    catalogue = Catalogue.of_music(library)
    named = {file.path: file for file in catalogue.files}
    assert catalogue.exactly(bytes(music / "A" / "x.mp3")) == named[bytes(music / "A" / "x.mp3")]
    assert catalogue.exactly(bytes(music / "x.mp3")) is None
    found = {
        asked: catalogue.like(asked)
        for asked in (
            "/q/A/x.mp3",
            "a\\X.FLAC",
            "B/x.ogg",
            "y",
            "C/y.mp3",
            "x.mp3",
            "A/x.ogg",
            "",
            "/",
            "z.mp3",
        )
    }
    assert {asked: file and file.path[len(bytes(music)) + 1 :] for asked, file in found.items()} == {
        "/q/A/x.mp3": b"A/x.mp3",
        "a\\X.FLAC": b"A/x.flac",
        "B/x.ogg": b"B/x.mp3",
        "y": b"B/y.mp3",
        "C/y.mp3": None,
        "x.mp3": None,
        "A/x.ogg": None,
        "": None,
        "/": None,
        "z.mp3": b"z.mp3",
    }
    assert catalogue.like("C/y.mp3", agree=1) == catalogue.like("y")


def test_states_say_why_a_file_cannot_be_asked_about(library: Library, music: Path, tmp_path: Path) -> None:
    clip(music / "new.mp3")
    library.roots.add(bytes(tmp_path / "unplugged"), "music")
    (music / "z.mp3").unlink()
    from tests.library_tools import run_job

    run_job(library, "scan")
    problems = {file.parts[-1]: file.problem for file in Catalogue.of_music(library).files}
    assert problems["new.mp3"] == "have not been read yet"
    assert problems["z.mp3"] == "are gone from the disk"
    assert problems["broken.mp3"].startswith("cannot be read: ")
    assert problems["y.mp3"] == ""
    library.roots.set_online(library.roots.all()[0].id, online=False)
    assert Catalogue.of_music(library).files[0].problem == "are on a drive that cannot be reached"


def test_a_part_of_a_root_is_seen_from_within(library: Library, music: Path) -> None:
    inside = Catalogue.of_root(library, bytes(music / "B"))
    assert [file.raw_path for file in inside.files] == [b"broken.mp3", b"x.mp3", b"y.mp3"]
    assert inside.files[2].path == bytes(music / "B" / "y.mp3")
    assert len(Catalogue.of(library, None)) == 6
    single = Catalogue.of_root(library, bytes(music / "B" / "y.mp3"))
    assert [file.parts for file in single.files] == [("y.mp3",)]
    with pytest.raises(UserError, match="has not been looked through yet"):
        Catalogue.of_root(library, bytes(music.parent))


def test_labels_come_with_their_tracks(library: Library, music: Path) -> None:
    library.labels.set([track(library, music / "B" / "y.mp3")], 'so-called "calm"')
    labels = {file.parts[-1]: file.labels for file in Catalogue.of_music(library).files}
    assert labels["y.mp3"] == ('so-called "calm"',)
    assert labels["x.mp3"] == ()


def listed(number: int, state: str = "ok", reason: str = "") -> ListedFile:
    return ListedFile(
        b"/r", b"%d" % number, number, True, True, state, reason, 1.0, "", "", "", "", "", None, "[]"
    )


@given(
    st.lists(
        st.tuples(st.none() | st.integers(1, 5), st.sampled_from("ab"), st.sampled_from(["", "why"]), st.booleans()),
        max_size=20,
    )
)  # fmt: skip
def test_whatever_is_listed_is_used_or_counted(drawn: list[tuple[int | None, str, str, bool]]) -> None:
    entries = [
        Entry(None if n is None else listed(n, "failed" if failed else "ok"), label, problem=problem)
        for n, label, problem, failed in drawn
    ]
    try:
        task = classes("Drawn", entries)
    except UserError:
        return
    used = {n: label for n, label, problem, failed in drawn if n is not None and not problem and not failed}
    assert set(task.items) <= set(used)
    assert {task.items[i]: task.names[k] for i, k in enumerate(task.targets.tolist())}.items() <= used.items()
    if len(task.items) < len(drawn):
        assert task.missing[0] == f"{len(task.items)} of {len(drawn)} listed tracks are used."
        assert sum(int(line.split()[0]) for line in task.missing[1:]) == len(drawn) - len(task.items)
    else:
        assert task.missing == ()


def test_many_reasons_are_told_as_few() -> None:
    tally = Tally(3)
    for number in range(20):
        tally.reasons[f"cannot be read: reason {number}"] += 1 + (number == 4)
    tally.reasons["are gone from the disk"] += 1
    said = tally.sentences()
    assert said[0] == "3 of 25 listed tracks are used."
    assert said[1] == "2 cannot be read: reason 4."
    assert said[-1] == "12 cannot be read for other reasons."
    assert len(said) == 11
    assert sum(int(line.split()[0]) for line in said[1:]) == 22
