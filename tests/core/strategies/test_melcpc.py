"""MelCPC against a slow reading of its description."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from core import strategies
from core.audio import SAMPLE_RATE, SEGMENT
from core.nets.encoder import WIDTHS
from core.strategies.melcpc import MelCPC


def build(width: float = 0.125) -> MelCPC:
    built = strategies.build("melcpc", {"width": width})
    assert isinstance(built, MelCPC)
    return built


@pytest.fixture(scope="module")
def strategy() -> MelCPC:
    return build()


def log_mels(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, 188, 96, generator=torch.Generator().manual_seed(seed))


def slow_gru(strategy: MelCPC, sequence: Tensor) -> list[Tensor]:
    """Cho et al. 2014 as torch has it: reset, update and new gates, one step after the other."""
    gru = strategy.context
    hidden = torch.zeros(256, dtype=torch.float64)
    outputs = []
    for x in sequence.double():
        from_x = gru.weight_ih_l0.double() @ x + gru.bias_ih_l0.double()
        from_h = gru.weight_hh_l0.double() @ hidden + gru.bias_hh_l0.double()
        (xr, xz, xn), (hr, hz, hn) = from_x.chunk(3), from_h.chunk(3)
        update = torch.sigmoid(xz + hz)
        new = torch.tanh(xn + torch.sigmoid(xr + hr) * hn)
        hidden = (1 - update) * new + update * hidden
        outputs.append(hidden)
    return outputs


def test_size_of_the_paper() -> None:
    strategy = build(width=1.0)
    assert sum(weight.numel() for weight in strategy.parameters()) == 13_085_440


@pytest.mark.parametrize("width", WIDTHS)
def test_only_the_encoder_shrinks(width: float) -> None:
    strategy = build(width)
    assert (strategy.dim, strategy.track_dim) == (256, 512)
    assert (strategy.context.input_size, strategy.context.hidden_size, strategy.context.num_layers) == (
        256,
        256,
        1,
    )


@torch.no_grad()
def test_predictions_are_of_the_last_output_after_four_segments(strategy: MelCPC) -> None:
    """W_k c_t, each k with a predictor of its own (equation 3)."""
    context = log_mels(2, 4)
    predicted = strategy.represent(0, context)
    assert predicted.shape == (2, 4, 256)
    for item in range(2):
        y = torch.cat([strategy.encoder(segment[None]) for segment in context[item]])  # each by itself
        c = slow_gru(strategy, y)[-1]
        for k, predictor in enumerate(strategy.predictors):
            expected = predictor.weight.double() @ c + predictor.bias.double()
            assert torch.allclose(predicted[item, k].double(), expected, atol=1e-4)


@torch.no_grad()
def test_targets_are_the_vectors_of_the_segments_that_follow(strategy: MelCPC) -> None:
    following = log_mels(2, 4, seed=1)
    targets = strategy.represent(1, following)
    for item in range(2):
        for k in range(4):
            y = strategy.encoder(following[item, k][None])[0]
            assert torch.allclose(targets[item, k], y, atol=1e-4)


@torch.no_grad()
def test_no_segment_is_heard_through_another(strategy: MelCPC) -> None:
    following = log_mels(1, 4, seed=2)
    before = strategy.represent(1, following)
    following[0, 3] = 0
    after = strategy.represent(1, following)
    assert torch.allclose(before[0, :3], after[0, :3], atol=1e-5)
    assert not torch.allclose(before[0, 3], after[0, 3], atol=1e-3)


def test_targets_follow_the_context_at_once(strategy: MelCPC) -> None:
    assert strategy.needed() == 24 * SAMPLE_RATE
    first, second = strategy.starts(30 * SAMPLE_RATE, np.random.default_rng(0))
    assert second == first + 12 * SAMPLE_RATE
    crop = (5 * SEGMENT, 4 * SEGMENT)  # a context that is stretched never reaches into its targets
    assert strategy.needed(crop) == 9 * SEGMENT
    first, second = strategy.starts(30 * SAMPLE_RATE, np.random.default_rng(0), crop)
    assert second == first + 5 * SEGMENT


@torch.no_grad()
def test_a_track_is_what_the_context_says_all_along(strategy: MelCPC) -> None:
    """Mean, then population deviation, of all outputs over all segments (method, section 6)."""
    y = torch.randn(7, 256, generator=torch.Generator().manual_seed(3))
    outputs = torch.stack(slow_gru(strategy, y)).numpy()
    summary = strategy.summarise(y)
    assert summary.numpy()[:256] == pytest.approx(outputs.mean(0), abs=1e-5)
    assert summary.numpy()[256:] == pytest.approx(outputs.std(0), abs=1e-5)


def test_the_order_of_a_track_matters(strategy: MelCPC) -> None:
    y = torch.randn(7, 256, generator=torch.Generator().manual_seed(3), requires_grad=True)
    summary = strategy.summarise(y)
    assert not summary.requires_grad
    assert not torch.allclose(summary, strategy.summarise(y.flip(0)), atol=1e-3)
