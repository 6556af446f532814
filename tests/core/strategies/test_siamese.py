"""The siamese strategies against their description: sizes, levels, and which segments are a pair."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from core import strategies
from core.audio import SAMPLE_RATE, SEGMENT
from core.errors import UserError
from core.nets.encoder import Encoder, MultiLevelEncoder
from core.strategies.contrastive import ContrastiveStrategy

SINGLE = ["self", "adjacent", "same-track"]
MULTI = [f"{name}-multi" for name in SINGLE]
STRETCHED = 57_600


def build(name: str, width: float = 0.125, **config: object) -> ContrastiveStrategy:
    built = strategies.build(name, {"width": width, **config})
    assert isinstance(built, ContrastiveStrategy)
    return built


@pytest.fixture(scope="module")
def built() -> dict[str, ContrastiveStrategy]:
    return {name: build(name) for name in SINGLE}


@pytest.mark.parametrize(
    ("names", "parameters", "dim", "terms"), [(SINGLE, 12_361_856, 128, 1), (MULTI, 14_525_056, 640, 5)]
)
def test_sizes_of_the_paper(names: list[str], parameters: int, dim: int, terms: int) -> None:
    for name in names:
        strategy = build(name, width=1.0)
        assert sum(weight.numel() for weight in strategy.parameters()) == parameters
        assert (strategy.dim, strategy.track_dim, strategy.terms) == (dim, 2 * dim, terms)


@pytest.mark.parametrize("name", [*SINGLE, *MULTI])
def test_a_term_for_each_level_in_order_and_both_sides_alike(name: str) -> None:
    strategy = build(name)
    log_mels = torch.rand(2, 1, 188, 96, generator=torch.Generator().manual_seed(0))
    terms = strategy.represent(0, log_mels)
    assert terms.shape == (2, strategy.terms, 128)
    assert torch.equal(terms, strategy.represent(1, log_mels))
    assert isinstance(strategy.encoder, MultiLevelEncoder if name in MULTI else Encoder)
    vectors = strategy.encoder(log_mels[:, 0])
    for level in range(strategy.terms):
        assert torch.equal(terms[:, level], vectors[:, 128 * level : 128 * (level + 1)])


@pytest.mark.parametrize("name", [*MULTI, "random-multi"])
def test_levels_may_be_shorter_than_the_paper_s(name: str) -> None:
    strategy = strategies.build(name, {"width": 0.125, "level_dim": 16})
    assert (strategy.dim, strategy.track_dim) == (80, 160)
    if isinstance(strategy, ContrastiveStrategy):
        terms = strategy.represent(0, torch.rand(2, 1, 188, 96))
        assert terms.shape == (2, 5, 16)
        assert torch.isfinite(strategy.loss(terms, terms))


@pytest.mark.parametrize("name", [*SINGLE, "random", "melcpc"])
def test_only_levels_have_a_length(name: str) -> None:
    with pytest.raises(UserError, match="level_dim"):
        strategies.build(name, {"level_dim": 16})


@pytest.mark.parametrize(("name", "baseline"), [("same-track", "random"), ("self-multi", "random-multi")])
def test_training_begins_at_the_random_encoder(name: str, baseline: str) -> None:
    config = {"width": 0.125, "seed": 3}
    encoder = strategies.build(name, {**config, "head": "mlp"}).encoder
    untrained = strategies.build(baseline, config).encoder
    assert encoder.state_dict().keys() == untrained.state_dict().keys()
    for key, weight in encoder.state_dict().items():
        assert torch.equal(weight, untrained.state_dict()[key])


@pytest.mark.parametrize("suffix", ["", "-multi"])
@pytest.mark.parametrize(("name", "seconds"), [("self", 3), ("adjacent", 6.5), ("same-track", 6)])
def test_what_a_clip_must_have(name: str, seconds: float, suffix: str) -> None:
    strategy = build(name + suffix)
    assert strategy.needed() == seconds * SAMPLE_RATE
    longer = 2 if name != "self" else 1
    assert strategy.needed((STRETCHED, STRETCHED)) == strategy.needed() + longer * (STRETCHED - SEGMENT)


@given(samples=st.integers(2 * STRETCHED + 8000, 10**6), seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_which_segments_are_a_pair(samples: int, seed: int, built: dict[str, ContrastiveStrategy]) -> None:
    crop = (STRETCHED, SEGMENT)

    def starts(name: str) -> tuple[int, int]:
        return built[name].starts(samples, np.random.default_rng(seed), crop)

    first, second = starts("self")
    assert first == second
    first, second = starts("adjacent")
    assert second - first == STRETCHED + SAMPLE_RATE // 2, "the next one, half a second later"
    first, second = starts("same-track")
    assert second >= first + STRETCHED or first >= second + SEGMENT


def test_adjacent_without_stretching_is_3_5_s_on() -> None:
    first, second = build("adjacent").starts(30 * SAMPLE_RATE, np.random.default_rng(0))
    assert second - first == 3.5 * SAMPLE_RATE


@pytest.mark.parametrize("crop", [(SEGMENT, SEGMENT), (STRETCHED, SEGMENT)])
def test_same_track_is_uniform_over_all_pairs_that_do_not_overlap(crop: tuple[int, int]) -> None:
    strategy, spare, draws = build("same-track"), 3, 20_000
    samples = strategy.needed(crop) + spare
    ends = samples - crop[0], samples - crop[1]
    # Every start has `spare + 1` places near either end of the clip; the rest overlaps the other side.
    near = [{*range(spare + 1), *range(end - spare, end + 1)} for end in ends]
    valid = {(a, p) for a in near[0] for p in near[1] if a + crop[0] <= p or p + crop[1] <= a}
    assert len(valid) == (spare + 1) * (spare + 2)
    rng = np.random.default_rng(1)
    counts = Counter(strategy.starts(samples, rng, crop) for _ in range(draws))
    assert set(counts) == valid
    expected = draws / len(valid)
    chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
    assert chi_square < 45.3, "19 degrees of freedom: exceeded once in a thousand"


def test_same_track_within_reach_is_uniform_over_all_pairs_that_are_near_enough() -> None:
    crop, spare, reach, draws = (SEGMENT, SEGMENT), 5, 2, 20_000
    strategy = build("same-track", reach=reach / SAMPLE_RATE)
    samples, rng = strategy.needed(crop) + spare, np.random.default_rng(4)
    later = [(a, a + SEGMENT + gap) for gap in range(reach + 1) for a in range(spare - gap + 1)]
    valid = {*later, *((p, a) for a, p in later)}
    counts = Counter(strategy.starts(samples, rng, crop) for _ in range(draws))
    assert set(counts) == valid
    expected = draws / len(valid)
    chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
    assert chi_square < chi2.ppf(0.999, len(valid) - 1)


def test_a_reach_beyond_the_clip_changes_nothing() -> None:
    far, anywhere = build("same-track", reach=3600), build("same-track")
    for seed in range(20):
        assert far.starts(30 * SAMPLE_RATE, np.random.default_rng(seed)) == anywhere.starts(
            30 * SAMPLE_RATE, np.random.default_rng(seed)
        )


@pytest.mark.parametrize("name", [*SINGLE, "self-multi", "melcpc"])
def test_every_strategy_can_have_lean_blocks(name: str) -> None:
    strategy = build(name, blocks="lean")
    assert [block.conv.stride for block in strategy.encoder.trunk.blocks[:3]] == [(2, 2), (2, 2), (1, 1)]
    vectors = strategy.embed(torch.randn(2, SEGMENT))
    assert vectors.shape == (2, strategy.dim)
    assert vectors.isfinite().all()


def test_self_and_adjacent_are_uniform_over_all_places() -> None:
    for name in ("self", "adjacent"):
        strategy, rng = build(name), np.random.default_rng(2)
        firsts = Counter(strategy.starts(strategy.needed() + 4, rng)[0] for _ in range(5000))
        assert sorted(firsts) == [0, 1, 2, 3, 4]
        assert all(900 < count < 1100 for count in firsts.values())
