"""Tags of real files in every format, and of files that lie."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import mutagen
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen import apev2, id3, mp4

from core.library import tag_text, tags
from tests.audio_files import FORMATS, write_tone

MIB = 1 << 20
WRITTEN = {
    "title": "Jóga",
    "artist": "Björk",
    "album": "Homogenic",
    "album_artist": "Björk Guðmundsdóttir",
    "genre": "Electronic",
    "date": "1997-09-22",
    "track": "2/10",
}
CODECS = {
    "mp3": "mp3", "m4a": "aac", "alac.m4a": "alac", "flac": "flac", "ogg": "vorbis", "oga": "flac", "opus": "opus",
    "wav": "pcm", "aiff": "pcm", "wma": "wma", "wv": "wavpack",
}  # fmt: skip


def read(path: Path) -> tags.Tags:
    """The tags of a file that has good ones."""
    found, note = tags.read(os.fsencode(path))
    assert note == ""
    return found


@pytest.mark.parametrize("ending", CODECS)
def test_what_ffmpeg_wrote_is_read(tmp_path: Path, ending: str) -> None:
    found = read(write_tone(tmp_path / f"x.{ending}", 1.5, tags=WRITTEN))
    assert (found.title, found.artist, found.album) == ("Jóga", "Björk", "Homogenic")
    # RIFF's INFO list has no place for it.
    assert found.album_artist == ("" if ending == "wav" else "Björk Guðmundsdóttir")
    assert (found.genre, found.year, found.track_number) == ("Electronic", 1997, 2)
    assert found.seconds == pytest.approx(1.5, abs=0.08)
    assert (found.codec, found.channels) == (CODECS[ending], 2)
    assert found.sample_rate == (None if ending == "opus" else 44_100)


@pytest.mark.parametrize("ending", sorted(FORMATS))
def test_no_tags_gives_a_title_from_the_name(tmp_path: Path, ending: str) -> None:
    found = read(write_tone(tmp_path / f"07 - Some Song.{ending}", 0.2))
    assert found.title == "Some Song" if ending != "alac.m4a" else "Some Song.alac"
    assert (found.artist, found.year, found.track_number) == ("", None, None)


def _tagged(path: Path, ending: str, fields: dict[str, object]) -> tags.Tags:
    """Write a tone, put fields into it with mutagen's own names, read them back."""
    file = mutagen.File(write_tone(path / f"x.{ending}", 0.2))
    if file.tags is None:
        file.add_tags()
    for name, value in fields.items():
        file.tags[name] = value
    file.save()
    return read(path / f"x.{ending}")


@pytest.mark.parametrize(
    ("ending", "fields"),
    [
        (
            "mp3",
            {"TPE1": id3.TPE1(encoding=3, text=["A", "B", "A"]), "TPOS": id3.TPOS(encoding=3, text="2/3")},
        ),
        ("aiff", {"TPE1": id3.TPE1(encoding=1, text=["A", "B"]), "TPOS": id3.TPOS(encoding=0, text="2")}),
        ("wav", {"TPE1": id3.TPE1(encoding=3, text=["A", "B"]), "TPOS": id3.TPOS(encoding=0, text="2")}),
        ("flac", {"ARTIST": ["A", "B"], "DISCNUMBER": "2"}),
        ("ogg", {"artist": ["A", "B"], "disc": "02"}),
        ("m4a", {"\xa9ART": ["A", "B"], "disk": [(2, 3)]}),
        (
            "wma",
            {"Author": ["A", "B"], "WM/PartOfSet": "2/3"},
        ),
        ("wv", {"Artist": ["A", "B"], "Disc": "2/3"}),
    ],
)
def test_several_artists_are_joined(tmp_path: Path, ending: str, fields: dict[str, object]) -> None:
    found = _tagged(tmp_path, ending, fields)
    assert found.artist == "A; B"
    assert found.disc_number == 2


@pytest.mark.parametrize(
    ("ending", "fields"),
    [
        ("mp3", {"g": id3.TXXX(encoding=3, desc="REPLAYGAIN_TRACK_GAIN", text="-6.50 dB")}),
        ("flac", {"replaygain_track_gain": "-6.50 dB"}),
        ("m4a", {"----:com.apple.iTunes:replaygain_track_gain": mp4.MP4FreeForm(b"-6.5")}),
        ("wv", {"REPLAYGAIN_TRACK_GAIN": "-6.500000 dB"}),
        ("opus", {"R128_TRACK_GAIN": str(round(-11.5 * 256))}),
    ],
)
def test_track_gain(tmp_path: Path, ending: str, fields: dict[str, object]) -> None:
    found = _tagged(tmp_path, ending, fields)
    assert found.track_gain_db == pytest.approx(-6.5)
    assert found.album_gain_db is None


