from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.folders import Walk, reachable


def walk(start: Path) -> tuple[list[str], Walk]:
    """Names met below a place, in order."""
    way = Walk(lambda: None, lambda folder, reason: None)
    found = [os.path.relpath(os.fsdecode(e.path), start) for e in way.entries(os.fsencode(start))]
    return found, way


@pytest.fixture
def music(tmp_path: Path) -> Path:
    for name in (
        "b/2.FLAC",
        "b/10.mp3",
        "a/x.ogg",
        "c.wav",
        "cover.jpg",
        "a/._x.ogg",
        "a/notes",
        ".hidden/y.m4a",
    ):
        path = tmp_path / "music" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "music"


def test_audio_by_name_in_a_steady_order(music: Path) -> None:
    found, way = walk(music)
    assert found == ["c.wav", ".hidden/y.m4a", "a/x.ogg", "b/10.mp3", "b/2.FLAC"]
    assert way.other == 3
    assert way.unread == []


def test_a_folder_met_twice_is_walked_once(music: Path) -> None:
    (music / "b" / "up").symlink_to(music)
    (music / "b" / "other").symlink_to(music / "a")
    (music / "z").symlink_to(music / "b")
    found, _ = walk(music)
    assert sorted(Path(name).name for name in found) == ["10.mp3", "2.FLAC", "c.wav", "x.ogg", "y.m4a"]


def test_a_file_is_its_own_walk_whatever_its_name(music: Path) -> None:
    assert walk(music / "cover.jpg")[0] == ["."]
    assert walk(music / "nothing")[0] == []


def test_every_folder_can_stop_the_walk(music: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Walk(stop, lambda folder, reason: None).entries(os.fsencode(music)))


def test_a_folder_that_goes_away_is_told(music: Path) -> None:
    told: list[tuple[bytes, str]] = []
    way = Walk(lambda: None, lambda folder, reason: told.append((folder, reason)))
    for entry in way.entries(os.fsencode(music)):
        if entry.path.endswith(b"c.wav"):
            (music / "b").rename(music.parent / "away")
    assert told == [(os.fsencode(music / "b"), "No such file or directory")]
    assert way.unread == [os.fsencode(music / "b")]


@pytest.mark.parametrize(
    ("name", "had_music", "expected"),
    [
        ("full", True, True), ("empty", False, True), ("empty", True, False), ("nowhere", False, False),
        ("file.mp3", True, True),
    ],
)  # fmt: skip
def test_what_can_be_reached(tmp_path: Path, name: str, had_music: bool, expected: bool) -> None:
    (tmp_path / "full" / "inside").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.mp3").touch()
    assert reachable(os.fsencode(tmp_path / name), had_music=had_music) is expected
