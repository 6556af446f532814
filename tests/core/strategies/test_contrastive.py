"""What every strategy that is trained promises, also one that was added as a file a moment ago."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from core import strategies
from core.audio import SEGMENT
from core.nets.losses import info_nce_sum
from core.strategies.contrastive import ANCHOR, POSITIVE, ContrastiveStrategy
from core.training.config import all_trainable, resolve
from tests import eighth

PAIRS = 3


@pytest.fixture(scope="module", params=[*all_trainable(), eighth.NAME])
def name(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param != eighth.NAME:
        yield request.param
        return
    with eighth.an_eighth_strategy(tmp_path_factory.mktemp("strategies")) as name:
        yield name


@pytest.fixture(scope="module", params=["paper", "modern"])
def strategy(name: str, request: pytest.FixtureRequest) -> ContrastiveStrategy:
    return small(name, request.param)


@pytest.fixture
def training(strategy: ContrastiveStrategy) -> Iterator[ContrastiveStrategy]:
    """In training mode, and left as it was."""
    before = {key: value.clone() for key, value in strategy.state_dict().items()}
    yield strategy.train()
    strategy.load_state_dict(before)
    strategy.zero_grad(set_to_none=True)
    strategy.eval()


def small(name: str, preset: str, **choices: Any) -> ContrastiveStrategy:
    built = strategies.build(name, resolve(name, preset, {"width": 0.125, **choices}).model)
    assert isinstance(built, ContrastiveStrategy)
    return built


def sounds(*shape: int, seed: int = 0) -> Tensor:
    """Segments (*shape, 48000) of different colour and loudness."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(*shape, SEGMENT, generator=generator)
    return 0.02 * noise + 0.002 * torch.cumsum(noise, -1) * torch.rand(*shape, 1, generator=generator)


def sides(strategy: ContrastiveStrategy) -> tuple[Tensor, Tensor]:
    """Log-mels of a batch of pairs."""
    anchor, positive = (
        strategy.log_mels(sounds(PAIRS, count, seed=side)) for side, count in enumerate(strategy.segments)
    )
    return anchor, positive


def test_it_says_what_it_learns(strategy: ContrastiveStrategy) -> None:
    assert strategy.learns.endswith(".")
    assert strategy.trainable
    assert set(strategy.presets) == {"paper", "modern"}


def test_log_mels_are_of_each_segment_by_itself(strategy: ContrastiveStrategy) -> None:
    waves = sounds(2, 3)
    with torch.autocast("cpu", torch.bfloat16):
        log_mels = strategy.log_mels(waves)
    assert log_mels.shape == (2, 3, 188, 96)
    assert log_mels.dtype == torch.float32
    alone = strategy.standardise(strategy.log_mel(waves[1, 2:3]))
    assert torch.allclose(log_mels[1, 2], alone[0], atol=1e-6)


@torch.no_grad()
def test_both_sides_have_the_shape_that_the_loss_takes(training: ContrastiveStrategy) -> None:
    shapes = [training.represent(side, log_mels).shape for side, log_mels in enumerate(sides(training))]
    assert shapes[ANCHOR] == shapes[POSITIVE]
    assert shapes[ANCHOR][:2] == (PAIRS, training.terms)
    assert len(shapes[ANCHOR]) == 3


@pytest.mark.parametrize("side", [ANCHOR, POSITIVE])
def test_a_side_of_another_length_is_refused(strategy: ContrastiveStrategy, side: int) -> None:
    log_mels = torch.zeros(2, strategy.segments[side] + 1, 188, 96)
    with pytest.raises(ValueError, match="segments"):
        strategy.represent(side, log_mels)


def test_gradients_reach_every_parameter_and_point_downhill(training: ContrastiveStrategy) -> None:
    batch = sides(training)

    def loss() -> Tensor:
        anchors, positives = (training.represent(side, log_mels) for side, log_mels in enumerate(batch))
        return training.loss(anchors, positives)

    before = loss()
    assert before.shape == ()
    before.backward()
    gradients = {}
    for parameter, weight in training.named_parameters():
        assert weight.grad is not None, parameter
        assert weight.grad.isfinite().all(), parameter
        # Batch norm takes away what is added to all items of a batch, and a bias of the last layer is added
        # to all that is compared; everything else has to matter.
        if weight.ndim > 1:
            assert weight.grad.abs().max() > 0, parameter
        gradients[parameter] = weight.grad
    norm = torch.stack([gradient.norm() for gradient in gradients.values()]).norm()
    with torch.no_grad():
        for parameter, weight in training.named_parameters():
            weight.sub_(1e-3 * gradients[parameter] / norm)
        assert loss() < before - 1e-4 * norm, "a tenth of what the gradient promises, at the least"


def test_the_loss_is_made_as_configured(strategy: ContrastiveStrategy) -> None:
    a, p = torch.randn(5, strategy.terms, 8), torch.randn(5, strategy.terms, 8)
    config = strategy.config
    expected = info_nce_sum(
        a, p, similarity=config.similarity, temperature=config.temperature, symmetric=config.symmetric,
        decoupled=config.decoupled,
    )  # fmt: skip
    assert torch.equal(strategy.loss(a, p), expected)
    if not config.symmetric:
        assert torch.allclose(strategy.loss(a[2:], p, offset=2), info_nce_sum(a[2:], p, offset=2))


