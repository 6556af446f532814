"""The decoder's thread: one signal across files, marks that are exact, a queue that changes under it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.playback.chain import Resampler
from app.playback.feeder import Feeder, Sound
from app.playback.protocol import Item
from app.playback.ring import Ring, Samples
from app.playback.source import Block, without_padding
from tests.audio_files import FORMATS, music, tone, write

RATE = 48_000


class Bench:
    """A feeder whose ring the test reads."""

    def __init__(self, seconds: float) -> None:
        self.ring = Ring(int(seconds * RATE))
        self.decoding: list[int | None] = []
        self.failed: list[tuple[int, str]] = []
        self.feeder = Feeder(
            self.ring, RATE, self.decoding.append, lambda key, why: self.failed.append((key, why))
        )
        self.feeder.start()

    def read(self, frames: int) -> Samples:
        out = np.zeros((frames, 2), np.float32)
        self.ring.read_into(out)
        return out

    def until(self, condition: Callable[[], bool]) -> None:
        give_up = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < give_up
            time.sleep(0.005)

    def drain(self) -> Samples:
        """Everything until the queue's end."""
        parts = []
        while not (self.feeder.ended and not self.ring.filled):
            parts.append(self.read(self.ring.filled))
            time.sleep(0.002)
        return np.concatenate(parts)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(20)
    yield bench
    bench.feeder.close()
    bench.feeder.join(5)
    assert not bench.feeder.is_alive()


def item(key: int, path: Path, start_s: float = 0.0, length_s: float | None = None) -> Item:
    return Item(key, os.fsencode(path), start_s, length_s)


@pytest.mark.parametrize(
    ("rate", "endings"), [(48_000, ("wav", "flac")), (44_100, ("wav", "flac")), (22_050, ("flac", "wav"))]
)
def test_a_sine_cut_in_two_files_comes_out_whole(
    tmp_path: Path, bench: Bench, rate: int, endings: tuple[str, str]
) -> None:
    sine, cut = tone(3.0, rate, channels=1), rate + 4321
    files = [
        write(tmp_path / f"{number}.{ending}", part, rate)
        for number, (ending, part) in enumerate(zip(endings, (sine[:cut], sine[cut:]), strict=True))
    ]
    queue = [item(number, file) for number, file in enumerate(files)]
    bench.feeder.cue(queue, queue[0], 0.0)
    bench.until(lambda: bench.feeder.ended)
    mark = bench.feeder._marks[1]
    heard = bench.drain()[:, 0]
    expected = tone(3.0, RATE, channels=1)[:, 0]
    assert len(heard) == len(expected)
    assert mark.frame == round(cut * RATE / rate)
    np.testing.assert_allclose(heard[50:-50], expected[50:-50], atol=2e-3)


def test_rates_that_differ_leave_no_gap(tmp_path: Path, bench: Bench) -> None:
    first = write(tmp_path / "a.wav", tone(1.0, 44_100, 1), 44_100)  # whole periods: it ends where it began
    second = write(tmp_path / "b.wav", tone(1.0, 48_000, 1), 48_000)
    queue = [item(1, first), item(2, second)]
    bench.feeder.cue(queue, queue[0], 0.0)
    heard = bench.drain()[:, 0]
    assert len(heard) == 2 * RATE
    # The steepest step of the sine itself is 0.029.
    assert np.abs(np.diff(heard)).max() < 0.035


