from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import cast

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from core import strategies
from core.strategies.contrastive import ContrastiveStrategy
from core.training.config import all_trainable, resolve
from core.training.grad_cache import Pair, cached, pieces_of, whole_batch
from core.training.stopwatch import Stopwatch

WATCH = Stopwatch("cpu")


def small(name: str, preset: str = "paper") -> ContrastiveStrategy:
    """In float64, so that two ways of adding up differ by nothing that matters."""
    config = resolve(name, preset, {"width": 0.125})
    return cast("ContrastiveStrategy", strategies.build(name, config.model)).double().train()


def batch(strategy: ContrastiveStrategy, pairs: int) -> Pair:
    generator = torch.Generator().manual_seed(0)
    first, second = (
        torch.randn(pairs, count, 188, 96, generator=generator, dtype=torch.float64)
        for count in strategy.segments
    )
    return first, second


def loss_gradients(strategy: ContrastiveStrategy) -> Callable[[Pair], Pair]:
    def gradients(sides: Pair) -> Pair:
        with torch.enable_grad():
            leaves = [side.detach().requires_grad_() for side in sides]
            first, second = torch.autograd.grad(strategy.loss(*leaves), leaves)
        return first, second

    return gradients


def gradients_of(network: nn.Module) -> dict[str, Tensor]:
    found = {name: weight.grad for name, weight in network.named_parameters() if weight.grad is not None}
    network.zero_grad(set_to_none=True)
    return found


def assert_same(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    """To 1e-9 of the largest gradient: the dot product's reach into the thousands."""
    assert one.keys() == other.keys()
    scale = max(1.0, *(float(gradient.abs().max()) for gradient in one.values()))
    for name, gradient in one.items():
        torch.testing.assert_close(gradient, other[name], rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize(
    ("name", "preset"), [*((name, "modern") for name in all_trainable()), ("self", "paper")]
)
def test_gradients_are_those_of_the_same_chunks_with_their_graphs_all_at_once(name: str, preset: str) -> None:
    strategy = small(name, preset)
    log_mels = batch(strategy, 4)
    sides = [
        torch.cat([strategy.represent(side, piece) for piece in pieces_of(log_mels[side], 2)])
        for side in (0, 1)
    ]
    strategy.loss(*sides).backward()
    wanted = gradients_of(strategy)
    cached(strategy, strategy.represent, log_mels, loss_gradients(strategy), WATCH, chunk=2)
    assert_same(gradients_of(strategy), wanted)


def test_without_batch_statistics_chunks_change_nothing() -> None:
    strategy = small("adjacent-multi", "modern").eval()
    log_mels = batch(strategy, 5)
    whole_batch(strategy.represent, log_mels, loss_gradients(strategy), WATCH)
    wanted = gradients_of(strategy)
    cached(strategy, strategy.represent, log_mels, loss_gradients(strategy), WATCH, chunk=2)
    assert_same(gradients_of(strategy), wanted)


def first_norm(strategy: ContrastiveStrategy) -> nn.BatchNorm2d:
    return next(module for module in strategy.modules() if isinstance(module, nn.BatchNorm2d))


def test_running_statistics_move_once_a_side_towards_the_mean_over_chunks() -> None:
    strategy = small("adjacent")
    log_mels = batch(strategy, 6)
    norm = first_norm(strategy)
    convolution = strategy.encoder.trunk.blocks[0].conv
    mean, var = torch.zeros_like(norm.running_mean), torch.ones_like(norm.running_var)
    for side in log_mels:
        outputs = [convolution(piece) for piece in side.split(2)]
        mean = 0.9 * mean + 0.1 * torch.stack([out.mean((0, 2, 3)) for out in outputs]).mean(0)
        var = 0.9 * var + 0.1 * torch.stack([out.var((0, 2, 3)) for out in outputs]).mean(0)
    cached(strategy, strategy.represent, log_mels, loss_gradients(strategy), WATCH, chunk=2)
    torch.testing.assert_close(norm.running_mean, mean, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(norm.running_var, var, rtol=1e-9, atol=1e-12)
    assert norm.momentum == 0.1
    assert norm.track_running_stats


def test_a_single_chunk_leaves_the_running_statistics_of_the_whole_batch() -> None:
    one, other = small("adjacent"), small("adjacent")
    log_mels = batch(one, 3)
    whole_batch(one.represent, log_mels, loss_gradients(one), WATCH)
    cached(other, other.represent, log_mels, loss_gradients(other), WATCH, chunk=3)
    assert all(torch.equal(a, b) for a, b in zip(one.buffers(), other.buffers(), strict=True))


def test_the_first_pass_leaves_running_statistics_alone_even_when_it_breaks_off() -> None:
    strategy = small("adjacent")
    before = [buffer.clone() for buffer in strategy.buffers()]

    def broken(sides: Pair) -> Pair:
        raise FloatingPointError

    with pytest.raises(FloatingPointError):
        cached(strategy, strategy.represent, batch(strategy, 4), broken, WATCH, chunk=2)
    assert all(torch.equal(a, b) for a, b in zip(before, strategy.buffers(), strict=True))
    assert all(m.track_running_stats for m in strategy.modules() if isinstance(m, nn.BatchNorm2d))


def test_what_is_random_in_the_network_is_the_same_in_both_passes() -> None:
    network = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5))
    seen: list[Tensor] = []

    def represent(side: int, values: Tensor) -> Tensor:
        vectors: Tensor = network(values)
        seen.append(vectors.detach())
        return vectors

    def products(sides: Pair) -> Pair:
        torch.rand(3)  # somebody else draws in between
        return sides[1], sides[0]

    sides = torch.randn(6, 8), torch.randn(6, 8)
    cached(network, represent, sides, products, WATCH, chunk=2)
    assert len(seen) == 12
    assert all(torch.equal(a, b) for a, b in zip(seen[:6], seen[6:], strict=True))
    assert not torch.equal(seen[0] == 0, seen[1] == 0)  # each chunk has draws of its own


def test_the_gradient_with_dropout_is_that_of_the_draws_that_the_loss_saw() -> None:
    network = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5)).double()
    sides = torch.randn(4, 8, dtype=torch.float64), torch.randn(4, 8, dtype=torch.float64)
    torch.manual_seed(1)
    first, second = (torch.cat([network(piece) for piece in side.split(2)]) for side in sides)
    (first * second).sum().backward()
    wanted = gradients_of(network)
    torch.manual_seed(1)
    cached(network, lambda _, x: network(x), sides, lambda both: (both[1], both[0]), WATCH, chunk=2)
    assert_same(gradients_of(network), wanted)


