"""Kill -9 at random moments of a training run on real music, and go on each time: is it the same curve?

    python tests/bench/train_kill.py --library FILE [--kills 10] [--steps 60] [--strategy adjacent]

Trains once without stopping and once with so many kills, from the same library, and compares every point of every
curve of what was learned, and the weights, bit by bit.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from core.library.store import Library

LEARNED = (
    "loss",
    "accuracy",
    "grad_norm",
    "lr",
    "val_loss",
    "val_accuracy",
    "effective_rank",
    "uniformity",
    "alignment",
)


def command(library: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "core.cli", "train", *arguments, "--library", str(library), "--json"]


def new_run(options: argparse.Namespace, name: str) -> list[str]:
    given = [
        options.strategy, "--preset", options.preset, "--width", "0.125", "--steps", str(options.steps),
        "--device", "cpu", "--name", name, "--set", f"batch={options.batch}", "--set", "precision=float32",
        "--set", "validate_every=20",
        "--set", f"checkpoint_every={options.checkpoint_every}",
    ]  # fmt: skip
    return command(options.library, *given)


def kill(process: subprocess.Popen[str]) -> None:
    """The process and those that it started, at once."""
    for each in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
        each.kill()
    process.communicate()


def curves(library: Path, name: str) -> dict[str, list[tuple[int, float]]]:
    with Library(library) as opened:
        found = opened.runs.points(opened.runs.get(name).id).curves
    return {
        metric: list(zip(steps.tolist(), values.tolist(), strict=True))
        for metric, (steps, values) in found.items() if metric in LEARNED
    }  # fmt: skip


def state_of(library: Path, name: str) -> tuple[int, str]:
    """Step and state of a run; (-1, "") before there is one. A run that was killed is "running" once it goes on."""
    with Library(library) as opened:
        opened.jobs.bury_dead()
        run = opened.runs.find(name)
        return (-1, "") if run is None else (run.step, run.state)


def killed_run(options: argparse.Namespace, name: str) -> dict[str, Any]:
    """Start, kill, go on, until so many kills have been survived; then to the end.

    A kill comes within a second after the run has reached a step that was drawn: while it learns, validates, saves
    or writes its curves.
    """
    kills: list[int] = []
    start = new_run(options, name)
    for target in sorted(random.choices(range(options.steps - 1), k=options.kills)):
        process = subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and state_of(options.library, name) < (target, "running"):
            time.sleep(0.02)
        time.sleep(random.uniform(0, 1))
        if process.poll() is not None:
            print(f"  it ended by itself after {len(kills)} kills: {process.communicate()}")
            break
        kill(process)
        kills.append(state_of(options.library, name)[0])
        print(f"  kill {len(kills)} at step {kills[-1]}", flush=True)
        start = command(options.library, "--resume", "--name", name)
    done = subprocess.run(start, capture_output=True, text=True, check=False)
    print(f"  the end: exit code {done.returncode} {done.stderr[-300:]}")
    return {"kills": kills, "code": done.returncode}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--strategy", default="adjacent")
    parser.add_argument("--preset", default="modern")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--checkpoint-every", type=int, default=5)
    options = parser.parse_args()
    stamp = time.strftime("%H%M%S")
    began = time.monotonic()
    whole = subprocess.run(new_run(options, f"whole {stamp}"), capture_output=True, text=True, check=False)
    if whole.returncode:
        sys.exit(whole.stderr)
    whole_s = json.loads(whole.stdout)["figures"]["seconds"]
    print(
        f"without a stop: {options.steps} steps in {whole_s:.1f} s ({time.monotonic() - began:.1f} s in all)",
        flush=True,
    )
    seen = killed_run(options, f"killed {stamp}")
    one, other = curves(options.library, f"whole {stamp}"), curves(options.library, f"killed {stamp}")
    for metric in sorted(one):
        same = one[metric] == other.get(metric)
        print(
            f"  {metric:15} {len(one[metric]):5} points  {'the same to the last bit' if same else 'DIFFERENT'}"
        )
    with Library(options.library) as opened:
        hashes = {opened.encoders.get(f"{kind} {stamp}").weights_hash for kind in ("whole", "killed")}
    same = one == other and len(hashes) == 1
    print(json.dumps({"same_curves": one == other, "same_weights": len(hashes) == 1, **seen}))
    sys.exit(not same)


if __name__ == "__main__":
    main()
