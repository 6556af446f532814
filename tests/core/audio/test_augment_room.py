"""Rooms and filters against SciPy and against what a room is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import signal

from core.audio import SAMPLE_RATE, SEGMENT
from core.audio.augment_room import ROOMS, TAIL, Rooms, impulse_responses
from tests.tones import Wave, chords


@pytest.fixture(scope="module")
def rooms() -> Rooms:
    return Rooms(0.2, 0.9)


def decay(response: Wave) -> float:
    """RT60 in seconds: Schroeder's backward integral, its slope between -5 and -35 dB (ISO 3382, T30)."""
    left = np.cumsum(np.square(response[::-1]))[::-1]
    decibels = 10 * np.log10(left / left[0] + 1e-12)
    span = np.flatnonzero((decibels < -5) & (decibels > -35))
    slope = np.polyfit(span / SAMPLE_RATE, decibels[span], 1)[0]
    return float(-60 / slope)


@pytest.mark.parametrize("seconds", [0.2, 0.5, 0.9])
def test_a_room_decays_as_long_as_it_should(seconds: float) -> None:
    response = impulse_responses(torch.tensor([seconds]))[0].numpy()
    assert decay(response.astype(np.float64)) == pytest.approx(seconds, rel=0.1)
    assert np.square(response).sum() == pytest.approx(1, rel=1e-4)


def test_sound_goes_on_in_the_room(rooms: Rooms) -> None:
    """A burst that ends rings on, longer in the last room than in the first; before it nothing is heard."""
    wave = torch.zeros(2, SEGMENT)
    wave[:, 8000:16_000] = chords(8000)
    response = rooms.reverberation(torch.tensor([0, ROOMS - 1]), torch.tensor([0.5, 0.5]))
    heard = rooms(wave, response).numpy().astype(np.float64)
    assert np.abs(heard[:, :8000]).max() < 1e-5
    after = heard[:, 16_000:]
    assert np.square(after[:, :800]).mean(1).min() > 0.02 * np.square(wave.numpy()[:, 8000:16_000]).mean()
    assert [decay(tail) for tail in after] == pytest.approx([0.2, 0.9], rel=0.15)


@pytest.mark.parametrize("segments", [1, 4])
def test_a_room_is_a_convolution_across_segments(rooms: Rooms, segments: int) -> None:
    wave = chords(segments * SEGMENT, seed=1)
    heard = rooms(wave[None], rooms.reverberation(torch.tensor([9]), torch.tensor([0.3])))[0].numpy()
    response = 0.3 * np.fft.irfft(rooms.responses[9].numpy())[:TAIL]
    response[0] += 0.7
    expected = signal.fftconvolve(wave.numpy().astype(np.float64), response)[: len(wave)]
    assert np.abs(heard - expected).max() < 1e-5


def test_a_dry_room_is_none(rooms: Rooms) -> None:
    wave = chords(SEGMENT)[None]
    heard = rooms(wave, rooms.reverberation(torch.tensor([5]), torch.tensor([0.0])))
    assert (heard - wave).abs().max() < 1e-6


@pytest.mark.parametrize(
    ("corner", "high_pass"), [(1500.0, False), (7900.0, False), (20.0, True), (600.0, True)]
)
def test_filters_are_scipys_butterworth(rooms: Rooms, corner: float, high_pass: bool) -> None:
    wave = torch.randn(2 * SEGMENT, generator=torch.Generator().manual_seed(0))
    heard = rooms(wave[None], rooms.filters(torch.tensor([corner]), torch.tensor([high_pass])))[0]
    b, a = signal.butter(2, corner, "high" if high_pass else "low", fs=SAMPLE_RATE)
    assert np.abs(heard.numpy() - signal.lfilter(b, a, wave.double().numpy())).max() < 1e-4


def test_a_filter_and_a_room_come_in_one(rooms: Rooms) -> None:
    wave = chords(SEGMENT)[None]
    room = rooms.reverberation(torch.tensor([3]), torch.tensor([0.4]))
    low_pass = rooms.filters(torch.tensor([2000.0]), torch.tensor([False]))
    assert (rooms(wave, room * low_pass) - rooms(rooms(wave, room), low_pass)).abs().max() < 1e-4


def test_rooms_are_the_same_everywhere_and_unlike_each_other(rooms: Rooms) -> None:
    assert torch.equal(rooms.responses, Rooms(0.2, 0.9).responses)
    responses = torch.fft.irfft(rooms.responses)
    similar = responses @ responses.T - torch.eye(ROOMS)
    assert similar.abs().max() < 0.2
