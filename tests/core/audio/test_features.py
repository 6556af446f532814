"""The front-ends against librosa, against float64, and against their own past."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from core.audio import SAMPLE_RATE, SEGMENT
from core.audio.features import HOP, LOG_MELS, MFCC, LogMel, ModernLogMel, Spectrogram, Standardise

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # librosa's dependencies warn of their own future
    import librosa

FRAMES = 1 + SEGMENT // HOP


def music(segments: int = 3, seed: int = 0) -> Tensor:
    """Plucked chords over a little hiss that fade into digital silence: loud, quiet and empty frames."""
    rng = np.random.default_rng(seed)
    time = np.arange(SEGMENT) / SAMPLE_RATE
    waves = []
    for _ in range(segments):
        wave = rng.normal(0, 1e-3, SEGMENT)
        for onset in np.arange(0, 2.4, 0.4):
            after = np.clip(time - onset, 0, None)
            for pitch in rng.choice([110, 146.8, 220, 277.2, 329.6, 440, 659.3], 3):
                partials = sum(np.sin(2 * np.pi * pitch * k * after) / k**1.5 for k in range(1, 12))
                wave += 0.1 * partials * np.exp(-6 * after) * (time >= onset)
        wave[int(2.8 * SAMPLE_RATE) :] = 0
        waves.append(wave)
    return torch.tensor(np.stack(waves), dtype=torch.float32)


def librosa_mel(wave: np.ndarray, bands: int, power: float) -> np.ndarray:
    return librosa.feature.melspectrogram(
        y=wave, sr=SAMPLE_RATE, n_fft=512, hop_length=256, window="hann", center=True, pad_mode="reflect",
        power=power, n_mels=bands, fmin=0.0, fmax=8000.0, htk=False, norm="slaney",
    )  # fmt: skip


def test_log_mel_is_librosas() -> None:
    waves = music()
    ours = LogMel()(waves).numpy()
    for row, wave in zip(ours, waves.double().numpy(), strict=True):
        theirs = np.log10(1 + 10 * librosa_mel(wave, 96, power=1.0)).T
        assert row.shape == theirs.shape == (FRAMES, 96)
        assert np.abs(row - theirs).max() < 2e-5
        assert theirs.max() > 0.5, "nothing to compare"


def test_modern_log_mel_is_librosas_of_a_wave_at_one_level() -> None:
    waves = music()
    ours = ModernLogMel()(waves).numpy()
    for row, wave in zip(ours, waves.double().numpy(), strict=True):
        theirs = np.log10(1 + 10_000 * librosa_mel(0.1 * wave / wave.std(), 96, power=2.0)).T
        assert np.abs(row - theirs).max() < 1e-4
        assert theirs.max() > 3, "nothing to compare"


def test_modern_log_mel_does_not_hear_loudness() -> None:
    """From -50 dB to overdriven; nor a constant offset of the wave, its first band aside."""
    waves, modern = music(2), ModernLogMel()
    expected = modern(waves)
    for gain in (0.03, 0.5, 20.0):
        assert torch.allclose(modern(gain * waves), expected, atol=1e-4)
        assert not torch.allclose(LogMel()(gain * waves), LogMel()(waves), atol=1e-2)
    assert torch.allclose(modern(waves + 0.3)[..., 2:], expected[..., 2:], atol=5e-3)


def test_modern_log_mel_leaves_the_noise_of_silence_small() -> None:
    """The last bit of 16 flickers 90 dB down: it is not made as loud as music, and digital silence is zero."""
    modern, noise = ModernLogMel(), torch.randn(1, SEGMENT, generator=torch.Generator().manual_seed(0))
    assert modern(torch.zeros(1, SEGMENT)).abs().max() == 0
    flicker = modern(noise / 2**15)
    assert flicker.mean() < 0.2 * modern(noise).mean()
    assert modern(noise * 1e-3).mean() == pytest.approx(modern(noise).mean().item(), rel=0.01)


def test_a_preset_each_has_its_log_mel() -> None:
    assert {name: kind.version for name, kind in LOG_MELS.items()} == {
        "paper": "logmel-1",
        "modern": "logmel-2",
    }


def test_mfcc_is_librosas() -> None:
    waves = music()
    ours = MFCC()(waves).numpy()
    for row, wave in zip(ours, waves.double().numpy(), strict=True):
        decibels = 10 * np.log10(np.maximum(librosa_mel(wave, 128, power=2.0), 1e-10))
        theirs = librosa.feature.mfcc(S=decibels, n_mfcc=20, dct_type=2, norm="ortho").T
        assert row.shape == theirs.shape == (FRAMES, 20)
        assert np.abs(row - theirs).max() < 2e-2, "decibels, of coefficients that reach hundreds"
        assert np.ptp(theirs[:, 0]) > 300, "nothing to compare"


@pytest.mark.parametrize(("front_end", "tolerance"), [(LogMel, 2e-6), (ModernLogMel, 1e-5), (MFCC, 5e-3)])
def test_float32_is_enough(front_end: type[nn.Module], tolerance: float) -> None:
    waves = music()
    single = front_end()(waves)
    double = front_end().double()(waves.double())
    assert double.dtype == torch.float64
    assert (single - double).abs().max() < tolerance


def test_a_quiet_band_beside_a_loud_one_survives() -> None:
    """96 dB apart: what is left of the quiet tone in float32 is within a hundredth of a decibel."""
    time = torch.arange(SEGMENT, dtype=torch.float64) / SAMPLE_RATE
    wave = (torch.sin(2 * torch.pi * 200 * time) + 10 ** (-96 / 20) * torch.sin(2 * torch.pi * 6000 * time))[
        None
    ]
    bin_of = round(6000 / (SAMPLE_RATE / 512))
    single = Spectrogram()(wave.float())[0, 20:-20, bin_of].double()
    double = Spectrogram().double()(wave)[0, 20:-20, bin_of]
    assert (10 * (single / double).log10()).abs().max() < 0.05


@given(batch=st.integers(1, 9), frames=st.integers(2, 40), rest=st.integers(0, HOP - 1))
@settings(max_examples=15, deadline=None)
def test_shapes(batch: int, frames: int, rest: int) -> None:
    waves = torch.zeros(batch, frames * HOP + rest)
    assert LogMel()(waves).shape == (batch, frames + 1, 96)
    assert MFCC()(waves).shape == (batch, frames + 1, 20)


@pytest.mark.parametrize("front_end", [LogMel(), ModernLogMel(), MFCC()])
@pytest.mark.parametrize("amplitude", [0.0, 1e-30, 1e-7, 1.0, 100.0])
def test_finite_from_silence_to_overdrive(front_end: nn.Module, amplitude: float) -> None:
    assert front_end(amplitude * music(1)).isfinite().all()


def test_silence_has_known_values() -> None:
    silent = torch.zeros(1, SEGMENT)
    assert LogMel()(silent).abs().max() == 0
    coefficients = MFCC()(silent)
    assert torch.allclose(coefficients[..., 0], torch.tensor(-100 * 128**0.5))  # -100 dB in all 128 bands
    assert coefficients[..., 1:].abs().max() < 1e-3


@pytest.mark.parametrize("front_end", [LogMel(), ModernLogMel(), MFCC()])
def test_no_segment_sees_another(front_end: nn.Module) -> None:
    """Chunks for the cache's sake are no business of the numbers."""
    waves = music(7)
    together, alone = front_end(waves), torch.cat([front_end(wave[None]) for wave in waves])
    assert torch.allclose(together, alone, atol=1e-4, rtol=0)


