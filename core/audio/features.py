"""The two front-ends, log-mel for the encoders and MFCC for the baseline: waveforms in, frames out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import ClassVar, Literal

import torch
import torchaudio.functional as audio
from torch import Tensor, nn

from core.audio import SAMPLE_RATE

N_FFT = 512
HOP = 256
BINS = N_FFT // 2 + 1
LEVEL = 0.1
"""Root mean square of a segment under `ModernLogMel`: -20 dB of full scale, as music is on average."""
FLOOR = 1e-3
"""-60 dB: quieter than the quiet places of a recording, 30 dB above the steps of 16 bits."""
CPU_CHUNK = 4
"""Waveforms taken through a front-end at a time on a CPU: their frames stay in the cache (twice as fast)."""


class Spectrogram(nn.Module):
    """Power spectrogram: Hann window of 512, hop 256, centred, reflect padding."""

    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)

    def forward(self, waves: Tensor) -> Tensor:
        """(batch, samples) -> (batch, 1 + samples // 256, 257).

        Not `torch.stft`, which gives (batch, bins, frames): frames last would cost a transposition
        before the mel filters.
        """
        pad = N_FFT // 2
        # `functional.pad` does the same in five times the time.
        ends = waves[:, 1 : pad + 1].flip(1), waves[:, -pad - 1 : -1].flip(1)
        padded = torch.cat([ends[0], waves, ends[1]], dim=1)
        spectrum = torch.fft.rfft(padded.unfold(-1, N_FFT, HOP) * self.window)
        power: Tensor = spectrum.real.square() + spectrum.imag.square()  # half the time of abs().square()
        return power


def mel_filters(bands: int) -> Tensor:
    """Triangular filters from 0 to 8000 Hz, Slaney's scale and area norm, (257, bands)."""
    top = SAMPLE_RATE / 2
    filters: Tensor = audio.melscale_fbanks(BINS, 0.0, top, bands, SAMPLE_RATE, "slaney", "slaney")
    return filters


def _in_float32(compute: Callable[[Tensor], Tensor], waves: Tensor) -> Tensor:
    """`compute` outside autocast, whose bf16 would cost the spectrum its quiet bins; in chunks on a CPU."""
    with torch.autocast(waves.device.type, enabled=False):
        if waves.device.type != "cpu" or len(waves) <= CPU_CHUNK:
            return compute(waves)
        return torch.cat([compute(chunk) for chunk in torch.split(waves, CPU_CHUNK)])


class LogMel(nn.Module):
    """log10(1 + 10 mel) of a magnitude mel spectrogram of 96 bands."""

    version: ClassVar[str] = "logmel-1"
    """Changes whenever the numbers change: vectors of two versions are never compared."""
    bands: ClassVar[int] = 96
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.spectrogram = Spectrogram()
        self.register_buffer("filters", mel_filters(self.bands), persistent=False)

    def forward(self, waves: Tensor) -> Tensor:
        """(batch, 48000) -> (batch, 188, 96)."""
        return _in_float32(self._log_mel, waves)

    def with_mfcc(self, waves: Tensor, mfcc: MFCC) -> tuple[Tensor, Tensor]:
        """(batch, 48000) -> (batch, 188, 96) and `mfcc` of the same spectrogram, (batch, 188, 20)."""

        def both(waves: Tensor) -> Tensor:
            power = self.spectrogram(waves)
            return torch.cat([self.of_power(power, waves), mfcc.of_power(power)], dim=2)

        found = _in_float32(both, waves)
        return found[..., : self.bands], found[..., self.bands :]

    def _log_mel(self, waves: Tensor) -> Tensor:
        return self.of_power(self.spectrogram(waves), waves)

    def of_power(self, power: Tensor, waves: Tensor) -> Tensor:  # noqa: ARG002 - another log-mel asks for loudness
        """The power spectrogram (batch, 188, 257) of `waves` -> (batch, 188, 96)."""
        magnitude = power.sqrt()
        return torch.log1p(10 * (magnitude @ self.filters)) / math.log(10)


class ModernLogMel(LogMel):
    """log10(1 + 10000 mel) of a power mel spectrogram of 96 bands, every segment at one level.

    A segment is brought to `LEVEL` before the logarithm bends it, so that loudness tells nothing; below `FLOOR`
    it is only raised as much as a segment of that level is: the noise of a silent segment stays small.
    """

    version: ClassVar[str] = "logmel-2"

    def of_power(self, power: Tensor, waves: Tensor) -> Tensor:
        """The power spectrogram (batch, 188, 257) of `waves` -> (batch, 188, 96)."""
        rms = waves.std(dim=1, correction=0)  # about the mean: a constant offset is no sound
        gain = (LEVEL / rms.clamp_min(FLOOR)).square()  # (batch,), of power
        return torch.log1p(1e4 * gain[:, None, None] * (power @ self.filters)) / math.log(10)


LogMelName = Literal["paper", "modern"]
LOG_MELS: Mapping[LogMelName, type[LogMel]] = {"paper": LogMel, "modern": ModernLogMel}
"""The log-mel of each preset."""


class MFCC(nn.Module):
    """20 coefficients of 128 mel bands in decibels (floor 1e-10, no top_db), orthonormal DCT-II."""

    version: ClassVar[str] = "mfcc-1"
    """Changes whenever the numbers change: vectors of two versions are never compared."""
    bands: ClassVar[int] = 128
    coefficients: ClassVar[int] = 20
    filters: Tensor
    dct: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.spectrogram = Spectrogram()
        self.register_buffer("filters", mel_filters(self.bands), persistent=False)
        dct = audio.create_dct(self.coefficients, self.bands, "ortho")
        self.register_buffer("dct", dct, persistent=False)

    def forward(self, waves: Tensor) -> Tensor:
        """(batch, 48000) -> (batch, 188, 20)."""
        return _in_float32(self._mfcc, waves)

    def _mfcc(self, waves: Tensor) -> Tensor:
        return self.of_power(self.spectrogram(waves))

    def of_power(self, power: Tensor) -> Tensor:
        """The power spectrogram, (batch, 188, 257) -> (batch, 188, 20)."""
        bands = power @ self.filters  # (batch, 188, 128)
        coefficients: Tensor = 10 * bands.clamp_min(1e-10).log10() @ self.dct
        return coefficients


class Standardise(nn.Module):
    """(x - mean) / std with one scalar each, measured once and kept with the weights."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("std", torch.ones(()))

    def forward(self, values: Tensor) -> Tensor:
        """Any shape in, the same shape out."""
        return (values - self.mean) / self.std

    def set(self, mean: float, std: float) -> None:
        """Keep what was measured; a constant signal is only shifted."""
        self.mean.fill_(mean)
        self.std.fill_(std if std > 0 else 1.0)
