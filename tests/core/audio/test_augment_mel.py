"""Log-mels augmented: mixed as sounds mix, resized as a picture is, by draws that no batch order changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from core.audio import SEGMENT
from core.audio.augment_config import MODERN, AugmentConfig
from core.audio.augment_mel import MelAugment
from core.audio.features import LogMel
from tests.tones import chords

FRAMES, BANDS = 188, 96


def log_mels(count: int, segments: int = 1) -> Tensor:
    """(count, segments, 188, 96) of music."""
    waves = torch.stack([chords(SEGMENT, seed=seed) for seed in range(count * segments)])
    frames: Tensor = LogMel()(waves)
    return frames.view(count, segments, FRAMES, BANDS)


def augmented(
    values: Tensor, rows: np.ndarray | None = None, step: int = 0, std: Tensor | float = 1.0, **effects: Any
) -> Tensor:
    chosen = np.arange(len(values)) if rows is None else rows
    heard: Tensor = MelAugment(AugmentConfig(**effects))(values, 7, step, chosen, 1, std)
    assert heard.shape == values.shape
    return heard


def mixed_by_hand(values: Tensor, heard: Tensor) -> list[tuple[int, float]]:
    """Of each item: with whom its magnitudes were mixed, and the other's share, found by least squares."""
    magnitudes, found = (10 ** values.double() - 1) / 10, (10 ** heard.double() - 1) / 10
    best = []
    for item in range(len(values)):
        tried = []
        for other in set(range(len(values))) - {item}:
            way = magnitudes[other] - magnitudes[item]
            share = float(((found[item] - magnitudes[item]) * way).sum() / way.square().sum())
            error = float((found[item] - magnitudes[item] - share * way).abs().max())
            tried.append((error, other, share))
        error, other, share = min(tried)
        assert error < 1e-3 * magnitudes.max(), "a mixture of two magnitude spectrograms"
        best.append((other, share))
    return best


def test_mixup_mixes_magnitudes_with_another_item() -> None:
    values = log_mels(5)
    partners, shares = set(), []
    for step in range(12):
        heard = augmented(values, step=step, mixup={"p": 1.0})
        for item, (other, share) in enumerate(mixed_by_hand(values, heard)):
            partners.add((item, other))
            shares.append(share)
    assert min(shares) > 0.199
    assert max(shares) < 0.401
    assert np.ptp(shares) > 0.15
    assert len(partners) > 16, "everybody with everybody, 20 pairs"


def test_mixup_of_standardised_values_is_the_same() -> None:
    values = log_mels(4)
    plain = augmented(values, mixup={"p": 1.0})
    for std in (0.17, torch.tensor(0.17)):
        standardised = augmented((values - 0.153) / 0.17, std=std, mixup={"p": 1.0})
        assert (standardised * 0.17 + 0.153 - plain).abs().max() < 1e-4


def test_one_item_has_nobody_to_be_mixed_with() -> None:
    values = log_mels(1)
    assert torch.equal(augmented(values, mixup={"p": 1.0}), values)
    assert augmented(values[:0], mixup={"p": 1.0}, resize_crop={"p": 1.0}).shape == (0, 1, FRAMES, BANDS)


def test_no_share_and_no_crop_change_nothing() -> None:
    values = log_mels(3)
    same = augmented(values, mixup={"p": 1.0, "low": 0.0, "high": 0.0})
    assert (same - values).abs().max() < 1e-5
    whole = {"p": 1.0, "time_low": 1.0, "mel_low": 1.0}
    assert (augmented(values, resize_crop=whole) - values).abs().max() < 1e-4


def ramps() -> tuple[Tensor, Tensor]:
    """(1, 1, 188, 96) whose values are the frame's, and the band's, number."""
    frames, bands = torch.arange(FRAMES).float(), torch.arange(BANDS).float()
    return frames[:, None].expand(1, 1, FRAMES, BANDS), bands.expand(1, 1, FRAMES, BANDS)


def places(row: int, step: int = 0, **limits: float) -> tuple[np.ndarray, np.ndarray]:
    """Which frames and bands, with fractions, the result of a resize crop was taken from."""
    frames, bands = (
        augmented(r, np.array([row]), step, resize_crop={"p": 1.0, **limits})[0, 0] for r in ramps()
    )
    assert (frames - frames[:, :1]).abs().max() < 1e-3
    assert (bands - bands[:1]).abs().max() < 1e-3
    return frames[:, 0].numpy(), bands[0].numpy()


