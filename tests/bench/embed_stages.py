"""What a track costs the processor before the network sees it, by stage, and what a segment costs the network.

    python -m tests.bench.embed_stages FOLDER [--files 30] [--segments 10] [--encoder FILE]

CPU time of one thread, the least of some runs: nearly the same on a busy machine. For wall time see `peer.py`.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import av

from core.audio.decode import decode
from core.audio.doorway import open_regular
from core.audio.packets import look_through
from core.audio.records import Request
from core.audio.source import Source
from core.bundled import available
from tests.bench.decode import ENDINGS

RUNS = 3
BATCHES = (1, 8, 16, 32)


def least_ms(work: Callable[[], object], runs: int = RUNS) -> float:
    """CPU time (ms) of the quickest run."""
    spent = []
    for _ in range(runs):
        begin = time.thread_time()
        work()
        spent.append(time.thread_time() - begin)
    return 1000 * min(spent)


def opened(path: Path, *, look: bool) -> None:
    """Open a file; also hash and time its packets."""
    with open_regular(os.fsencode(path)) as file, closing(Source(file, lambda: None)) as source:
        if look:
            look_through(file, source, keep=True)


def demuxed(path: Path) -> None:
    """Every packet by FFmpeg, with hash and time."""
    with open_regular(os.fsencode(path)) as file, closing(Source(file, lambda: None)) as source:
        for _ in source.packets():
            pass


def decoded(path: Path, segments: int) -> None:
    """As a worker does it; 0: the whole file."""
    for _ in decode(Request(0, os.fsencode(path), segments), 86_400, lambda: None):
        pass


def files(paths: list[Path], segments: int) -> None:
    """Print the stages of a file, each with all that comes before it."""
    stages: dict[str, Callable[[Path], None]] = {
        "open": partial(opened, look=False),
        "open, hash, length": partial(opened, look=True),
        "(the same by every packet)": demuxed,
        f"all, with {segments} segments": partial(decoded, segments=segments),
        "all, whole": partial(decoded, segments=0),
    }
    for name, stage in stages.items():
        spent = sum(least_ms(partial(stage, path)) for path in paths)
        print(f"{name:28} {spent / len(paths):8.1f} ms a track")


def network(file: Path) -> None:
    """Print what a segment costs, by precision and batch."""
    import torch

    from core.nets import checkpoint
    from core.nets.device import Embedder, ExecutionPlan, Precision, _noise

    torch.set_num_threads(1)
    strategy, _ = checkpoint.load(file)
    precisions: tuple[Precision, ...] = ("float32", "bfloat16", "int8")
    for precision in precisions:
        costs = []
        for batch in BATCHES:
            embedder = Embedder(strategy, ExecutionPlan("cpu", precision, channels_last=True, batch=batch))
            work = partial(embedder, _noise(batch))
            work()
            costs.append(f"{least_ms(work, 10) / batch:.2f}")
        print(f"{precision:28} {' '.join(costs)} ms a segment, {BATCHES} at a time")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--segments", type=int, default=10)
    parser.add_argument("--encoder", type=Path, default=available()[0].path)
    options = parser.parse_args()
    av.logging.set_level(None)
    found = sorted(path for path in options.folder.rglob("*") if path.suffix.lower() in ENDINGS)
    files(random.Random(0).sample(found, min(options.files, len(found))), options.segments)
    network(options.encoder)


if __name__ == "__main__":
    main()
