"""Playlists: every path survives the trip, whatever its bytes."""

# pathlib knows no bytes:
# ruff: noqa: PTH103, PTH117, PTH118, PTH120, PTH123

from __future__ import annotations

import os
import stat
import unicodedata
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core import playlist
from core.errors import UserError
from core.playlist import Entry

posix = pytest.mark.skipif(os.name == "nt", reason="Windows' names are text")

ODD = [
    b"plain.ogg", b"#1 hits.ogg", b" leading.ogg", b"trailing.ogg ", b"tab\there.ogg", b"line\nbreak.ogg",
    b"return\rhere.ogg", b"http:song.ogg", b"file:x.ogg", b"100%25.ogg", b"\xff\xfe.ogg", b"caf\xe9.ogg",
    "café.ogg".encode(), "cafe\u0301.ogg".encode(), b"AC\\DC.ogg", b"quote\"'&<>.ogg", "\ufeffmark.ogg".encode(),
    "\u2028line.ogg".encode(), "\xa0space.ogg\xa0".encode(), b"\x01\x7f.ogg", b"?query#part.ogg",
    "日本語 🎵.ogg".encode(),
    b"a" * 250 + b".ogg",
]  # fmt: skip


def make(folder: Path, names: list[bytes]) -> list[bytes]:
    """Real files of these names."""
    made = []
    for name in names:
        path = os.path.join(os.fsencode(folder), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb"):
            made.append(path)
    return made


def locations(path: Path) -> list[bytes]:
    """What another program finds in an XSPF file."""
    found = ET.parse(path).getroot().iter("{http://xspf.org/ns/0/}location")
    return [unquote_to_bytes(urlsplit(one.text or "").path) for one in found]


@posix
@pytest.mark.parametrize("relative", [True, False])
def test_every_name_comes_back_from_m3u8(tmp_path: Path, relative: bool) -> None:
    paths = make(tmp_path / "music", ODD)
    target = tmp_path / "lists" / "a.m3u8"
    target.parent.mkdir()
    playlist.write_m3u8(target, [Entry(path) for path in paths], relative=relative)
    target.read_text("utf-8")  # valid, whatever the names
    assert playlist.read_m3u(target) == playlist.Playlist(tuple(paths), 0, 0)


@posix
def test_names_beside_the_playlist_come_back(tmp_path: Path) -> None:
    paths = make(tmp_path, ODD)
    playlist.write(tmp_path / "a.m3u8", [Entry(path) for path in paths])
    assert playlist.read_m3u(tmp_path / "a.m3u8").paths == tuple(paths)


@posix
def test_every_name_comes_back_from_xspf(tmp_path: Path) -> None:
    paths = make(tmp_path, ODD)
    playlist.write(tmp_path / "a.xspf", [Entry(path, "T") for path in paths])
    assert locations(tmp_path / "a.xspf") == paths


@posix
@given(st.lists(st.binary(min_size=1, max_size=20).filter(lambda name: b"\0" not in name), max_size=5))
@example([b"/", b"a//b", b"..", b"\n", b" ", b"#"])
def test_any_bytes_come_back(tmp_path_factory: pytest.TempPathFactory, names: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("lists")
    paths = [os.path.normpath(b"/music/" + name) for name in names]
    paths = [b"/" + path.lstrip(b"/") for path in paths]
    for relative in (True, False):
        playlist.write_m3u8(folder / "a.m3u8", [Entry(path) for path in paths], relative=relative)
        assert playlist.read_m3u(folder / "a.m3u8").paths == tuple(paths)
    playlist.write_xspf(folder / "a.xspf", [Entry(path) for path in paths])
    assert locations(folder / "a.xspf") == paths


def test_list_and_music_move_together(tmp_path: Path) -> None:
    [path] = make(tmp_path / "old" / "music", [b"a.ogg"])
    playlist.write(tmp_path / "old" / "a.m3u8", [Entry(path, "Song", "Artist", seconds=61.6)])
    (tmp_path / "old").rename(tmp_path / "new")
    moved = playlist.read_m3u(tmp_path / "new" / "a.m3u8")
    assert moved.paths == (os.fsencode(tmp_path / "new" / "music" / "a.ogg"),)
    assert moved.missing == 0
    lines = (tmp_path / "new" / "a.m3u8").read_text("utf-8").splitlines()
    assert lines == ["#EXTM3U", "#EXTINF:62,Artist - Song", "music/a.ogg"]


@posix
def test_a_list_behind_a_link_points_to_the_right_place(tmp_path: Path) -> None:
    [path] = make(tmp_path / "music", [b"a.ogg"])
    (tmp_path / "deep" / "down").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "down")
    playlist.write(tmp_path / "link" / "a.m3u8", [Entry(path)])
    assert playlist.read_m3u(tmp_path / "deep" / "down" / "a.m3u8") == playlist.Playlist((path,), 0, 0)


def test_titles_cannot_break_the_format(tmp_path: Path) -> None:
    entry = Entry(b"/m/a.ogg", "A\n#EXTINF:1,B\r\nb.ogg\x00\x1b\udcff]]>", "<&\u2028>", "Al\x0bbum", 1.2)
    for suffix in ("m3u8", "xspf"):
        playlist.write(tmp_path / f"a.{suffix}", [entry, Entry(b"/m/b.ogg")])
    assert playlist.read_m3u(tmp_path / "a.m3u8").paths == (b"/m/a.ogg", b"/m/b.ogg")
    lines = (tmp_path / "a.m3u8").read_text("utf-8").split("\n")
    assert lines[1] == "#EXTINF:1,<& > - A #EXTINF:1,B b.ogg ]]>"
    assert lines[3] == "#EXTINF:-1,"
    tracks = list(ET.parse(tmp_path / "a.xspf").getroot()[0])
    fields = {one.tag.partition("}")[2]: one.text for one in tracks[0]}
    assert fields == {
        "location": "file:///m/a.ogg", "title": "A #EXTINF:1,B b.ogg ]]>", "creator": "<& >", "album": "Al bum",
        "duration": "1200",
    }  # fmt: skip
    assert len(tracks[1]) == 1


def test_composed_accents_on_demand_only(tmp_path: Path) -> None:
    entry = Entry(os.fsencode(tmp_path) + "/cafe\u0301.ogg".encode())
    playlist.write_m3u8(tmp_path / "a.m3u8", [entry])
    assert (tmp_path / "a.m3u8").read_text("utf-8").splitlines()[2] == "cafe\u0301.ogg"
    playlist.write_m3u8(tmp_path / "a.m3u8", [entry], nfc=True)
    assert (tmp_path / "a.m3u8").read_text("utf-8").splitlines()[2] == "café.ogg"


# Reading what others wrote


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_other_programs_spellings_find_the_file(tmp_path: Path, encoding: str, form: str) -> None:
    name = unicodedata.normalize(form, "Motörhead/café.ogg")
    [path] = make(tmp_path, [name.encode()])
    lines = "#EXTM3U\r\n#EXTINF:5,Motörhead\r\n\r\nMotörhead\\café.ogg\r\n  ./Motörhead/café.ogg\t\r\n"
    (tmp_path / "a.m3u").write_bytes(lines.encode(encoding))
    assert playlist.read_m3u(tmp_path / "a.m3u") == playlist.Playlist((path, path), 0, 0)


def test_streams_are_counted_and_missing_files_kept(tmp_path: Path) -> None:
    [there] = make(tmp_path, [b"there.ogg"])
    text = "http://radio.example/a.ogg\nHTTPS://radio.example/\nmms://x/y\nthere.ogg\nold\\gone.ogg\nnot-an-address:a.ogg\n"
    (tmp_path / "a.m3u8").write_text(text)
    found = playlist.read_m3u(tmp_path / "a.m3u8")
    assert found.urls == 3
    assert found.missing == 2
    assert found.paths[0] == there
    assert found.paths[2] == os.fsencode(tmp_path / "not-an-address:a.ogg")


def test_a_missing_name_in_windows_letters_is_guessed_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.m3u").write_bytes("Motörhead.ogg\n".encode("cp1252"))
    assert playlist.read_m3u(tmp_path / "a.m3u").paths == (os.fsencode(tmp_path) + "/Motörhead.ogg".encode(),)


@posix
def test_addresses_of_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.m3u").write_text(
        "file:///m/caf%C3%A9%ff.ogg\nFILE://localhost/m/b.ogg\nfile:/m/c%0A.ogg\n"
    )
    paths = playlist.read_m3u(tmp_path / "a.m3u").paths
    assert paths == ("/m/café".encode() + b"\xff.ogg", b"/m/b.ogg", b"/m/c\n.ogg")


