from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from core.evaluation import datasets
from core.evaluation.spec import TaskSpec
from core.library.store import Library
from tests.dataset_tools import clip, counted, hold, library, task, told, track

__all__ = ["library"]


def write(folder: Path, genre: str, artist: str, album: str, n: int = 2, **tags: str) -> None:
    for number in range(n):
        clip(folder / genre.replace("/", "-") / f"{artist} - {album}" / f"{number}.mp3", genre=genre, artist=artist,
             album=album, title=f"{album} {number}", **tags)  # fmt: skip


@pytest.fixture
def music(library: Library, tmp_path: Path) -> Path:
    here = tmp_path / "music"
    for (genre, artist), album in product((("Rock", "A"), ("Rock", "B"), ("jazz", "C"), ("Jazz", "D")), "12"):
        write(here, genre, artist, f"{artist}{album}", date=f"{1990 + 5 * int(album)}")
    write(here, "Polka", "E", "E1", 3)
    write(here, "Rock; Jazz", "F", "F1", 1)
    clip(here / "loose.mp3", title="Loose")
    hold(library, here)
    return here


def test_genres_are_asked_album_by_album(library: Library, music: Path) -> None:
    found = task(library, "field", fewest=3)
    assert (found.name, found.kind, found.names) == ("My music: genre", "class", ("Jazz", "Rock"))
    assert set(told(library, found, music).values()) == {"Jazz", "Rock"}
    assert len(found.items) == 16
    assert np.bincount(found.groups).tolist() == [2] * 8
    assert counted(found) == (16, 21, 5)
    assert found.missing[1:] == (
        "3 have a value that one album alone has, so it cannot be both learned and asked about.",
        "1 have several values of genre.",
        "1 have no genre.",
        "Tracks of one album are kept together.",
    )


@pytest.mark.parametrize(("group", "groups"), [("artist", 4), ("folder", 8), ("track", 19)])
def test_more_or_less_is_kept_together(library: Library, music: Path, group: str, groups: int) -> None:
    found = task(library, "field", group=group, fewest=3)
    assert len(set(found.groups.tolist())) == groups
    assert ("Polka" in found.names) == (group == "track")


def test_rare_values_are_left_out(library: Library, music: Path) -> None:
    found = task(library, "field", fewest=4, group="track")
    assert found.names == ("Jazz", "Rock")
    assert "3 have a value that fewer than 4 tracks share." in found.missing
    with pytest.raises(UserError, match="Fewer than two values of genre"):
        task(library, "field", fewest=9)


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("artist", ("A", "B", "C", "D")),
        ("album", ("A1 (A)", "A2 (A)", "B1 (B)", "B2 (B)", "C1 (C)", "C2 (C)", "D1 (D)", "D2 (D)", "E1 (E)")),
        ("year", ("1990s", "2000s")),
    ],
)
def test_other_fields_can_be_asked(library: Library, music: Path, field: str, names: tuple[str, ...]) -> None:
    found = task(library, "field", field=field, fewest=2)
    assert found.names == names
    assert ("Nothing is kept together: each value is on one album alone." in found.missing) == (
        field == "album"
    )


def test_many_tracks_of_several_genres_make_tags(library: Library, music: Path) -> None:
    write(music, "Rock; Jazz", "G", "G1", 2)
    hold(library, music)
    found = task(library, "field", fewest=3)
    assert (found.kind, found.names) == ("tags", ("Jazz", "Rock"))
    assert told(library, found, music)["Rock; Jazz/G - G1/0.mp3"] == ("Jazz", "Rock")
    assert counted(found) == (19, 23, 4)
    assert task(library, "field", fewest=3, kind="class").kind == "class"


