from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

import pytest

from core.errors import UserError
from core.library.store import Library
from tests.dataset_tools import clip, counted, hold, library, task, track

__all__ = ["library"]

FILES = [
    "Air/Moon/01 Sexy Boy.mp3",
    "Air/Moon/02 Kelly.mp3",
    "Björk/Post/01 Hyperballad.mp3",
    "Björk/Homo/01 Jóga.mp3",
]


@pytest.fixture
def music(library: Library, tmp_path: Path) -> Path:
    here = tmp_path / "Music"
    for name in FILES:
        clip(here / name)
    hold(library, here)
    return here


def lists(library: Library, music: Path, place: Path, **options: str) -> dict[str, list[int]]:
    found = task(library, "m3u", place, **options)
    order = {track(library, music / name): number for number, name in enumerate(FILES)}
    together: dict[str, list[int]] = {name: [] for name in found.names}
    for number, row in found.targets.tolist():
        together[found.names[number]].append(order[int(found.items[row])])
    return together


def write(folder: Path, name: str, lines: list[str], encoding: str = "utf-8") -> None:
    path = folder / "lists" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\r\n".join(lines).encode(encoding))


@pytest.mark.parametrize(
    ("line", "encoding"),
    [
        ("../Music/Björk/Homo/01 Jóga.mp3", "utf-8"),
        ("../Music/Björk/Homo/01 Jóga.mp3", "utf-8-sig"),
        ("../Music/Björk/Homo/01 Jóga.mp3", "utf-16"),
        ("../Music/Björk/Homo/01 Jóga.mp3", "cp1252"),
        (unicodedata.normalize("NFD", "../Music/Björk/Homo/01 Jóga.mp3"), "utf-8"),
        ("..\\Music\\Björk\\Homo\\01 Jóga.mp3", "cp1252"),
        ("D:\\Lieder\\Björk\\Homo\\01 Jóga.mp3", "utf-8"),
        ("\\\\nas\\share\\Homo\\01 Jóga.mp3", "utf-8"),
        ("/home/somebody/Björk/homo/01 JÓGA.flac", "utf-8"),
        ("file:///old/place/Homo/01%20J%C3%B3ga.mp3", "utf-8"),
        ("01 Jóga.mp3", "utf-8"),
        ("D:\\01 Jóga.mp3", "cp1252"),
    ],
)
def test_a_track_is_found_however_the_list_names_it(
    library: Library, music: Path, tmp_path: Path, line: str, encoding: str
) -> None:
    write(tmp_path, "own.m3u8", ["#EXTM3U", "#EXTINF:12,Björk - Jóga", line, ""], encoding)
    assert lists(library, music, tmp_path / "lists") == {"own": [3]}


def test_absolute_paths_and_addresses_of_files_are_exact(
    library: Library, music: Path, tmp_path: Path
) -> None:
    other = clip(tmp_path / "Other" / "Moon" / "01 Sexy Boy.mp3")
    hold(library, tmp_path / "Other")
    write(tmp_path, "a.m3u", [str(music / FILES[0]), (music / FILES[1]).as_uri()])
    assert lists(library, music, tmp_path / "lists") == {"a": [0, 1]}
    write(tmp_path, "a.m3u", [str(other)])
    assert task(library, "m3u", tmp_path / "lists").items == (track(library, other),)


def test_what_is_not_found_is_counted(library: Library, music: Path, tmp_path: Path) -> None:
    write(
        tmp_path,
        "in/a.m3u",
        [f"/x/{FILES[0]}", "http://radio.example/stream", "/x/Elsewhere/01 Sexy Boy.mp3"],
    )
    write(tmp_path, "b.M3U8", [f"/x/{FILES[1]}", f"/x/{FILES[0]}", f"/y/{FILES[1]}", "01 Hyper"])
    (tmp_path / "lists" / "._b.m3u").write_bytes(b"\0\5\x16\7")
    found = task(library, "m3u", tmp_path / "lists")
    assert lists(library, music, tmp_path / "lists") == {"b": [1, 0], "in/a": [0]}
    assert counted(found) == (3, 7, 4)
    said = " ".join(found.missing)
    assert "2 are no file of the library." in said
    assert "1 are addresses of streams." in said


def test_a_name_that_several_tracks_have_is_no_guess(library: Library, music: Path, tmp_path: Path) -> None:
    clip(music / "Copies" / "Post" / "01 Hyperballad.mp3")
    shutil.copytree(music / "Air", music / "Again" / "Air")
    hold(library, music)
    write(tmp_path, "a.m3u", ["/old/Post/01 Hyperballad.mp3", "/old/Moon/01 Sexy Boy.mp3"])
    assert lists(library, music, tmp_path / "lists") == {"a": [0]}


def test_one_list_will_do_and_none_is_refused(library: Library, music: Path, tmp_path: Path) -> None:
    write(tmp_path, "a.m3u", [f"/x/{FILES[0]}"])
    assert lists(library, music, tmp_path / "lists" / "a.m3u") == {"a": [0]}
    with pytest.raises(UserError, match=r"no \.m3u"):
        task(library, "m3u", music)


def test_audio_may_be_that_of_a_data_set(library: Library, tmp_path: Path) -> None:
    for name in FILES:
        clip(tmp_path / "set" / name)
    write(tmp_path, "a.m3u", [f"/x/{name}" for name in FILES])
    assert len(task(library, "m3u", tmp_path / "lists", audio=str(tmp_path / "set")).items) == 4
    assert [root.kind for root in library.roots.all()] == ["dataset"]
