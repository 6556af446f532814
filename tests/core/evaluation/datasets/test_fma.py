from __future__ import annotations

import csv
from pathlib import Path

import pytest

from core.errors import UserError
from core.library.store import Library
from tests.dataset_tools import clip, counted, library, parts, task, told

__all__ = ["library"]

HEADINGS = [
    ["", "album", "artist", "set", "set", "track", "track"],
    ["", "comments", "id", "split", "subset", "genre_top", "title"],
    ["track_id", "", "", "", "", "", ""],
]


def metadata(folder: Path, tracks: list[tuple[int, str, str, str, str]]) -> Path:
    """`tracks.csv` of (id, split, subset, genre, artist), with a comment that runs over lines."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "tracks.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [
                *HEADINGS,
                *[
                    [key, 'A "quoted"\nline, and more', artist, split, subset, genre, "Déjà vu"]
                    for key, split, subset, genre, artist in tracks
                ],
            ]
        )
    return folder / "tracks.csv"


TRACKS = [
    (2, "training", "small", "Hip-Hop", "1"),
    (5, "training", "small", "Rock", "2"),
    (140, "validation", "small", "Rock", "3"),
    (1141, "test", "small", "Hip-Hop", "4"),
    (1142, "test", "medium", "Rock", "2"),
    (1143, "training", "large", "", "5"),
    (98567, "training", "small", "Rock", "6"),
    (12000, "training", "small", "Rock", "7"),
    (12001, "test", "small", "Rock", "8"),
    (12002, "test", "small", "Rock", "9"),
]


@pytest.fixture
def fma(tmp_path: Path) -> Path:
    metadata(tmp_path / "fma_metadata", TRACKS)
    here = tmp_path / "fma_small"
    for number in (2, 5, 140, 1141, 1142, 1143, 98567):
        clip(here / f"{number // 1000:03}" / f"{number:06}.mp3", 3.2)
    clip(here / "012" / "012000.mp3", 1.0)
    (here / "012" / "012001.mp3").write_bytes(b"")
    return here


def test_the_small_subset_is_read_with_its_split_and_its_broken_files_counted(
    library: Library, fma: Path
) -> None:
    found = task(library, "fma", fma)
    assert (found.name, found.kind, found.names) == ("FMA small: genre", "class", ("Hip-Hop", "Rock"))
    assert told(library, found, fma) == {
        "000/000002.mp3": "Hip-Hop",
        "000/000005.mp3": "Rock",
        "000/000140.mp3": "Rock",
        "001/001141.mp3": "Hip-Hop",
    }
    assert parts(library, found, fma) == {
        "train": ["000/000002.mp3", "000/000005.mp3"],
        "validation": ["000/000140.mp3"],
        "test": ["001/001141.mp3"],
    }
    assert counted(found) == (4, 8, 4)
    said = " ".join(found.missing)
    assert "1 are known to be broken or too short as published." in said
    assert "1 last less than 3 s, of 30." in said
    assert "1 are listed, and no such file is here." in said
    assert "1 cannot be read: " in said


def test_larger_subsets_hold_the_smaller_and_artists_on_two_sides_are_told(
    library: Library, fma: Path
) -> None:
    found = task(library, "fma", fma, subset="large")
    assert len(found.items) == 5
    assert counted(found) == (5, 10, 5)
    assert "1 have no single top genre." in found.missing
    assert "The official split has 1 groups (artists, recordings) on both sides." in found.missing
    assert len(set(found.groups.tolist())) == 4


def test_the_folder_around_everything_will_do(library: Library, fma: Path) -> None:
    assert len(task(library, "fma", fma.parent).items) == 4
    assert [root.raw_path for root in library.roots.all()] == [bytes(fma)]


def test_without_its_table_it_is_refused(library: Library, fma: Path, tmp_path: Path) -> None:
    table = tmp_path / "fma_metadata" / "tracks.csv"
    elsewhere = table.rename(tmp_path / "elsewhere.csv")
    with pytest.raises(UserError, match=r"tracks\.csv is neither in"):
        task(library, "fma", fma)
    assert len(task(library, "fma", fma, metadata=str(elsewhere)).items) == 4


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("track_id,genre\n2,Rock\n", "set split"),
        ("", "set split"),
        ("\x00\x01\x02", "not a text"),
    ],
)
def test_another_table_is_refused(
    library: Library, fma: Path, tmp_path: Path, content: str, sentence: str
) -> None:
    (tmp_path / "fma_metadata" / "tracks.csv").write_text(content)
    with pytest.raises(UserError, match=sentence):
        task(library, "fma", fma)


def test_a_table_that_breaks_off_is_refused_with_its_line(library: Library, fma: Path) -> None:
    path = fma.parent / "fma_metadata" / "tracks.csv"
    whole = path.read_text("utf-8")
    path.write_text(whole[: whole.rindex("12002") + 20], "utf-8")
    with pytest.raises(UserError, match=r"tracks\.csv, line 2\d"):
        task(library, "fma", fma)