def test_a_persons_own_labels_are_tags(library: Library, music: Path) -> None:
    paths = sorted(music.rglob("*.mp3"))
    tracks = [track(library, path) for path in paths]
    library.labels.set(tracks[:10], "calm")
    library.labels.set(tracks[5:15], "Loud")
    found = task(library, "field", field="label")
    assert (found.kind, found.names) == ("tags", ("Loud", "calm"))
    assert told(library, found, music)[paths[7].relative_to(music).as_posix()] == ("Loud", "calm")
    assert counted(found) == (15, 21, 6)


def test_folders_are_asked_by_their_name(library: Library, music: Path) -> None:
    found = task(library, "folders", depth=2)
    assert found.name == "My music: folder, 2 above the file"
    assert told(library, found, music)["jazz/C - C1/0.mp3"] == "Jazz"
    assert found.names == ("Jazz", "Rock")
    with pytest.raises(UserError, match="counted from 1"):
        task(library, "folders", depth=0)


def test_another_folder_can_be_asked_in_the_same_way(library: Library, tmp_path: Path) -> None:
    for number, name in enumerate(("waltz", "tango")):
        for i in range(6):
            clip(tmp_path / "ballroom" / name / f"{number}{i}.wav")
    found = task(library, "folders", tmp_path / "ballroom")
    assert (found.names, len(found.items)) == (("tango", "waltz"), 12)
    assert "Nothing is kept together: each value is on one album alone." in found.missing
    assert [root.kind for root in library.roots.all()] == ["dataset"]


def test_albums_are_playlists(library: Library, music: Path) -> None:
    shutil.copy(music / "Rock" / "A - A1" / "0.mp3", music / "Rock" / "A - A1" / "again.mp3")
    hold(library, music)
    found = task(library, "albums")
    assert found.kind == "playlists"
    assert len(found.names) == 10
    assert "C: C1" in found.names
    own = {found.names[number] for number, row in found.targets.tolist() if row == 0}
    assert len(own) == 1
    assert counted(found) == (20, 22, 2)
    assert found.missing[1:] == (
        "1 have no album in their tags.",
        "1 listed again in one playlist, counted once.",
    )


def test_folders_are_playlists_where_tags_say_little(library: Library, music: Path) -> None:
    found = task(library, "albums", by="folder")
    assert len(found.names) == 11
    assert {"A - A1", "music"} <= set(found.names)
    assert (len(found.items), found.missing) == (21, ())


def test_what_programs_write_for_nothing_is_nothing(library: Library, tmp_path: Path) -> None:
    said = [
        "(None)",
        "<Unknown>",
        "Unknown Artist",
        "n/a",
        "-",
        " ",
        "Various Artists",
        "!!!",
        "The Other Ones",
    ]
    for number, artist in enumerate(said):
        for album in "ab":
            clip(tmp_path / "music" / f"{number}{album}.mp3", artist=artist, album=album)
    hold(library, tmp_path / "music")
    assert task(library, "field", field="artist", fewest=2).names == ("!!!", "The Other Ones")
    assert "14 have no artist." in task(library, "field", field="artist", fewest=2).missing


def test_the_report_asks_nothing(library: Library, music: Path) -> None:
    spec = TaskSpec(kind="report")
    assert datasets.find("report").root(spec) is None
    assert datasets.find("report").tasks(spec, datasets.Catalogue.of_music(library)) == []


def test_one_sound_on_two_albums_is_one_track(library: Library, music: Path) -> None:
    """With one genre it counts once, with two it is left out: nobody could say which is right."""
    for source, target in (
        ("Rock/A - A1/0.mp3", "Rock/B - B1/x.mp3"),
        ("Rock/A - A2/0.mp3", "jazz/C - C1/x.mp3"),
    ):
        shutil.copy(music / source, music / target)
    clip(music / "y.mp3")
    hold(library, music)
    found = task(library, "folders", depth=2, fewest=2)
    assert "1 with the very sound of others, counted once with these." in found.missing
    assert (
        "2 with the very sound of others, which are labelled otherwise or in another part of the split."
        in found.missing
    )
