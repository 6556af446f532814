from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import playlist
from core.errors import UserError
from core.playlist import Entry
from core.playlist_reading import read


def at(folder: Path, name: str) -> bytes:
    return os.path.realpath(os.fsencode(folder)) + b"/" + name.encode()


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("suffix", [".m3u8", ".xspf"])
def test_what_earmap_writes_it_reads(tmp_path: Path, suffix: str) -> None:
    folder = os.path.realpath(os.fsencode(tmp_path))
    entries = (
        Entry(folder + b"/a.ogg", "A & B", "Ann - of", "Hits", 61.0),
        Entry(folder + b"/sub/# \xff.ogg", "<T>", "\u00c9", "", None), Entry(b"/elsewhere/100%20.ogg"),
    )  # fmt: skip
    playlist.write(tmp_path / f"x{suffix}", entries)
    found = read(tmp_path / f"x{suffix}").entries
    assert [one.path for one in found] == [one.path for one in entries]
    assert [one.seconds for one in found] == [61, None, None]
    if suffix == ".xspf":
        assert found == entries
    else:  # one line for both names: what stands before the first dash is the artist
        assert [(one.artist, one.title) for one in found] == [
            ("Ann", "of - A & B"),
            ("\u00c9", "<T>"),
            ("", ""),
        ]


def test_what_an_m3u_says_of_its_tracks(tmp_path: Path) -> None:
    content = (
        "#EXTM3U\n#EXTINF:123 tvg-id=\"x\",Ann - Song\n#EXTVLCOPT:x\na.mp3\nb.mp3\n#EXTINF:-1,Only a title\n"
        "#PLAYLIST:x\nc.mp3\n#EXTINF:x,\nd.mp3\n#EXTINF:5,Stream\nhttp://x/y\ne.mp3\n#EXTINF:99999999999,Long\nf.mp3\n"
    )  # fmt: skip
    found = read(written(tmp_path / "a.m3u", content))
    assert found.streams == 1
    assert found.entries == (
        Entry(at(tmp_path, "a.mp3"), "Song", "Ann", seconds=123), Entry(at(tmp_path, "b.mp3")),
        Entry(at(tmp_path, "c.mp3"), "Only a title"), Entry(at(tmp_path, "d.mp3")), Entry(at(tmp_path, "e.mp3")),
        Entry(at(tmp_path, "f.mp3"), "Long"),
    )  # fmt: skip
    latin = read(written(tmp_path / "l.m3u", b"#EXTINF:3,M\xf6t - \xc4\nx.mp3\n")).entries[0]
    assert (latin.artist, latin.title) == ("Möt", "Ä")


def test_xspf_of_other_programs(tmp_path: Path) -> None:
    (tmp_path / "there.ogg").touch()
    content = """<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>
      <track><location>sub/a%20b.ogg</location><title> T </title><duration>1500</duration></track>
      <track><location>file:///m/%C3%A4.ogg</location><creator>C</creator></track>
      <track><location>gone.ogg</location><location>there.ogg</location></track>
      <track><location>https://x/y.ogg</location></track>
      <track><title>no place</title></track><track><location>a%00b</location></track>
    </trackList></playlist>"""
    found = read(written(tmp_path / "a.xspf", content))
    assert found.streams == 1 + 1  # an address, and a name that no system has
    assert found.entries == (
        Entry(at(tmp_path, "sub/a b.ogg"), "T", seconds=1.5), Entry("/m/ä.ogg".encode(), "", "C"),
        Entry(at(tmp_path, "there.ogg")),
    )  # fmt: skip
    bare = "<playlist><trackList><track><location>a.ogg</location></track></trackList></playlist>"
    assert read(written(tmp_path / "b.xspf", bare)).entries == (Entry(at(tmp_path, "a.ogg")),)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pls", "x", "no playlist that Earmap reads"),
        ("a.m3u", "", "names no tracks"),
        ("a.m3u", "# nothing\n\n", "names no tracks"),
        ("a.xspf", "", "damaged"),
        ("a.xspf", "<playlist><track>", "damaged"),
        ("a.xspf", b"<?xml version='1.0' encoding='nonsense'?><playlist/>", "damaged"),
        ("a.xspf", "<!DOCTYPE x [<!ENTITY a 'b'>]><playlist><track><location>&a;</location></track></playlist>",
         "damaged"),
        ("a.xspf", "<!DOCTYPE x [<!ENTITY a 'b'>]><playlist>".encode("utf-16"), "damaged"),
        ("a.xspf", "<playlist/>", "names no tracks"),
    ],
)  # fmt: skip
def test_what_is_no_playlist_gets_a_sentence(
    tmp_path: Path, name: str, content: str | bytes, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        read(written(tmp_path / name, content))


def test_a_file_that_is_not_there_gets_a_sentence(tmp_path: Path) -> None:
    for name in ("none.m3u", "none.xspf"):
        with pytest.raises(UserError, match=r"not a playlist|cannot be read"):
            read(tmp_path / name)
    (tmp_path / "folder.xspf").mkdir()
    with pytest.raises(UserError, match="not a playlist"):
        read(tmp_path / "folder.xspf")


@given(st.binary(max_size=200), st.sampled_from([".m3u", ".xspf"]))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    path = written(tmp_path_factory.getbasetemp() / f"any{suffix}", content)
    try:
        found = read(path)
    except UserError:
        return
    assert found.entries or found.streams
    assert all(os.path.isabs(one.path) for one in found.entries)  # noqa: PTH117 - bytes
