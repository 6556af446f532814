"""One step of training: the representations of a batch of pairs, their loss, its gradients, the update."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.errors import UserError
from core.training.config import TrainingConfig
from core.training.grad_cache import Pair, cached, whole_batch
from core.training.memory import keep_freed_memory
from core.training.optim import Optimiser
from core.training.stopwatch import Stopwatch
from core.training.world import World, synchronised

if TYPE_CHECKING:
    from core.strategies.contrastive import ContrastiveStrategy

MOST_SKIPPED = 10
"""Steps in a row without a finite loss and gradient after which training stops."""


@dataclass(frozen=True)
class StepResult:
    """What one step found."""

    loss: float
    accuracy: float
    """Share of the anchors whose own positive is the most similar one, of the whole batch."""
    grad_norm: float
    """Before clipping."""
    forward_s: float
    """Seconds in the network's forward passes and the loss."""
    backward_s: float
    skipped: bool = False
    """The loss or a gradient was not finite: nothing was changed."""


class Step:
    """A strategy that learns from one batch after the other.

    Parameters
    ----------
    strategy
        On the world's device; it is laid out channels last and put into training mode.
    optimiser
        Of the strategy's parameters.
    config
        `chunk`, `clip` and `sync_batch_norm` of it.
    precision
        float32, or bfloat16: the network under autocast, representations and loss in float32 all the same.
    world
        The processes that share every batch.
    compiled
        Let `torch.compile` merge the network's small operations. It takes a minute at first, needs a compiler
        on a CPU, and rounds differently; off by default, since it has not been seen to pay here.

    Attributes
    ----------
    skipped
        Steps so far that changed nothing, because something was not finite.
    notes
        What did not go as asked for, for a person.
    synchronised
        Whether batch norm takes its statistics over all processes.
    """

    def __init__(
        self,
        strategy: ContrastiveStrategy,
        optimiser: Optimiser,
        config: TrainingConfig,
        precision: str = "float32",
        world: World | None = None,
        *,
        compiled: bool = False,
    ) -> None:
        self.strategy, self.optimiser, self.config = strategy, optimiser, config
        self.world = world or World()
        self.skipped = 0
        self._skipped_in_a_row = 0
        self.notes: list[str] = []
        self._network = torch.compile(strategy.represent) if compiled else strategy.represent
        self._bf16 = precision == "bfloat16"
        if self.world.device == "cpu":
            keep_freed_memory()
        self.synchronised = config.sync_batch_norm and synchronised(strategy, self.world)
        strategy.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
        self.world.broadcast(strategy)

    def __call__(self, step: int, log_mels: Pair) -> StepResult:
        """Learn from one batch.

        Parameters
        ----------
        step
            Its number, from 0: the learning rate follows from it.
        log_mels
            This process's part of the anchors (n, k0, 188, 96) and of the positives (n, k1, 188, 96).

        Raises
        ------
        UserError
            The training diverged, or another process ended.
        """
        self.strategy.train()
        self.optimiser.zero_grad()
        statistics = [buffer.clone() for buffer in self.strategy.buffers()]
        watch = Stopwatch(self.world.device)
        figures = self._backward(log_mels, watch)
        self.world.sum_gradients(self.strategy)
        norm = self._clip()
        loss, accuracy, grad_norm = torch.stack(
            [*figures, norm]
        ).tolist()  # waits for the device, once a step
        if finite := math.isfinite(loss) and math.isfinite(grad_norm):
            self.optimiser.update(step)
        else:
            for buffer, before in zip(self.strategy.buffers(), statistics, strict=True):
                buffer.copy_(before)
        self._count(finite)
        seconds = watch.read()
        return StepResult(loss, accuracy, grad_norm, seconds["forward"], seconds["backward"], not finite)

    def _backward(self, log_mels: Pair, watch: Stopwatch) -> tuple[Tensor, Tensor]:
        """Add the gradients of this process's part; loss and accuracy of the whole batch."""
        figures: list[Tensor] = []

        def gradients(sides: Pair) -> Pair:
            wanted, *found = self._loss(sides)
            figures.extend(found)
            return wanted

        if 0 < self.config.chunk < len(log_mels[0]):
            cached(self.strategy, self._represent, log_mels, gradients, watch, chunk=self.config.chunk)
        else:
            whole_batch(self._represent, log_mels, gradients, watch)
        return figures[0], figures[1]

    def _represent(self, side: int, log_mels: Tensor) -> Tensor:
        """(n, k, 188, 96) -> (n, terms, dim) in float32 (or float64, where the weights are)."""
        with torch.autocast(log_mels.device.type, torch.bfloat16, enabled=self._bf16):
            vectors = self._run(side, log_mels)
        return vectors.to(torch.promote_types(vectors.dtype, torch.float32))

    def _run(self, side: int, log_mels: Tensor) -> Tensor:
        """The network, compiled where that was asked for and works."""
        plain = self.strategy.represent
        try:
            return self._network(side, log_mels)
        except (
            Exception
        ) as error:  # a compiler's, of any kind; what is wrong with the network itself comes again
            if self._network == plain:
                raise
            self.notes.append(f"Not compiled: {(str(error).splitlines() or [type(error).__name__])[0]}.")
            self._network = plain
            return plain(side, log_mels)

    def _loss(self, sides: Pair) -> tuple[Pair, Tensor, Tensor]:
        """Gradients with respect to this process's representations; loss and accuracy of the whole batch.

        Every process computes the loss of the whole batch, so that its own rows are also counted where they
        are the negatives of others.
        """
        size, rank, n = self.world.size, self.world.rank, len(sides[0])
        with torch.enable_grad():
            anchors, positives = (self.world.gather(side).requires_grad_() for side in sides)
            loss = self.strategy.loss(anchors, positives)
            # Parameters inside the loss get a share from every process, and all shares are summed.
            torch.autograd.backward(loss / size)
        own = slice(rank * n, (rank + 1) * n)
        first, second = (torch.zeros_like(w) if w.grad is None else w.grad for w in (anchors, positives))
        wanted = first[own] * size, second[own] * size
        return wanted, loss.detach(), self._accuracy(anchors.detach(), positives.detach())

    @torch.no_grad()
    def _accuracy(self, anchors: Tensor, positives: Tensor) -> Tensor:
        best = self.strategy.logits(anchors, positives).argmax(1)
        return (best == torch.arange(len(best), device=best.device)).to(anchors.dtype).mean()

    def _clip(self) -> Tensor:
        """The norm of all gradients together, which are then scaled down to `clip` where it is larger."""
        limit = self.config.clip or math.inf
        return torch.nn.utils.clip_grad_norm_(self.optimiser.parameters, limit)

    def _count(self, finite: bool) -> None:
        if finite:
            self._skipped_in_a_row = 0
            return
        self.skipped += 1
        self._skipped_in_a_row += 1
        if self._skipped_in_a_row >= MOST_SKIPPED:
            raise UserError(
                f"The training diverged: its loss or its gradient was not a number {MOST_SKIPPED} times in a row.",
                "The last saved state is whole. Choose a smaller learning rate, or float32 instead of bfloat16.",
            )
