"""The limiter: what is within full scale passes untouched, what is not is turned down in time and smoothly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.playback.limiter import Limiter, sliding_mean, sliding_minimum
from app.playback.ring import Samples

RATE = 8_000


def through(samples: Samples, cuts: list[int]) -> Samples:
    limiter = Limiter(RATE)
    parts = [limiter.push(part) for part in np.split(samples, cuts)]
    return np.concatenate([*parts, limiter.flush()])


def noise(frames: int, loud: float, seed: int = 0) -> Samples:
    return (loud * np.random.default_rng(seed).uniform(-1, 1, (frames, 2))).astype(np.float32)


@given(st.integers(1, 40), st.integers(0, 30))
def test_sliding_windows(width: int, more: int) -> None:
    values = np.random.default_rng(more).random(width + more, np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(values, width)
    np.testing.assert_array_equal(sliding_minimum(values, width), windows.min(axis=1))
    np.testing.assert_allclose(sliding_mean(values, width), windows.mean(axis=1), rtol=1e-5)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3000), max_size=6).map(sorted))
def test_what_fits_passes_bit_by_bit(cuts: list[int]) -> None:
    samples = noise(3000, 1.0)
    np.testing.assert_array_equal(through(samples, cuts), samples)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 6000), max_size=6).map(sorted), st.integers(0, 5))
def test_nothing_is_beyond_full_scale_and_blocks_do_not_matter(cuts: list[int], seed: int) -> None:
    samples = noise(6000, 0.5, seed)
    samples[2500:2700] *= 5
    out = through(samples, cuts)
    assert out.shape == samples.shape
    assert np.abs(out).max() <= 1
    np.testing.assert_allclose(out, through(samples, []), atol=1e-6)
    np.testing.assert_array_equal(out[:2400], samples[:2400])  # 10 ms ahead the gain is still 1
    np.testing.assert_array_equal(out[3200:], samples[3200:])


def test_a_loud_passage_is_turned_down_without_a_click() -> None:
    t = np.arange(RATE) / RATE
    wave = np.sin(2 * np.pi * 100 * t) * np.where((t > 0.4) & (t < 0.6), 3.0, 0.8)
    samples = np.repeat(wave.astype(np.float32)[:, None], 2, axis=1)
    gain = through(samples, [1000, 3500])[:, 0] / np.where(np.abs(wave) > 1e-3, wave, np.nan)
    assert np.nanmin(gain) == pytest.approx(1 / 3, abs=0.01)
    assert np.nanmax(np.abs(np.diff(gain[~np.isnan(gain)]))) < 0.05, (
        "from 1 to 1/3 in 10 ms, in a straight line"
    )
