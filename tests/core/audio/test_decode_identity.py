from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
from mutagen.apev2 import APEv2
from mutagen.apev2 import delete as delete_ape
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, ID3, TIT2
from mutagen.mp4 import MP4Cover, MP4Tags

from tests.audio_files import ISSUE_FORMATS, music, write, write_tone
from tests.hearing import hear, identity, write_noise

LONG = "x" * 20_000


def retag(path: Path) -> None:
    """Write other, longer tags and a cover, as the format has them."""
    file: Any = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if isinstance(file.tags, ID3):
        file.tags.add(TIT2(encoding=3, text=LONG))
        file.tags.add(APIC(encoding=3, mime="image/png", type=3, desc="", data=os.urandom(300_000)))
    elif isinstance(file.tags, MP4Tags):
        file.tags["\xa9nam"] = LONG
        file.tags["covr"] = [MP4Cover(os.urandom(300_000), MP4Cover.FORMAT_PNG)]
    elif isinstance(file, FLAC):
        picture = Picture()
        picture.data, picture.mime = os.urandom(300_000), "image/png"
        file.add_picture(picture)
        file.tags["title"] = LONG
    else:
        file.tags["title"] = LONG
    file.save()


def stereo(path: Path, **how: Any) -> Path:
    return write(path, np.repeat(music(3.0), 2, axis=1), **how)


@pytest.mark.parametrize("kind", ISSUE_FORMATS)
def test_retagging_changes_neither_identity_nor_sound(kind: str, tmp_path: Path) -> None:
    path = stereo(tmp_path / f"x.{kind}", tags={"title": "a", "artist": "b"})
    before, sound = identity(path), hear(path)
    size = path.stat().st_size
    retag(path)
    assert path.stat().st_size > size + len(LONG) // 2
    after = hear(path)
    assert identity(path) == before == after.finished.identity == sound.finished.identity
    np.testing.assert_array_equal(after.samples, sound.samples)


def test_every_kind_of_tag_on_an_mp3_file(tmp_path: Path) -> None:
    path = stereo(tmp_path / "x.mp3")
    seen = {identity(path)}
    for version, v1 in ((3, 0), (4, 0), (4, 2), (3, 2)):
        tags = ID3()
        tags.add(COMM(encoding=3, text=LONG))
        tags.save(path, v1=v1, v2_version=version)
        seen.add(identity(path))
    ape = APEv2()
    ape["Title"] = LONG
    ape.save(path)
    seen.add(identity(path))
    ID3(path).delete(path, delete_v1=True, delete_v2=True)
    seen.add(identity(path))
    delete_ape(path)
    seen.add(identity(path))
    assert len(seen) == 1


def test_the_name_and_place_do_not_matter(tmp_path: Path) -> None:
    path = stereo(tmp_path / "x.mp3")
    before = identity(path)
    other = tmp_path / "elsewhere" / os.fsdecode(b"caf\xe9.flac")
    other.parent.mkdir()
    assert identity(path.rename(other)) == before


def test_another_encoding_of_the_same_music_is_another_track(tmp_path: Path) -> None:
    kinds = [identity(stereo(tmp_path / f"x.{kind}")) for kind in ISSUE_FORMATS]
    other_rate = identity(stereo(tmp_path / "y.mp3", options={"b": "96k"}))
    shorter = identity(write(tmp_path / "z.flac", np.repeat(music(2.9), 2, axis=1)))
    assert len({*kinds, other_rate, shorter}) == len(kinds) + 2


def test_codec_rate_and_channels_belong_to_it(tmp_path: Path) -> None:
    silence = np.zeros((44_100, 1), np.float32)
    seen = [
        identity(write(tmp_path / "a.wav", silence)),
        identity(write(tmp_path / "b.wav", silence, 22_050)),
        identity(write(tmp_path / "c.wav", silence[:22_050].repeat(2, axis=1))),
        identity(write(tmp_path / "d.aiff", silence)),
    ]
    assert len(set(seen)) == 4


def test_the_identity_does_not_depend_on_how_much_is_decoded(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.mp3", 60.0)
    seen = {
        hear(path).finished.identity,
        hear(path, segments=5).finished.identity,
        hear(path, segments=1000).finished.identity,
        hear(path, longest_s=5).finished.identity,
        hear(path, identify_only=True).finished.identity,
        hear(path, known="something else").finished.identity,
    }
    assert len(seen) == 1
    assert len(seen.pop()) == 32


def test_identifying_decodes_nothing_and_still_knows_the_length(tmp_path: Path) -> None:
    heard = hear(write_tone(tmp_path / "x.mp3", seconds=20.0), identify_only=True)
    assert not heard.windows
    assert not heard.finished.decoded
    assert heard.finished.seconds == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize("segments", [0, 3])
def test_a_known_file_is_not_decoded_and_another_is(segments: int, tmp_path: Path) -> None:
    path = write_tone(tmp_path / "x.mp3", seconds=20.0)
    known = hear(path, segments=segments, known=identity(path))
    assert not known.windows
    assert not known.finished.decoded
    other = hear(path, segments=segments, known="0" * 32)
    assert other.finished.decoded
    np.testing.assert_array_equal(other.samples, hear(path, segments=segments).samples)


def test_a_cover_is_not_taken_for_the_sound(tmp_path: Path) -> None:
    path = stereo(tmp_path / "x.flac")
    retag(path)
    assert hear(path).finished.codec == "flac"
