"""What a run leaves behind while it runs: curves, verdicts and state in the library and the run's folder."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import psutil
import torch

from core.errors import Cancelled, UserError
from core.jobs.runner import JobContext
from core.training import health, state, verdicts
from core.training.ledger import Ledger
from core.training.loop import Trainer, Wish
from core.training.meters import Point
from core.training.panel import Panel
from core.training.state import State
from core.training.validation import Validated

if TYPE_CHECKING:
    from core.training.board import Board

STAGE = "Training"
FLUSH_S = 1.0
PREDICTED_AFTER_S = 20.0
"""Of steps; what they took says what the rest will take."""


class Silent:
    """The watcher of every process but the main one."""

    def log(self, points: Sequence[Point], step: int) -> None:
        """Nothing."""

    def validated(self, step: int, found: Validated, trainer: Trainer) -> None:
        """Nothing."""

    def save(self, now: State) -> None:
        """Nothing."""

    def wish(self) -> Wish:
        """Nothing of its own: the main process decides."""
        return ""


class Recorder:
    """The watcher of a run that has a row in the library; use it in a `with`."""

    def __init__(self, ctx: JobContext, run_id: int, folder: Path, ledger: Ledger, trainer: Trainer) -> None:
        self._ctx, self._runs, self._id, self._folder = ctx, ctx.library.runs, run_id, folder
        self._trainer = trainer
        self._points: list[Point] = []
        self._shown: dict[str, float | str] = {}
        self._flushed = self._asked = time.monotonic()
        self._began_at, self._began_s = trainer.at, trainer.seconds
        self._segments = trainer.batches.size // trainer.world.size * sum(trainer.strategy.segments)
        run = self._runs.get(run_id)
        self._predicted, self._looks = bool(run.predicted), run.panel
        self._finish = run.wish == "finish"
        self._panel = Panel(trainer.clips, ledger.pins, precision=trainer.config.precision)
        self._board = self._curves() if trainer.config.tensorboard else None

    def _curves(self) -> Board:
        """For TensorBoard, whose library takes a fifth of a second: hardly any run asks for it."""
        from core.training.board import Board

        folder, resumed_at = self._folder / "tensorboard", self._trainer.at or None
        return Board(folder, lambda why: self._ctx.skip("TensorBoard", why), resumed_at)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of TensorBoard's file; after an error the curves up to it stay, and what they say."""
        if error is not None:
            with suppress(UserError):  # the error itself is told
                self._flush(self._trainer.at)
                self._judge()
        if self._board is not None:
            self._board.close()

    # -- what the trainer calls -------------------------------------------------------------------

    def log(self, points: Sequence[Point], step: int) -> None:
        """Keep points, and write them about once a second."""
        self._points += points
        for _, metric, value in points:
            if metric in ("loss", "accuracy", "pairs_per_s") and math.isfinite(value):
                self._shown[metric] = round(value, 4)
        now = time.monotonic()
        if now - self._flushed > FLUSH_S:
            self._flush(step)
            self._predict()
        self._ctx.report(STAGE, step, self._trainer.config.steps, **self._shown)

    def validated(self, step: int, found: Validated, trainer: Trainer) -> None:
        """Health of what the encoder has become, and what it means in words."""
        figures = health.measure(found.anchors, found.positives, found.logits) | {
            "val_loss": found.loss, "val_accuracy": found.accuracy,
        }  # fmt: skip
        figures.pop("accuracy")
        if self._panel.due(step, trainer.config, self._segments):
            look = self._panel.look(trainer.strategy)
            if look.album.n:
                figures["knn_album"] = look.album.any_hit
            self._looks = self._panel.remember(self._looks, step, look)
        self._points += [(step, metric, value) for metric, value in figures.items()]
        self._shown["val_accuracy"] = round(found.accuracy, 4)
        self._flush(step)
        self._judge()

    def _judge(self) -> None:
        """What the curves say so far, in words."""
        trainer, curves = self._trainer, self._runs.points(self._id).curves
        said = verdicts.verdicts(
            curves, trainer.frozen.config, trainer.validation.chance, trainer.strategy.terms
        )
        self._runs.update(self._id, verdicts=[verdict.as_json() for verdict in said], panel=self._looks)

    def save(self, now: State) -> None:
        """Curves first: they never lack what the state has behind it."""
        self._flush(now.step)
        state.save(now, self._folder)

    def wish(self) -> Wish:
        """What a person wants; the library is asked once a second."""
        try:
            self._ctx.check()
        except Cancelled:
            return "pause"
        now = time.monotonic()
        if now - self._asked > FLUSH_S:
            self._asked = now
            self._finish = self._runs.get(self._id).wish == "finish"
        return "finish" if self._finish else ""

    # -- writing ----------------------------------------------------------------------------------

    def _flush(self, step: int) -> None:
        self._runs.log(self._id, self._points, step)
        if self._board is not None:
            self._board.log(self._points)
        self._points, self._flushed = [], time.monotonic()

    def _predict(self) -> None:
        """Once, what the whole run will take, unless a trial said so before."""
        seconds = self._trainer.seconds - self._began_s
        if self._predicted or seconds < PREDICTED_AFTER_S:
            return
        rate = (self._trainer.at - self._began_at) / seconds
        steps = self._trainer.config.steps
        self._runs.update(
            self._id,
            predicted={
                "steps_per_s": rate, "seconds": steps / rate, "memory_bytes": peak_memory(),
                "note": f"From the first {seconds:.0f} s of the run.",
            },
        )  # fmt: skip
        self._predicted = True

    def figures(self) -> dict[str, Any]:
        """What the run really took."""
        trainer = self._trainer
        return {
            "steps_per_s": trainer.at / max(trainer.seconds, 1e-9),
            "seconds": trainer.seconds,
            "memory_bytes": peak_memory(),
            "disk_bytes": sum(path.stat().st_size for path in self._folder.iterdir() if path.is_file()),
            "clip_bytes": trainer.clips.bytes,
        }


def peak_memory() -> int:
    """Bytes that this process, and its GPU, had taken at most."""
    gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset) + gpu
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit + gpu
