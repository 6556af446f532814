"""From rows of clips to what the encoder hears: cut, augment, log-mel. Cutting is done ahead, on a thread.

A pair has two sides, 0 the anchor (or context) and 1 the positive (or target); a side is one or more consecutive
segments of 3 s. What is done to an item depends on (seed, step, row, side) and on nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import torch
from torch import Tensor

from core.audio.augment import WaveAugment
from core.audio.augment_config import AugmentConfig
from core.audio.augment_mel import MelAugment
from core.audio.clips import FULL_SCALE, ClipSet
from core.strategies.contrastive import ANCHOR, ContrastiveStrategy, Crop
from core.training.sampling import Rows
from core.training.stopwatch import Stopwatch

SIDES = (0, 1)
Pair = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Cut:
    """The sound of a batch of pairs, as it is stored.

    Attributes
    ----------
    step, rows
        What the augmentation is drawn for: a number, and (n,) rows.
    sides
        int16 (n, crop) each; a side that is stretched is cut longer than it is heard.
    """

    step: int
    rows: Rows
    sides: Pair


def crops(strategy: type[ContrastiveStrategy] | ContrastiveStrategy, augment: AugmentConfig) -> Crop:
    """Samples that are cut for each side."""
    return augment.crop(0, strategy.segments[0]), augment.crop(1, strategy.segments[1])


def cut(clips: ClipSet, step: int, rows: Rows, starts: Rows, crop: Crop, *, pin: bool = False) -> Cut:
    """Read the pairs of `rows` (n,) from samples `starts` (n, 2) on; into pinned memory for a GPU."""
    first, second = (torch.from_numpy(clips.gather(rows, starts[:, side], crop[side])) for side in SIDES)
    sides = (first.pin_memory(), second.pin_memory()) if pin else (first, second)
    return Cut(step, rows, sides)


class Views:
    """Makes log-mels of pairs.

    Parameters
    ----------
    strategy
        Its front-end and standardisation are used; on `device`.
    augment
        What is done to which side.
    seed
        Of the augmentation.
    watch
        Told the seconds of `data` (copying), `augment` and `front_end`.
    """

    def __init__(
        self, strategy: ContrastiveStrategy, augment: AugmentConfig, seed: int, device: str, watch: Stopwatch
    ) -> None:
        self._strategy, self._augment, self._seed = strategy, augment, seed
        self._device, self._watch = device, watch
        # A positive that comes after its anchor comes right after what is heard of it, however it is stretched.
        crop = crops(strategy, augment)
        self._joined = strategy.distance(crop) >= crop[ANCHOR]
        self._waves = WaveAugment(augment).to(device)
        self._mels = MelAugment(augment).to(device)

    @torch.no_grad()
    def __call__(self, found: Cut) -> Pair:
        """Log-mels (n, segments[side], 188, 96) of both sides, float32."""
        return self._side(found, 0), self._side(found, 1)

    def _side(self, found: Cut, side: int) -> Tensor:
        segments = self._strategy.segments[side]
        with self._watch("data"):
            waves = found.sides[side].to(self._device, non_blocking=True).float().div_(FULL_SCALE)
        keys = (self._seed, found.step, found.rows, side)
        to_end = side == ANCHOR and self._joined
        if side in self._augment.sides:
            with self._watch("augment"):
                waves = self._waves(waves, *keys, to_end=to_end)
        with self._watch("front_end"):
            log_mels = self._strategy.log_mels(waves.view(len(waves), segments, -1))
        if side in self._augment.sides:
            with self._watch("augment"):
                log_mels = self._mels(log_mels, *keys, std=self._strategy.standardise.std)
        return log_mels


class Ahead:
    """Makes the next step's batch on a thread while the present one is learned from; use it in a `with`.

    Parameters
    ----------
    make
        The batch of a step; called on the thread, one at a time.
    last
        The step after which nothing is made.
    """

    def __init__(self, make: Callable[[int], Cut], last: int) -> None:
        self._make, self._last = make, last
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="next-batch")
        self._next: tuple[int, Future[Cut]] | None = None

    def __call__(self, step: int) -> Cut:
        """The batch of `step`, ready if it is the one after the last that was asked for."""
        known, self._next = self._next, None
        found = known[1].result() if known is not None and known[0] == step else self._make(step)
        if step < self._last:
            self._next = step + 1, self._thread.submit(self._make, step + 1)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what is being made, and forget it."""
        self._thread.shutdown(cancel_futures=True)
