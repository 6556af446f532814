"""What each step hears: pure functions of (seed, step), so that a run can go on from any step.

Every random number comes from a Philox generator placed at (seed, purpose, step, row); no state runs along.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # torch comes in with it
    from core.strategies.contrastive import Crop

Rows = NDArray[np.int64]


class Purpose(IntEnum):
    """What random numbers are for: each purpose has a stream of its own."""

    ORDER = 1
    VERSION = 2
    STARTS = 3
    VALIDATION = 4


class Starter(Protocol):
    """What is asked of a strategy: see `ContrastiveStrategy.starts`."""

    def starts(self, samples: int, rng: np.random.Generator, crop: Crop = ...) -> tuple[int, int]:
        """Where the two sides begin."""


def generator(seed: int, purpose: Purpose, step: int = 0, row: int = 0) -> np.random.Generator:
    """The random numbers of one place."""
    # The lowest word counts blocks of numbers: places differ in the others, so no two of them overlap.
    return np.random.Generator(np.random.Philox(counter=[0, row, step, 0], key=[seed, purpose]))


class Batches:
    """The rows of every step's batch: each recording once an epoch, in another order every epoch.

    Parameters
    ----------
    rows
        Rows that are trained on, (n,).
    recordings
        The recording of each of them; of its versions one is drawn each time.
    size
        Pairs in a batch; capped by the recordings there are.
    seed
        Of the run.
    """

    def __init__(self, rows: Rows, recordings: Sequence[str], size: int, seed: int) -> None:
        versions: defaultdict[str, list[int]] = defaultdict(list)
        for row, recording in zip(rows.tolist(), recordings, strict=True):
            versions[recording].append(row)
        self._versions = list(versions.values())
        self._seed = seed
        self.size = min(size, len(self._versions))
        self.per_epoch = len(self._versions) // self.size
        """Whole batches in an epoch; the few recordings that are left over are others every time."""

    def rows(self, step: int) -> Rows:
        """(size,) rows of the batch of `step`, no two of one recording."""
        epoch, place = divmod(step, self.per_epoch)
        order = generator(self._seed, Purpose.ORDER, epoch).permutation(len(self._versions))
        chosen = order[place * self.size : (place + 1) * self.size]
        draws = generator(self._seed, Purpose.VERSION, step).random(len(chosen))
        versions = [self._versions[i] for i in chosen]
        return np.array(
            [some[int(draw * len(some))] for some, draw in zip(versions, draws, strict=True)], np.int64
        )


def starts(strategy: Starter, lengths: Sequence[int], rows: Rows, seed: int, step: int, crop: Crop) -> Rows:
    """Where both sides of each row begin in its clip, (n, 2) samples.

    Parameters
    ----------
    lengths
        Samples of every clip, by row.
    crop
        Samples cut for a segment of each side.
    """
    drawn = [
        strategy.starts(lengths[row], generator(seed, Purpose.STARTS, step, row), crop)
        for row in rows.tolist()
    ]
    return np.array(drawn, np.int64).reshape(-1, 2)
