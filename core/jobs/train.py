"""Train: an encoder from a person's own music. Can be paused, ends its process whenever, and goes on exactly."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import filelock
import torch
from pydantic import BaseModel

from core.audio.clips import ClipSet
from core.errors import Cancelled, UserError
from core.jobs.runner import Job, JobContext
from core.library.records import RunRecord
from core.training import finish, ledger, prepare, state
from core.training.loop import Ending, Trainer
from core.training.machine import choose_device
from core.training.prepare import Params, Prepared
from core.training.recorder import STAGE, Recorder, Silent
from core.training.world import World

PATIENCE_S = 6 * 3600.0
"""Longest time for which processes wait for each other: the main one may decode all music first."""
MESSAGE_BYTES = 16_384


class Train(Job[Params]):
    """Train a strategy, or go on with a run."""

    kind: ClassVar[str] = "train"
    title: ClassVar[str] = STAGE
    Params: ClassVar[type[BaseModel]] = Params

    def run(self, ctx: JobContext) -> dict[str, Any]:
        """Train to the end; the encoder and what it took are the result."""
        with World.join(choose_device(self.params.device), timeout_s=PATIENCE_S) as world:
            if self.params.resume:
                return self._resume(ctx, world)
            prepared = prepare.begin(ctx, self.params, world)
            with locked(prepared.folder), _outcome(ctx, prepared):
                return self._train(ctx, prepared, world)

    def _resume(self, ctx: JobContext, world: World) -> dict[str, Any]:
        """Go on with a run; nothing of it is read before it is this job's own."""
        name = prepare.unfinished(ctx.library, self.params.name).name
        with locked(prepare.run_folder(ctx.library, name)):
            run = prepare.unfinished(ctx.library, name)  # another job may just have finished it
            if self.params.finish or run.wish == "finish":
                tell(world, {})
                return self._finish_as_it_is(ctx, run)
            prepared = prepare.resume(ctx, self.params.model_copy(update={"name": name}), world)
            with _outcome(ctx, prepared):
                return self._train(ctx, prepared, world)

    def _train(self, ctx: JobContext, prepared: Prepared, world: World) -> dict[str, Any]:
        run, folder = prepared.run, prepared.folder
        tell(
            world,
            {"folder": str(folder), "clips": str(prepared.clips.folder), "saved": prepared.saved is not None},
        )
        trainer = set_up(prepared.ledger, prepared.clips, prepared.saved, world)
        ctx.library.runs.update(
            run.id, state="running", job_id=ctx.job_id, chance=trainer.validation.chance, wish=""
        )
        if self.params.resume:
            ctx.library.runs.rewind(run.id, trainer.at)
        with Recorder(ctx, run.id, folder, prepared.ledger, trainer) as recorder:
            ending = trainer.run(recorder)
        if ending == "pause":
            ctx.library.runs.update(run.id, state="paused", figures=recorder.figures())
            raise Cancelled
        figures = recorder.figures() | {"ending": ending}
        ctx.report("Keeping the encoder", 0)
        record = finish.finish(
            ctx.library, ctx.library.runs.get(run.id), prepared.ledger, trainer.state(), figures
        )
        return result(run.name, record.name, trainer.at, ending, figures)

    def _finish_as_it_is(self, ctx: JobContext, run: RunRecord) -> dict[str, Any]:
        """The encoder of the last saved state; needs no music."""
        folder = prepare.run_folder(ctx.library, run.name)
        saved = state.load(folder)
        ctx.library.runs.rewind(run.id, saved.step)
        figures = {**run.figures, "ending": "finish", "seconds": saved.seconds}
        record = finish.finish(ctx.library, run, ledger.load(folder), saved, figures)
        return result(run.name, record.name, saved.step, "finish", figures)


def set_up(own: ledger.Ledger, clips: ClipSet, saved: state.State | None, world: World) -> Trainer:
    """A trainer, at its beginning or where it was saved."""
    trainer = Trainer(own.frozen, clips, own.split, world)
    if saved is None:
        trainer.measure()
    else:
        trainer.restore(saved)
    return trainer


def follow(params: Params) -> None:
    """What every process but the main one does: its part of each batch, and nothing with the library.

    Ctrl-C reaches all of them. The main one decides; when it is gone, the exchange with it fails.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with World.join(choose_device(params.device), timeout_s=PATIENCE_S) as world:
        told = tell(world, {})
        if not told:  # there is nothing to train
            return
        folder = Path(told["folder"])
        own = ledger.load(folder)
        clips = own.clips(ClipSet.open(Path(told["clips"])))
        saved = state.load(folder) if told["saved"] else None
        trainer = set_up(
            own if saved is None else own.model_copy(update={"frozen": saved.frozen}), clips, saved, world
        )
        trainer.run(Silent())


def tell(world: World, message: dict[str, Any]) -> dict[str, Any]:
    """The main process's message, in every process."""
    if world.size == 1:
        return message
    text = json.dumps(message).encode().ljust(MESSAGE_BYTES)
    if len(text) > MESSAGE_BYTES:
        raise UserError("The library's path is too long for several processes.")
    sent = torch.frombuffer(bytearray(text), dtype=torch.uint8).to(world.device)
    heard: dict[str, Any] = json.loads(bytes(world.gather(sent)[:MESSAGE_BYTES].cpu().tolist()))
    return heard


def result(run: str, encoder: str, steps: int, ending: Ending, figures: dict[str, Any]) -> dict[str, Any]:
    """What the job leaves behind."""
    return {"run": run, "encoder": encoder, "steps": steps, "ending": ending, "figures": figures}


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One job alone in a run's folder; UserError where another one is."""
    lock = filelock.FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise UserError("This run is being trained already.", "Pause it there first.") from error
    except OSError as error:
        raise UserError(f"The folder {folder} cannot be written to: {error.strerror}.") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _outcome(ctx: JobContext, prepared: Prepared) -> Iterator[None]:
    """How a run that does not end well is left: it can be resumed from its last state all the same."""
    try:
        yield
    except (Cancelled, KeyboardInterrupt):
        ctx.library.runs.update(prepared.run.id, state="paused")
        raise
    except BaseException:
        ctx.library.runs.update(prepared.run.id, state="failed")
        raise
