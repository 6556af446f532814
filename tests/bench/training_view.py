"""The Train view in the real window on long runs: the event loop's longest gaps while curves grow and a person
zooms, smooths, points and scrolls; with `--train`, while a real run goes on beside it on the same cores.

    python -m tests.bench.training_view [--points 200000] [--runs 4] [--train FOLDER]

See `tests.bench.window` for what a gap and "work" are.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.library.store import Library
from tests.bench.window import Gaps, pause, wait
from tests.synthetic import Mix, fill
from tests.synthetic_runs import Story, add

if TYPE_CHECKING:
    from app.furniture import Furnished

METRICS = ("loss", "accuracy", "lr", "grad_norm", "pairs_per_s")


def fill_runs(file: Path, runs: int, points: int) -> None:
    """Runs with so many points in each curve of training."""
    with Library(file) as library:
        for number in range(runs):
            story = Story(f"long-{number}", steps=points, done=0, pins=(), seed=number, state="running")
            run = add(library, story)
            log(library, run.id, 1, points)


def log(library: Library, run_id: int, first: int, count: int) -> None:
    """Go on with a run."""
    rng = np.random.default_rng(run_id)
    for metric in METRICS:
        values = 4 * np.exp(-np.arange(first, first + count) / 50_000) + 0.2 * rng.standard_normal(count)
        points = ((first + i, metric, float(value)) for i, value in enumerate(values))
        library.runs.log(run_id, points, first + count - 1)


def exercise(gaps: Gaps, furniture: Furnished, file: Path) -> None:
    """What a person does, while runs grow."""
    view, training = furniture.train, furniture.training
    page, panel = view.runs, view.runs.curves
    with gaps.during("charts made and first drawn"):
        wait(lambda: bool(panel.charts) and bool(panel.charts["loss"].lines) and not panel._to_show)
        pause(1.0)
    with gaps.during("overlaying all runs"):
        for run in training.runs:
            page.table.runs.overlay(run.id, True)
        wait(lambda: len(panel.charts["loss"].lines) >= 2 * len(training.runs), 120)
        pause(1.0)
    with gaps.during("runs grow by 50 points, 10 times"), Library(file) as library:
        for step in range(10):
            for run in training.runs:
                log(library, run.id, 200_001 + 50 * step, 50)
            pause(0.7)
    with gaps.during("dragging the smoothing"):
        for value in range(0, 100, 4):
            panel.smoothing.setValue(value)
            pause(0.05)
        pause(1.0)
    with gaps.during("zooming with keys"):
        for step in range(12):
            panel._zoom(2000.0 * step, 200_000 - 6000.0 * step)
            pause(0.15)
        panel._show_everything()
        pause(1.0)
    with gaps.during("pointing"):
        for step in range(60):
            panel.charts["loss"].hovered.emit(3000.0 * step)
            pause(0.03)
    bar = panel.area.verticalScrollBar()
    with gaps.during("scrolling the charts"):
        for step in range(60):
            bar.setValue(bar.maximum() * (step % 20) // 20)
            pause(0.03)
    with gaps.during("switching the theme"):
        for mode in ("dark", "light"):
            training.context.theme.set_mode(mode)  # type: ignore[arg-type] # both are modes
            pause(0.7)


def train_beside(gaps: Gaps, furniture: Furnished) -> None:
    """A real run at a small width, seen from the window."""
    from app.run_view import Draft

    training, view = furniture.training, furniture.train
    overrides: dict[str, Any] = {"model.width": 0.125, "training.batch": 16, "training.validate_every": 20}
    with gaps.during("training begins"):
        training.start(Draft("adjacent", "modern", "real", overrides=overrides))
        wait(lambda: (run := training.run("real")) is not None and run.step > 5, 300)
    with gaps.during("training goes on, 20 s"):
        pause(20)
    with gaps.during("training goes on, library scrolled"):
        furniture._wiring.window.show_view("view-library")
        bar = furniture.table.table.verticalScrollBar()
        for step in range(120):
            bar.setValue(step * 40 % max(bar.maximum(), 1))
            pause(0.03)
    furniture._wiring.window.show_view("view-train")
    run = training.run("real")
    if run is not None:
        training.pause(run)
    wait(lambda: not training.context.jobs.running, 60)
    print("rate:", None if view is None or run is None else f"{run.step} steps")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--points", type=int, default=200_000)
    options.add_argument("--runs", type=int, default=4)
    options.add_argument("--train", type=Path, help="music to train on meanwhile, instead of long runs")
    wishes = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("EARMAP_CONFIG_DIR", folder)
        file = Path(folder) / "library.earmap"
        if wishes.train:
            from tests.library_tools import embed, scan

            with Library(file) as library:
                scan(library, wishes.train)
                embed(library, encoder="mfcc")
        else:
            fill(file, Mix(2000))
            fill_runs(file, wishes.runs, wishes.points)
        measure(file, train=bool(wishes.train))


def measure(file: Path, *, train: bool) -> None:
    """Open the window on `file` and use its Train view."""
    from app import startup
    from app.furniture import Furnished
    from app.notify import Notifier

    app = startup.application()
    program = startup.Program(startup.make_context(app, file, Notifier(), file.with_suffix(".log")))
    program.show()
    wait(lambda: isinstance(program.wiring._furniture, Furnished))
    furniture = program.wiring._furniture
    assert isinstance(furniture, Furnished)
    gaps = Gaps()
    wait(lambda: furniture.session.census is not None)
    with gaps.during("showing the view"):
        program.window.show_view("view-train")
        wait(lambda: furniture.training.catalogue is not None)
        pause(0.5)
    if train:
        train_beside(gaps, furniture)
    else:
        exercise(gaps, furniture, file)
    program.window.close()
    app.processEvents()
    program.end()


if __name__ == "__main__":
    main()
