"""Which precision a run takes: measured on its device with real steps, said out loud, frozen in its config."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from core.audio.features import LogMel
from core.nets.device import GAIN, computes_in
from core.training.config import TrainingConfig
from core.training.optim import Optimiser
from core.training.step import Step
from core.training.world import World

if TYPE_CHECKING:
    from core.strategies.contrastive import ContrastiveStrategy

SEGMENTS = {"cpu": 8, "cuda": 256}
"""3 s segments of a side in a measured step, at most."""
FRAMES = 188
"""Of a segment's log-mel."""
Precision = Literal["float32", "bfloat16"]
"""In which steps can be taken."""
STEPS = 2
"""Measured in each precision, after one that is not counted."""


@dataclass(frozen=True)
class Choice:
    """A precision, and why."""

    precision: Precision
    ms_per_segment: dict[str, float]
    """Of a whole step, by precision."""
    note: str


def choose_precision(strategy: ContrastiveStrategy, device: str, batch: int) -> Choice:
    """Time real steps in float32 and bfloat16; bfloat16 only where it is worth its rounding.

    Parameters
    ----------
    strategy
        On any device; a copy is measured.
    device
        cpu, or cuda (with a number or not).
    batch
        Pairs of a step; fewer are measured where fewer say it as well.
    """
    kind = device.partition(":")[0]
    if not computes_in(kind, "bfloat16"):
        return Choice("float32", {}, f"{kind} does not compute in bfloat16.")
    pairs = max(2, min(batch, SEGMENTS.get(kind, 8) // max(strategy.segments)))
    runs = [_Run(strategy, device, pairs, name) for name in ("float32", "bfloat16")]
    for _ in range(1 + STEPS):  # in turns: a machine that is busy for a second must not decide
        for run in runs:
            run.step()
    exact, rounded = (run.ms_per_segment for run in runs)
    best: Precision = "bfloat16" if rounded * GAIN <= exact else "float32"
    note = f"{best}: a step takes {exact:.3g} ms a segment in float32, {rounded:.3g} ms in bfloat16."
    return Choice(best, {"float32": exact, "bfloat16": rounded}, note)


class _Run:
    """Steps on noise in one precision."""

    def __init__(self, strategy: ContrastiveStrategy, device: str, pairs: int, precision: str) -> None:
        twin = copy.deepcopy(strategy).to(device)
        config = TrainingConfig(batch=pairs, steps=1 + STEPS)
        self._step = Step(twin, Optimiser(twin, config), config, precision, World(device))
        shapes = ((pairs, count, FRAMES, LogMel.bands) for count in strategy.segments)
        generator = torch.Generator().manual_seed(0)
        anchors, positives = (torch.randn(shape, generator=generator).to(device) for shape in shapes)
        self._log_mels, self._segments = (anchors, positives), pairs * sum(strategy.segments)
        self._seconds: list[float] = []

    def step(self) -> None:
        began = time.perf_counter()
        self._step(0, self._log_mels)  # reads its loss, and so waits for the device
        self._seconds.append(time.perf_counter() - began)

    @property
    def ms_per_segment(self) -> float:
        """Of the best step after the first, which also warms up."""
        return 1000 * min(self._seconds[1:]) / self._segments
