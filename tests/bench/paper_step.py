"""Pairs a second of training, ours and the paper's published way, on the same files in the same run.

    python -m tests.bench.paper_step FOLDER [--files 48] [--batch 16] [--width 0.25] [--seconds 20] [--json FILE]

The paper's way (`paper_loader`): every pair decoded, resampled and augmented by itself, float32, default layout.
Ours: clips decoded once, batched augmentation, bfloat16 where it is faster, channels last. Both take turns,
`--rounds` times, since a machine's other work comes and goes; the ratio is that of all rounds together. CPU time a
pair, of all threads and processes, is told as well: a busy machine changes it less. What the clip store cost once is
told beside it, and not counted.

Cases: `adjacent` (no augmentation on either side), `self` with the paper's five augmentations by torchaudio's
functions, and `self` with the published code's two (pitch and speed by SoX, while ours does all five). torchaudio's
pitch shift alone takes 2 to 9 s of CPU an item and up to 5 GB of memory, so that case has one loading process; choose
`--batch 4` for it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from core.audio.clips import ClipSet
from core.library.store import Library
from core.training import machine
from core.training.config import RunConfig, resolve
from core.training.loop import Trainer
from core.training.split import Split
from core.training.state import Frozen
from core.training.views import Ahead
from tests.bench import paper_loader
from tests.library_tools import run_job, scan

SOUND = {".mp3", ".ogg", ".opus", ".flac", ".wav", ".m4a"}
FEWEST_STEPS = 2


@dataclass(frozen=True)
class Case:
    """A strategy, and how the paper's side augments the positive."""

    name: str
    strategy: str
    augment: paper_loader.Augment | None
    workers: int = 64
    """Of the loader, at most."""


CASES = (
    Case("adjacent", "adjacent", None),
    Case("self, torchaudio", "self", paper_loader.with_torchaudio, workers=1),
    Case("self, SoX", "self", paper_loader.with_sox),
)


@dataclass
class Rate:
    """Pairs, the seconds that they took, and the CPU seconds that each of them took."""

    pairs: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    loader_pairs: int = 0
    loader_cpu_s: float = 0.0
    """Of the loader's own processes, which may be ahead."""

    @property
    def per_second(self) -> float:
        """Pairs a second."""
        return self.pairs / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds a pair."""
        return 1000 * (self.cpu_s / self.pairs + self.loader_cpu_s / max(1, self.loader_pairs))


def cpu(who: int) -> float:
    """CPU seconds of this process, or of those that it has waited for."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def some_files(folder: Path, count: int) -> list[Path]:
    """`count` files of a folder, spread over all of it, the same every time."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SOUND)
    chosen = np.random.default_rng(0).permutation(len(found))[:count]
    return [found[i] for i in chosen if paper_loader.duration(found[i]) >= 10]


@contextmanager
def stored(files: list[Path], seconds: float) -> Iterator[tuple[ClipSet, float]]:
    """The files' clips, made as the program makes them, and how long that took."""
    with tempfile.TemporaryDirectory(prefix="earmap-bench-") as folder:
        music = Path(folder) / "music"
        for number, file in enumerate(files):
            (music / str(number)).mkdir(parents=True)
            (music / str(number) / file.name).symlink_to(file.resolve())
        with Library(Path(folder) / "library" / "bench.earmap") as library:
            scan(library, music)
            began = time.perf_counter()
            ended = run_job(library, "clips", seconds=seconds)
            assert ended.outcome == "completed", (ended.title, ended.details)
            yield ClipSet.open(Path(ended.result["folder"])), time.perf_counter() - began


def measured(step: Callable[[int], object], limit_s: float, batch: int, rate: Rate) -> None:
    """Run `step` until the time is up; the first one, which fills pipelines, is not counted."""
    step(0)
    began, used, number = time.perf_counter(), cpu(resource.RUSAGE_SELF), 0
    while number < FEWEST_STEPS or time.perf_counter() - began < limit_s:
        number += 1
        step(number)
    rate.pairs += number * batch
    rate.seconds += time.perf_counter() - began
    rate.cpu_s += cpu(resource.RUSAGE_SELF) - used


