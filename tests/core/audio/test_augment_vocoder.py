"""Pitch and tempo, judged by spectra that are none of ours, and beside librosa's."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch
from torch import Tensor

from core.audio import SAMPLE_RATE, SEGMENT
from core.audio.augment_vocoder import PhaseVocoder, Retime, pitch_ratio
from tests.tones import Wave, chords, clicks, frequency, tone

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # librosa's dependencies warn of their own future
    import librosa

CROP = 57_600
SEMITONES = (-2, -1, 1, 2)


def retimed(wave: Tensor, semitones: int = 0, speed: float = 1.0) -> Wave:
    """One wave (samples,) as 3 s of another pitch and tempo."""
    retime = Retime((semitones,) if semitones else ())
    heard: Tensor = retime(wave[None], torch.tensor([semitones]), torch.tensor([speed]), SEGMENT)
    assert heard.shape == (1, SEGMENT)
    return heard[0].numpy()


@pytest.mark.parametrize("semitones", range(-4, 5))
def test_ratios_are_intervals(semitones: int) -> None:
    ratio = pitch_ratio(semitones)
    assert abs(1200 * math.log2(ratio) - 100 * semitones) < 1.1
    assert max(ratio.numerator, ratio.denominator) < 65, "small, so that resampling is fast"


@pytest.mark.parametrize("speed", [0.8, 1.0, 1.2])
@pytest.mark.parametrize("semitones", SEMITONES)
def test_a_tone_moves_by_semitones_at_every_tempo(semitones: int, speed: float) -> None:
    heard = retimed(tone(440, CROP), semitones, speed)
    assert frequency(heard) == pytest.approx(440 * 2 ** (semitones / 12), rel=0.001)


@pytest.mark.parametrize(("semitones", "speed"), [(0, 0.8), (0, 1.2), (2, 0.8), (-2, 1.2)])
def test_a_tone_stays_as_loud_and_pure(semitones: int, speed: float) -> None:
    heard = retimed(tone(440, CROP), semitones, speed)
    rms = np.sqrt(np.square(heard.reshape(-1, 800)).mean(1))  # every 50 ms, to the very end
    assert rms[1:].min() > 0.95 * rms.mean()
    assert rms.mean() == pytest.approx(0.3 / np.sqrt(2), rel=0.02)
    power = np.square(np.abs(np.fft.rfft(heard * np.blackman(SEGMENT))))
    peak = int(power.argmax())
    assert power[: peak - 60].sum() + power[peak + 60 :].sum() < 1e-3 * power.sum(), "outside 20 Hz"


@pytest.mark.parametrize("speed", [0.8, 0.9, 1.1, 1.2])
def test_stretch_keeps_the_pitch_of_a_harmonic_sound(speed: float) -> None:
    heard = retimed(tone(196, CROP, partials=8), speed=speed)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(SEGMENT)))
    for partial in range(1, 9):
        around = slice(int(196 * 3 * partial) - 60, int(196 * 3 * partial) + 60)
        found = (spectrum[around].argmax() + around.start) / 3
        assert found == pytest.approx(196 * partial, abs=0.5)


def events(wave: Wave, expected: Wave) -> Wave:
    """Where the energy around each of the `expected` places is."""
    spans = [np.arange(int(place) - 1200, int(place) + 1200) for place in expected]
    return np.array([np.average(span, weights=np.square(wave[span])) for span in spans])


@pytest.mark.parametrize(("semitones", "speed"), [(0, 0.8), (0, 1.2), (2, 0.8), (-2, 1.2), (1, 1.0)])
@pytest.mark.parametrize("segments", [1, 4])
def test_events_move_with_the_tempo_and_not_with_the_pitch(
    semitones: int, speed: float, segments: int
) -> None:
    """To half a frame each, and on the whole at the right tempo; in one piece over many segments."""
    retime = Retime((semitones,) if semitones else ())
    samples = segments * SEGMENT
    source = clicks(6007, segments * CROP)
    heard = retime(source[None], torch.tensor([semitones]), torch.tensor([speed]), samples)[0].numpy()
    expected = np.arange(2032, (samples - 2000) * speed, 6007) / speed
    found = events(heard, expected)
    assert len(found) >= 5
    assert found == pytest.approx(expected, abs=480)
    assert np.polyfit(expected, found, 1)[0] == pytest.approx(1, abs=0.02 / segments)


def test_nothing_to_do_gives_the_wave_back() -> None:
    wave = chords(CROP)
    assert np.abs(retimed(wave) - wave[:SEGMENT].numpy()).max() < 1e-6


def magnitudes(wave: Wave, centres: np.ndarray) -> Wave:
    """Spectra (centres, 257) of 32 ms around each centre."""
    frames = np.stack([wave[centre - 256 : centre + 256] for centre in centres])
    return np.abs(np.fft.rfft(frames * np.hanning(512)))


def distance(source: Wave, heard: Wave, speed: float) -> float:
    """Spectral convergence: how far the spectra of `heard` are from those of the source at the same moments."""
    centres = np.arange(1024, 40_000, 128)
    wanted = magnitudes(source, np.round(centres * speed).astype(int))
    return float(np.linalg.norm(magnitudes(heard, centres) - wanted) / np.linalg.norm(wanted))


@pytest.mark.parametrize("speed", [0.8, 1.2])
def test_stretched_music_is_nearer_to_what_it_should_be_than_librosas(speed: float) -> None:
    wave = chords(CROP, seed=3)
    ours = distance(wave.numpy(), retimed(wave, speed=speed), speed)
    theirs = distance(wave.numpy(), librosa.effects.time_stretch(wave.numpy(), rate=speed, n_fft=1024), speed)
    assert ours < 0.2
    assert ours < theirs


@pytest.mark.parametrize("semitones", [-2, 2])
def test_shifted_music_is_nearer_to_the_same_piece_transposed_than_librosas(semitones: int) -> None:
    wave = chords(CROP, seed=4).numpy()
    transposed = chords(CROP, seed=4, ratio=2 ** (semitones / 12)).numpy()
    theirs = librosa.effects.pitch_shift(wave, sr=SAMPLE_RATE, n_steps=semitones, n_fft=1024)
    ours = distance(transposed, retimed(torch.from_numpy(wave), semitones), 1.0)
    assert ours < 0.3
    assert ours < distance(transposed, theirs, 1.0) < distance(transposed, wave, 1.0)


def test_each_item_has_its_own_pitch_and_tempo() -> None:
    waves = torch.stack([tone(440, CROP), tone(440, CROP), chords(CROP), chords(CROP, seed=1)])
    semitones, speeds = torch.tensor([2, 0, -1, 1]), torch.tensor([0.85, 1.0, 1.2, 0.8])
    retime = Retime(SEMITONES)
    together = retime(waves, semitones, speeds, SEGMENT)
    for row in range(4):
        alone = retime(waves[row : row + 1], semitones[row : row + 1], speeds[row : row + 1], SEGMENT)
        assert (alone[0] - together[row]).abs().max() < 1e-6


def test_sound_after_silence_is_whole() -> None:
    """Bins that were empty begin with the phases of the sound."""
    wave = tone(440, CROP)
    wave[:20_000] = 0
    heard = retimed(wave, speed=1.0 + 1e-3)
    assert np.abs(heard[:18_000]).max() < 1e-6
    assert np.sqrt(np.square(heard[22_000:]).mean()) == pytest.approx(0.3 / np.sqrt(2), rel=0.02)


def test_the_source_is_left_alone() -> None:
    waves = torch.stack([chords(CROP)])
    before = waves.clone()
    PhaseVocoder()(waves, torch.tensor([2000]), torch.tensor([1.0]), 3200)
    Retime((2,))(waves, torch.tensor([2]), torch.tensor([1.1]), SEGMENT)
    assert torch.equal(waves, before)