@pytest.mark.parametrize("front_end", [LogMel(), ModernLogMel(), MFCC()])
def test_autocast_does_not_reach_the_spectrum(front_end: nn.Module) -> None:
    waves = music(1)
    with torch.autocast("cpu", torch.bfloat16):
        inside = front_end(waves)
    assert inside.dtype == torch.float32
    assert torch.equal(inside, front_end(waves))


def test_nothing_of_a_front_end_is_stored_with_weights() -> None:
    assert not LogMel().state_dict()
    assert not MFCC().state_dict()


PINNED = {
    "logmel-1": (
        LogMel,
        [[20, 21], [60, 52], [90, 65], [120, 74], [150, 80]],
        [1.0875, 0.93349, 0.82041, 0.64987, 0.64427],
    ),
    "logmel-2": (
        ModernLogMel,
        [[20, 21], [60, 52], [90, 65], [120, 74], [150, 80]],
        [4.95452, 4.69141, 4.53136, 4.2981, 4.28978],
    ),
    "mfcc-1": (
        MFCC,
        [[20, 0], [60, 1], [90, 3], [120, 4], [150, 6]],
        [-888.152, -19.3487, 138.251, -111.821, -81.3244],
    ),
}


@pytest.mark.parametrize("front_end", [LogMel, ModernLogMel, MFCC])
def test_the_version_names_these_numbers(front_end: type[LogMel] | type[MFCC]) -> None:
    """Where this fails the numbers changed: give the front-end a new version, and pin that one here."""
    expected_class, places, values = PINNED[front_end.version]
    assert expected_class is front_end
    time = torch.arange(SEGMENT, dtype=torch.float64) / SAMPLE_RATE
    sweep = (0.3 * torch.sin(2 * torch.pi * (50 + 1000 * time) * time)).float()[None]
    frames = front_end()(sweep)[0]
    measured = [float(frames[frame, band]) for frame, band in places]
    assert measured == pytest.approx(values, rel=1e-3)


def test_standardise() -> None:
    standardise = Standardise()
    values = torch.randn(100, 7) * 3 + 5
    assert torch.equal(standardise(values), values), "before anything is measured"
    standardise.set(float(values.mean()), float(values.std()))
    assert standardise(values).mean().abs() < 1e-5
    assert abs(standardise(values).std() - 1) < 1e-5
    standardise.set(2.0, 0.0)
    assert torch.equal(standardise(torch.full((3,), 2.0)), torch.zeros(3))