def test_musepack_with_its_ape_tag(tmp_path: Path) -> None:
    path = tmp_path / "x.mpc"
    path.write_bytes(b"MP+\x07" + bytes(100))
    tag = apev2.APEv2()
    tag["Title"], tag["Year"], tag["Track"] = "T", "2001", "4/9"
    tag.save(path)
    found = read(path)
    assert (found.title, found.year, found.track_number, found.codec) == ("T", 2001, 4, "musepack")


def test_old_id3(tmp_path: Path) -> None:
    first = write_tone(tmp_path / "v1.mp3", 0.2)
    v1 = (
        b"TAG"
        + b"Title".ljust(30, b"\0")
        + b"Artist".ljust(30)
        + bytes(30)
        + b"1984"
        + bytes(28)
        + b"\0\x05\x11"
    )
    first.write_bytes(first.read_bytes() + v1)
    found = read(first)
    assert (found.title, found.artist, found.year) == ("Title", "Artist", 1984)
    assert (found.track_number, found.genre) == (5, "Rock")

    second = write_tone(tmp_path / "v2.mp3", 0.2)
    frames = b"TT2\0\0\x04\0Old" + b"TCO\0\0\x05\0(17)" + b"TYE\0\0\x05\x001984"
    second.write_bytes(_id3(frames, 2) + second.read_bytes())
    found = read(second)
    assert (found.title, found.genre, found.year) == ("Old", "Rock", 1984)


def test_a_large_picture_in_front_hides_nothing(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "x.mp3", 0.2)
    data = b"\0image/png\0\3\0" + os.urandom(3 * MIB)
    path.write_bytes(_id3(_frame(b"APIC", data) + _frame(b"TIT2", b"\3Behind it")) + path.read_bytes())
    assert read(path).title == "Behind it"


def test_tags_in_front_of_broken_audio_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(_id3(_frame(b"TIT2", b"\3Here")) + bytes(5000))
    found = read(path)
    assert (found.title, found.seconds) == ("Here", None)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("  two \t\r\n words\0\x07 ", "two words"),
        ("e\u0301", "é"),
        ("Bj\u00c3\u00b6rk", "Björk"),
        ("don\u00e2\u20ac\u2122t", "don’t"),
        ("Ã", "Ã"),
        ("Motörhead", "Motörhead"),
        ("Ìóçûêà", "Ìóçûêà"),
        ("abc\u202edef\ufeff", "abcdef"),
        ("\ud800x", "\ufffdx"),
        ("\ud83c\udfb5", "\U0001f3b5"),
        ("x" * 5000, "x" * 1000),
    ],
)
def test_text_is_made_fit_to_show(written: str, shown: str) -> None:
    assert tag_text.clean(written) == shown


@pytest.mark.parametrize(
    ("written", "year"),
    [
        ("2003-05-01", 2003), ("2003", 2003), ("May 2003", 2003), ("(2003)", 2003), ("20030501", 2003),
        ("05/01/2003", 2003),
        ("2003-05-01T10:00:00Z", 2003), ("1723", 1723), ("0000", None), ("", None), ("12345", None), ("3003", None),
        ("99", None), ("²⁰⁰³", None),
    ],
)  # fmt: skip
def test_year(written: str, year: int | None) -> None:
    assert tag_text.year(written) == year


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("3", 3),
        ("03/12", 3),
        (" 7 of 9", 7),
        ("0", None),
        ("", None),
        ("A1", None),
        ("-1", None),
        ("99999", None),
    ],
)
def test_number(written: str, number: int | None) -> None:
    assert tag_text.number(written) == number


