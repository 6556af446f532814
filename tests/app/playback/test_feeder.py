"""The decoder's thread: one signal across files, marks that are exact, a queue that changes under it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.playback.feeder import Feeder
from app.playback.protocol import Item
from app.playback.ring import Ring, Samples
from tests.audio_files import tone, write

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
