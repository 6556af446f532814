"""What each group adds to a figure that is no mean, such as an area, so that two encoders' can be paired. No torch."""

from __future__ import annotations

import numpy as np

from core.evaluation.intervals import Scores, Statistic

PARTS = 200
"""More groups than these are left out by so many parts."""
_TOGETHER = 20


def pseudo_values(statistic: Statistic, groups: int) -> Scores:
    """Tukey's jackknife (1958): a group's share is what leaving it out takes away, so many times as there are groups.

    Shares are shifted so that their mean is the figure itself. Of an area under the ROC they are, up to the order
    of 1 / groups, DeLong's components (1988), whose pairing is the usual one.

    Parameters
    ----------
    statistic
        As `intervals.interval` takes it; called 20 draws at a time.

    Returns
    -------
    One row a group, or a part of the groups that is drawn alike for all encoders; counts are 1, and 0 where the
    figure has no meaning without the part. Empty where there are fewer than two groups.
    """
    if groups < 2:
        return Scores(np.empty(0), np.empty(0), np.empty(0, np.int64))
    parts = min(groups, PARTS)
    part = np.random.default_rng(groups).permutation(groups) % parts
    without = np.concatenate(
        [
            statistic((part != np.arange(start, min(start + _TOGETHER, parts))[:, None]).astype(np.float64))
            for start in range(0, parts, _TOGETHER)
        ]
    )
    known = np.isfinite(without)
    whole = float(statistic(np.ones((1, groups)))[0])
    if not known.any() or not np.isfinite(whole):
        return Scores(np.zeros(parts), np.zeros(parts), np.arange(parts))
    shares = whole + (parts - 1) * (without[known].mean() - without)
    return Scores(np.where(known, shares, 0.0), known.astype(np.float64), np.arange(parts))
