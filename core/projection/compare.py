"""Two maps of the same tracks: who keeps their neighbours, and who has moved. NumPy and SciPy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.library.projections import Points
from core.projection import plane, quality


@dataclass(frozen=True, eq=False)
class Compared:
    """What two maps say about the tracks that both have.

    Parameters
    ----------
    tracks
        (n,) ids.
    overlap
        (n,) share of a track's nearest on one map that are its nearest on the other. To be read beside what a mere
        change of seed gives (`ProjectionRecord.figures["seed_overlap"]` of either) and beside `blind`.
    moved
        (n,) how far it lies from itself once the second map is turned onto the first, in the first one's radius.
    blind
        The overlap of two maps that have nothing in common.
    """

    tracks: NDArray[np.int64]
    overlap: NDArray[np.float32]
    moved: NDArray[np.float32]
    blind: float

    @property
    def mean(self) -> float:
        """Of the overlap; NaN without common tracks."""
        return float(self.overlap.mean()) if len(self.overlap) else float("nan")

    def moved_most(self, n: int = 20) -> NDArray[np.int64]:
        """(n,) the rows of the tracks that lie farthest from themselves, the farthest first."""
        return np.argsort(-self.moved, kind="stable")[:n]


def compare(one: Points, other: Points, k: int = quality.K) -> Compared:
    """Two maps over the tracks that both have; empty where there are fewer than three."""
    rows, others = plane.common(one.tracks, other.tracks)
    if len(rows) < plane.FEWEST_COMMON:
        none = np.empty(0, np.float32)
        return Compared(np.empty(0, np.int64), none, none, float("nan"))
    first, second = one.points[rows], other.points[others]
    overlap = quality.shared(quality.on_map(first, k), quality.on_map(second, k))
    turned = plane.turn(second, first)(second)
    return Compared(one.tracks[rows], overlap, plane.moved(turned, first), quality.blind(len(rows), k))
