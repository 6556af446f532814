"""Pictures in real files, beside them, and in files that lie about them."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import mutagen
import pytest
from mutagen import flac, id3, mp4

from core import paths
from core.library import covers
from tests.audio_files import write_tone

FRONT, BACK = b"\x89PNG front" * 40, b"\x89PNG back" * 40


def find(path: Path) -> bytes | None:
    return covers.find(paths.raw(path))


def _picture(kind: int, data: bytes) -> flac.Picture:
    picture = flac.Picture()
    picture.type, picture.mime, picture.data = kind, "image/png", data
    return picture


@pytest.mark.parametrize("ending", ["mp3", "flac", "ogg", "opus", "m4a"])
def test_the_front_cover_in_the_tags_is_found(tmp_path: Path, ending: str) -> None:
    path = write_tone(tmp_path / f"x.{ending}", 0.2)
    assert find(path) is None
    file = mutagen.File(path)
    if ending == "mp3":
        tag = id3.ID3()
        tag.add(id3.APIC(encoding=3, mime="image/png", type=4, desc="back", data=BACK))
        tag.add(id3.APIC(encoding=1, mime="image/png", type=3, desc="für vorn", data=FRONT))
        tag.save(path)
    elif ending == "m4a":
        file["covr"] = [mp4.MP4Cover(FRONT, mp4.MP4Cover.FORMAT_PNG)]
        file.save()
    elif ending == "flac":
        file.add_picture(_picture(4, BACK))
        file.add_picture(_picture(3, FRONT))
        file.save()
    else:
        blocks = [_picture(4, BACK), _picture(3, FRONT)]
        file["metadata_block_picture"] = [base64.b64encode(block.write()).decode() for block in blocks]
        file.save()
    assert find(path) == FRONT


@pytest.mark.parametrize("version", [3, 4])
def test_id3_of_both_versions(tmp_path: Path, version: int) -> None:
    path = write_tone(tmp_path / "x.mp3", 0.2)
    tag = id3.ID3()
    tag.add(id3.TIT2(encoding=3, text="A title"))
    tag.add(id3.APIC(encoding=0, mime="image/png", type=3, desc="", data=FRONT * 20))
    tag.save(path, v2_version=version)
    assert find(path) == FRONT * 20


def test_a_picture_in_the_folder_stands_in(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "x.wav", 0.1)
    (tmp_path / "back.jpg").write_bytes(BACK)
    assert find(path) is None
    (tmp_path / "Folder.JPG").write_bytes(BACK)
    assert find(path) == BACK
    (tmp_path / "Cover.png").write_bytes(FRONT)
    assert find(path) == FRONT
    with (tmp_path / "Cover.png").open("r+b") as file:
        file.truncate(covers.MOST_BYTES + 1)
    assert find(path) is None


@pytest.mark.parametrize("frame", [
    b"APIC" + struct.pack(">I", 2**31) + b"\0\0" + b"\0image/png\0\3\0" + FRONT,
    b"APIC" + struct.pack(">I", 40) + b"\0\0" + b"\1image/png\0\3" + b"x" * 60,
    b"APIC" + struct.pack(">I", 9) + b"\0\0" + b"\0" * 9,
    b"APIC" + struct.pack(">I", 3) + b"\0\0" + b"abc",
    b"APIC",
], ids=["longer than the file", "no end of the description", "nothing", "too short", "cut"])  # fmt: skip
def test_hostile_tags_raise_nothing(tmp_path: Path, frame: bytes) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(b"ID3\3\0\0" + bytes([0, 0, 8, 0]) + frame)
    found = find(path)
    assert found is None or found in frame


def test_what_is_no_file_has_no_cover(tmp_path: Path) -> None:
    assert find(tmp_path) is None
    assert find(tmp_path / "gone" / "x.mp3") is None