@pytest.mark.parametrize(
    ("name", "title"),
    [
        (b"01 - Intro.mp3", "Intro"),
        (b"1-03. Third.flac", "Third"),
        (b"(07) Seven.ogg", "Seven"),
        (b"01 One.mp3", "One"),
        (b"02_some_song.mp3", "some song"),
        (b"99 Luftballons.mp3", "99 Luftballons"),
        (b"20-20.mp3", "20-20"),
        (b"01 - 1999.mp3", "1999"),
        (b"1999.mp3", "1999"),
        (b"5.mp3", "5"),
        (b".mp3", ".mp3"),
        (b"01 - .mp3", "01 -"),
        (b"no ending", "no ending"),
        ("Été.mp3".encode(), "Été"),
        (b"\xc9t\xe9.mp3", "Été"),
        (b"\x81\xff.mp3", "\xff"),
        (b"Dr. Who.mp3", "Dr. Who"),
        (b"\n.mp3", ".mp3"),
    ],
)
def test_title_from_name(name: bytes, title: str) -> None:
    assert tag_text.title_of(name) == title


@given(st.binary(max_size=40))
def test_any_name_gives_a_title(name: bytes) -> None:
    title = tag_text.title_of(name)
    assert title
    assert tag_text.clean(title) == title


@given(st.text(alphabet=st.characters(), max_size=40))
def test_any_text_can_be_stored_and_is_cleaned_once(text: str) -> None:
    cleaned = tag_text.clean(text)
    cleaned.encode("utf-8")
    assert "\0" not in cleaned
    assert cleaned.splitlines() in ([], [cleaned])


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    (tmp_path / "folder.mp3").mkdir()
    (tmp_path / "nowhere.mp3").symlink_to(tmp_path / "gone")
    (tmp_path / "round.mp3").symlink_to(tmp_path / "round.mp3")
    (tmp_path / "null.mp3").symlink_to("/dev/zero")
    for path in sorted(tmp_path.iterdir()):
        found, note = tags.read(os.fsencode(path))
        assert found == tags.Tags(title=path.stem)
        assert note.startswith("The tags could not be read: ")
        assert note.endswith(".")
    assert tags.read(os.fsencode(tmp_path / "missing.mp3"))[1]


def test_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.flac"
    write_tone(path, 0.2)
    assert tags.read(path)[0].title == "café"


def _synchsafe(size: int) -> bytes:
    return bytes((size >> shift) & 127 for shift in (21, 14, 7, 0))


def _id3(body: bytes, version: int = 4, flags: int = 0) -> bytes:
    return b"ID3" + bytes([version, 0, flags]) + _synchsafe(len(body)) + body


def _frame(name: bytes, data: bytes, flags: int = 0, version: int = 4) -> bytes:
    size = _synchsafe(len(data)) if version == 4 else struct.pack(">I", len(data))
    return name + size + struct.pack(">H", flags) + data


def _hostile() -> dict[str, bytes]:
    """Small files that cost an unguarded reader minutes or gigabytes."""
    many, inflated = 8 * MIB // 12, zlib.compress(b"\3" + b"A" * (300 * MIB), 1)
    ape = b"".join(b"\1\0\0\0\0\0\0\0k%07d\0a" % i for i in range(400_000))
    ape_footer = struct.pack("<4I8x", 2000, len(ape) + 32, 400_000, 0)
    m4a = struct.pack(">I", 20) + b"ftypM4A \0\0\0\0M4A "
    stream = b"\x10\0\x10\0\0\0\0\0\0\0" + bytes.fromhex("0ac442f000000000") + bytes(16)
    return {
        "tiny-frames.mp3": _id3(_frame(b"TIT2", b"\3a") * many),
        "tiny-unknown-frames.mp3": _id3(_frame(b"ABCD", b"\3a", version=3) * many, 3),
        "tiny-unsynchronised.mp3": _id3(_frame(b"TIT2", b"\3a", version=3) * many, 3, 0x80),
        "tiny-old-frames.mp3": _id3(b"TT2\0\0\2\0a" * many, 2),
        "nul-values.mp3": _id3(_frame(b"TIT2", b"\3" + b"a\0" * (4 * MIB))),
        "bomb.mp3": _id3(_frame(b"TIT2", _synchsafe(5) + inflated, 0x09)),
        "bomb-old.mp3": _id3(_frame(b"TIT2", b"\0\0\0\5" + inflated, 0x80, 3), 3),
        "items.mpc": b"MP+\x07" + bytes(100) + ape + b"APETAGEX" + ape_footer,
        "atoms.m4a": m4a + struct.pack(">I", 8 + 8 * MIB) + b"moov" + b"\0\0\0\x08free" * MIB,
        "deep.m4a": m4a + b"".join(struct.pack(">I", 8 * (5000 - i)) + b"moov" for i in range(5000)),
        "comments.flac": b"fLaC\0\0\0\x22"
        + stream
        + b"\x84\xff\xff\xf0"
        + struct.pack("<II", 0, MIB)
        + bytes(16 * MIB),
        "claims.flac": b"fLaC\0\0\0\x22" + stream + b"\x84\xff\xff\xf0" + b"\xff" * 64,
        "sync.mp3": b"\xff\xfb" * (8 * MIB),
    }


