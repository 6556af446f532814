"""The training loop: cut, augment, log-mel, step; validate, save, until the end, a wish or a plateau."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Literal, Protocol, cast

import numpy as np
import torch

from core import strategies
from core.audio import SEGMENT
from core.audio.clips import FULL_SCALE, ClipSet
from core.strategies.contrastive import ContrastiveStrategy
from core.training import sampling, state, views
from core.training.meters import Meters, Point
from core.training.optim import Optimiser
from core.training.sampling import Batches
from core.training.split import Split
from core.training.state import Frozen, Patience, State
from core.training.step import Step, StepResult
from core.training.stopwatch import Stopwatch
from core.training.validation import Validated, Validation
from core.training.views import Ahead, Cut, Views
from core.training.world import World

Wish = Literal["", "pause", "finish"]
Ending = Literal["pause", "finish", "plateau", "end"]

SAVE_S = 120.0
"""Longest time without a saved state, whatever `checkpoint_every` says."""
TIMINGS_S = 2.0
"""Time between two measurements of where the time goes."""
MEASURED = 500
"""Training segments on which the standardisation is measured."""


class Watcher(Protocol):
    """Whoever keeps what a run says. Only the main process has one that does anything."""

    def log(self, points: Sequence[Point], step: int) -> None:
        """New points of the curves; `step` steps are done."""

    def validated(self, step: int, found: Validated, trainer: Trainer) -> None:
        """A validation, before the next step changes the encoder."""

    def save(self, now: State) -> None:
        """Keep the state; everything that was logged so far belongs to it."""

    def wish(self) -> Wish:
        """What a person wants; asked before every step, so answer at once."""


class Trainer:
    """A run in memory.

    Parameters
    ----------
    frozen
        What to do, and on what.
    clips, split
        The run's own music, and which rows of it are trained on.
    world
        The processes that share every batch.

    Attributes
    ----------
    at
        Steps done.
    seconds
        Spent in steps and validations so far, over all sessions.
    """

    def __init__(self, frozen: Frozen, clips: ClipSet, split: Split, world: World | None = None) -> None:
        self.frozen, self.config, self.clips, self.split = frozen, frozen.config.training, clips, split
        self.world = world or World(frozen.device)
        self.at, self.seconds, self._validated = 0, 0.0, -1
        torch.set_num_threads(frozen.threads)
        device, config = self.world.device, self.config
        built = strategies.build(frozen.config.strategy, frozen.config.model)
        self.strategy = cast("ContrastiveStrategy", built).to(device)
        self.optimiser = Optimiser(self.strategy, config)
        self.step = Step(self.strategy, self.optimiser, config, config.precision, self.world)
        self.validation = Validation(
            self.strategy, clips, split.validation, config.candidates, device, config.precision
        )
        recordings = [clips.clips[row].recording for row in split.train.tolist()]
        self.batches = Batches(split.train, recordings, config.batch, config.seed)
        self._lengths = [clip.samples for clip in clips.clips]
        self._crop = views.crops(self.strategy, frozen.config.augment)
        self._watch = Stopwatch(device)
        self._views = Views(self.strategy, frozen.config.augment, config.seed, device, self._watch)
        self._meters = Meters(config.steps)
        self._patience = Patience()
        self._saved_at = self._timed_at = time.monotonic()

    # -- the loop ---------------------------------------------------------------------------------

    def run(self, watcher: Watcher) -> Ending:
        """Train on to the end, or until somebody wants something else; the state is saved then."""
        if self._validated < self.at == 0:
            self._validate(watcher)
            self._save(watcher)
        ending: Ending = "end"
        if self._waited_enough():  # it was ended after the validation that ended it
            self._save(watcher)
            return "plateau"
        with Ahead(self.cut, self.config.steps - 1) as ahead:
            while self.at < self.config.steps:
                wish = watcher.wish()
                if self.world.agree(bool(wish)):
                    ending = wish or "pause"
                    break
                self._learn(ahead, watcher)
                if self._validation_due() and self._validate(watcher):
                    ending = "plateau"
                    break
                if self._saving_due():
                    self._save(watcher)
        self._save(watcher)
        return ending

    def cut(self, step: int) -> Cut:
        """The part of a step's batch that is this process's own, as it is stored."""
        rows = np.array(self.world.part(self.batches.rows(step).tolist()), np.int64)
        starts = sampling.starts(self.strategy, self._lengths, rows, self.config.seed, step, self._crop)
        pin = self.world.device.startswith("cuda")
        return views.cut(self.clips, step, rows, starts, self._crop, pin=pin)

    def learn(self, found: Cut) -> StepResult:
        """One step from a batch."""
        return self.step(self.at, self._views(found))

    def _learn(self, ahead: Ahead, watcher: Watcher) -> None:
        began = time.perf_counter()
        with self._watch("data"):
            found = ahead(self.at)
        lr = self.optimiser.lr(self.at)
        result = self.learn(found)
        self.at += 1
        whole = time.perf_counter() - began
        self.seconds += whole
        parts = {**self._watch.read(), "forward": result.forward_s, "backward": result.backward_s}
        self._meters.time(parts, whole, self.batches.size)
        if not result.skipped:
            self._meters.add(
                {"loss": result.loss, "accuracy": result.accuracy, "grad_norm": result.grad_norm, "lr": lr}
            )
        self._log(watcher, [(self.at, "loss", math.nan)] if result.skipped else [])

    def _log(self, watcher: Watcher, points: list[Point]) -> None:
        """New points; a step that changed nothing is one of its own, so that it is seen."""
        points += self._meters.points(self.at)
        if time.monotonic() - self._timed_at > TIMINGS_S or self.at == self.config.steps:
            points += self._meters.timings(self.at)
            self._timed_at = time.monotonic()
        watcher.log(points, self.at)

    # -- validation -------------------------------------------------------------------------------

    def _validation_due(self) -> bool:
        return self.at % self.config.validate_every == 0 or self.at == self.config.steps

    def _validate(self, watcher: Watcher) -> bool:
        """Measure; whether the run should stop, since it has not got better for long enough."""
        began = time.perf_counter()
        found = self.validation()
        # All processes hear the main one's loss: a last bit must not part their schedules.
        loss = self.world.gather(torch.tensor([found.loss], device=self.world.device))[0].item()
        self._validated = self.at
        if self.at:
            self.optimiser.validated(loss)
        self._patience = self._patience.hear(loss)
        if self.world.is_main:
            watcher.validated(self.at, found, self)
        self.seconds += time.perf_counter() - began
        return self._waited_enough()

    def _waited_enough(self) -> bool:
        return 0 < self.config.patience <= self._patience.waited

    # -- state ------------------------------------------------------------------------------------

    def measure(self) -> None:
        """The standardisation, on one segment of each of up to `MEASURED` training tracks."""
        rows = self.split.train[:: -(-len(self.split.train) // MEASURED)]
        starts = sampling.starts(self.strategy, self._lengths, rows, 0, 0, self._crop)
        waves = views.cut(self.clips, 0, rows, starts, (SEGMENT, SEGMENT)).sides[0]
        self.strategy.measure_standardisation(waves.float().div_(FULL_SCALE))
        self.world.broadcast(self.strategy)

    def state(self) -> State:
        """The run as it is between two steps."""
        return State(
            self.frozen, self.at, dict(self.strategy.state_dict()), self.optimiser.tensors(),
            self.optimiser.scalars(), self._patience, self._validated, self._meters.state(), self.seconds,
        )  # fmt: skip

    def restore(self, saved: State) -> None:
        """Go on from a saved state.

        Raises
        ------
        UserError
            It is another network's, or damaged.
        """
        state.check_network(saved.network, self.strategy)
        self.strategy.load_state_dict(dict(saved.network))
        self.optimiser.load(dict(saved.optimiser), dict(saved.schedule))
        self._meters.load(saved.meters)
        self.at, self.seconds = saved.step, saved.seconds
        self._validated, self._patience = saved.validated, saved.patience

    def _saving_due(self) -> bool:
        late = time.monotonic() - self._saved_at > SAVE_S
        return self.at % self.config.checkpoint_every == 0 or late

    def _save(self, watcher: Watcher) -> None:
        if self.world.is_main:
            watcher.save(self.state())
        self._saved_at = time.monotonic()
