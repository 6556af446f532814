"""Libraries with vectors that a map can be drawn from: groups of tracks on curved sheets, as encoders give them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from core.library.database import Database
from core.library.models import Embedding, Encoder
from core.recommend import measure
from tests.synthetic import Mix, fill

PLAN = "whole"
_BATCH = 5000


def vectors(numbers: Sequence[int], dim: int, groups: int = 12, sheet: int = 6) -> NDArray[np.float32]:
    """(n, dim): each track in one of some groups, each group a curved sheet of few dimensions, and noise."""
    shape = np.random.default_rng(0)
    centres, axes = (
        shape.standard_normal((groups, dim)),
        shape.standard_normal((groups, sheet, dim)) / sheet**0.5,
    )
    result = np.empty((len(numbers), dim), np.float32)
    for row, number in enumerate(numbers):
        own = np.random.default_rng([7, number])
        place = own.uniform(-1.5, 1.5, sheet)
        group = number * 7919 % groups
        result[row] = 2 * centres[group] + np.sin(place) @ axes[group] * 2 + 0.2 * own.standard_normal(dim)
    return result


def make(path: Path, tracks: int) -> None:
    """A library of so many tracks that were all read, with the little vectors of `tests.synthetic` under "mfcc"."""
    fill(path, Mix(tracks, failed=0, partial=0, skipped=0))


def hear(path: Path, name: str, numbers: Sequence[int], dim: int, plan: str = PLAN, groups: int = 12) -> None:
    """Let an encoder, made where it is missing, have heard tracks; and freeze its statistics, where there are none."""
    from core.library.store import Library

    with Library(path) as library:
        known = library.encoders.find(name)
        key = known.id if known else _encoder(path, name, dim)
        database = Database(path)
        for start in range(0, len(numbers), _BATCH):
            some = numbers[start : start + _BATCH]
            rows = [
                {"track_id": n + 1, "encoder_id": key, "plan": plan, "vector": v.tobytes(), "segments": None,
                 "n_segments": 60, "device": "cpu", "precision": "float32"}
                for n, v in zip(some, vectors(some, dim, groups), strict=True)
            ]  # fmt: skip
            with database.write() as connection:
                connection.execute(insert(Embedding), rows)
        database.close()
        stats = measure(library.vectors.sample_own(key, plan, 50_000))
        if stats is not None and library.vectors.standardisation(key, plan) is None:
            library.vectors.set_standardisation(key, plan, stats.mean, stats.std, stats.n)


def _encoder(path: Path, name: str, dim: int) -> int:
    database = Database(path)
    row = {
        "name": name, "strategy": "mfcc", "config": {}, "dim": dim, "track_dim": dim, "front_end": "mfcc-1",
        "weights_hash": name, "card": {}, "file": "", "created_at": time.time(),
    }  # fmt: skip
    with database.write() as connection:
        key = int(connection.execute(insert(Encoder).values(**row).returning(Encoder.id)).scalar_one())
    database.close()
    return key
