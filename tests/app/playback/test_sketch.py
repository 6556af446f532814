"""Waveforms: right, progressive, and as small for an hour as for a second."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from app.playback.sketch import BUCKETS, Sketch, sketches
from core.audio.records import UnusableError
from tests.audio_files import write


def test_shows_where_it_is_loud(tmp_path: Path) -> None:
    wave = np.zeros((44_100 * 8, 1), np.float32)
    wave[44_100 * 2 : 44_100 * 4] = 0.5
    wave[44_100 * 6 :] = -0.25
    *_, (peaks, last) = sketches(os.fsencode(write(tmp_path / "a.wav", wave)))
    assert last
    assert peaks is not None
    assert peaks.shape == (BUCKETS, 2)
    assert not np.isnan(peaks).any()
    for start, end, low, high in (
        (0, 198, 0, 0),
        (202, 398, 0.5, 0.5),
        (402, 598, 0, 0),
        (602, 800, -0.25, -0.25),
    ):
        assert peaks[start:end, 0].min() == pytest.approx(low, abs=1e-3)
        assert peaks[start:end, 1].max() == pytest.approx(high, abs=1e-3)


def test_comes_bit_by_bit(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", np.full((44_100 * 4, 1), 0.5, np.float32))
    found = [peaks for peaks, _ in sketches(os.fsencode(file), every_s=0) if peaks is not None]
    known = [np.isfinite(peaks[:, 0]).mean() for peaks in found]
    assert known == sorted(known)
    assert known[0] < 0.2
    assert known[-1] == 1


def test_one_sample_and_none() -> None:
    sketch = Sketch()
    assert np.isnan(sketch.peaks(0)).all()
    sketch.add(np.full(300, 0.5, np.float32))
    assert sketch.peaks(300)[-1, 1] == 0.5


@pytest.mark.parametrize("total", [250_000, 1_000_000])
def test_agrees_with_numpy_whatever_the_pieces(total: int) -> None:
    rng = np.random.default_rng(0)
    wave = rng.standard_normal(total).astype(np.float32)
    wave[total // 3] = 9
    sketch = Sketch()
    for piece in np.array_split(wave, 77):
        sketch.add(piece)
    peaks = sketch.peaks(total)
    assert np.nanargmax(peaks[:, 1]) == pytest.approx(BUCKETS // 3, abs=1)
    assert np.nanmax(peaks) == 9
    assert np.nanmin(peaks) == wave.min()


def test_memory_does_not_grow_with_the_track() -> None:
    def most(pieces: int) -> int:
        sketch, piece = Sketch(), np.ones(4096, np.float32)
        tracemalloc.start()
        for _ in range(pieces):
            sketch.add(piece)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert most(20_000) < most(200) + 400_000  # half an hour against 19 s


def test_a_file_without_sound(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_text("hello")
    with pytest.raises(UnusableError):
        list(sketches(os.fsencode(tmp_path / "a.mp3")))
