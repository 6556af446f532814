"""Sounds of which one knows what they are: tones, clicks, and something like music."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.audio import SAMPLE_RATE

PITCHES = (110, 146.8, 220, 277.2, 329.6, 440, 659.3)
Wave = NDArray[np.floating[Any]]


def tone(frequency: float, samples: int, partials: int = 1) -> Tensor:
    """(samples,) of a sine, or of a harmonic sound."""
    time = np.arange(samples) / SAMPLE_RATE
    wave = sum(np.sin(2 * np.pi * frequency * k * time + k) / k for k in range(1, partials + 1))
    return torch.tensor(0.3 * wave, dtype=torch.float32)


def clicks(every: int, samples: int) -> Tensor:
    """(samples,) of short bursts, `every` so many samples from the first one at 2000 on."""
    wave = torch.zeros(samples)
    burst = torch.randn(64, generator=torch.Generator().manual_seed(0)) * torch.hann_window(64)
    for start in range(2000, samples - 64, every):
        wave[start : start + 64] = 0.8 * burst
    return wave


def chords(samples: int, seed: int = 0, ratio: float = 1.0) -> Tensor:
    """(samples,) of plucked chords over a little hiss: attacks, decays, and many partials at once.

    The same seed gives the same piece, with another `ratio` transposed.
    """
    rng = np.random.default_rng(seed)
    wave = rng.normal(0, 1e-3, samples)
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for onset in range(0, samples, int(0.3 * SAMPLE_RATE)):
        for pitch in rng.choice(PITCHES, 3, replace=False):
            partials = [np.sin(2 * np.pi * ratio * pitch * k * time) / k**1.5 for k in range(1, 12)]
            note = 0.1 * np.sum(partials, 0) * np.exp(-6 * time)
            wave[onset : onset + len(note)] += note[: samples - onset]
    return torch.tensor(wave, dtype=torch.float32)


def frequency(wave: Wave) -> float:
    """Hz of the strongest partial, by a parabola through the logarithms around the peak of a windowed spectrum."""
    power = np.log(np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) + 1e-12)
    peak = int(power.argmax())
    left, middle, right = power[peak - 1 : peak + 2]
    offset = 0.5 * (left - right) / (left - 2 * middle + right)
    return float((peak + offset) * SAMPLE_RATE / len(wave))
