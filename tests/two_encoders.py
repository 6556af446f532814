"""A second encoder in a synthetic library, with vectors of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.library.records import EncoderRecord, Read
from core.library.store import Library
from tests.synthetic import DIM, Mix, fill, state, tags, vectors

PLAN = "whole"


def known(mix: Mix) -> list[int]:
    """Numbers of the files of `mix` that have a vector."""
    return [number for number in range(mix.tracks) if state(number, mix) in ("ok", "partial")]


def own_vectors(numbers: Sequence[int], like: float = 0.6, seed: int = 7) -> np.ndarray:
    """Vectors (n, DIM) of another encoder: `like` of the first one's, the rest its own."""
    own = np.random.default_rng(seed).standard_normal((len(numbers), DIM))
    return (like * vectors(numbers) + (1 - like) * own).astype(np.float32)


def fill_both(path: Path, mix: Mix, like: float = 0.6, only: Sequence[int] | None = None) -> None:
    """Write the library file of `mix` with both encoders."""
    fill(path, mix)
    add(path, mix, like=like, only=only)


def add(
    path: Path, mix: Mix, name: str = "second", like: float = 0.6, only: Sequence[int] | None = None
) -> EncoderRecord:
    """Put another encoder into the library file of `mix`; `only`: numbers of the files that it has listened to."""
    numbers = known(mix) if only is None else list(only)
    with Library(path) as library:
        record = library.encoders.add(
            name=name, strategy="self", config={}, dim=DIM, track_dim=DIM, front_end="x", weights_hash=f"w-{name}",
            card={}, file="",
        )  # fmt: skip
        reads = [
            Read(n + 1, "ok", identity=f"synthetic-{n}", seconds=tags(n)["seconds"], vector=v, n_segments=60)
            for n, v in zip(numbers, own_vectors(numbers, like), strict=True)
        ]
        library.files.record(reads, record.id, PLAN, "cpu", "float32")
    return record