def test_hostile_tags_cost_little(tmp_path: Path) -> None:
    for name, data in _hostile().items():
        (tmp_path / name).write_bytes(data)
    measured = subprocess.run(
        [sys.executable, "-c", _MEASURE, *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True, text=True, check=True, timeout=60, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    lines = [line.split("\t") for line in measured.stdout.splitlines()]
    assert len(lines) == len(_hostile())
    for path, seconds, megabytes, title in lines:
        assert float(seconds) < 2.5, path
        assert float(megabytes) < 100, path
        assert len(title) <= 1000, path


_MEASURE = """
import os, resource, sys, time
from core.library import tags
for path in sys.argv[1:]:
    tags.read(os.fsencode(path + ".none"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    title = tags.read(os.fsencode(path))[0].title
    spent = time.process_time() - begin
    print(path, spent, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024, title, sep="\\t")
"""


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A small tagged file of each format."""
    folder = tmp_path_factory.mktemp("samples")
    return {
        e: write_tone(folder / f"x.{e}", 0.1, 8000 if e != "mp2" else 44_100, tags=WRITTEN).read_bytes()
        for e in CODECS
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("junk")


def _fits(found: tags.Tags, note: str) -> None:
    """Whatever was read can be shown and stored."""
    assert found.title
    for field in ("title", "artist", "album", "album_artist", "genre", "codec"):
        text = getattr(found, field)
        text.encode("utf-8")
        assert len(text) <= 1000
        assert "\0" not in text
    for field in ("year", "track_number", "disc_number", "sample_rate", "channels", "bit_rate"):
        number = getattr(found, field)
        assert number is None or 0 < number < 1 << 31
    assert found.seconds is None or found.seconds > 0
    assert note == "" or note.endswith(".")


@given(data=st.data())
def test_damaged_files_never_raise(data: st.DataObject, samples: dict[str, bytes], place: Path) -> None:
    ending = data.draw(st.sampled_from(sorted(samples)))
    damaged = bytearray(samples[ending])
    for _ in range(data.draw(st.integers(1, 12))):
        # Tags stand in the first or the last few hundred bytes.
        at = data.draw(st.one_of(st.integers(0, 800), st.integers(-400, -1)))
        damaged[at % len(damaged)] = data.draw(st.integers(0, 255))
    del damaged[data.draw(st.integers(len(damaged) // 2, len(damaged))) :]
    path = place / f"x.{ending}"
    path.write_bytes(damaged)
    _fits(*tags.read(os.fsencode(path)))


_HEADS = (
    b"",
    b"ID3\4\0\0\0\0\1\0TIT2",
    b"OggS\0\2",
    b"fLaC",
    b"RIFF\x24\0\0\0WAVEfmt ",
    b"FORM\0\0\0\x24AIFFCOMM",
    b"wvpk",
    b"MP+",
    b"MPCK",
    b"MAC ",
    b"\0\0\0\x14ftypM4A ",
    bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
    b"TTA1",
    b"\xff\xfb\x90",
    b"\xff\xf1",
    b"\x0b\x77",
    b"tBaK",
    b"OFR ",
    b"APETAGEX",
)


@given(head=st.sampled_from(_HEADS), junk=st.binary(max_size=300), ending=st.sampled_from(sorted(FORMATS)))
def test_junk_never_raises(head: bytes, junk: bytes, ending: str, place: Path) -> None:
    path = place / f"junk.{ending}"
    path.write_bytes(head + junk)
    _fits(*tags.read(os.fsencode(path)))


def test_thousands_of_files_take_seconds(tmp_path: Path) -> None:
    paths = [os.fsencode(write_tone(tmp_path / f"x.{e}", 0.5, tags=WRITTEN)) for e in CODECS]
    for path in paths:
        tags.read(path)
    begin = time.process_time()
    for path in paths * 10:
        tags.read(path)
    assert (time.process_time() - begin) / (10 * len(paths)) < 0.004