@given(rows=st.integers(1, 300), chunk=st.integers(1, 64))
def test_chunks_are_the_batch_in_order_and_no_row_is_alone(rows: int, chunk: int) -> None:
    pieces = pieces_of(torch.arange(rows), chunk)
    assert torch.equal(torch.cat(pieces), torch.arange(rows))
    assert rows == 1 or min(len(piece) for piece in pieces) >= 2
    assert max(len(piece) for piece in pieces) <= max(chunk, 3)


def in_float32(pair: Pair) -> Pair:
    return pair[0].float(), pair[1].float()


def held_for_backward(run: Callable[[], None]) -> int:
    """The most bytes that autograd keeps at a time while `run` runs."""
    held = most = 0

    class Kept:
        def __init__(self, value: Tensor) -> None:
            nonlocal held, most
            self.value, size = value, value.numel() * value.element_size()
            held += size
            most = max(most, held)
            weakref.finalize(self, release, size)

    def release(size: int) -> None:
        nonlocal held
        held -= size

    with torch.autograd.graph.saved_tensors_hooks(Kept, lambda kept: kept.value):
        run()
    return most


def test_memory_grows_with_the_chunk_and_not_with_the_batch() -> None:
    strategy = small("adjacent").float()
    gradients = loss_gradients(strategy)

    def chunked(pairs: int, chunk: int) -> int:
        log_mels = in_float32(batch(strategy, pairs))
        return held_for_backward(
            lambda: cached(strategy, strategy.represent, log_mels, gradients, WATCH, chunk=chunk)
        )

    log_mels = in_float32(batch(strategy, 8))
    whole = held_for_backward(lambda: whole_batch(strategy.represent, log_mels, gradients, WATCH))
    assert chunked(8, 2) < 1.1 * chunked(4, 2)
    assert chunked(8, 4) > 1.8 * chunked(8, 2)
    assert whole > 7 * chunked(8, 2)  # both sides at once, and four times the rows