@given(st.binary(max_size=300))
def test_any_content_is_read(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("lists") / "a.m3u"
    path.write_bytes(content)
    found = playlist.read_m3u(path)
    assert all(os.path.isabs(one) for one in found.paths)
    assert found.missing <= len(found.paths)


def test_what_is_no_playlist_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.m3u"):
        with pytest.raises(UserError, match="not a playlist"):
            playlist.read_m3u(path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.m3u")
        with pytest.raises(UserError, match="not a playlist"):
            playlist.read_m3u(tmp_path / "pipe.m3u")
    with (tmp_path / "huge.m3u").open("wb") as file:
        file.truncate(2**27)
    with pytest.raises(UserError, match="not a playlist"):
        playlist.read_m3u(tmp_path / "huge.m3u")


# Places


@pytest.mark.parametrize("name", ["a.txt", "a", "a.pls", ".m3u8"])
def test_an_unknown_suffix_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="which kind") as caught:
        playlist.write(tmp_path / name, [])
    assert ".m3u8 or .xspf" in caught.value.hint


def test_suffixes_in_capitals_are_known(tmp_path: Path) -> None:
    playlist.write(tmp_path / "A.M3U8", [Entry(b"/a.ogg")])
    assert (tmp_path / "A.M3U8").read_bytes().startswith(b"#EXTM3U")


def test_a_failure_leaves_the_old_list_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.m3u8"
    playlist.write(path, [Entry(b"/a.ogg")])
    before = path.read_bytes()

    def failing() -> list[Entry]:
        return [Entry(b"/b.ogg"), Entry(b"/c.ogg", seconds=float("nan"))]

    with pytest.raises(ValueError, match="NaN"):
        playlist.write(path, failing())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_links_stay_links_and_devices_stay_devices(tmp_path: Path) -> None:
    (tmp_path / "real.m3u8").touch(mode=0o600)
    (tmp_path / "link.m3u8").symlink_to("real.m3u8")
    playlist.write(tmp_path / "link.m3u8", [Entry(b"/a.ogg")])
    assert (tmp_path / "link.m3u8").is_symlink()
    assert b"a.ogg" in (tmp_path / "real.m3u8").read_bytes()
    os.mkfifo(tmp_path / "pipe.m3u8")
    for taken in (tmp_path / "pipe.m3u8", tmp_path):
        with pytest.raises(UserError, match="is not a file"):
            playlist.write_m3u8(taken, [])
    assert stat.S_ISFIFO((tmp_path / "pipe.m3u8").stat().st_mode)


def test_a_place_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        playlist.write(tmp_path / "none" / "a.xspf", [Entry(b"/a.ogg")])


@posix
def test_others_may_read_it_as_the_umask_says(tmp_path: Path) -> None:
    playlist.write(tmp_path / "a.m3u8", [])
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "a.m3u8").stat().st_mode) == 0o666 & ~mask