def test_says_what_sounds_where(tmp_path: Path, bench: Bench) -> None:
    queue = [item(n, write(tmp_path / f"{n}.wav", tone(1.0, RATE), RATE)) for n in (1, 2)]
    queue.append(item(3, tmp_path / "2.wav", start_s=0.25, length_s=0.5))
    bench.feeder.cue(queue, queue[0], 0.5)
    bench.until(lambda: bench.feeder.ended)
    assert bench.feeder.heard(0) == (1, 0.5)
    assert bench.feeder.heard(RATE // 2 - 1) == (1, pytest.approx(1.0, abs=1e-4))
    assert bench.feeder.heard(RATE // 2) == (2, 0.0)
    assert bench.feeder.heard(RATE * 3 // 2 + RATE // 4) == (3, 0.5)
    assert len(bench.drain()) == 2 * RATE
    assert bench.decoding == [1, 2, 3, None]


def test_a_file_that_cannot_be_played_is_named_and_passed_over(tmp_path: Path, bench: Bench) -> None:
    (tmp_path / "bad.mp3").write_bytes(b"nothing of the kind")
    queue = [item(n, write(tmp_path / f"{n}.wav", tone(0.5, RATE), RATE)) for n in (1, 3)]
    queue.insert(1, item(2, tmp_path / "bad.mp3"))
    bench.feeder.cue(queue, queue[0], 0.0)
    assert len(bench.drain()) == RATE
    assert [key for key, _ in bench.failed] == [2]
    assert bench.failed[0][1].endswith(".")


def test_what_is_appended_after_the_end_still_follows_without_a_gap(tmp_path: Path, bench: Bench) -> None:
    queue = [item(n, write(tmp_path / f"{n}.wav", tone(0.5, RATE), RATE)) for n in (1, 2)]
    bench.feeder.cue(queue[:1], queue[0], 0.0)
    bench.until(lambda: bench.feeder.ended)
    assert bench.feeder.edit(queue)
    bench.until(lambda: bench.ring.written == RATE)
    assert bench.feeder.heard(RATE // 2) == (2, 0.0)


def test_what_is_removed_is_taken_back_although_it_was_decoded(tmp_path: Path, bench: Bench) -> None:
    loud = write(tmp_path / "2.wav", np.full((RATE, 1), 0.9, np.float32), RATE)
    queue = [item(1, write(tmp_path / "1.wav", tone(1.0, RATE), RATE)), item(2, loud)]
    queue.append(item(3, write(tmp_path / "3.wav", np.full((RATE, 1), 0.1, np.float32), RATE)))
    bench.feeder.cue(queue, queue[0], 0.0)
    bench.until(lambda: bench.feeder.ended)
    assert bench.ring.written == 3 * RATE
    assert bench.feeder.edit([queue[0], queue[2]])
    heard = bench.drain()
    assert len(heard) == 2 * RATE
    np.testing.assert_allclose(heard[RATE:], 0.1, atol=1e-3)


def test_too_late_to_take_back_is_said(tmp_path: Path, bench: Bench) -> None:
    queue = [item(n, write(tmp_path / f"{n}.wav", tone(0.5, RATE), RATE)) for n in (1, 2)]
    bench.feeder.cue(queue, queue[0], 0.0)
    bench.until(lambda: bench.feeder.ended)
    bench.read(RATE // 2 - 100)
    assert not bench.feeder.edit(queue[:1])


def test_a_full_ring_waits_and_a_cue_interrupts(tmp_path: Path) -> None:
    bench = Bench(0.5)
    queue = [item(1, write(tmp_path / "1.wav", tone(3.0, RATE), RATE))]
    bench.feeder.cue(queue, queue[0], 0.0)
    bench.until(lambda: bench.ring.room == 0)
    bench.feeder.cue(queue, queue[0], 2.5)
    heard = bench.drain()
    assert len(heard) == RATE // 2
    np.testing.assert_allclose(heard[:, 0], tone(3.0, RATE)[-RATE // 2 :, 0], atol=1e-3)
    bench.feeder.close()
    bench.feeder.join(5)


@pytest.mark.parametrize("rate", [48_000, 44_100])
def test_every_lossless_format_follows_every_other_without_a_sample_too_many(
    tmp_path: Path, bench: Bench, rate: int
) -> None:
    # FFmpeg's own encoders of WavPack and TTA write 8 bit.
    endings = sorted(
        ending for ending, kind in FORMATS.items() if kind.lossless and ending not in {"wv", "tta"}
    )
    whole = np.repeat(music(0.25 * len(endings), rate), 2, axis=1)
    parts = np.array_split(whole, len(endings))  # not on any codec's frame
    queue = [
        item(n, write(tmp_path / f"{n}.{ending}", part, rate))
        for n, (ending, part) in enumerate(zip(endings, parts, strict=True))
    ]
    bench.feeder.cue(queue, queue[0], 0.0)
    bench.until(lambda: bench.feeder.ended)
    marks = [mark.frame for mark in bench.feeder._marks]
    heard = bench.drain()
    lengths = np.cumsum([0, *(len(part) for part in parts[:-1])])
    assert marks == [round(length * RATE / rate) for length in lengths]
    assert len(heard) == round(len(whole) * RATE / rate)
    one = whole if rate == RATE else resampled(whole, rate)
    # Half a step of 16 bit from the original, or nearly so from the same signal resampled in one piece.
    assert np.abs(heard - one).max() < (0.51 if rate == RATE else 1.6) / 2**15


def resampled(samples: Samples, rate: int) -> Samples:
    whole = Resampler(rate, RATE)
    return np.concatenate([whole.push(samples), whole.flush()])


@pytest.mark.parametrize("ending", ["m4a", "opus", "mp3"])
def test_what_a_codec_adds_at_either_end_is_not_heard(tmp_path: Path, bench: Bench, ending: str) -> None:
    sine, cut = tone(1.0, RATE, channels=2), RATE // 2
    if ending == "mp3":  # FFmpeg's own encoder is a few frames off
        for number, part in enumerate((sine[:cut], sine[cut:])):
            soundfile.write(tmp_path / f"{number}.{ending}", part, RATE, format=ending.upper())
    else:
        for number, part in enumerate((sine[:cut], sine[cut:])):
            write(tmp_path / f"{number}.{ending}", part, RATE)
    queue = [item(number, tmp_path / f"{number}.{ending}") for number in range(2)]
    bench.feeder.cue(queue, queue[0], 0.0)
    heard = bench.drain()
    assert len(heard) == RATE
    mid = slice(cut + RATE // 10, cut + RATE // 5)  # in phase with the original behind the joint
    assert np.corrcoef(heard[mid, 0], sine[mid, 0])[0, 1] > 0.99


def test_a_file_that_understates_its_length_is_heard_to_its_end() -> None:
    cut = [Block(np.ones((4000, 2), np.float32), RATE) for _ in range(4)]
    assert sum(len(b.samples) for b in without_padding(cut, 15_000)) == 15_000
    assert sum(len(b.samples) for b in without_padding(cut, 9_000)) == 16_000


def steady(path: Path, level: float, seconds: float = 1.0) -> Path:
    return write(path, np.full((round(seconds * RATE), 2), level, np.float32), RATE)


def test_tracks_are_cross_faded_and_marks_are_where_they_come_in(tmp_path: Path, bench: Bench) -> None:
    queue = [item(n, steady(tmp_path / f"{n}.wav", 0.25 * (n + 1))) for n in range(3)]
    bench.feeder.sound = Sound(crossfade_s=0.25)
    bench.feeder.cue(queue, queue[0], 0.0)
    bench.until(lambda: bench.feeder.ended)
    assert [mark.frame for mark in bench.feeder._marks] == [0, 36_000, 72_000]
    heard = bench.drain()[:, 0]
    assert len(heard) == 3 * RATE - 24_000
    np.testing.assert_allclose(
        heard[[0, 35_999, 48_000, 71_999, 84_000]], [0.25, 0.25, 0.5, 0.5, 0.75], atol=1e-3
    )
    middle = 0.5 * (0.25 + 0.5) * 2**0.5
    assert heard[42_000] == pytest.approx(middle, abs=1e-3)
    assert np.abs(np.diff(heard)).max() < 1e-3


def test_a_queue_that_changes_takes_a_cross_fade_back(tmp_path: Path, bench: Bench) -> None:
    queue = [item(n, steady(tmp_path / f"{n}.wav", 0.2 * (n + 1))) for n in range(3)]
    bench.feeder.sound = Sound(crossfade_s=0.25)
    bench.feeder.cue(queue, queue[0], 0.0)
    bench.until(lambda: bench.feeder.ended)
    assert bench.feeder.edit([queue[0], queue[2]])
    bench.until(lambda: bench.feeder.ended)
    assert bench.ring.written == 2 * RATE - 12_000
    assert bench.feeder.edit([queue[0]])  # now the end of the first is not to be faded at all
    bench.until(lambda: bench.feeder.ended and bench.ring.written == RATE)
    heard = bench.drain()
    np.testing.assert_allclose(heard, 0.2, atol=1e-3)


def test_a_track_that_begins_anew_follows_its_own_end_without_a_fade(tmp_path: Path, bench: Bench) -> None:
    path, other = steady(tmp_path / "a.wav", 0.25), steady(tmp_path / "b.wav", 0.5)
    queue = [item(1, path), item(2, path), item(3, path), item(4, other)]
    bench.feeder.sound = Sound(crossfade_s=0.25)
    bench.feeder.cue(queue, queue[0], 0.0)
    bench.until(lambda: bench.feeder.ended)
    assert [mark.frame for mark in bench.feeder._marks] == [0, RATE, 2 * RATE, 3 * RATE - 12_000]
    heard = bench.drain()[:, 0]
    np.testing.assert_allclose(heard[: 3 * RATE - 12_000], 0.25, atol=1e-3)


def test_what_belongs_together_is_not_faded(tmp_path: Path, bench: Bench) -> None:
    for n in range(3):
        track = np.full((RATE, 2), 0.2, np.float32)
        tags = {"album": "A" if n < 2 else "B", "track": str(n + 1)}
        write(tmp_path / f"{n}.flac", track, RATE, tags=tags)
    queue = [item(n, tmp_path / f"{n}.flac") for n in range(3)]
    queue.append(item(9, tmp_path / "0.flac", 0.2, 0.6))
    bench.feeder.sound = Sound(crossfade_s=0.25)
    bench.feeder.cue(queue, queue[0], 0.0)
    bench.until(lambda: bench.feeder.ended)
    assert [mark.frame for mark in bench.feeder._marks] == [0, 48_000, 84_000, 132_000]


def test_loudness_is_evened_out_and_nothing_clips(tmp_path: Path, bench: Bench) -> None:
    quiet = {"replaygain_track_gain": "-12.04 dB", "replaygain_track_peak": "0.5"}
    loud = {"replaygain_track_gain": "+12 dB"}  # no peak: only listening tells that it would clip
    for number, tags in enumerate((quiet, loud)):
        write(tmp_path / f"{number}.flac", tone(0.5, RATE), RATE, tags=tags)
    queue = [item(number, tmp_path / f"{number}.flac") for number in range(2)]
    for mode, levels in (("track", (0.125, 1.0)), ("off", (0.5, 0.5))):
        bench.feeder.sound = Sound(replaygain=mode)
        bench.feeder.cue(queue, queue[0], 0.0)
        heard = bench.drain()
        halves = np.abs(heard[:20_000]).max(), np.abs(heard[-20_000:]).max()
        assert halves == pytest.approx(levels, abs=0.01)
        assert np.abs(heard).max() <= 1
