"""The processes of one training run: alone, or several started by `torchrun` that share every batch.

Each process computes the representations of its part of the batch; all of them are gathered, and every process
computes the loss of the whole batch, whose gradient it carries back through its own part. The sum of the
processes' gradients is then that of one process with the whole batch, whatever the loss compares with what.
Representations are small: this costs less than exchanging gradients of representations would.

Batch norm takes its statistics from each process's own part (of each chunk of it), or, on CUDA with
`sync_batch_norm`, from the parts of all processes together. Running statistics are averaged over the processes
with every step's gradients, so that all of them hold the same network.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Self, TypeVar

import torch
from torch import Tensor, distributed, nn

from core.errors import UserError

TIMEOUT_S = 600.0
"""Longest wait for another process: the main one also validates and saves meanwhile."""

Rows = TypeVar("Rows", bound=Sequence[object])


class World:
    """One process among those that train together: the one that this code runs in.

    Attributes
    ----------
    rank, size
        Number of this process, from 0, and how many there are.
    device
        Where this process computes: `cuda:1` is the second GPU of this machine.
    """

    def __init__(self, device: str = "cpu", rank: int = 0, size: int = 1) -> None:
        self.rank, self.size, self.device = rank, size, device

    @classmethod
    def join(cls, device: str = "cpu", *, timeout_s: float = TIMEOUT_S) -> World:
        """The world that torchrun's environment speaks of; where it says nothing, this process alone.

        Parameters
        ----------
        device
            cpu (gloo) or cuda (nccl; each process takes the GPU of its local rank).
        timeout_s
            Longest wait for another process, in seconds.

        Raises
        ------
        UserError
            The others cannot be reached, or there are more processes than GPUs.
        """
        size = int(os.environ.get("WORLD_SIZE", "1"))
        if size == 1:
            return cls(device)
        rank, local = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
        if device == "cuda":
            device = _gpu(local)
            os.environ.setdefault(
                "TORCH_NCCL_BLOCKING_WAIT", "1"
            )  # raise, rather than abort, after the timeout
        with _one_of_many("could not be reached"):
            distributed.init_process_group(
                "nccl" if device.startswith("cuda") else "gloo",
                rank=rank, world_size=size, timeout=timedelta(seconds=timeout_s),
            )  # fmt: skip
        return cls(device, rank, size)

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes and reports."""
        return self.rank == 0

    def part(self, rows: Rows) -> Rows:
        """The rows of a batch that are this process's own: `gather` puts the parts back in order.

        Raises
        ------
        UserError
            The batch cannot be divided evenly.
        """
        each, rest = divmod(len(rows), self.size)
        if rest or not each:
            raise UserError(
                f"{self.size} processes cannot share a batch of {len(rows)} evenly.",
                f"Choose a batch that is a multiple of {self.size}.",
            )
        return rows[self.rank * each : (self.rank + 1) * each]  # type: ignore[return-value]  # a slice is alike

    def gather(self, part: Tensor) -> Tensor:
        """(n, ...) of every process -> (size * n, ...), detached, in the order of ranks."""
        part = part.detach()
        if self.size == 1:
            return part
        parts = [torch.empty_like(part) for _ in range(self.size)]
        with _one_of_many():
            distributed.all_gather(parts, part.contiguous())
        return torch.cat(parts)

    def sum_gradients(self, network: nn.Module) -> None:
        """Add up the gradients of all processes' parts, and average the running statistics."""
        if self.size == 1:
            return
        gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
        statistics = [buffer for buffer in network.buffers() if buffer.is_floating_point()]
        for buffer in statistics:
            buffer.div_(self.size)
        together = [*gradients, *statistics]
        flat = torch.cat([tensor.reshape(-1) for tensor in together])
        with _one_of_many():
            distributed.all_reduce(flat)
        sums = torch.split(flat, [tensor.numel() for tensor in together])
        for tensor, total in zip(together, sums, strict=True):
            tensor.copy_(total.view(tensor.shape))

    def broadcast(self, network: nn.Module) -> None:
        """Give every process the main one's parameters and buffers."""
        if self.size == 1:
            return
        with _one_of_many():
            for tensor in network.state_dict().values():
                whole = tensor.contiguous()
                distributed.broadcast(whole, src=0)
                tensor.copy_(whole)

    def agree(self, wish: bool) -> bool:
        """Whether the main process wishes it: what ends the loop must end it everywhere at the same step."""
        if self.size == 1:
            return wish
        word = torch.tensor(float(wish), device=self.device)
        with _one_of_many():
            distributed.broadcast(word, src=0)
        return bool(word.item())

    def barrier(self) -> None:
        """Wait until all processes are here."""
        if self.size > 1:
            with _one_of_many():
                distributed.barrier()

    def leave(self) -> None:
        """End the exchange; harmless twice, and where there is none."""
        if self.size > 1 and distributed.is_initialized():
            distributed.destroy_process_group()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # gloo's threads may wait for a partner that is dead: taking them apart can abort.
        if error is None:
            self.leave()


def synchronised(network: nn.Module, world: World) -> bool:
    """Make batch norm take its statistics over all processes, where that exists; whether it does now."""
    if world.size == 1 or not world.device.startswith("cuda"):
        return False  # torch has it for CUDA alone
    nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]  # torch has no types here
    return True


def _gpu(local_rank: int) -> str:
    if local_rank >= torch.cuda.device_count():
        raise UserError(
            f"There is no GPU for process {local_rank + 1} of this machine.",
            f"It has {torch.cuda.device_count()}: start as many processes, or train on the processor.",
        )
    torch.cuda.set_device(local_rank)
    return f"cuda:{local_rank}"


@contextmanager
def _one_of_many(what: str = "ended or stopped answering") -> Iterator[None]:
    """What the other processes do wrong, as a sentence."""
    try:
        yield
    except (RuntimeError, ValueError) as error:  # torch's errors of transport and of rendezvous
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"Another process of this training {what}.",
            f"Its own message says why; this one heard: {first[:200]}",
        ) from error
