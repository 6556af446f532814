"""Other durations and pitches: one phase vocoder for both, at each item's own rate.

Shifting the pitch is playing the sound faster or slower (resampling) and undoing the change of duration, so a
pitch shift and a stretch of one item are one resampling and one pass of the vocoder.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchaudio.transforms import Resample

N_FFT = 960
HOP = 320
"""A third of a frame: the squares of Hann windows so far apart add up to a constant."""
MARGIN = 1280
"""Samples mirrored on at both ends: more than the vocoder looks beyond them at twice the speed, 4 semitones up."""
LARGEST_DENOMINATOR = 49
"""Of a pitch ratio: 18/17 and 55/49 are a semitone and two within 1.1 cents, and take 50 taps a sample."""
TINY = 1e-9
"""Added to every bin, so that silence has a phase too; 180 dB below full scale."""


def pitch_ratio(semitones: int) -> Fraction:
    """Frequency ratio of an interval, to about a cent, with a small numerator and denominator."""
    ratio = Fraction(2.0 ** (abs(semitones) / 12)).limit_denominator(LARGEST_DENOMINATOR)
    return ratio if semitones >= 0 else 1 / ratio


class PitchResample(nn.Module):
    """Plays waves faster (higher) or slower (lower), by whole semitones.

    Parameters
    ----------
    semitones
        The intervals that may be asked for.
    """

    def __init__(self, semitones: Iterable[int]) -> None:
        super().__init__()
        self.ratios = {s: pitch_ratio(s) for s in {0, *semitones}}
        self.resample = nn.ModuleDict(
            {str(s): Resample(r.numerator, r.denominator) for s, r in self.ratios.items() if s}
        )

    def forward(self, waves: Tensor, semitones: Tensor) -> Tensor:
        """(n, samples) and (n,) -> (n, longest); sample i comes to i / ratio, zeros after the end."""
        if not self.resample:
            return waves
        longest = max(-(-waves.shape[1] // ratio) for ratio in self.ratios.values())
        played = waves.new_zeros(len(waves), longest)
        for interval in self.ratios:
            rows = (semitones == interval).nonzero().squeeze(1)
            if len(rows):
                faster = self.resample[str(interval)](waves[rows]) if interval else waves[rows]
                played[rows, : faster.shape[1]] = faster
        return played


class PhaseVocoder(nn.Module):
    """Time stretch that keeps the pitch, at a rate of each item's own.

    Frame t of the result looks like the source around t HOP rate, and its phases go on from frame t - 1 as they
    do in the source from HOP samples before that place: two transforms for each frame, and the advance is the
    product of one with the other's conjugate, so that no angle is taken or unwrapped (Laroche and Dolson 1999,
    section II). Left alone, neighbouring bins drift apart and a sound loses its attacks ("phasiness"); so each
    bin is turned as the strongest bins around it are: an average weighted with their power, in place of the
    regions around peaks of Laroche and Dolson and of Puckette's sum of neighbours (1995). On music that halves
    the distance from the spectrogram that the result should have.
    """

    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)

    def forward(self, waves: Tensor, origins: Tensor, rates: Tensor, samples: int) -> Tensor:
        """Play `waves` at `rates`.

        Parameters
        ----------
        waves
            (n, length), with a margin of N_FFT around what is played.
        origins
            (n,) int64, where it begins.
        rates
            (n,) source samples for each sample of the result: above 1 is faster.
        samples
            Length of the result, a multiple of HOP.

        Returns
        -------
        (n, samples)
        """
        # From a frame before the first sample to one after the last: each lies in three.
        steps = torch.arange(-HOP, samples + HOP + 1, HOP, device=waves.device)[:, None]
        centres = (steps * rates).round().long() + origins  # (frames, n)
        spectra = self._spectra(waves, centres)
        turned = _turned(spectra, self._spectra(waves, centres[1:] - HOP))
        return self._overlap_add(torch.fft.irfft(turned, n=N_FFT))[:, :samples]

    def _spectra(self, waves: Tensor, centres: Tensor) -> Tensor:
        """Of the frames around `centres` (frames, n) -> (frames, n, bins)."""
        # All waves as one, since whole rows of one matrix are copied three times as fast as rows of several.
        begins = torch.arange(len(waves), device=waves.device) * waves.shape[1] - N_FFT // 2
        every = waves.contiguous().view(-1).unfold(0, N_FFT, 1)
        frames = every.index_select(0, (centres + begins).view(-1)).mul_(self.window)
        frames[:, 0] += TINY  # an impulse: as much in every bin
        spectra: Tensor = torch.fft.rfft(frames)
        return spectra.view(*centres.shape, -1)

    def _overlap_add(self, frames: Tensor) -> Tensor:
        """(frames, n, N_FFT) -> (n, samples) from the middle of the second frame on."""
        count, items, _ = frames.shape
        window = self.window * (HOP / self.window.square().sum())
        parts = list(zip(torch.split(frames, HOP, 2), torch.split(window, HOP), strict=True))
        total = frames.new_zeros(count + len(parts) - 1, items, HOP)
        for hop, (part, weights) in enumerate(parts):
            total[hop : hop + count].addcmul_(part, weights)
        return total.transpose(0, 1).reshape(items, -1)[:, N_FFT // 2 + HOP :]


def _turned(spectra: Tensor, before: Tensor) -> Tensor:
    """`spectra` (frames, n, bins) with the phases of a continuous sound; `before` is overwritten.

    With X_t and B_t the spectra at frame t's place and HOP samples before it, the turn of frame t is the product
    of unit(X_{s-1} conj(B_s)) over all s up to t.
    """
    turns = before.conj_physical_().mul_(spectra[:-1]).sgn_()
    for last, turn in pairwise(turns):
        turn.mul_(last)
    heard = spectra[1:]
    weighted = functional.pad(turns, (2, 2))
    weighted[..., 2:-2].mul_(heard).mul_(heard.conj())  # times the power
    pairs = weighted[..., :-1] + weighted[..., 1:]
    around = torch.add(pairs[..., :-3], pairs[..., 2:-1], out=turns).add_(weighted[..., 4:])
    heard.mul_(around.sgn_())
    return spectra


class Retime(nn.Module):
    """Pitch shift and time stretch together.

    Parameters
    ----------
    semitones
        The intervals that may be asked for.
    """

    def __init__(self, semitones: Iterable[int]) -> None:
        super().__init__()
        self.play = PitchResample(semitones)
        self.vocoder = PhaseVocoder()

    def forward(
        self, waves: Tensor, semitones: Tensor, speeds: Tensor, samples: int, begins: Tensor | None = None
    ) -> Tensor:
        """Change pitch and duration.

        Parameters
        ----------
        waves
            (n, at least begins + samples x speeds)
        semitones
            (n,) int64, up or down.
        speeds
            (n,) what lasted d seconds lasts d / speed.
        samples
            How much of the result is wanted.
        begins
            (n,) int64, the sample of `waves` that each result begins with; the first by default.

        Returns
        -------
        (n, samples), none of it padded.
        """
        mirrored = functional.pad(waves[:, None], (MARGIN, MARGIN), mode="reflect")[:, 0]
        ratios = torch.ones_like(speeds)
        for interval, ratio in self.play.ratios.items():
            ratios[semitones == interval] = float(ratio)
        origins = ((MARGIN + (0 if begins is None else begins)) / ratios).round().long()
        played: Tensor = self.vocoder(self.play(mirrored, semitones), origins, speeds / ratios, samples)
        return played