def test_decoupled_by_choice(name: str) -> None:
    one, other = small(name, "modern"), small(name, "modern", decoupled=True)
    a, p = torch.randn(4, one.terms, 8), torch.randn(4, one.terms, 8)
    assert other.loss(a, p) < one.loss(a, p), "a smaller denominator"


def test_logits_are_sums_over_terms(strategy: ContrastiveStrategy) -> None:
    a, p = torch.randn(4, strategy.terms, 8), torch.randn(6, strategy.terms, 8)
    first, second = a.double(), p.double()
    if strategy.config.similarity == "cosine":
        first, second = (side / side.norm(dim=2, keepdim=True) for side in (first, second))
    expected = torch.einsum("ntd,mtd->nm", first, second) / strategy.config.temperature
    assert torch.allclose(strategy.logits(a, p).double(), expected, atol=1e-5)


@torch.no_grad()
def test_the_embedding_is_taken_before_the_head(training: ContrastiveStrategy) -> None:
    strategy, waves = training.eval(), sounds(1)
    log_mels = sides(strategy)[ANCHOR]
    before, seen = strategy.embed(waves), strategy.represent(ANCHOR, log_mels)
    weights = list(strategy.head.parameters())
    assert bool(weights) == (strategy.config.head == "mlp")
    for weight in weights:
        weight.add_(1)
    assert torch.equal(before, strategy.embed(waves))
    assert torch.equal(seen, strategy.represent(ANCHOR, log_mels)) != bool(weights)


def test_the_head_is_two_layers_with_batch_norm_for_each_term(name: str) -> None:
    strategy = small(name, "modern")
    assert len(strategy.head.layers) == strategy.terms
    for layers in strategy.head.layers:
        assert [type(layer) for layer in layers] == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear]
    vectors = torch.randn(5, strategy.terms, strategy.head.layers[0][0].in_features)
    out = strategy.head(vectors)
    assert out.shape == vectors.shape
    for term, layers in enumerate(strategy.head.layers):
        assert torch.allclose(out[:, term], layers(vectors[:, term]), atol=1e-6)


def test_weights_begin_where_the_seed_says(name: str) -> None:
    """Head and predictors too."""
    first, again, other = (small(name, "modern", **{"model.seed": seed}) for seed in (3, 3, 4))
    drawn = [key for key, weight in first.named_parameters() if weight.ndim > 1]
    assert all(torch.equal(first.get_parameter(key), again.get_parameter(key)) for key in drawn)
    assert not any(torch.equal(first.get_parameter(key), other.get_parameter(key)) for key in drawn)


@torch.no_grad()
def test_in_bf16_the_numbers_are_about_the_same(training: ContrastiveStrategy) -> None:
    batch = sides(training)
    losses = []
    for bf16 in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            vectors = [training.represent(side, log_mels) for side, log_mels in enumerate(batch)]
        losses.append(training.loss(vectors[0], vectors[1]))
    assert losses[1].dtype == torch.float32
    assert losses[1].item() == pytest.approx(losses[0].item(), rel=0.2, abs=0.2)


SEPARATE = sorted({*all_trainable()} - {"self", "self-multi"})


@given(
    name=st.sampled_from(sorted(all_trainable())), spare=st.integers(0, 10**6), seed=st.integers(0, 2**32),
    longer=st.tuples(st.integers(0, 20_000), st.integers(0, 20_000)),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_both_sides_lie_within_the_clip(
    name: str, spare: int, seed: int, longer: tuple[int, int], built: dict[str, ContrastiveStrategy]
) -> None:
    strategy = built[name]
    crop = (strategy.segments[0] * SEGMENT + longer[0], strategy.segments[1] * SEGMENT + longer[1])
    samples = strategy.needed(crop) + spare
    first, second = strategy.starts(samples, np.random.default_rng(seed), crop)
    assert (first, second) == strategy.starts(samples, np.random.default_rng(seed), crop)
    for start, length in zip((first, second), crop, strict=True):
        assert 0 <= start <= samples - length
    if name in SEPARATE:
        assert first + crop[0] <= second or second + crop[1] <= first
    with pytest.raises(ValueError, match="needed"):
        strategy.starts(strategy.needed(crop) - 1, np.random.default_rng(seed), crop)


@pytest.fixture(scope="module")
def built() -> dict[str, ContrastiveStrategy]:
    return {name: small(name, "paper") for name in all_trainable()}


def test_without_augmentation_a_side_is_what_is_heard(name: str) -> None:
    strategy = small(name, "paper")
    heard = (strategy.segments[0] * SEGMENT, strategy.segments[1] * SEGMENT)
    assert strategy.needed() == strategy.needed(heard)
    samples = strategy.needed() + 1000
    one, other = (np.random.default_rng(5) for _ in range(2))
    assert strategy.starts(samples, one) == strategy.starts(samples, other, heard)
