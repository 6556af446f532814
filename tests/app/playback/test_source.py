"""Files to stereo: levels, places, excerpts, and everything that is no plain sound file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy as np
import pytest

from app.playback.ring import Samples
from app.playback.source import FADE_S, blocks, excerpt
from core.audio.records import UnusableError
from tests.audio_files import FORMATS, music, tone, write, write_music

RATE = 44_100
EXACT = sorted(set(FORMATS) - {"wma", "ac3", "oga"})  # these three have no exact time stamps


def whole(path: Path | bytes, start_s: float = 0.0) -> Samples:
    return np.concatenate([block.samples for block in blocks(os.fsencode(path), start_s)])


@pytest.mark.parametrize("channels", [1, 2])
def test_is_as_loud_as_the_file_on_both_sides(tmp_path: Path, channels: int) -> None:
    file = write(tmp_path / "a.wav", tone(0.5, channels=channels))
    samples = whole(file)
    expected = tone(0.5, channels=channels)
    assert samples.shape == (RATE // 2, 2)
    np.testing.assert_allclose(samples, np.broadcast_to(expected, samples.shape), atol=1e-4)


@pytest.mark.parametrize("ending", EXACT)
def test_a_seek_lands_on_the_sample(tmp_path: Path, ending: str) -> None:
    file = write(tmp_path / f"a.{ending}", np.repeat(music(6), 2, axis=1))
    full = whole(file)
    rate = next(blocks(os.fsencode(file))).rate
    for seconds in (0.1, 2.3456, 5.0):
        after, place = whole(file, seconds), round(seconds * rate)
        assert abs(len(after) - (len(full) - place)) <= 1
        piece = after[: rate // 2, 0]
        alike = [np.corrcoef(piece, full[place + by :][: len(piece), 0])[0, 1] for by in range(-3, 4)]
        assert np.argmax(alike) == 3
        assert max(alike) > 0.98  # codecs that invent their noise do not repeat it exactly


def test_beyond_the_end_there_is_nothing(tmp_path: Path) -> None:
    assert (
        sum(len(block.samples) for block in blocks(os.fsencode(write_music(tmp_path / "a.flac", 1)), 5.0))
        == 0
    )


def test_an_excerpt_is_exact_and_comes_and_goes_softly(tmp_path: Path) -> None:
    file = os.fsencode(write(tmp_path / "a.wav", np.full((4 * RATE, 1), 0.5, np.float32)))
    samples = np.concatenate([block.samples for block in excerpt(blocks(file, 1.0), 2.0)])[:, 0]
    assert len(samples) == 2 * RATE
    fade = int(FADE_S * RATE)
    assert (samples[0], samples[-1]) == pytest.approx((0, 0), abs=1e-3)
    assert samples[fade // 2] == pytest.approx(0.25, abs=0.01)
    np.testing.assert_allclose(samples[fade + 2 : -fade - 2], 0.5, atol=1e-3)
    assert np.abs(np.diff(samples)).max() < 2 * 0.5 / fade


def test_what_is_not_a_number_is_silent_and_too_loud_is_cut(tmp_path: Path) -> None:
    wild = np.zeros((1000, 1), np.float32)
    wild[100:110], wild[200:210], wild[300:310] = np.nan, np.inf, -7
    kind = FORMATS["wav"].__class__("pcm_f32le", "wav", "WAV")
    samples = whole(write(tmp_path / "a.wav", wild, kind=kind))
    assert np.isfinite(samples).all()
    assert samples[105].tolist() == [0, 0]
    assert 1 < samples[205, 0] == samples[205, 1] < 10
    assert samples[305].tolist() == [-7, -7], "beyond full scale, which a gain may bring back"


def test_a_cut_file_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    file = write_music(tmp_path / "a.mp3", seconds=4)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert len(whole(file)) == pytest.approx(2 * RATE, rel=0.1)


def test_a_broken_middle_is_left_out(tmp_path: Path) -> None:
    file = write_music(tmp_path / "a.flac", seconds=6)
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = os.urandom(3000)
    file.write_bytes(data)
    samples = whole(file)
    assert len(samples) > 4 * RATE
    assert np.abs(samples[-RATE:]).max() > 0.05


def test_only_plain_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.mp3")
    (tmp_path / "link.mp3").symlink_to(tmp_path / "fifo.mp3")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.mp3"))
        for name in ("fifo.mp3", "link.mp3", "socket.mp3", ".", "gone.mp3"):
            with pytest.raises(UnusableError) as problem:
                whole(tmp_path / name)
            assert problem.value.reason.endswith(".")


def test_a_playlist_in_disguise_opens_nothing(tmp_path: Path) -> None:
    song = write_music(tmp_path / "song.wav", seconds=1)
    (tmp_path / "a.mp3").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{song}\n")
    (tmp_path / "b.mp3").write_text(f"ffconcat version 1.0\nfile {song}\n")
    for name in ("a.mp3", "b.mp3"):
        with pytest.raises(UnusableError):
            whole(tmp_path / name)


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9 \xff.wav"
    write(name, tone(0.1))
    assert len(whole(name)) == RATE // 10
