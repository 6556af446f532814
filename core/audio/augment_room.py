"""Rooms and filters: both are multiplications of a long spectrum, so an item that gets both pays once."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.audio import SAMPLE_RATE, SEGMENT

TAIL = 16_000
"""Samples that a room rings on, at most: 1 s."""
BLOCK = TAIL + SEGMENT
BINS = BLOCK // 2 + 1
ROOMS = 32
SEED = 0x726F6F6D
"""Of the rooms' noise: the same rooms in every run ("room")."""
STEEPEST = 1e4
"""Where the warped frequency of `butterworth` stands for infinity (half the sample rate)."""


def impulse_responses(decays: Tensor) -> Tensor:
    """Noise that is 60 dB down after `decays` (rooms,) seconds, of energy 1, (rooms, TAIL)."""
    noise = np.random.Generator(np.random.Philox(SEED)).standard_normal((len(decays), TAIL), np.float32)
    time = torch.arange(TAIL) / SAMPLE_RATE
    fading = torch.from_numpy(noise) * torch.exp(-math.log(1000) * time / decays[:, None])
    return functional.normalize(fading)


def warped(frequencies: Tensor) -> Tensor:
    """Where the bilinear transform takes Hz in [0, half the sample rate]."""
    return (math.pi / SAMPLE_RATE * frequencies).tan().clamp(0, STEEPEST).float()


def butterworth(frequencies: Tensor, corners: Tensor, high_pass: Tensor) -> Tensor:
    """Response of second-order filters.

    The bilinear transform of 1 / (s^2 + sqrt(2) s + 1), or s^2 / (...), where s = i frequency / corner;
    with real numbers, since |1 - x^2 + i sqrt(2) x|^2 = 1 + x^4.

    Parameters
    ----------
    frequencies, corners
        (bins,), and (n,) where the response is 3 dB down; both warped.
    high_pass
        (n,) bool; else low-pass.

    Returns
    -------
    complex64 (n, bins)
    """
    relative = frequencies / corners[:, None]
    squares = relative.square()
    gains = torch.where(high_pass[:, None], -squares, 1.0) / (1 + squares.square())
    return torch.complex((1 - squares) * gains, -math.sqrt(2) * relative * gains)


class Rooms(nn.Module):
    """Reverberation and filters, for views of any number of segments.

    Parameters
    ----------
    shortest, longest
        Decay (RT60) of the first and the last of the `ROOMS` rooms, in seconds.
    """

    responses: Tensor
    frequencies: Tensor

    def __init__(self, shortest: float, longest: float) -> None:
        super().__init__()
        decays = torch.linspace(shortest, longest, ROOMS)
        spectra = torch.fft.rfft(impulse_responses(decays), n=BLOCK)
        self.register_buffer("responses", spectra, persistent=False)
        frequencies = warped(torch.linspace(0, SAMPLE_RATE / 2, BINS, dtype=torch.float64))
        self.register_buffer("frequencies", frequencies, persistent=False)

    def reverberation(self, rooms: Tensor, wet: Tensor) -> Tensor:
        """(1 - wet) of the sound and wet of the room: (n,) indices and (n,) shares -> (n, BINS)."""
        response = self.responses[rooms].mul_(wet[:, None])
        torch.view_as_real(response)[..., 0] += 1 - wet[:, None]
        return response

    def filters(self, corners: Tensor, high_pass: Tensor) -> Tensor:
        """Responses of low-pass and high-pass filters: (n,) Hz and (n,) bool -> (n, BINS)."""
        return butterworth(self.frequencies, warped(corners), high_pass)

    def forward(self, waves: Tensor, responses: Tensor) -> Tensor:
        """(n, k 48000) heard through (n, BINS), from silence on (overlap-save) -> (n, k 48000)."""
        blocks = functional.pad(waves, (TAIL, 0)).unfold(1, BLOCK, SEGMENT)  # (n, k, BLOCK)
        spectra = torch.fft.rfft(blocks).mul_(responses[:, None])
        heard: Tensor = torch.fft.irfft(spectra, n=BLOCK)[..., TAIL:]
        return heard.flatten(1)
