"""Cost of a training step on this machine: time by precision, batch and chunk; memory by batch and chunk.

    python -m tests.bench.step [--width 0.25] [--batches 16 48] [--chunks 0 8] [--strategy adjacent] [--json FILE]
    python -m tests.bench.step --memory --width 0.125 --batches 32 64 128 --chunks 0 8

Time is that of the best of `--repeats` steps; CPU time is that of all threads together, which a busy machine
changes less. Memory is what a process of its own grows by at its peak, above what it takes before its first step.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import cast

import psutil
import torch

from core import strategies
from core.strategies.contrastive import ContrastiveStrategy
from core.training.config import TrainingConfig
from core.training.grad_cache import Pair
from core.training.optim import Optimiser
from core.training.step import Step

GMAC = 6.6
"""Multiplications of a segment's forward pass at width 1, in 10^9."""


@dataclass(frozen=True)
class Row:
    """One cell."""

    precision: str
    batch: int
    chunk: int
    ms_per_segment: float
    cpu_ms_per_segment: float
    forward_share: float
    gflops: float
    """Multiply-adds counted twice; three forward passes' worth a step, four with a chunk."""


def prepare(name: str, width: float, batch: int, chunk: int, precision: str) -> tuple[Step, Pair]:
    """A step and a batch of noise."""
    strategy = cast("ContrastiveStrategy", strategies.build(name, {"width": width}))
    config = TrainingConfig(batch=batch, chunk=chunk, steps=1000)
    first, second = (torch.randn(batch, count, 188, 96) for count in strategy.segments)
    return Step(strategy, Optimiser(strategy, config), config, precision), (first, second)


def timed(options: argparse.Namespace, precision: str, batch: int, chunk: int) -> Row:
    """The best step after one that is not counted."""
    step, log_mels = prepare(options.strategy, options.width, batch, chunk, precision)
    segments = batch * sum(step.strategy.segments)
    step(0, log_mels)
    found = []
    for number in range(options.repeats):
        began, used = time.perf_counter(), time.process_time()
        result = step(1 + number, log_mels)
        found.append((time.perf_counter() - began, time.process_time() - used, result.forward_s))
    seconds, _, forward = min(found)
    cpu = min(used for _, used, _ in found)
    work = 2e9 * GMAC * options.width**2 * segments * (4 if chunk else 3)
    return Row(
        precision,
        batch,
        chunk,
        1000 * seconds / segments,
        1000 * cpu / segments,
        forward / seconds,
        work / seconds / 1e9,
    )


def times(options: argparse.Namespace) -> list[Row]:
    """A line for each precision, batch and chunk."""
    rows = []
    print(f"{options.strategy}, width {options.width:g}, {torch.get_num_threads()} threads")
    for precision, batch, chunk in product(("float32", "bfloat16"), options.batches, options.chunks):
        if chunk >= batch:
            continue
        row = timed(options, precision, batch, chunk)
        rows.append(row)
        print(
            f"  {precision:<9} batch {batch:>4} chunk {chunk:>3}: {row.ms_per_segment:7.2f} ms a segment, "
            f"{row.cpu_ms_per_segment:7.2f} ms of CPU, forward {row.forward_share:.0%}, {row.gflops:.0f} GFLOP/s"
        )
    return rows


def peak(options: argparse.Namespace) -> None:
    """In a process of its own: print by how many bytes two steps make it grow."""
    batch, chunk = options.batches[0], options.chunks[0]
    step, log_mels = prepare(options.strategy, options.width, batch, chunk, options.precision)
    before = psutil.Process().memory_info().rss
    for number in range(2):
        step(number, log_mels)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before)  # kilobytes on Linux


def memory(options: argparse.Namespace) -> list[dict[str, float]]:
    """A line for each batch and chunk."""
    rows = []
    for chunk, batch in product(options.chunks, options.batches):
        command = [
            sys.executable, "-m", "tests.bench.step", "--peak", "--strategy", options.strategy, "--width",
            str(options.width), "--batches", str(batch), "--chunks", str(chunk), "--precision", options.precision,
        ]  # fmt: skip
        grown = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        rows.append({"batch": batch, "chunk": chunk, "mib": grown / 2**20})
        print(f"  {options.precision} batch {batch:>4} chunk {chunk:>3}: {grown / 2**20:8.0f} MiB")
    return rows


def main() -> None:
    """Print the table; write it as JSON where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--strategy", default="adjacent")
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 48])
    parser.add_argument("--chunks", type=int, nargs="+", default=[0, 8])
    parser.add_argument("--precision", default="bfloat16", help="of the measurement of memory")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--peak", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if options.peak:
        peak(options)
        return
    print(f"load {os.getloadavg()[0]:.1f}")
    found = memory(options) if options.memory else [asdict(row) for row in times(options)]
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
