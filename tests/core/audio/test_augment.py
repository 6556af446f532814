"""Waves augmented: what was asked for happens to whom it should, whatever the batch."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.audio import SEGMENT
from core.audio.augment import WaveAugment
from core.audio.augment_config import MODERN, PAPER, AugmentConfig
from tests.tones import chords, frequency, tone

CROP = 57_600
EVERYTHING: dict[str, Any] = {
    name: {"p": 1.0} for name in ("pitch", "stretch", "filter", "reverb", "noise", "polarity")
}


def augmented(waves: Tensor, step: int = 0, rows: np.ndarray | None = None, **effects: Any) -> Tensor:
    """`waves` (n, samples), cut to what the config wants, as the positive of a pair."""
    config = AugmentConfig(**effects)
    segments = waves.shape[1] // CROP
    chosen = np.arange(len(waves)) if rows is None else rows
    heard: Tensor = WaveAugment(config)(waves[:, : config.crop(1, segments)], 7, step, chosen, 1)
    assert heard.shape == (len(waves), segments * SEGMENT)
    assert heard.dtype == torch.float32
    return heard


@cache
def pieces(count: int, segments: int = 1) -> Tensor:
    return torch.stack([chords(CROP * segments, seed=seed) for seed in range(count)])


def test_nothing_asked_for_is_nothing_done() -> None:
    waves = pieces(2)
    assert torch.equal(augmented(waves), waves[:, :SEGMENT])


@pytest.mark.parametrize("segments", [1, 4])
def test_a_side_that_is_not_augmented_is_only_cut(segments: int) -> None:
    waves = pieces(1, segments)
    augment = WaveAugment(AugmentConfig(**{**EVERYTHING, "sides": (1,)}))
    assert torch.equal(
        augment(waves[:, : segments * SEGMENT], 0, 0, np.array([3]), 0), waves[:, : segments * SEGMENT]
    )
    assert not torch.equal(augment(waves, 0, 0, np.array([3]), 1), waves[:, : segments * SEGMENT])


@pytest.mark.parametrize(
    "effects",
    [{}, {"pitch": {"p": 1.0}}, {"stretch": {"p": 1.0}}, {"pitch": {"p": 1.0}, "stretch": {"p": 1.0}}],
)
def test_what_is_cut_can_be_heard_up_to_its_end(effects: dict[str, Any]) -> None:
    """Noise in the last tenth of a second, 12 times, each at a speed and pitch of its own."""
    config, burst, n = AugmentConfig(**{**effects, "sides": (0, 1)}), 1600, 12
    waves = torch.zeros(n, config.crop(0))
    waves[:, -burst:] = torch.randn(n, burst, generator=torch.Generator().manual_seed(3))
    heard = WaveAugment(config)(waves, 7, 0, np.arange(n), 0, to_end=True)
    assert heard.shape == (n, SEGMENT)
    power = heard.square()
    assert bool((power[:, -2 * burst :].sum(1) > 0.99 * power.sum(1)).all())
    assert bool((power[:, -burst // 2 :].sum(1) > 0.2 * power.sum(1)).all())
    if "stretch" in effects:
        from_its_beginning = WaveAugment(config)(waves, 7, 0, np.arange(n), 0)
        assert float(from_its_beginning.square().sum()) < 0.05 * float(power.sum())


def test_the_source_is_left_alone() -> None:
    waves = pieces(2)
    before = waves.clone()
    augmented(waves, **EVERYTHING)
    augmented(waves)
    assert torch.equal(waves, before)


@pytest.mark.parametrize("preset", [PAPER, MODERN, EVERYTHING])
def test_an_item_sounds_the_same_in_any_batch(preset: dict[str, Any]) -> None:
    """Whatever its place, its company and the size of the chunks; to float32's rounding."""
    waves, rows = pieces(9), np.array([4, 8, 15, 16, 23, 42, 99, 108, 3])
    together = augmented(waves, rows=rows, **preset)
    order = [7, 2, 5, 0, 8]
    assert (augmented(waves[order], rows=rows[order], **preset) - together[order]).abs().max() < 1e-5
    assert (augmented(waves[3:4], rows=rows[3:4], **preset) - together[3:4]).abs().max() < 1e-5
    assert torch.equal(augmented(waves, rows=rows, **preset), together), "the same batch, to the last bit"


def test_steps_and_sides_differ() -> None:
    waves, rows = pieces(1), np.array([0])
    augment = WaveAugment(AugmentConfig(noise={"p": 1}))
    views = [augment(waves[:, :SEGMENT], 0, step, rows, side) for step in (0, 1) for side in (0, 1)]
    differences = [(a - b).abs().max() for i, a in enumerate(views) for b in views[:i]]
    assert min(differences) > 1e-3


def ratios(clean: Tensor, heard: Tensor) -> np.ndarray:
    """(n,) signal-to-noise ratios in dB."""
    noise = heard.double() - clean
    return (10 * (clean.double().square().mean(1) / noise.square().mean(1)).log10()).numpy()


def test_noise_is_as_far_below_the_sound_as_it_should_be() -> None:
    waves = pieces(6) * torch.logspace(-3, 0, 6)[:, None]
    clean = waves[:, :SEGMENT]
    for wanted in (5.0, 25.0):
        heard = augmented(waves, noise={"p": 1.0, "snr_low": wanted, "snr_high": wanted})
        assert ratios(clean, heard) == pytest.approx(np.full(6, wanted), abs=0.05)
    many = np.concatenate([ratios(clean, augmented(waves, step, noise={"p": 1.0})) for step in range(8)])
    assert 4.9 < many.min() < 8
    assert 22 < many.max() < 25.1


