"""Maps without a fit: tracks at places that a test knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.drawing import Drawing
from core.library.projections import Points
from core.library.records import EncoderRecord, ProjectionRecord
from core.library.store import Library

PLAN = "whole"
FIGURES = {"trustworthiness": 0.91, "recall": 0.38, "seed_overlap": 0.36, "blind": 0.1}
ENCODER = EncoderRecord(1, "mfcc", "mfcc", {}, 40, 40, "x", "none", {}, "")


def drawing_of(
    tracks: Sequence[int], kept: Sequence[float] | None = None, clusters: Sequence[int] | None = None
) -> Drawing:
    """A map of tracks whose files bear the same numbers."""
    n, ids = len(tracks), np.array(tracks, np.int64)
    return Drawing(
        (1, PLAN, "umap"), ENCODER, ids, ids, places(n), np.array(kept or [0.5] * n, np.float32),
        np.array(clusters or [-1] * n, np.int64), np.zeros(n, np.bool_),
    )  # fmt: skip


def places(n: int, seed: int = 0) -> np.ndarray:
    """(n, 2) float32, no two near each other: a grid in an order of its own."""
    side = int(np.ceil(n**0.5))
    spots = np.stack(np.divmod(np.arange(side * side), side), axis=1)[:n]
    order = np.random.default_rng(seed).permutation(n)
    return (2 * spots[order] / max(side - 1, 1) - 1).astype(np.float32)


def store(path: Path, encoder: str = "mfcc", seed: int = 0, only: int | None = None) -> ProjectionRecord:
    """Keep a map of all (or the first `only`) tracks that the encoder has heard."""
    with Library(path) as library:
        record = library.encoders.get(encoder)
        tracks = library.facets.heard(record.id, PLAN)[:only]
        n = len(tracks)
        kept = np.linspace(0, 1, n, dtype=np.float32)
        points = Points(tracks, places(n, seed), kept, clusters=(np.arange(n) % 3).astype(np.int16))
        figures = {**FIGURES, "n_fitted": n}
        return library.projections.put(record.id, PLAN, "umap", {"seed": 0}, figures, points)
