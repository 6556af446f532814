"""Throughput of the encoders on this machine's CPU, beside what its matrix product reaches.

    python tests/bench/encoder.py [--widths 1 0.25] [--batches 1 2 4 8 16] [--threads 0] [--json FILE]

Every cell is the best of `--repeats` passes of a whole strategy: log-mel, standardisation and the
single-level encoder. `choose` at the end says what the program itself would have taken, and how long
it took to find out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from core import strategies
from core.audio import SEGMENT
from core.nets.device import Embedder, ExecutionPlan, agreement, choose

GMAC = {1.0: 6.6, 0.5: 1.65, 0.25: 0.42, 0.125: 0.105}
"""Multiplications of one segment, about."""
MATRIX = 2048
DTYPES: tuple[Literal["float32", "bfloat16"], ...] = ("float32", "bfloat16")


@dataclass(frozen=True)
class Row:
    """One cell."""

    width: float
    dtype: str
    channels_last: bool
    batch: int
    ms_per_segment: float
    cpu_ms_per_segment: float
    """Of all threads together: nearly the same on a busy machine, where the time above is not."""
    gflops: float


def best(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Least seconds and least CPU seconds of `repeats` runs after one that warms up."""
    work()
    spent, used = [], []
    for _ in range(repeats):
        start, used_before = time.perf_counter(), time.process_time()
        work()
        spent.append(time.perf_counter() - start)
        used.append(time.process_time() - used_before)
    return min(spent), min(used)


def peak(dtype: torch.dtype, repeats: int) -> float:
    """GFLOP/s of a square matrix product."""
    a = torch.randn(MATRIX, MATRIX).to(dtype)
    return 2 * MATRIX**3 / best(lambda: a @ a, repeats)[0] / 1e9


def rows(width: float, batches: list[int], repeats: int) -> list[Row]:
    """All precisions, layouts and batches of one width."""
    strategy = strategies.build("random", {"width": width})
    waves = np.random.default_rng(0).normal(0, 0.1, (max(batches), SEGMENT)).astype(np.float32)
    strategy.calibrate(torch.from_numpy(waves))
    found = []
    for dtype, layout, batch in product(DTYPES, (False, True), batches):
        embedder = Embedder(strategy, ExecutionPlan("cpu", dtype, layout, batch))
        spent, used = (seconds / batch for seconds in best(partial(embedder, waves[:batch]), repeats))
        found.append(Row(width, dtype, layout, batch, 1000 * spent, 1000 * used, 2 * GMAC[width] / spent))
    return found


def show(width: float, found: list[Row], batches: list[int]) -> None:
    """ms per segment, a column for each batch."""
    print(f"\nwidth {width:g}, ms per segment of 3 s; batch:" + "".join(f"{batch:>8}" for batch in batches))
    for dtype, layout in product(DTYPES, (False, True)):
        cells = [row for row in found if (row.dtype, row.channels_last) == (dtype, layout)]
        quickest = min(cells, key=lambda row: row.ms_per_segment)
        least = min(row.cpu_ms_per_segment for row in cells)
        label = f"{dtype}{', channels last' if layout else ''}"
        times = "".join(f"{row.ms_per_segment:8.2f}" for row in cells)
        print(f"  {label:<44}{times}   best {quickest.gflops:.0f} GFLOP/s, {least:.2f} ms of CPU")


def says_the_program(width: float) -> dict[str, object]:
    """The plan that `choose` finds, and what bf16 costs in agreement."""
    strategy = strategies.build("random", {"width": width})
    start = time.perf_counter()
    plan = choose(strategy, "cpu")
    took = time.perf_counter() - start
    pair = [ExecutionPlan("cpu", dtype, channels_last=True, batch=4) for dtype in DTYPES]
    cosine = agreement(strategy, *pair)
    print(f"  choose ({took:.1f} s): {plan.note}\n  least cosine between fp32 and bf16 vectors: {cosine:.6f}")
    return {**asdict(plan), "seconds_to_choose": took, "bf16_cosine": cosine}


def main() -> None:
    """Print the tables; write them as JSON where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--widths", type=float, nargs="+", default=[1.0, 0.25])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, load {load:.1f}")
    peaks = {str(dtype): peak(dtype, options.repeats) for dtype in (torch.float32, torch.bfloat16)}
    print("matrix product: " + ", ".join(f"{dtype} {value:.0f} GFLOP/s" for dtype, value in peaks.items()))
    table, plans = [], {}
    for width in options.widths:
        found = rows(width, options.batches, options.repeats)
        show(width, found, options.batches)
        plans[f"{width:g}"] = says_the_program(width)
        table += [asdict(row) for row in found]
    if options.json:
        options.json.write_text(json.dumps({"peaks": peaks, "rows": table, "chosen": plans}, indent=2))


if __name__ == "__main__":
    main()
