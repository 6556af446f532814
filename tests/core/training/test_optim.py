from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any, cast

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from core.errors import UserError
from core.training.config import TrainingConfig
from core.training.optim import Optimiser, shape


def config(**values: Any) -> TrainingConfig:
    return TrainingConfig(**{"steps": 100, "warmup": 0.0, "lr": 0.01} | values)


def network() -> nn.Module:
    """With a convolution, whose weights and moments are laid out channels last."""
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 4 * 4, 2))
    return cast("nn.Module", layers.to(memory_format=torch.channels_last))


def learn(net: nn.Module, optimiser: Optimiser, steps: range) -> None:
    for step in steps:
        images = torch.randn(5, 3, 6, 6, generator=torch.Generator().manual_seed(step))
        optimiser.zero_grad()
        net(images).square().mean().backward()
        optimiser.update(step)


def travelled(optimiser: Optimiser) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The state as it comes back from a file."""
    return load(save(optimiser.tensors())), json.loads(json.dumps(optimiser.scalars(), allow_nan=False))


@pytest.mark.parametrize("kind", ["adam", "adamw"])
@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
def test_saved_and_loaded_in_the_middle_it_goes_on_to_the_last_bit(kind: str, schedule: str) -> None:
    settings = config(optimiser=kind, schedule=schedule, warmup=0.05, plateau_patience=1, weight_decay=0.1)
    straight = network()
    optimiser = Optimiser(straight, settings)
    learn(straight, optimiser, range(8))
    assert [optimiser.validated(loss) for loss in (1.0, 1.0, 1.0)] == [False, False, schedule == "plateau"]
    saved, weights = travelled(optimiser), {k: v.clone() for k, v in straight.state_dict().items()}
    learn(straight, optimiser, range(8, 16))

    resumed = network()
    resumed.load_state_dict(weights)
    second = Optimiser(resumed, settings)
    second.load(*saved)
    learn(resumed, second, range(8, 16))
    assert second.lr(16) == optimiser.lr(16)
    for one, other in zip(straight.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_moments_count_on_a_resumed_run() -> None:
    """Else the test above would also pass if nothing were kept."""
    net = network()
    optimiser = Optimiser(net, config())
    learn(net, optimiser, range(8))
    weights = {k: v.clone() for k, v in net.state_dict().items()}
    learn(net, optimiser, range(8, 10))
    forgetful = network()
    forgetful.load_state_dict(weights)
    learn(forgetful, Optimiser(forgetful, config()), range(8, 10))
    assert not torch.equal(forgetful[0].weight, net[0].weight)


@pytest.mark.parametrize("kind", ["adam", "adamw"])
def test_it_is_torch_s_own_with_biases_and_norms_left_undecayed(kind: str) -> None:
    ours, theirs = network(), network()
    optimiser = Optimiser(ours, config(optimiser=kind, schedule="constant", weight_decay=0.1))
    plain = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[kind]
    flat = [weight for weight in theirs.parameters() if weight.ndim == 1]
    deep = [weight for weight in theirs.parameters() if weight.ndim > 1]
    reference = plain([{"params": deep, "weight_decay": 0.1}, {"params": flat, "weight_decay": 0.0}], lr=0.01)
    for step in range(5):
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            one.grad, other.grad = torch.randn_like(one), torch.empty_like(one)
            other.grad.copy_(one.grad)
        optimiser.update(step)
        reference.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_the_learning_rate_rises_in_a_line_and_falls_in_half_a_cosine() -> None:
    settings = config(warmup=0.1, schedule="cosine")
    rates = [shape(step, settings) for step in range(101)]
    assert rates[:10] == pytest.approx([(step + 1) / 11 for step in range(10)])
    assert rates[10] == 1.0
    assert rates[55] == pytest.approx(0.5)
    assert rates[100] == 0.0
    assert all(later < sooner for sooner, later in pairwise(rates[10:]))


@pytest.mark.parametrize("schedule", ["constant", "plateau"])
def test_without_cosine_it_stays(schedule: str) -> None:
    assert {shape(step, config(warmup=0.02, schedule=schedule)) for step in range(2, 100)} == {1.0}


def test_the_rate_of_the_step_is_the_one_that_is_used() -> None:
    net = nn.Linear(2, 1)
    before = net.weight.detach().clone()
    optimiser = Optimiser(net, config(schedule="constant", warmup=0.1, weight_decay=0.0))
    net(torch.ones(1, 2)).sum().backward()
    optimiser.update(4)
    # Adam's first move is the learning rate itself, whatever the gradient.
    torch.testing.assert_close(before - net.weight.detach(), torch.full((1, 2), 0.01 * 5 / 11))


@given(losses=st.lists(st.floats(0.001, 10), max_size=40), patience=st.integers(1, 5))
def test_a_plateau_is_what_torch_takes_for_one(losses: list[float], patience: int) -> None:
    ours = Optimiser(nn.Linear(1, 1), config(schedule="plateau", plateau_patience=patience))
    theirs = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.01)
    reference = ReduceLROnPlateau(theirs, factor=0.2, patience=patience, eps=0)
    for loss in losses:
        ours.validated(loss)
        reference.step(loss)
        assert ours.lr(50) == pytest.approx(theirs.param_groups[0]["lr"])


def test_a_validation_that_is_no_number_is_no_better_one() -> None:
    optimiser = Optimiser(nn.Linear(1, 1), config(schedule="plateau", plateau_patience=1))
    assert [optimiser.validated(loss) for loss in (math.nan, math.nan, 1.0, 0.5)] == [
        False,
        True,
        False,
        False,
    ]
    json.dumps(optimiser.scalars(), allow_nan=False)


def test_other_schedules_do_not_care_for_validations() -> None:
    optimiser = Optimiser(nn.Linear(1, 1), config(schedule="constant", plateau_patience=1))
    assert not any(optimiser.validated(1.0) for _ in range(10))
    assert optimiser.lr(50) == 0.01


def test_before_the_first_step_there_is_nothing_to_keep_and_that_loads() -> None:
    optimiser = Optimiser(network(), config())
    assert optimiser.tensors() == {}
    optimiser.load({}, optimiser.scalars())


def test_a_frozen_parameter_stays() -> None:
    net = network()
    net[0].weight.requires_grad_(False)
    before = net[0].weight.clone()
    optimiser = Optimiser(net, config())
    learn(net, optimiser, range(2))
    assert torch.equal(before, net[0].weight)
    assert len(optimiser.parameters) == 5


@pytest.mark.parametrize(
    "damage",
    [
        lambda tensors, _: tensors.pop("0.weight.exp_avg"),
        lambda tensors, _: tensors.update({"0.weight.exp_avg": torch.zeros(2)}),
        lambda tensors, _: tensors.update({"0.weight.exp_avg": torch.zeros(4, 3, 3, 3, dtype=torch.int64)}),
        lambda tensors, _: tensors.update({"9.weight.exp_avg": torch.zeros(1)}),
        lambda _, scalars: scalars.pop("plateau_factor"),
        lambda _, scalars: scalars.update(plateau_best="low"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_in_a_sentence(damage: Any) -> None:
    net = network()
    optimiser = Optimiser(net, config())
    learn(net, optimiser, range(1))
    tensors, scalars = travelled(optimiser)
    damage(tensors, scalars)
    with pytest.raises(UserError, match="does not belong to this encoder"):
        optimiser.load(tensors, scalars)