def test_noise_is_white_and_each_items_own() -> None:
    waves = pieces(4)
    noise = augmented(waves, noise={"p": 1.0}) - waves[:, :SEGMENT]
    power = torch.fft.rfft(noise)[:, 1:].abs().square().unflatten(1, (8, -1)).mean(2)
    assert (power / power.mean(1, keepdim=True)).numpy() == pytest.approx(np.ones((4, 8)), abs=0.1)
    assert (torch.corrcoef(noise) - torch.eye(4)).abs().max() < 0.05


def test_polarity_is_a_sign_and_nothing_else() -> None:
    waves = pieces(3)
    assert torch.equal(augmented(waves, polarity={"p": 1.0}), -waves[:, :SEGMENT])


def test_the_paper_moves_a_tone_to_one_of_four_places() -> None:
    """Pitch shift and stretch together, for items of one batch: four pitches, none left where it was."""
    waves = tone(440, CROP).expand(32, -1)
    heard = augmented(waves, pitch={"p": 1.0}, stretch={"p": 1.0}).numpy()
    semitones = 12 * np.log2([frequency(wave) / 440 for wave in heard])
    assert np.abs(semitones - semitones.round()).max() < 0.03
    assert set(semitones.round()) == {-2, -1, 1, 2}


def test_the_paper_pads_no_view() -> None:
    waves = pieces(16) + 0.05 * torch.randn(16, CROP, generator=torch.Generator().manual_seed(1))
    heard = augmented(waves, pitch={"p": 1.0}, stretch={"p": 1.0, "low": 1.199, "high": 1.2})
    loudness = heard.unflatten(1, (-1, 100)).square().mean(2)
    assert loudness.min() > 1e-4


@pytest.mark.parametrize("name", sorted(EVERYTHING))
def test_as_many_items_change_as_asked_for(name: str) -> None:
    """And the others keep every bit: p 0.3 of 1,200 within four deviations."""
    augment = WaveAugment(AugmentConfig(**{name: {"p": 0.3}}))
    samples = augment.config.crop(1)
    waves = 0.1 * torch.randn(60, samples, generator=torch.Generator().manual_seed(0))
    changed = 0
    for step in range(5):
        heard = augment(waves, 3, step, np.arange(60), 1)
        changed += int((heard != waves[:, :SEGMENT]).any(1).sum())
    assert changed / 300 == pytest.approx(0.3, abs=0.106)


def test_each_effect_is_drawn_by_itself() -> None:
    """An effect that is turned on leaves the others' choices as they were."""
    waves = pieces(8)
    noisy = (augmented(waves, noise={"p": 0.5}) != waves[:, :SEGMENT]).any(1)
    both = augmented(waves, noise={"p": 0.5}, polarity={"p": 1.0})
    assert torch.equal((both != -waves[:, :SEGMENT]).any(1), noisy)
    assert 0 < noisy.sum() < 8


def hostile() -> Tensor:
    """Silence, a constant, a full-scale square, one click, the loudest noise, and sound after silence."""
    waves = torch.zeros(6, CROP)
    waves[1] = 1.0
    waves[2] = torch.where(torch.arange(CROP) // 20 % 2 == 0, 1.0, -1.0)
    waves[3, 30_000] = 1.0
    waves[4] = torch.where(torch.rand(CROP, generator=torch.Generator().manual_seed(0)) < 0.5, 1.0, -1.0)
    waves[5, 30_000:] = 1e-4 * chords(CROP - 30_000)
    return waves


@pytest.mark.parametrize("preset", [PAPER, MODERN, EVERYTHING])
def test_no_sound_breaks_it(preset: dict[str, Any]) -> None:
    for step in range(3):
        heard = augmented(hostile(), step, **preset)
        assert heard.isfinite().all()
        assert heard[0].abs().max() < 1e-9, "silence stays silent"
        assert heard.abs().max() < 30
        assert heard[4].square().mean() > 0.01


def test_autocast_changes_nothing() -> None:
    """Its bfloat16 would reach the resampling."""
    waves = pieces(2)
    plain = augmented(waves, **EVERYTHING)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(augmented(waves, **EVERYTHING), plain)


@pytest.mark.parametrize("samples", [0, SEGMENT, CROP - 1])
def test_views_that_would_have_to_be_padded_are_refused(samples: int) -> None:
    with pytest.raises(ValueError, match="57600 samples a segment"):
        WaveAugment(AugmentConfig(**PAPER))(torch.zeros(1, samples), 0, 0, np.arange(1), 1)


def test_four_segments_at_an_odd_speed_are_four() -> None:
    augment = WaveAugment(AugmentConfig(stretch={"p": 1.0, "high": 1.23457}))
    waves = torch.zeros(1, augment.config.crop(0, 4))
    assert augment(waves, 0, 0, np.arange(1), 0).shape == (1, 4 * SEGMENT)


def test_a_batch_of_none_is_one_of_none() -> None:
    assert augmented(torch.zeros(0, CROP), **EVERYTHING).shape == (0, SEGMENT)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_does_the_same() -> None:
    waves, rows = pieces(6), np.arange(6)
    augment = WaveAugment(AugmentConfig(**EVERYTHING))
    there = augment.to("cuda")(waves.cuda(), 7, 0, rows, 1).cpu()
    assert (there - augmented(waves, **EVERYTHING)).abs().max() < 1e-3