def test_resize_crop_is_scipys_interpolation() -> None:
    values = log_mels(4)
    heard = augmented(values, resize_crop={"p": 1.0}).numpy()
    for row in range(4):
        grid = np.meshgrid(*places(row), indexing="ij")
        expected = ndimage.map_coordinates(values[row, 0].numpy(), grid, order=1, mode="nearest")
        assert np.abs(heard[row, 0] - expected).max() < 1e-3


def test_parts_are_as_large_as_asked_for_and_anywhere_inside() -> None:
    spans, first, last = [], [], []
    for row in range(60):
        frames, bands = places(row)
        steps = np.median(np.diff(frames)), np.median(np.diff(bands))
        for axis, step in zip((frames, bands), steps, strict=True):
            assert np.abs(np.diff(axis)[1:-1] - step).max() < 1e-3, "evenly to the ends: nothing from outside"
        spans.append(steps)
        first.append((frames[0], bands[0]))
        last.append((frames[-1] - FRAMES + 1, bands[-1] - BANDS + 1))
    assert np.min(spans) > 0.599
    assert np.max(spans) < 1.001
    assert np.ptp(spans, 0).min() > 0.3
    assert np.mean(spans, 0) == pytest.approx([0.8, 0.8], abs=0.06)
    assert np.min(first) >= 0
    assert np.max(last) <= 0
    assert np.mean(first, 0) == pytest.approx([0.1 * FRAMES, 0.1 * BANDS], rel=0.4)


def test_segments_of_an_item_share_its_draws() -> None:
    values = log_mels(3, segments=4)
    same = values[:, :1].expand(-1, 4, -1, -1).contiguous()
    heard = augmented(same, mixup={"p": 1.0}, resize_crop={"p": 1.0})
    assert (heard - heard[:, :1]).abs().max() < 1e-6
    apart = augmented(values, mixup={"p": 1.0}, resize_crop={"p": 1.0})
    for segment in range(4):
        alone = augmented(values[:, segment : segment + 1], mixup={"p": 1.0}, resize_crop={"p": 1.0})
        assert (apart[:, segment : segment + 1] - alone).abs().max() < 1e-5


def test_the_order_of_the_batch_does_not_matter() -> None:
    values, rows, order = log_mels(6), np.array([40, 3, 77, 12, 9, 60]), [5, 2, 0, 4, 1, 3]
    effects = {"mixup": {"p": 0.7}, "resize_crop": {"p": 0.7}}
    heard = augmented(values, rows, **effects)
    assert (augmented(values[order], rows[order], **effects) - heard[order]).abs().max() < 1e-5
    assert torch.equal(augmented(values, rows, **effects), heard)


@pytest.mark.parametrize("name", ["mixup", "resize_crop"])
def test_as_many_items_change_as_asked_for(name: str) -> None:
    values = torch.rand(50, 1, FRAMES, BANDS, generator=torch.Generator().manual_seed(0))
    changed = 0
    for step in range(6):
        changed += int((augmented(values, step=step, **{name: {"p": 0.3}}) != values).flatten(1).any(1).sum())
    assert changed / 300 == pytest.approx(0.3, abs=0.106)  # four deviations


def test_a_side_that_is_not_augmented_is_left_as_it_is() -> None:
    values = log_mels(2)
    augment = MelAugment(AugmentConfig(**{**MODERN, "sides": (1,)}))
    assert augment(values, 0, 0, np.arange(2), 0) is values


def test_the_source_is_left_alone_and_extremes_stay_finite() -> None:
    values = torch.zeros(6, 1, FRAMES, BANDS)
    values[1], values[2], values[3, 0, 90, 40] = 60.0, -60.0, 5.0
    values[4:] = log_mels(2)
    before = values.clone()
    for std in (1.0, 0.05):
        for step in range(3):
            heard = augmented(values, step=step, std=std, mixup={"p": 1.0}, resize_crop={"p": 1.0})
            assert heard.isfinite().all()
            assert heard.max() <= values.max() + 1e-3
    assert torch.equal(values, before)
