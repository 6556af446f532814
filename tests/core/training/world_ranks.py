"""One of several processes that train together, as torchrun would start it; see `test_world`.

    python world_ranks.py WHAT OUT     with RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT in the environment

Writes the sentence of a UserError and ends with 3.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import save_file
from torch import Tensor

from core import strategies
from core.errors import UserError
from core.leaving import leave
from core.strategies.contrastive import ContrastiveStrategy
from core.training.config import TrainingConfig
from core.training.grad_cache import Pair
from core.training.optim import Optimiser
from core.training.step import Step
from core.training.world import World

PAIRS, CHUNK = 4, 1
MODEL = {"width": 0.125, "similarity": "cosine", "temperature": 0.1, "symmetric": True, "decoupled": True}


def whole_batch(seed: int) -> Pair:
    """The same for every process, (4, 1, 188, 96) in float64."""
    generator = torch.Generator().manual_seed(seed)
    first, second = (
        torch.randn(PAIRS, 1, 188, 96, generator=generator, dtype=torch.float64) for _ in range(2)
    )
    return first, second


def trained(world: World, chunk: int) -> dict[str, Tensor]:
    """Parameters, buffers, gradients and figures after two steps, or after one in chunks."""
    # Every process begins with another network; that of the main one counts.
    built = strategies.build("adjacent", MODEL | {"seed": world.rank})
    strategy = cast("ContrastiveStrategy", built).double()
    config = TrainingConfig(steps=10, warmup=0.0, batch=PAIRS, chunk=chunk)
    step = Step(strategy, Optimiser(strategy, config), config, world=world)
    figures = []
    for number in range(1 if chunk == CHUNK else 2):
        anchors, positives = (world.part(side) for side in whole_batch(number))
        result = step(number, (anchors, positives))
        figures.append([result.loss, result.accuracy, result.grad_norm])
    gradients = {f"grad.{n}": w.grad for n, w in strategy.named_parameters() if w.grad is not None}
    tensors = {**strategy.state_dict(), **gradients, "figures": torch.tensor(figures, dtype=torch.float64)}
    return {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}


def train(world: World, out: Path) -> None:
    """Two steps, whole parts and in chunks; then the second process dies without a word."""
    for chunk in (0, CHUNK):
        save_file(trained(world, chunk), out / f"rank{world.rank}-chunk{chunk}.safetensors")
    assert world.agree(world.is_main)  # what the main one wishes, whatever the others do
    assert not world.agree(not world.is_main)
    world.barrier()
    if not world.is_main:
        os._exit(9)
    world.gather(torch.zeros(2))


def hang(world: World, out: Path) -> None:
    """The second process never comes."""
    world.barrier()
    if not world.is_main:
        time.sleep(60)
    world.gather(torch.zeros(2))


def main() -> None:
    """Do what the first argument says."""
    torch.set_num_threads(1)
    what, out = {"train": train, "hang": hang}[sys.argv[1]], Path(sys.argv[2])
    try:
        with World.join("cpu", timeout_s=float(os.environ.get("PATIENCE_S", "60"))) as world:
            what(world, out)
    except UserError as error:
        sys.stdout.write(f"{error.title}\n")
        leave(3)  # as the command does


if __name__ == "__main__":
    main()
