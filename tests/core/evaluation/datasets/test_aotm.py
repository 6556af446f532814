from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import UserError
from core.library.store import Library
from tests.dataset_tools import clip, counted, hold, library, task, track

__all__ = ["library"]

MUSIC = {
    "a.mp3": {"artist": "The Beatles", "title": "Let It Be (Remastered 2009)"},
    "b.mp3": {"artist": "Björk", "title": "Jóga"},
    "c.mp3": {"artist": "Simon & Garfunkel", "title": "The Boxer"},
    "d.mp3": {"artist": "Santana", "title": "Smooth"},
    "e.mp3": {"artist": "Various", "album_artist": "Guns N' Roses", "title": "Don't Cry"},
    "f.mp3": {"artist": "The Beatles", "title": "Let It Be (Live)"},
}


def mix(number: int, category: str, *tracks: Any) -> dict[str, Any]:
    return {
        "mix_id": number,
        "category": category,
        "user": {"mixes_posted": 3},
        "timestamp": "2005-02-23",
        "filtered_lists": [["SOABC"]],
        "playlist": [[each, None] for each in tracks],
    }


MIXES = [
    mix(1, "Mixed Genre", ["Beatles, The", "let it be"], ["Bjork", "Joga"], ["Nobody", "Nothing"]),
    mix(2, "Rock", ["simon and garfunkel", "The Boxer"], ["Santana feat. Rob Thomas", "Smooth"]),
    mix(3, "Rock", ["GUNS N ROSES", "Don’t Cry"], ["Bjork", "Joga"], ["BJORK", "joga!"], "odd", [None, None]),
]


@pytest.fixture
def music(library: Library, tmp_path: Path) -> Path:
    here = tmp_path / "music"
    for name, tags in MUSIC.items():
        clip(here / name, **tags)
    hold(library, here)
    return here


def write(folder: Path, content: object) -> Path:
    path = folder / "aotm2011_playlists.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8")
    return path


def lists(library: Library, music: Path, **how: Any) -> dict[str, list[str]]:
    found = task(library, "aotm", how.pop("path"), **how)
    names = {track(library, music / name): name for name in MUSIC}
    together: dict[str, list[str]] = {name: [] for name in found.names}
    for number, row in found.targets.tolist():
        together[found.names[number]].append(names[int(found.items[row])])
    return together


def test_tracks_are_found_as_people_write_them(library: Library, music: Path, tmp_path: Path) -> None:
    path = write(tmp_path, MIXES)
    assert lists(library, music, path=path) == {
        "mix 1": ["a.mp3", "b.mp3"],
        "mix 2": ["c.mp3", "d.mp3"],
        "mix 3": ["e.mp3", "b.mp3"],
    }
    found = task(library, "aotm", path)
    assert counted(found) == (6, 10, 4)
    said = " ".join(found.missing)
    assert "1 are no track of the library, by artist and title." in said
    assert "1 listed again in one playlist" in said
    assert "2 have no artist or no title in the list." in said


def test_categories_choose(library: Library, music: Path, tmp_path: Path) -> None:
    path = write(tmp_path, MIXES)
    assert list(lists(library, music, path=path, category="rock")) == ["mix 2", "mix 3"]
    with pytest.raises(UserError, match="There are: Rock, Mixed Genre"):
        task(library, "aotm", path, category="Jazz")


def test_audio_of_a_data_set_can_be_asked_instead(library: Library, music: Path, tmp_path: Path) -> None:
    path = write(tmp_path, [mix(1, "", ["Solo", "Song"], ["Bjork", "Joga"])])
    clip(tmp_path / "clips" / "x.mp3", artist="Solo", title="Song")
    assert len(task(library, "aotm", path, audio=str(tmp_path / "clips")).items) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "not a JSON list"),
        ('{"playlist": []}', "not a JSON list"),
        ("[1, 2]", "entry 1 is not an object"),
        ('[{"mix_id": 1}]', "entry 1 has no playlist"),
        ('[{"playlist": []},\n{"playlist": [', "line 2: not JSON, after 1 entries"),
        ('[{"playlist": []}', "ends after 1 entries"),
        ('[{"playlist": ' + "[" * 200_000, "not JSON, after 0 entries"),
        ('[{"playlist": ' + "9" * 10_000 + "}]", "not JSON|no playlist"),
        ("\x00\x01\x02\x03", "not a text"),
    ],
    ids=["empty", "object", "numbers", "other", "broken off", "open", "deep", "large number", "binary"],
)
def test_other_files_are_refused(library: Library, tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        task(library, "aotm", write(tmp_path, content))


def test_a_library_that_has_none_of_it_is_told_so(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing can be used") as raised:
        task(library, "aotm", write(tmp_path, MIXES))
    assert "8 are no track of the library" in raised.value.hint
