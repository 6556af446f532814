from __future__ import annotations

import math
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from core import strategies
from core.errors import UserError
from core.strategies.contrastive import ContrastiveStrategy
from core.training import precision as precisions
from core.training.config import TrainingConfig
from core.training.grad_cache import Pair
from core.training.optim import Optimiser
from core.training.step import MOST_SKIPPED, Step
from core.training.stopwatch import Stopwatch

COSINE = {"similarity": "cosine", "temperature": 0.1}


def small(name: str = "adjacent", **model: Any) -> ContrastiveStrategy:
    return cast("ContrastiveStrategy", strategies.build(name, {"width": 0.125} | model))


def batch(strategy: ContrastiveStrategy, pairs: int = 3, seed: int = 0) -> Pair:
    """Positives are their anchors with a little noise on top."""
    generator = torch.Generator().manual_seed(seed)
    first = torch.randn(pairs, strategy.segments[0], 188, 96, generator=generator)
    return first, first + 0.1 * torch.randn(first.shape, generator=generator)


def step_of(strategy: ContrastiveStrategy, precision: str = "float32", **values: Any) -> Step:
    config = TrainingConfig(**{"steps": 100, "warmup": 0.0, "clip": 0.0} | values)
    return Step(strategy, Optimiser(strategy, config), config, precision)


def gradients_of(strategy: nn.Module) -> dict[str, Tensor]:
    return {n: w.grad.clone() for n, w in strategy.named_parameters() if w.grad is not None}


def everything(step: Step) -> dict[str, Tensor]:
    """All that a step can change."""
    return {n: t.clone() for n, t in (*step.strategy.state_dict().items(), *step.optimiser.tensors().items())}


def assert_equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


@pytest.mark.parametrize("chunk", [0, 2])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_it_learns(precision: str, chunk: int) -> None:
    strategy = small(**COSINE)
    step = step_of(strategy, precision, chunk=chunk)
    results = [step(number, batch(strategy, 4)) for number in range(6)]
    assert results[-1].loss < 0.5 * results[0].loss
    assert not any(result.skipped for result in results)
    assert {weight.dtype for weight in strategy.parameters()} == {torch.float32}
    assert all(result.forward_s > 0 and result.backward_s > 0 for result in results)


def test_a_step_needs_no_float64_which_not_every_gpu_has() -> None:
    class Watched(TorchDispatchMode):
        def __torch_dispatch__(self, operation: Any, _: Any, args: Any = (), kwargs: Any = None) -> Any:
            found = operation(*args, **(kwargs or {}))
            kinds = [leaf.dtype for leaf in tree_leaves(found) if isinstance(leaf, Tensor)]
            assert torch.float64 not in kinds, operation
            return found

    strategy = small("same-track-multi", head="mlp")
    step = step_of(strategy, clip=1.0)
    with Watched():
        assert not step(0, batch(strategy, 2)).skipped


def test_what_it_reports_and_backpropagates_is_the_strategy_s_own_loss() -> None:
    strategy, plain = small("self-multi"), small("self-multi").train()
    log_mels = batch(strategy)
    result = step_of(strategy)(0, log_mels)
    sides = [plain.represent(side, log_mels[side]) for side in (0, 1)]
    loss = plain.loss(*sides)
    loss.backward()
    assert result.loss == pytest.approx(loss.item(), rel=1e-5)
    found, wanted = gradients_of(strategy), gradients_of(plain)
    norm = math.sqrt(sum(float(gradient.double().square().sum()) for gradient in wanted.values()))
    assert result.grad_norm == pytest.approx(norm, rel=1e-3)
    assert found.keys() == wanted.keys()
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-3, atol=1e-6 * norm)


