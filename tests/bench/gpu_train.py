"""Training at full size on a GPU machine: no window, no library, no decoding.

    python -m tests.bench.gpu_train OUT [--clips FOLDER] [--batches 256 512 1024] [--steps 200] [--compiled]
    torchrun --nproc-per-node 2 -m tests.bench.gpu_train OUT        several GPUs share every batch
    python -m tests.bench.gpu_train OUT --smoke                     anywhere, in a minute: does it run through?

Needs torch, torchaudio and what `core` imports, no Qt. Clips are a folder from `earmap export clips`, a clip store, or
made up (harmonic tones in noise, another chord for each track). Each batch is a run of its own through the program's
own loop; its state is saved in OUT at least every two minutes. Started again after it was cut off, it skips what is
finished and goes on where it was. OUT/results.json holds, for each batch: pairs a second, the GPU's busy share and
power, memory, time an epoch, shares of the time, and the ratio to the arithmetic limit: 6.6 GMAC a segment forward at
width 1, three times that for a step, at the speed of this machine's own large bf16 matrix product.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch

from core import files
from core.audio import SAMPLE_RATE, clip_unpack
from core.audio.clip_store import ClipStore
from core.audio.clips import Clip, ClipSet, Int16, plan_name
from core.training import machine, state
from core.training.config import RunConfig, resolve
from core.training.loop import Trainer, Wish
from core.training.meters import Point
from core.training.recorder import Silent
from core.training.split import split
from core.training.state import Frozen, State
from core.training.step import Step
from core.training.validation import Validated
from core.training.world import World

GMAC = 6.6
"""Of a segment forward at width 1, in 10^9; a step takes three times that."""
PARTS = ("data", "augment", "front_end", "forward", "backward")
"""What the time is divided into; the rest is the update and the loop."""
TIMEOUT_S = 1800.0
"""Longest wait for the main process, which makes the clips."""


class Gpu:
    """Busy share and power of the first GPU, once a second; nothing where there is no `nvidia-smi`."""

    def __init__(self) -> None:
        self.rows: list[list[float]] = []
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        if shutil.which("nvidia-smi"):
            query = ["--query-gpu=utilization.gpu,power.draw,memory.used", "--format=csv,noheader,nounits"]
            self._process = subprocess.Popen(
                ["nvidia-smi", "-i", "0", *query, "-l", "1"], stdout=subprocess.PIPE, text=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        self._process.terminate()
        for line in self._process.communicate()[0].splitlines():
            with suppress(ValueError):
                self.rows.append([float(value) for value in line.split(",")])

    def figures(self) -> dict[str, float | None]:
        """Means; the first three seconds, in which kernels are chosen, do not count."""
        rows = self.rows[3:]
        names = ("busy_percent", "power_w", "memory_mib")
        return {
            name: statistics.mean(row[i] for row in rows) if rows else None for i, name in enumerate(names)
        }


class Watcher(Silent):
    """Keeps the curves and the state; stops when the time is up."""

    def __init__(self, folder: Path, deadline: float) -> None:
        self.folder, self.deadline = folder, deadline
        self.points: list[Point] = []

    def log(self, points: Sequence[Point], step: int) -> None:
        self.points += points
        for _, name, value in points:
            if name == "pairs_per_s":
                print(f"    step {step:>6}: {value:8.1f} pairs a second", flush=True)

    def validated(self, step: int, found: Validated, trainer: Trainer) -> None:
        print(
            f"    step {step:>6}: validation loss {found.loss:.4f}, accuracy {found.accuracy:.3f}", flush=True
        )
        self.points += [(step, "val_loss", found.loss), (step, "val_accuracy", found.accuracy)]

    def save(self, now: State) -> None:
        state.save(now, self.folder)

    def wish(self) -> Wish:
        return "pause" if time.monotonic() > self.deadline else ""

    def median(self, name: str) -> float | None:
        """Of a curve without its first point, which also warms up."""
        values = [value for _, key, value in self.points if key == name]
        return statistics.median(values[1:] or values) if values else None


def tone(row: int, seconds: float) -> Iterator[Int16]:
    """A chord of its own for each track, in noise."""
    random = np.random.default_rng(row)
    time_s = np.arange(round(seconds * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    wave = random.normal(0, 0.03, len(time_s)).astype(np.float32)
    for pitch in random.uniform(60, 1000, 3):
        for harmonic in range(1, 4):
            wave += np.float32(0.1 / harmonic) * np.sin(np.float32(2 * np.pi * pitch * harmonic) * time_s)
    yield np.clip(wave * 32_768, -32_768, 32_767).astype(np.int16)


def synthetic(folder: Path, tracks: int, seconds: float) -> ClipSet:
    """Made-up tracks, four an album; those that are there are kept."""
    with ClipStore(folder, plan_name(seconds)) as store:
        for row in range(tracks):
            name = f"{row:032x}"
            store.add(Clip(name, 0, f"Track {row}", "", f"Album {row // 4}", name, ""), tone(row, seconds))
    return ClipSet.open(folder)


def clips_of(options: argparse.Namespace, world: World) -> ClipSet:
    """What is trained on; the main process makes or unpacks it."""
    made = options.out / "clips"
    if world.is_main:
        found = _made(options, made)
        (options.out / "clips.txt").write_text(str(found.folder), "utf-8")
    world.barrier()
    return ClipSet.open(Path((options.out / "clips.txt").read_text("utf-8")))


def _made(options: argparse.Namespace, into: Path) -> ClipSet:
    if options.clips is None:
        return synthetic(into / "synthetic", options.synthetic, options.clip_seconds)
    if any(options.clips.glob("manifest*")):
        return clip_unpack.unpack(options.clips, into, lambda done, total: None)
    return ClipSet.open(options.clips)


def peak_tflops(device: str) -> float:
    """Of a large bf16 matrix product, the best of five."""
    size = 8192 if device.startswith("cuda") else 512
    a = torch.randn(size, size, device=device).bfloat16()
    best = 0.0
    for _ in range(6):
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        began = time.perf_counter()
        float((a @ a)[0, 0])  # waits for the device
        best = max(best, 2 * size**3 / (time.perf_counter() - began) / 1e12)
    return best


def config_of(options: argparse.Namespace, batch: int, device: str) -> RunConfig:
    """The preset at this size."""
    overrides: dict[str, Any] = {
        "width": options.width, "batch": batch, "chunk": options.chunk, "steps": options.steps,
        "validate_every": max(1, options.steps // 4), "checkpoint_every": 10**6, "precision": options.precision,
        "sync_batch_norm": options.sync_batch_norm,
    }  # fmt: skip
    return machine.with_precision(
        resolve(options.strategy, options.preset, overrides), device.partition(":")[0]
    )


def train(options: argparse.Namespace, batch: int, clips: ClipSet, world: World) -> dict[str, Any] | None:
    """One run; None where the time was up before its end."""
    folder = options.out / f"batch-{batch}"
    config = config_of(options, batch, world.device)
    parts = split(clips.clips, config.training.validation_share, config.training.candidates)
    frozen = Frozen(
        config=config, device=world.device.partition(":")[0], threads=torch.get_num_threads(), ranks=world.size,
        fingerprint=clips.fingerprint,
    )  # fmt: skip
    trainer = Trainer(frozen, clips, parts, world)
    if options.compiled:
        trainer.step = Step(
            trainer.strategy,
            trainer.optimiser,
            config.training,
            config.training.precision,
            world,
            compiled=True,
        )
    if (folder / state.FILE).exists():
        trainer.restore(state.load(folder))
        print(f"    goes on from step {trainer.at}", flush=True)
    else:
        trainer.measure()
    if world.device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()
    watcher, began = Watcher(folder, options.deadline), trainer.at
    with Gpu() as gpu:
        ending = trainer.run(watcher if world.is_main else Silent())
    if ending == "pause":
        return None
    return figures(options, trainer, watcher, gpu) | {"steps_in_this_session": trainer.at - began}


def figures(options: argparse.Namespace, trainer: Trainer, watcher: Watcher, gpu: Gpu) -> dict[str, Any]:
    """What is told of a run."""
    rate, batch = watcher.median("pairs_per_s"), trainer.batches.size
    segments = sum(trainer.strategy.segments)
    forwards = 4 if 0 < options.chunk < batch else 3
    limit = trainer.world.size * options.peak * 1e12 / (2e9 * GMAC * options.width**2 * forwards * segments)
    on_gpu = trainer.world.device.startswith("cuda")
    curves = {
        name: [(s, v) for s, n, v in watcher.points if n == name]
        for name in ("loss", "val_loss", "val_accuracy")
    }
    return {
        "batch": batch, "chunk": options.chunk, "precision": trainer.config.precision, "ranks": trainer.world.size,
        "steps": trainer.at, "seconds": trainer.seconds, "pairs_per_s": rate, "limit_pairs_per_s": limit,
        "share_of_limit": rate / limit if rate else None,
        "epoch_s": len(trainer.split.train) / rate if rate else None, "tracks": len(trainer.split.train),
        "tflops": rate * 2e-3 * GMAC * options.width**2 * forwards * segments if rate else None,
        "peak_memory_gib": torch.cuda.max_memory_allocated() / 2**30 if on_gpu else None, **gpu.figures(),
        "shares": {name: watcher.median(f"share_{name}") for name in PARTS},
        "notes": trainer.step.notes, "skipped": trainer.step.skipped, "curves": curves,
    }  # fmt: skip


def results(path: Path) -> dict[str, Any]:
    """What is finished already."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {"runs": {}}


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--clips", type=Path, help="packed clips or a clip store; else they are made up")
    parser.add_argument("--synthetic", type=int, default=2048, help="tracks that are made up")
    parser.add_argument("--clip-seconds", type=float, default=30)
    parser.add_argument("--strategy", default="adjacent")
    parser.add_argument("--preset", default="modern")
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--batches", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--chunk", type=int, default=0)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--precision", default="bfloat16")
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--sync-batch-norm", action="store_true")
    parser.add_argument(
        "--minutes", type=float, default=60, help="then the state is saved, for the next time"
    )
    parser.add_argument("--smoke", action="store_true", help="small enough for any machine")
    options = parser.parse_args()
    if options.smoke:
        options.synthetic, options.clip_seconds, options.width = 40, 10.0, 0.125
        options.batches, options.steps, options.precision = [8, 16], 6, "auto"
    options.deadline = time.monotonic() + 60 * options.minutes
    return options


