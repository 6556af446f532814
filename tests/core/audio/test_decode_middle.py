"""`middle_s`: so many seconds around the middle, as an independent decoder has them there."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.audio import SAMPLE_RATE
from core.audio.decode import WINDOW
from core.audio.decoding import Decoding
from core.audio.records import Samples
from tests.audio_files import music, write
from tests.clip_tools import plain_decode
from tests.hearing import hear, write_noise


@pytest.mark.parametrize("kind", ["wav", "flac", "aiff"])
@pytest.mark.parametrize("middle_s", [4.0, 7.5])
def test_of_a_lossless_file_at_16_khz_it_is_what_soundfile_reads(
    kind: str, middle_s: float, tmp_path: Path
) -> None:
    path = write_noise(tmp_path / f"x.{kind}", 21.0, SAMPLE_RATE)
    whole, _ = soundfile.read(path, dtype="float32")
    wanted = round(middle_s * SAMPLE_RATE)
    begin = (whole.size - wanted) // 2
    heard = hear(path, middle_s=middle_s)
    assert heard.windows[0][0] == begin
    np.testing.assert_array_equal(heard.samples, whole[begin : begin + wanted])


def lag(part: Samples, whole: Samples, start: int) -> int:
    """By how many samples `part` lies off `start` in `whole`, found by correlation."""
    size = whole.size + part.size
    product = np.fft.irfft(np.fft.rfft(whole, size) * np.fft.rfft(part, size).conj(), size)
    return int(np.argmax(product[: whole.size])) - start


@pytest.mark.parametrize("kind", ["mp3", "m4a", "ogg", "opus", "wma", "flac"])
def test_of_any_file_it_is_the_middle_of_the_whole(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"x.{kind}", np.repeat(music(24.0), 2, axis=1))
    whole = plain_decode(path)
    heard = hear(path, middle_s=6.0)
    assert heard.samples.size == 6 * SAMPLE_RATE
    begin = (round(heard.finished.seconds * SAMPLE_RATE) - heard.samples.size) // 2
    assert heard.windows[0][0] == pytest.approx(begin, abs=1)
    off = lag(heard.samples, whole, begin)
    assert abs(off) <= (0.5 if kind == "wma" else 0.12) * SAMPLE_RATE
    there = whole[begin + off : begin + off + heard.samples.size]
    assert np.corrcoef(heard.samples, there)[0, 1] > 0.97


def test_longer_than_a_window_comes_in_windows_without_gap(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.wav", 100.0, SAMPLE_RATE)
    whole, _ = soundfile.read(path, dtype="float32")
    heard = hear(path, middle_s=75.0)
    assert [samples.size for _, samples in heard.windows] == [WINDOW, WINDOW, 75 * SAMPLE_RATE - 2 * WINDOW]
    starts = [start for start, _ in heard.windows]
    assert starts[0] == (whole.size - 75 * SAMPLE_RATE) // 2
    assert all(b - a == WINDOW for a, b in itertools.pairwise(starts))
    np.testing.assert_array_equal(heard.samples, whole[starts[0] : starts[0] + 75 * SAMPLE_RATE])


@pytest.mark.parametrize("seconds", [2.0, 5.0])
def test_a_shorter_track_is_taken_whole(seconds: float, tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.wav", seconds, SAMPLE_RATE)
    heard = hear(path, middle_s=5.0)
    assert heard.windows[0][0] == 0
    np.testing.assert_array_equal(heard.samples, hear(path).samples)


def test_nothing_else_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_noise(tmp_path / "x.mp3", 120.0)
    packets: list[object] = []
    frames = Decoding._frames
    monkeypatch.setattr(
        Decoding, "_frames", lambda self, packet: packets.append(packet) or frames(self, packet)
    )
    whole, every = hear(path).finished, len(packets)
    packets.clear()
    middle = hear(path, middle_s=10.0).finished
    assert every > 4000
    assert len(packets) < (10 + 1.5) / 120 * every  # half a second to find in, and a chunk
    assert middle.seconds == pytest.approx(whole.seconds, abs=0.1)
    assert middle.identity == whole.identity


def test_packets_without_times_are_measured_by_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_noise(tmp_path / "x.flac", 20.0, SAMPLE_RATE)
    timed = hear(path, middle_s=4.0)
    monkeypatch.setattr(
        "core.audio.source.Source.seconds", property(lambda _: 0.0, lambda *_: None), raising=False
    )
    untimed = hear(path, middle_s=4.0)
    np.testing.assert_array_equal(untimed.samples, timed.samples)


def test_the_middle_is_that_of_what_the_limit_lets_through(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.flac", 40.0, SAMPLE_RATE)
    heard = hear(path, middle_s=4.0, longest_s=20)
    assert heard.windows[0][0] == 8 * SAMPLE_RATE
    assert "20 s" in heard.finished.reason


def test_a_known_identity_is_not_decoded(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.flac", 5.0)
    first = hear(path, middle_s=2.0)
    again = hear(path, middle_s=2.0, known=first.finished.identity)
    assert first.finished.decoded
    assert (again.finished.decoded, again.windows) == (False, [])


def test_a_broken_tail_leaves_the_middle_of_what_is_there(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.flac", 40.0, SAMPLE_RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    heard = hear(path, middle_s=4.0)
    assert heard.finished.partial
    assert heard.samples.size == 4 * SAMPLE_RATE
    assert heard.windows[0][0] == pytest.approx(8 * SAMPLE_RATE, rel=0.05)
