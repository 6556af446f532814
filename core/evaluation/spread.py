"""How an embedding is filled: how many directions it spreads in, and whether a track is alike throughout. No torch."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_ROWS = 4096
_FLAT = 1e-5
"""What has less than this share of the length of its rows is one point and rounding errors."""

Matrix = NDArray[np.float32]


def effective_rank(rows: Matrix) -> float:
    """In how many directions (n, dim) rows spread: 1 (a line, or one point) to min(n - 1, dim).

    Roy & Vetterli (2007), "The effective rank": exp of the entropy of the singular values divided by their sum, of
    the centred rows. NaN where there are none.
    """
    if not rows.size:
        return math.nan
    mean = rows.mean(0, dtype=np.float64)
    squares, length = np.zeros((rows.shape[1],) * 2), 0.0
    for start in range(0, len(rows), _ROWS):
        block = rows[start : start + _ROWS].astype(np.float64)
        length += float((block**2).sum())
        block -= mean
        squares += block.T @ block
    if np.trace(squares) <= _FLAT**2 * length:
        return 1.0
    values = np.sqrt(np.clip(np.linalg.eigvalsh(squares), 0.0, None))
    shares = values[values > 0] / values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def consistency(vectors: Matrix) -> float:
    """Share of what tells segments apart that also tells tracks apart: 1 where every track is all alike, 0 to 1.

    The correlation ratio (eta squared), mean over dimensions, of a track's segments. Mean and deviation of the segments
    are what a track's vector holds, so no segment is needed.

    Parameters
    ----------
    vectors
        (n, 2 dim): means, then population deviations. Tracks of one segment (no deviation) are left out.

    Returns
    -------
    NaN where fewer than two tracks have several segments.
    """
    means, deviations = np.split(vectors.astype(np.float64), 2, axis=1)
    several = deviations.any(1)
    if np.count_nonzero(several) < 2:
        return math.nan
    between, within = means[several].var(0), (deviations[several] ** 2).mean(0)
    varies = between + within > 0
    return float((between[varies] / (between + within)[varies]).mean()) if varies.any() else math.nan