def test_the_sides_pass_through_batch_norm_one_after_the_other() -> None:
    strategy, plain = small(), small().train()
    log_mels = batch(strategy)
    step_of(strategy)(0, log_mels)
    for side in (0, 1):
        plain.represent(side, log_mels[side])
    for one, other in zip(strategy.buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    assert int(next(m for m in strategy.modules() if isinstance(m, nn.BatchNorm2d)).num_batches_tracked) == 2


def test_accuracy_is_the_share_of_anchors_that_find_their_own_positive() -> None:
    strategy = small(**COSINE)
    anchors, positives = batch(strategy, 4)
    assert step_of(strategy)(0, (anchors, anchors)).accuracy == 1.0
    swapped = positives[[1, 0, 2, 3]]
    assert step_of(small(**COSINE))(0, (anchors, swapped)).accuracy == 0.5


def test_the_gradient_is_cut_to_its_norm_and_reported_as_it_was() -> None:
    free, cut = small(), small()
    whole = step_of(free)(0, batch(free)).grad_norm
    result = step_of(cut, clip=0.5)(0, batch(cut))
    assert result.grad_norm == pytest.approx(whole)
    assert whole > 1
    left = math.sqrt(sum(float(gradient.square().sum()) for gradient in gradients_of(cut).values()))
    assert left == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("poison", [math.inf, math.nan])
@pytest.mark.parametrize("chunk", [0, 2])
def test_a_step_without_a_finite_loss_changes_nothing(poison: float, chunk: int) -> None:
    strategy = small(**COSINE)
    step = step_of(strategy, chunk=chunk)
    step(0, batch(strategy, 4))
    before = everything(step)
    bad = batch(strategy, 4)
    bad[0][1, 0, 5, 5] = poison
    result = step(1, bad)
    assert result.skipped
    assert step.skipped == 1
    assert_equal(everything(step), before)
    assert not step(2, batch(strategy, 4)).skipped
    assert step.skipped == 1


def test_a_finite_loss_with_a_gradient_that_is_not_changes_nothing_either() -> None:
    strategy = small(**COSINE)
    step = step_of(strategy)
    before = everything(step)
    strategy.encoder.head.weight.register_hook(lambda gradient: gradient * math.nan)
    result = step(0, batch(strategy))
    assert math.isfinite(result.loss)
    assert result.skipped
    assert_equal(everything(step), before)


def test_a_run_that_stays_without_numbers_ends_with_a_sentence() -> None:
    strategy = small()
    step = step_of(strategy)
    bad, good = batch(strategy, 2), batch(strategy, 2)
    bad[1][:] = math.nan
    for number in range(MOST_SKIPPED - 1):
        step(number, bad)
    step(9, good)  # one good step, and counting begins anew
    for number in range(MOST_SKIPPED - 1):
        step(number, bad)
    before = everything(step)
    with pytest.raises(UserError, match="diverged"):
        step(99, bad)
    assert_equal(everything(step), before)


def test_under_bfloat16_the_loss_still_sees_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    strategy = small()
    seen: list[torch.dtype] = []
    own = strategy.loss

    def loss(anchors: Tensor, positives: Tensor, offset: int = 0) -> Tensor:
        seen.extend([anchors.dtype, positives.dtype, (anchors[:, 0] @ positives[:, 0].T).dtype])
        return own(anchors, positives, offset)

    monkeypatch.setattr(strategy, "loss", loss)
    step_of(strategy, "bfloat16")(0, batch(strategy))
    assert set(seen) == {torch.float32}


def test_bfloat16_is_really_used() -> None:
    exact, rounded = small(**COSINE), small(**COSINE)
    one = step_of(exact)(0, batch(exact)).loss
    other = step_of(rounded, "bfloat16")(0, batch(rounded)).loss
    assert one != other
    assert other == pytest.approx(one, rel=0.1)


def test_a_parameter_of_the_loss_learns_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a strategy of somebody else may have one: a temperature that is learned."""
    strategy = small(**COSINE)
    strategy.scale = nn.Parameter(torch.tensor(1.0))
    own = strategy.loss
    monkeypatch.setattr(strategy, "loss", lambda a, p, offset=0: own(a, p, offset) * strategy.scale.exp())
    result = step_of(strategy)(0, batch(strategy))
    assert strategy.scale.grad is not None
    assert strategy.scale.grad.item() == pytest.approx(result.loss, rel=1e-4)  # d/ds of L e^s is L e^s
    assert strategy.scale.item() != 1.0


def test_convolutions_are_laid_out_channels_last() -> None:
    strategy = small()
    step_of(strategy)(0, batch(strategy))
    weight = strategy.encoder.trunk.blocks[1].conv.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert weight.grad is not None
    assert weight.grad.is_contiguous(memory_format=torch.channels_last)


def test_what_cannot_be_compiled_runs_as_it_is_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no compiler here\nat all")

    strategy, plain = small(**COSINE), small(**COSINE)
    monkeypatch.setattr(torch, "compile", lambda network, **_: broken)
    config = TrainingConfig(steps=100)
    step = Step(strategy, Optimiser(strategy, config), config, compiled=True)
    assert step(0, batch(strategy)).loss == step_of(plain)(0, batch(plain)).loss
    assert step.notes == ["Not compiled: no compiler here."]


def test_the_faster_precision_is_taken_only_where_it_is_faster_by_far(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strategy = small()
    found = precisions.choose_precision(strategy, "cpu", 48)
    exact, rounded = found.ms_per_segment["float32"], found.ms_per_segment["bfloat16"]
    assert (found.precision == "bfloat16") == (rounded * 1.2 <= exact)
    assert found.note.startswith(found.precision)
    assert all(buffer.isfinite().all() for buffer in strategy.buffers())
    assert not gradients_of(strategy)  # a copy was measured


def test_a_device_without_bfloat16_takes_float32_unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precisions, "computes_in", lambda device, precision: precision == "float32")
    assert precisions.choose_precision(small(), "cuda:1", 48).precision == "float32"


def test_a_stopwatch_adds_up_and_starts_again() -> None:
    watch = Stopwatch("cpu")
    for _ in range(2):
        with watch("forward"):
            sum(range(10_000))
    first = watch.read()
    assert first["forward"] > 0
    assert first["backward"] == 0
    assert watch.read()["forward"] == 0
