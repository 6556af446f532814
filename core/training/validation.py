"""Validation: held-out pairs that are the same for every run over the same music with the same strategy.

Each anchor is compared with a fixed number of candidates, so that loss and accuracy of two runs mean the same;
chance is one over that number. The encoder is in eval mode. Both sides are heard clean, whatever a run's preset
does to its training pairs. Only where both sides are one and the same segment (`self`) there would be nothing
to recognise: there the positive is augmented as the paper does it, by draws that are fixed too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.audio import SAMPLE_RATE
from core.audio.augment_config import PAPER, AugmentConfig
from core.audio.clips import ClipSet
from core.strategies.base import evaluating
from core.strategies.contrastive import ContrastiveStrategy
from core.training import sampling
from core.training.sampling import Purpose, Rows
from core.training.split import one_each
from core.training.stopwatch import Stopwatch
from core.training.views import Cut, Views, crops, cut

MOST_GROUPS = 4
"""Groups of candidates that are measured; more would cost more than they tell."""
SEED = 0
"""Of the pairs: not the run's."""
CHUNK = 16
"""Pairs that go through the encoder at a time."""
CLEAN = AugmentConfig(sides=())
ALTERED = AugmentConfig.model_validate(PAPER)
ALIKE_SAMPLES = 60 * SAMPLE_RATE
"""Of an imagined clip in which pairs are drawn, to see whether their sides are the same."""


@dataclass(frozen=True)
class Validated:
    """What one validation found.

    Attributes
    ----------
    loss, accuracy
        Means over all pairs; accuracy is the share of anchors whose positive is the nearest candidate.
    anchors, positives
        (n, terms, dim) float32 on the CPU, row by row a pair.
    logits
        (groups, candidates, candidates); positives on the diagonal.
    """

    loss: float
    accuracy: float
    anchors: Tensor
    positives: Tensor
    logits: Tensor


class Validation:
    """The fixed pairs of one library and strategy.

    Parameters
    ----------
    clips
        Of the run.
    rows
        Those kept for validation.
    candidates
        Pairs in a group; fewer where there are fewer recordings.

    Attributes
    ----------
    candidates
        Pairs in a group here.
    chance
        The accuracy of an encoder that knows nothing.
    pairs
        Rows and starts of each group, (candidates,) and (candidates, 2).
    """

    def __init__(
        self,
        strategy: ContrastiveStrategy,
        clips: ClipSet,
        rows: Rows,
        candidates: int,
        device: str = "cpu",
        precision: str = "float32",
    ) -> None:
        self._strategy, self._clips = strategy, clips
        self._device, self._bf16 = device, precision == "bfloat16"
        chosen = one_each(clips.clips, rows.tolist())
        groups, self.candidates = grouping(len(chosen), candidates)
        self.chance = 1 / self.candidates
        kept = np.array(chosen[: groups * self.candidates], np.int64)
        augment = augmentation(strategy)
        self._crop = crops(strategy, augment)
        self._watch = Stopwatch(device)
        self._views = Views(strategy, augment, SEED, device, self._watch)
        self.pairs = [
            (some, self._starts(some, number)) for number, some in enumerate(np.split(kept, groups))
        ]

    def __call__(self) -> Validated:
        """Measure the strategy as it is now."""
        with evaluating(self._strategy), torch.no_grad():
            sides = [self._represent(number) for number in range(len(self.pairs))]
            losses = [self._strategy.loss(anchors, positives) for anchors, positives in sides]
            logits = torch.stack([self._strategy.logits(anchors, positives) for anchors, positives in sides])
        logits, found = logits.cpu(), torch.stack(losses).cpu()  # not every device has float64
        own = torch.arange(self.candidates)
        accuracy = (logits.argmax(2) == own).double().mean().item()
        anchors, positives = (torch.cat(side).float().cpu() for side in zip(*sides, strict=True))
        self._watch.read()  # nobody asks, and a GPU's events would pile up
        return Validated(found.double().mean().item(), accuracy, anchors, positives, logits)

    def _starts(self, rows: Rows, number: int) -> Rows:
        """Where the pairs of a group begin; drawn by their places, since rows differ between runs."""
        drawn = [
            self._strategy.starts(
                self._clips.clips[row].samples,
                sampling.generator(SEED, Purpose.VALIDATION, number, place),
                self._crop,
            )
            for place, row in enumerate(rows.tolist())
        ]
        return np.array(drawn, np.int64)

    def _represent(self, number: int) -> tuple[Tensor, Tensor]:
        """Both sides of a group, (candidates, terms, dim) each."""
        rows, starts = self.pairs[number]
        sides: tuple[list[Tensor], list[Tensor]] = ([], [])
        for begin in range(0, len(rows), CHUNK):
            some = slice(begin, begin + CHUNK)
            found = cut(self._clips, number, rows[some], starts[some], self._crop)
            places = np.arange(begin, begin + len(found.rows), dtype=np.int64)
            log_mels = self._views(Cut(number, places, found.sides))
            with torch.autocast(log_mels[0].device.type, torch.bfloat16, enabled=self._bf16):
                for side in (0, 1):
                    sides[side].append(self._strategy.represent(side, log_mels[side]).float())
        return torch.cat(sides[0]), torch.cat(sides[1])


def grouping(recordings: int, candidates: int) -> tuple[int, int]:
    """Groups that so many recordings make, and the pairs in each."""
    candidates = min(candidates, recordings)
    return min(recordings // candidates, MOST_GROUPS), candidates


def augmentation(strategy: ContrastiveStrategy) -> AugmentConfig:
    """What is done to validation pairs: nothing, unless both sides are one segment."""
    draws = (
        strategy.starts(ALIKE_SAMPLES, sampling.generator(SEED, Purpose.VALIDATION, 0, n)) for n in range(4)
    )
    return ALTERED if all(first == second for first, second in draws) else CLEAN


def needed(strategy: ContrastiveStrategy, augment: AugmentConfig) -> int:
    """Samples that a clip must have, to be trained on under `augment` and to be validated."""
    return max(strategy.needed(crops(strategy, some)) for some in (augment, augmentation(strategy)))