def theirs(case: Case, files: list[Path], options: argparse.Namespace, rate: Rate) -> None:
    """The paper's way for a while."""
    data = paper_loader.Pairs(files * options.batch, case.strategy == "self", case.augment)
    loader = DataLoader(
        data,
        batch_size=options.batch,
        shuffle=True,
        num_workers=min(options.workers, case.workers),
        drop_last=True,
    )
    encoder = paper_loader.Encoder(options.width)
    optimiser = torch.optim.Adam(encoder.parameters(), lr=1e-3)
    used = cpu(resource.RUSAGE_CHILDREN)

    def learn() -> None:
        batches = iter(loader)
        measured(
            lambda _: paper_loader.step(encoder, optimiser, *next(batches)),
            options.seconds,
            options.batch,
            rate,
        )

    learn()  # the loader's processes end with it
    for process in multiprocessing.active_children():
        process.join()  # their time counts from then on
    rate.loader_pairs += data.made.value
    rate.loader_cpu_s += cpu(resource.RUSAGE_CHILDREN) - used


def ours(trainer: Trainer, options: argparse.Namespace, rate: Rate) -> None:
    """The program's own loop without validation, for a while."""
    with Ahead(trainer.cut, 10**6) as ahead:

        def step(_: int) -> None:
            trainer.learn(ahead(trainer.at))
            trainer.at += 1

        measured(step, options.seconds, options.batch, rate)


def prepared(case: Case, clips: ClipSet, options: argparse.Namespace) -> tuple[Trainer, RunConfig]:
    """A trainer with the paper's preset."""
    overrides = {
        "width": options.width,
        "batch": options.batch,
        "steps": 10**6,
        "precision": options.precision,
    }
    config = machine.with_precision(resolve(case.strategy, "paper", overrides), "cpu")
    rows = np.arange(len(clips), dtype=np.int64)
    frozen = Frozen(config=config, device="cpu", threads=torch.get_num_threads(), fingerprint="")
    return Trainer(frozen, clips, Split(rows, rows)), config


def compare(case: Case, files: list[Path], clips: ClipSet, options: argparse.Namespace) -> dict[str, object]:
    """Both ways in turns."""
    trainer, config = prepared(case, clips, options)
    trainer.measure()
    mine, paper = Rate(), Rate()
    for _ in range(options.rounds):
        ours(trainer, options, mine)
        theirs(case, files, options, paper)
    ratio, cpu_ratio = mine.per_second / paper.per_second, paper.cpu_ms / mine.cpu_ms
    print(
        f"  {case.name:<17} ours {mine.per_second:7.2f} pairs a second ({config.training.precision}), the paper's way "
        f"{paper.per_second:6.2f}: {ratio:5.1f} x;  CPU {mine.cpu_ms:6.1f} and {paper.cpu_ms:8.1f} ms a pair: "
        f"{cpu_ratio:5.1f} x",
        flush=True,
    )
    return {
        "case": case.name, "precision": config.training.precision, "ratio": ratio, "cpu_ratio": cpu_ratio,
        "ours": asdict(mine), "paper": asdict(paper),
    }  # fmt: skip


def main() -> None:
    """Print the comparison; write it as JSON where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=48)
    parser.add_argument("--batch", type=int, default=16, help="pairs; the published default")
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--clip-seconds", type=float, default=30.0, help="of our clips; 0: whole tracks")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each turn")
    parser.add_argument(
        "--precision", default="auto", help="of ours; auto is measured, and a busy machine misleads it"
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="of the paper's loader")
    parser.add_argument("--cases", nargs="+", default=[case.name for case in CASES])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    files = some_files(options.folder, options.files)
    length = sum(map(paper_loader.duration, files)) / len(files)
    print(
        f"{len(files)} files of {length:.0f} s on average, batch {options.batch}, width {options.width:g}, ",
        end="",
    )
    print(f"{torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}")
    with stored(files, options.clip_seconds) as (clips, seconds):
        print(f"  clip store: {len(clips)} clips in {seconds:.1f} s, once, not counted below")
        cases = [case for case in CASES if case.name in options.cases]
        if shutil.which("sox") is None:
            cases = [case for case in cases if case.augment is not paper_loader.with_sox]
        rows = [compare(case, files, clips, options) for case in cases]
    if options.json:
        found = {"files": len(files), "mean_s": length, "store_s": seconds, "cases": rows}
        options.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
