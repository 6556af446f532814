"""ReplayGain and places on an album, as taggers write them into real files."""

from __future__ import annotations

import os
from pathlib import Path

import mutagen
import numpy as np
import pytest
from mutagen.apev2 import APEv2
from mutagen.asf import ASF
from mutagen.id3 import ID3, TALB, TRCK, TXXX
from mutagen.mp4 import MP4, MP4FreeForm

from app.playback.facts import Facts, facts_of
from app.playback.source import blocks
from tests.audio_files import tone, write

GAINS = {
    "REPLAYGAIN_TRACK_GAIN": "-6.02 dB", "REPLAYGAIN_TRACK_PEAK": "0.98",
    "REPLAYGAIN_ALBUM_GAIN": "+3.5 dB", "REPLAYGAIN_ALBUM_PEAK": "1.2",
}  # fmt: skip


def tag(file: Path) -> None:
    """Write `GAINS`, album and track number the way this format has them."""
    kind = file.suffix
    if kind in {".mp3", ".aiff", ".wav"}:
        if kind == ".mp3":
            tags = ID3()
        else:
            opened = mutagen.File(file)
            if opened.tags is None:
                opened.add_tags()
            tags = opened.tags
        for name, text in GAINS.items():
            tags.add(TXXX(encoding=3, desc=name.lower(), text=text))
        tags.add(TALB(encoding=3, text="Album"))
        tags.add(TRCK(encoding=3, text="3/12"))
        tags.save(file)
    elif kind == ".m4a":
        mp4 = MP4(file)
        for name, text in GAINS.items():
            mp4[f"----:com.apple.iTunes:{name.lower()}"] = MP4FreeForm(text.encode())
        mp4["\xa9alb"], mp4["trkn"] = "Album", [(3, 12)]
        mp4.save()
    elif kind == ".wv":
        ape = APEv2()
        ape.update({**GAINS, "Album": "Album", "Track": "3/12"})
        ape.save(file)
    elif kind == ".wma":
        asf = ASF(file)
        asf.update({**GAINS, "WM/AlbumTitle": "Album", "WM/TrackNumber": "3"})
        asf.save()
    else:
        opened = mutagen.File(file)
        opened.update({**GAINS, "album": "Album", "tracknumber": "3"})
        opened.save()


def read(file: Path) -> Facts:
    return next(blocks(os.fsencode(file))).facts


@pytest.mark.parametrize("ending", ["mp3", "m4a", "flac", "ogg", "opus", "wv", "wma", "aiff"])
def test_every_format_that_has_such_tags(tmp_path: Path, ending: str) -> None:
    file = write(tmp_path / f"a.{ending}", tone(0.3))
    assert read(file) == Facts()
    tag(file)
    assert read(file) == Facts(-6.02, 3.5, 0.98, 1.2, "Album", 1, 3)


def test_opus_own_gains_are_of_another_reference() -> None:
    told = facts_of({"R128_TRACK_GAIN": "-1024", "r128_album_gain": "256"})
    assert (told.track_db, told.album_db) == (1.0, 6.0)
    assert facts_of({"R128_TRACK_GAIN": "0", "REPLAYGAIN_TRACK_GAIN": "-3 dB"}).track_db == -3


def test_gains() -> None:
    told = Facts(track_db=-6.02, album_db=3.5, track_peak=0.98, album_peak=1.2)
    assert told.gain("off") == 1
    assert told.gain("track") == pytest.approx(0.5, abs=1e-3)
    assert told.gain("album") == pytest.approx(1 / 1.2), "no further than its peak allows"
    assert Facts(album_db=-6.02).gain("track") == pytest.approx(0.5, abs=1e-3), "what there is"
    assert Facts(track_db=6.02).gain("album") == pytest.approx(2, abs=1e-3)
    assert Facts().gain("track") == 1


@pytest.mark.parametrize("text", ["", "loud", "nan", "inf dB", "-", "\ufffd\ufffd"])
def test_tags_that_make_no_sense(text: str) -> None:
    tags = {"replaygain_track_gain": text, "replaygain_track_peak": text, "track": text, "disc": text}
    assert facts_of(tags) == Facts()


def test_no_tag_is_believed_without_limit() -> None:
    told = facts_of({"replaygain_track_gain": "-9e99999 dB", "replaygain_album_gain": "999999 dB"})
    assert told.gain("album") == pytest.approx(10 ** (24 / 20))
    assert told.gain("track") > 0.06
    assert Facts(track_db=0.0, track_peak=1e9).gain("track") > 0.06
    assert np.isfinite(facts_of({"replaygain_track_gain": "-1" * 400}).gain("track"))


def test_what_follows_on_an_album() -> None:
    third = Facts(album="A", number=3)
    assert Facts(album="A", number=4).follows(third)
    assert Facts(album="A", disc=2, number=1).follows(third)
    for other in (
        third,
        Facts(album="B", number=4),
        Facts(album="A", number=5),
        Facts(album="A"),
        Facts(number=4),
    ):
        assert not other.follows(third)
