"""What the callback does to the sound: gains without jumps, silence without reading, counts."""

from __future__ import annotations

import numpy as np
import pytest

from app.playback.mixer import FADE_S, Mixer, gain_of
from app.playback.ring import Ring, Samples

RATE = 10_000


@pytest.fixture
def mixer() -> Mixer:
    ring = Ring(10 * RATE)
    ring.write(np.ones((10 * RATE, 2), np.float32))
    return Mixer(ring, RATE, volume=1.0)


def render(mixer: Mixer, frames: int) -> Samples:
    out = np.full((frames, 2), 9, np.float32)
    mixer.render(out)
    return out


def test_equal_steps_of_the_slider_are_about_equal_in_decibels() -> None:
    upper = [20 * np.log10(gain_of(v) / gain_of(v - 0.1)) for v in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)]
    assert min(upper) > 2.5
    assert max(upper) < 6
    assert (gain_of(0), gain_of(1), gain_of(7)) == (0, 1, 1)


def test_closed_it_is_silent_and_reads_nothing(mixer: Mixer) -> None:
    assert (render(mixer, 500) == 0).all()
    assert mixer._ring.read == 0
    assert mixer.silent


@pytest.mark.parametrize("frames", [1, 7, 64, 1000, 9000])
def test_opens_and_closes_without_a_jump(mixer: Mixer, frames: int) -> None:
    mixer.open = True
    opened = np.concatenate([render(mixer, frames) for _ in range(max(600 // frames, 2))])[:, 0]
    mixer.open = False
    closed = np.concatenate([render(mixer, frames) for _ in range(max(600 // frames, 2))])[:, 0]
    steps = np.diff(np.concatenate([[0], opened, closed]))
    assert np.abs(steps).max() <= 1.01 / (FADE_S * RATE)
    assert opened[-1] == 1
    assert closed[-1] == 0
    assert mixer.silent == (render(mixer, 1)[0, 0] == 0)


def test_a_tracks_first_frames_are_not_faded(mixer: Mixer) -> None:
    mixer.begin()
    assert (render(mixer, 100) == 1).all()


def test_a_change_of_volume_is_a_ramp_too(mixer: Mixer) -> None:
    mixer.open = True
    render(mixer, 1000)
    mixer.level = gain_of(0.5)
    quieter = render(mixer, 1000)[:, 0]
    assert np.abs(np.diff(np.concatenate([[1], quieter]))).max() <= 1.01 / (FADE_S * RATE)
    assert quieter[-1] == pytest.approx(0.125)


def test_an_empty_ring_is_counted_unless_it_is_the_end(mixer: Mixer) -> None:
    mixer.open = True
    mixer._ring.clear()
    assert (render(mixer, 100) == 0).all()
    assert mixer.starved == 1
    mixer.ended = True
    render(mixer, 100)
    assert mixer.starved == 1