def main() -> None:
    """Train at every batch; write what is found after each."""
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cudnn.benchmark = True
    with World.join(device, timeout_s=TIMEOUT_S) as world:
        clips, path = clips_of(options, world), options.out / "results.json"
        found, options.peak = results(path), peak_tflops(world.device)
        name = torch.cuda.get_device_name(world.device) if device == "cuda" else "cpu"
        found |= {
            "device": name,
            "torch": torch.__version__,
            "peak_tflops": options.peak,
            "width": options.width,
        }
        print(f"{name}, {options.peak:.1f} TFLOP/s, {len(clips)} clips, width {options.width:g}", flush=True)
        for batch in options.batches:
            key = f"{options.strategy}-{options.preset}-w{options.width:g}-b{batch}-c{options.chunk}"
            if key in found["runs"]:
                continue
            print(f"  batch {batch}", flush=True)
            row = train(options, batch, clips, world)
            if row is None:
                print("  The time is up; start it again to go on.", flush=True)
                return
            found["runs"][key] = row
            if not world.is_main:
                continue
            with files.atomic(path) as file:
                file.write(json.dumps(found, indent=2).encode())
            print(
                f"    {json.dumps({name: value for name, value in row.items() if name != 'curves'})}",
                flush=True,
            )


if __name__ == "__main__":
    main()
