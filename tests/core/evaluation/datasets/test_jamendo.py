from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import UserError
from core.evaluation.spec import TaskSpec
from core.library.store import Library
from tests.dataset_tools import clip, counted, library, parts, task, tasks, told

__all__ = ["library"]

HEAD = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
GENRE = {
    "train": ["14/214.mp3 artist_14 genre---punkrock", "48/948.mp3 artist_87 genre---rock genre---pop"],
    "validation": ["15/215.mp3 artist_15 genre---rock"],
    "test": ["16/1116.mp3 artist_16 genre---pop genre---punkrock", "99/999.mp3 artist_99 genre---pop"],
}
MOOD = {
    "train": ["14/214.mp3 artist_14 mood/theme---dark"],
    "validation": [],
    "test": ["15/215.mp3 artist_15 mood/theme---happy mood/theme---dark"],
}


def write(folder: Path, family: str, lists: dict[str, list[str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for part, lines in lists.items():
        rows = []
        for line in lines:
            path, artist, *own = line.split(" ")
            key = Path(path).stem
            rows.append("\t".join([f"track_{key:0>7}", artist, "album_1", path, "29.1", *own]))
        (folder / f"autotagging_{family}-{part}.tsv").write_text(HEAD + "".join(f"{row}\n" for row in rows))


@pytest.fixture
def jamendo(tmp_path: Path) -> Path:
    here = tmp_path / "mtg-jamendo"
    for family, lists in (("genre", GENRE), ("moodtheme", MOOD)):
        write(here / "data" / "splits" / "split-0", family, lists)
    for name in ("14/214.mp3", "48/948.low.mp3", "15/215.mp3", "16/1116.mp3"):
        clip(here / "raw_30s" / "audio" / name)
    return here


def test_each_family_of_tags_is_a_task_with_the_official_split(library: Library, jamendo: Path) -> None:
    genre, mood = tasks(library, TaskSpec(kind="jamendo", path=str(jamendo)))
    audio = jamendo / "raw_30s" / "audio"
    assert (genre.name, mood.name) == (
        "MTG-Jamendo: genre (split 0)", "MTG-Jamendo: mood and theme (split 0)",
    )  # fmt: skip
    assert genre.names == ("genre: pop", "genre: punkrock", "genre: rock")
    assert told(library, genre, audio) == {
        "14/214.mp3": ("genre: punkrock",),
        "15/215.mp3": ("genre: rock",),
        "16/1116.mp3": ("genre: pop", "genre: punkrock"),
        "48/948.low.mp3": ("genre: pop", "genre: rock"),
    }
    assert parts(library, genre, audio) == {
        "train": ["14/214.mp3", "48/948.low.mp3"], "validation": ["15/215.mp3"], "test": ["16/1116.mp3"],
    }  # fmt: skip
    assert counted(genre) == (4, 5, 1)
    assert mood.names == ("mood: dark", "mood: happy")
    assert mood.missing == ()


def test_artists_are_groups(library: Library, jamendo: Path) -> None:
    write(
        jamendo / "data" / "splits" / "split-0",
        "genre",
        GENRE | {"validation": ["15/215.mp3 artist_14 genre---x"]},
    )
    found = task(library, "jamendo", jamendo, subset="genre")
    assert found.groups.tolist() == [0, 1, 0, 2]


def test_audio_may_lie_elsewhere(library: Library, jamendo: Path, tmp_path: Path) -> None:
    audio = (jamendo / "raw_30s").rename(tmp_path / "elsewhere")
    found = task(library, "jamendo", jamendo, subset="genre", audio=str(audio))
    assert len(found.items) == 4
    assert [root.raw_path for root in library.roots.all()] == [bytes(audio)]


def test_a_list_without_split_is_read_as_a_whole(library: Library, jamendo: Path) -> None:
    lists = jamendo / "data" / "splits" / "split-0"
    text = HEAD + "".join(p.read_text().removeprefix(HEAD) for p in sorted(lists.glob("*_genre-*")))
    (jamendo / "data" / "autotagging_genre.tsv").write_text(text)
    found = task(library, "jamendo", jamendo, subset="genre", split=3)
    assert found.name == "MTG-Jamendo: genre (no official split)"
    assert (found.official, len(found.items)) == (None, 4)


def test_lists_that_are_not_there_or_broken_are_refused(library: Library, jamendo: Path) -> None:
    with pytest.raises(UserError, match=r"No lists of MTG-Jamendo for instrument \(split 0\)"):
        task(library, "jamendo", jamendo, subset="instrument")
    path = jamendo / "data" / "splits" / "split-0" / "autotagging_genre-train.tsv"
    path.write_text(path.read_text() + "track_1\tartist_1\n")
    with pytest.raises(UserError, match="line 4: no track with tags"):
        task(library, "jamendo", jamendo, subset="genre")
    path.write_text("id,tags\n")
    with pytest.raises(UserError, match="line 1: not the headings"):
        task(library, "jamendo", jamendo, subset="genre")
