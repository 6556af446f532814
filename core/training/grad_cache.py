"""Gradient caching (Gao et al. 2021, Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup).

The loss needs the representations of the whole batch, the network's activations are needed for a chunk alone:
represent all chunks without a graph, take the loss and its gradients with respect to the representations, then
represent each chunk once more, with a graph, and carry its gradients back. Memory grows with the chunk, negatives
with the batch; the price is a second forward pass.

Batch norm takes its statistics from each chunk. Its running statistics move once per step and side, by the mean
over the chunks, in the second pass alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from core.training.stopwatch import Stopwatch

Pair = tuple[Tensor, Tensor]
"""The two sides: 0 anchor or context, 1 positive or target."""
Represent = Callable[[int, Tensor], Tensor]
"""Of a side: log-mels (n, k, 188, 96) -> representations (n, terms, dim)."""
LossGradients = Callable[[Pair], Pair]
"""Representations of both sides -> the gradients of the loss with respect to them, in the same shapes."""


def whole_batch(represent: Represent, log_mels: Pair, gradients: LossGradients, watch: Stopwatch) -> None:
    """Add the gradients of the whole batch at once to the parameters."""
    with watch("forward"):
        sides = (represent(0, log_mels[0]), represent(1, log_mels[1]))
        wanted = gradients((sides[0].detach(), sides[1].detach()))
    with watch("backward"):
        torch.autograd.backward(sides, wanted)


def cached(
    network: nn.Module,
    represent: Represent,
    log_mels: Pair,
    gradients: LossGradients,
    watch: Stopwatch,
    *,
    chunk: int,
) -> None:
    """Add the gradients of a batch to the parameters, `chunk` pairs at a time."""
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    draws: list[list[Tensor]] = [[], []]
    with watch("forward"), torch.no_grad(), _untouched(norms):
        sides = [_first_pass(represent, side, log_mels[side], chunk, draws[side]) for side in (0, 1)]
        wanted = gradients((sides[0], sides[1]))
    for side in (0, 1):
        pieces, back = pieces_of(log_mels[side], chunk), pieces_of(wanted[side], chunk)
        for number, (piece, gradient, draw) in enumerate(
            zip(pieces, back, draws[side], strict=True), start=1
        ):
            with watch("forward"), _same_draws(draw, piece.device), _share(norms, number, len(pieces)):
                vectors = represent(side, piece)
            with watch("backward"):
                torch.autograd.backward(vectors, gradient)


def pieces_of(batch: Tensor, chunk: int) -> tuple[Tensor, ...]:
    """A batch (n, ...) cut evenly into parts of at most `chunk` rows, but never of one row alone.

    Batch norm over vectors has no variance for a single row.
    """
    count = min(-(-len(batch) // chunk), max(1, len(batch) // 2))
    return batch.tensor_split(count)


def _first_pass(represent: Represent, side: int, log_mels: Tensor, chunk: int, draws: list[Tensor]) -> Tensor:
    """Representations of one side; the state of the random generator before each chunk goes to `draws`."""
    vectors = []
    for piece in pieces_of(log_mels, chunk):
        draws.append(_random_state(piece.device))
        vectors.append(represent(side, piece))
    return torch.cat(vectors)


def _random_state(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


@contextmanager
def _same_draws(state: Tensor, device: torch.device) -> Iterator[None]:
    """The random numbers of the first pass once more (dropout), then on where the generator was."""
    on_cuda = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if on_cuda else []):
        torch.cuda.set_rng_state(state, device) if on_cuda else torch.set_rng_state(state)
        yield


@contextmanager
def _untouched(norms: list[_BatchNorm]) -> Iterator[None]:
    """Batch norm by the statistics of the batch as ever, its running statistics left alone."""
    tracked = [norm.track_running_stats for norm in norms]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm, was in zip(norms, tracked, strict=True):
            norm.track_running_stats = was


@contextmanager
def _share(norms: list[_BatchNorm], number: int, count: int) -> Iterator[None]:
    """Momenta with which `count` chunks in a row move running statistics r by one step m towards their mean.

    r (1 - m) + m / C (x_1 + ... + x_C) is what C moves by a_j = m / (C - m (C - j)) come to.
    """
    momenta = [norm.momentum for norm in norms]
    for norm, momentum in zip(norms, momenta, strict=True):
        if momentum is not None:
            norm.momentum = momentum / (count - momentum * (count - number))
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
