from __future__ import annotations

import ntpath
import os
import posixpath
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import paths

names = st.binary(min_size=1, max_size=6).filter(
    lambda n: b"/" not in n and b"\0" not in n and n not in (b".", b"..")
)
folders = st.lists(names, max_size=4).map(lambda parts: b"/" + b"/".join(parts))


@given(folders, st.lists(names, max_size=3).map(b"/".join))
def test_join_undoes_relative(root: bytes, below: bytes) -> None:
    assert paths.relative(paths.join(root, below), root) == below


@pytest.mark.parametrize(
    ("path", "root", "below"),
    [
        (b"/music/a.mp3", b"/music", b"a.mp3"),
        (b"/music", b"/music", b""),
        (b"/music2/a.mp3", b"/music", None),
        (b"/mus", b"/music", None),
        (b"/a.mp3", b"/", b"a.mp3"),
        (b"/", b"/", b""),
        (b"/music\\/a.mp3", b"/music\\", b"a.mp3"),  # a backslash is a letter here
        (b"/music/a.mp3", b"/music\\", None),
        (b"/Music/a.mp3", b"/music", None),
    ],
)
def test_relative_on_posix(path: bytes, root: bytes, below: bytes | None) -> None:
    assert paths.relative(path, root, posixpath) == below


@pytest.mark.parametrize(
    ("path", "root", "below"),
    [
        (rb"C:\Music\a.mp3", rb"C:\Music", b"a.mp3"),
        (rb"c:\MUSIC\Jazz\a.mp3", rb"C:\Music", rb"Jazz\a.mp3"),
        (rb"C:/Music/a.mp3", rb"C:\Music", b"a.mp3"),
        (rb"C:\Music2\a.mp3", rb"C:\Music", None),
        (b"C:\\a.mp3", b"C:\\", b"a.mp3"),
        (rb"D:\a.mp3", b"C:\\", None),
        (rb"\\nas\share\a.mp3", rb"\\nas\share", b"a.mp3"),
    ],
)
def test_relative_on_windows(path: bytes, root: bytes, below: bytes | None) -> None:
    assert paths.relative(path, root, ntpath) == below


def test_raw_is_absolute_and_spelled_one_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.raw("a/../b/") == os.fsencode(tmp_path / "b")
    assert paths.raw("//music//a/") == b"/music/a"
    assert paths.raw(os.fsdecode(b"/x/\xff.mp3")) == b"/x/\xff.mp3"


def test_names_that_are_no_utf8_are_shown_and_come_back() -> None:
    name = b"/x/\xe9t\xe9.mp3"
    assert paths.display(name) == "/x/�t�.mp3"
    assert os.fsencode(paths.json_text(name)) == name


def test_two_spellings_of_a_name_are_shown_alike() -> None:
    assert paths.display("\u00e9".encode()) == paths.display("e\u0301".encode()) == "\u00e9"
