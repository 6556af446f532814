"""What every strategy promises, whoever wrote it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core import strategies
from core.audio import SEGMENT
from core.errors import UserError
from core.nets import checkpoint
from core.strategies import Strategy
from tests import eighth

NAMES = [*sorted(strategies.available()), eighth.NAME]


def small(name: str) -> Strategy:
    """`name`, at the least width it has."""
    fields = strategies.available()[name].Config.model_fields
    return strategies.build(name, {"width": 0.125} if "width" in fields else {})


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Every strategy there is, and one that was not there before."""
    if request.param != eighth.NAME:
        yield request.param
        return
    with eighth.an_eighth_strategy(tmp_path_factory.mktemp("strategies")) as name:
        yield name


@pytest.fixture(scope="module")
def waves() -> Tensor:
    """Eight segments that differ in loudness and colour."""
    noise = torch.randn(8, SEGMENT, generator=torch.Generator().manual_seed(1))
    return torch.cumsum(noise, 1) * 0.002 * torch.linspace(0.1, 1, 8)[:, None] + 0.01 * noise


@pytest.fixture(scope="module")
def strategy(name: str, waves: Tensor) -> Strategy:
    built = small(name)
    if built.calibration_segments:
        built.calibrate(waves)
    return built


def test_it_says_what_it_is(strategy: Strategy) -> None:
    assert strategies.available()[strategy.name] is type(strategy)
    assert strategy.title
    assert strategy.summary.endswith(".")
    assert strategy.front_end
    assert strategy.calibration_segments in (0, 1000)
    assert isinstance(strategy.config, strategy.Config)


def test_every_choice_is_titled(strategy: Strategy) -> None:
    assert all(field.title for field in strategy.Config.model_fields.values())


def test_every_choice_has_a_default_and_bounds(strategy: Strategy) -> None:
    """What a form needs: nothing is required, a number has its limits or its list."""
    for name, field in strategy.Config.model_json_schema().get("properties", {}).items():
        assert "default" in field, name
        if field["type"] in ("number", "integer"):
            assert "enum" in field or {"minimum", "exclusiveMinimum"} & set(field), name
            assert "enum" in field or {"maximum", "exclusiveMaximum"} & set(field), name
        elif field["type"] == "string":
            assert field["enum"], name
        assert field["description"].endswith("."), name


def test_config_through_json(strategy: Strategy) -> None:
    text = strategy.config.model_dump_json()
    assert strategy.Config.model_validate_json(text) == strategy.config


def test_saved_and_loaded(strategy: Strategy, waves: Tensor, tmp_path: Path) -> None:
    loaded, card = checkpoint.load(checkpoint.save(strategy, tmp_path, {}))
    assert type(loaded) is type(strategy)
    assert loaded.config == strategy.config
    assert card["front_end"] == loaded.front_end == strategy.front_end
    vectors = strategy.embed(waves)
    assert torch.equal(loaded.embed(waves), vectors)
    assert torch.equal(loaded.summarise(vectors), strategy.summarise(vectors))


def test_vectors(strategy: Strategy, waves: Tensor) -> None:
    vectors = strategy.embed(waves)
    assert vectors.shape == (8, strategy.dim)
    assert vectors.dtype == torch.float32
    assert not vectors.requires_grad
    assert vectors.isfinite().all()
    assert (vectors.std(0) > 0).any(), "different sounds have different vectors"


def test_no_segments(strategy: Strategy) -> None:
    assert strategy.embed(torch.zeros(0, SEGMENT)).shape == (0, strategy.dim)


def test_the_same_twice(strategy: Strategy, waves: Tensor) -> None:
    assert torch.equal(strategy.embed(waves), strategy.embed(waves))


def test_the_same_when_built_again(strategy: Strategy, waves: Tensor) -> None:
    before = torch.random.get_rng_state()
    again = small(strategy.name)
    assert torch.equal(torch.random.get_rng_state(), before), "building draws from nobody's generator"
    if again.calibration_segments:
        again.calibrate(waves)
    assert torch.allclose(again.embed(waves), strategy.embed(waves), rtol=1e-5, atol=1e-5)


def test_a_segment_does_not_see_its_batch(strategy: Strategy, waves: Tensor) -> None:
    together = strategy.embed(waves)
    alone = torch.cat([strategy.embed(wave[None]) for wave in waves])
    assert torch.allclose(together, alone, rtol=1e-3, atol=1e-3 * float(together.abs().max()))


def test_embedding_changes_nothing(strategy: Strategy, waves: Tensor) -> None:
    """Not even the running statistics of a strategy left in training mode, nor that mode."""
    training = copy.deepcopy(strategy).train()
    before = {name: tensor.clone() for name, tensor in training.state_dict().items()}
    expected = strategy.embed(waves)
    assert torch.equal(training.embed(waves), expected)
    assert training.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in training.state_dict().items())


@pytest.mark.parametrize("level", [0.0, 1e-7, 1.0])
def test_silence_a_click_and_a_constant_are_finite(strategy: Strategy, level: float) -> None:
    still = torch.full((1, SEGMENT), level)
    click = torch.zeros(1, SEGMENT)
    click[0, 1000] = level
    vectors = strategy.embed(torch.cat([still, click]))
    assert vectors.isfinite().all()
    assert strategy.summarise(vectors).isfinite().all()


def test_summary(strategy: Strategy, waves: Tensor) -> None:
    summary = strategy.summarise(strategy.embed(waves))
    assert summary.shape == (strategy.track_dim,)
    assert summary.dtype == torch.float32
    assert summary.isfinite().all()


def test_summary_of_one_segment(strategy: Strategy, waves: Tensor) -> None:
    summary = strategy.summarise(strategy.embed(waves[:1]))
    assert summary.shape == (strategy.track_dim,)
    assert summary.isfinite().all()


@pytest.mark.parametrize("shape", [(SEGMENT,), (1, SEGMENT - 1), (1, 1, SEGMENT)])
def test_only_segments_are_taken(strategy: Strategy, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="48000"):
        strategy.embed(torch.zeros(shape))


def test_config_refuses_what_it_does_not_know(strategy: Strategy) -> None:
    with pytest.raises(UserError, match="nonsense"):
        strategies.build(strategy.name, {"nonsense": 1})
