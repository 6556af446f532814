"""Areas under curves with weighted items, for many weightings at once; what a bootstrap over groups asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.intervals import Floats


@dataclass(frozen=True, eq=False)
class Ranking:
    """Items in order of score, highest first, to be weighted in many ways.

    Parameters
    ----------
    order
        (n,) rows.
    positive
        (n,) in that order.
    ends
        (blocks,) the last place of each run of equal scores.
    """

    order: NDArray[np.int64]
    positive: NDArray[np.bool_]
    ends: NDArray[np.int64]

    def areas(self, weights: Floats) -> tuple[Floats, Floats]:
        """ROC-AUC and average precision.

        Ties count half under the ROC, and are one step of the precision-recall curve, as in scikit-learn.

        Parameters
        ----------
        weights
            (draws, n) of the items, in their own order.

        Returns
        -------
        (draws,) each; NaN where the positives, or the negatives, weigh nothing.
        """
        ordered = weights[:, self.order]
        found = np.cumsum(ordered * self.positive, 1)[:, self.ends]  # (draws, blocks) positives down to here
        false = np.cumsum(ordered * ~self.positive, 1)[:, self.ends]
        new = np.diff(found, axis=1, prepend=0.0)
        all_found, all_false = found[:, -1], false[:, -1]
        behind = all_false[:, None] - false + np.diff(false, axis=1, prepend=0.0) / 2
        roc = _over((new * behind).sum(1), all_found * all_false)
        precise = _over((new * _over(found, found + false, empty=0.0)).sum(1), all_found)
        return roc, np.where(np.isnan(roc), np.nan, precise)


def ranked(scores: NDArray[np.floating[Any]], positive: NDArray[np.bool_]) -> Ranking:
    """Rank (n,) scores of which (n,) are right."""
    order = np.argsort(-scores, kind="stable")
    sorted_scores = scores[order]
    ends = np.append(np.flatnonzero(sorted_scores[1:] != sorted_scores[:-1]), len(order) - 1)
    return Ranking(order, positive[order], ends)


def _over(part: Floats, whole: Floats, empty: float = np.nan) -> Floats:
    shares: Floats = np.divide(part, whole, out=np.full(part.shape, empty), where=whole > 0)
    return shares
