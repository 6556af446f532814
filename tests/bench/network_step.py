"""What one training step costs the network of each strategy on this machine, and which kernels it goes to.

    python tests/bench/network_step.py [--width 0.25] [--pairs 8] [--preset modern] [--threads 1] [--parts adjacent]

A step is forward of both sides, loss and backward, without front-end, augmentation and optimiser. `--parts` names
a strategy whose kernels are listed. CPU time is that of all threads: with one thread it is nearly the same on a
busy machine.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from core import strategies
from core.strategies.contrastive import ContrastiveStrategy
from core.training.config import all_trainable, resolve

DTYPES = ("float32", "bfloat16")
LISTED = 14


def prepared(name: str, preset: str, width: float) -> ContrastiveStrategy:
    """In training mode, channels last."""
    built = strategies.build(name, resolve(name, preset, {"width": width}).model)
    assert isinstance(built, ContrastiveStrategy)
    built.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
    return built.train()


def step(strategy: ContrastiveStrategy, pairs: int, dtype: str) -> Callable[[], None]:
    """Forward, loss and backward over noise."""
    sides: list[Tensor] = [torch.rand(pairs, count, 188, 96) for count in strategy.segments]

    def work() -> None:
        strategy.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bfloat16"):
            anchors, positives = (strategy.represent(side, log_mels) for side, log_mels in enumerate(sides))
        strategy.loss(anchors, positives).backward()

    return work


def best(work: Callable[[], None], repeats: int) -> tuple[float, float]:
    """Least seconds and least CPU seconds of some runs after one that warms up."""
    work()
    spent, used = [], []
    for _ in range(repeats):
        start, used_before = time.perf_counter(), time.process_time()
        work()
        spent.append(time.perf_counter() - start)
        used.append(time.process_time() - used_before)
    return min(spent), min(used)


def kernels(work: Callable[[], None]) -> str:
    """Share of a step of each kernel and shape of its first input, the dearest first."""
    work()
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as found:
        work()
    rows = sorted(found.key_averages(group_by_input_shape=True), key=lambda row: -row.self_cpu_time_total)
    total = sum(row.self_cpu_time_total for row in rows)
    return "\n".join(
        f"  {row.self_cpu_time_total / total:6.1%}  {row.count:3} x {row.key:42}{row.input_shapes[:1]}"
        for row in rows[:LISTED]
    )


def main() -> None:
    """Print the table, and the kernels where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--preset", default="modern")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parts", default="")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"width {options.width:g}, {options.pairs} pairs, {torch.get_num_threads()} threads, load {load:.1f}"
    )
    print(f"{'':18}ms a segment (of CPU)")
    for name in [options.parts] if options.parts else all_trainable():
        strategy = prepared(name, options.preset, options.width)
        segments = options.pairs * sum(strategy.segments)
        works = {dtype: step(strategy, options.pairs, dtype) for dtype in DTYPES}
        times = {
            dtype: [1000 * t / segments for t in best(work, options.repeats)] for dtype, work in works.items()
        }
        print(
            f"{name:18}" + "   ".join(f"{dtype} {t:7.2f} ({cpu:6.2f})" for dtype, (t, cpu) in times.items())
        )
        if options.parts:
            for dtype, work in works.items():
                print(dtype, kernels(work), sep="\n")


if __name__ == "__main__":
    main()
