"""What a task needs of a library: who has vectors, the vectors, and what an encoder had heard in training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from core import strategies
from core.errors import UserError
from core.evaluation.tasks import Task
from core.library.records import EncoderRecord
from core.library.store import Library
from core.nets import card
from core.training import ledger
from core.training.prepare import run_folder

Tracks = NDArray[np.int64]
"""Ids, ascending."""
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Vectors:
    """What a probe sees.

    Parameters
    ----------
    matrix
        (n, dim), in the order of a task's items.
    halves
        Whether a row is the mean of a track's segments and then their deviation.
    segments
        Whether rows are segments' own vectors, as of a data set of 3 s clips.
    """

    matrix: NDArray[np.float32]
    halves: bool
    segments: bool


@dataclass(frozen=True)
class Judged:
    """An encoder, and the tracks that it heard in training, validation included; None where nobody knows."""

    encoder: EncoderRecord
    heard: frozenset[int] | None

    def count(self, items: Sequence[int | str]) -> int | None:
        """How many of some tracks it heard."""
        return None if self.heard is None else len(self.heard.intersection(items))


def everywhere(library: Library, encoders: Sequence[EncoderRecord], plan: str) -> Tracks:
    """Tracks of which every one of these encoders has a vector, ascending."""
    return reduce(
        lambda known, more: np.intersect1d(known, more, assume_unique=True),
        [library.vectors.tracks(encoder.id, plan) for encoder in encoders],
    )


def only_with_vectors(task: Task, tracks: Tracks) -> Task:
    """The task over these tracks alone, so that every encoder is asked the same; the others are counted."""
    kept = np.isin(np.array(task.items, np.int64), tracks)
    return task.only(kept, "have no vector under every encoder.")


def vectors(library: Library, encoder: EncoderRecord, plan: str, items: Sequence[int]) -> Vectors:
    """An encoder's vectors of some tracks.

    Where every track is a single segment, the deviation over segments says nothing and is left out
    (method, section 6).
    """
    matrix, segments = library.vectors.of(encoder.id, plan, items)
    halves, single = encoder.track_dim == 2 * encoder.dim, bool((segments == 1).all())
    if halves and single and not matrix[:, encoder.dim :].any():
        return Vectors(np.ascontiguousarray(matrix[:, : encoder.dim]), halves=False, segments=True)
    return Vectors(matrix, halves, segments=single and not halves)


def judged(library: Library, encoder: EncoderRecord) -> Judged:
    """An encoder with what is known of its training: its run's ledger here, else what its card says."""
    strategy = strategies.available().get(encoder.strategy)
    if strategy is not None and not strategy.trainable:
        return Judged(encoder, frozenset())
    run = library.runs.of_encoder(encoder)
    try:
        identities = () if run is None else ledger.load(run_folder(library, run.name)).identities
    except UserError:
        run = None
    if run is not None:
        return Judged(encoder, frozenset(library.rows.tracks_known_as(identities).values()))
    marks = card.heard(encoder.card)
    if marks is None:
        return Judged(encoder, None)
    own = library.rows.identities().items()
    return Judged(encoder, frozenset(track for identity, track in own if card.mark(identity) in marks))
