"""What is drawn of a run's points: smoothed, over steps or over time, and thinned. Knows no Qt; used in threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.charts.thinning import Floats, smooth, thin
from core.library.records import Points

Span = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Curve:
    """x (steps, or seconds of training) and y, (n,) each."""

    x: Floats
    y: Floats

    def same(self, other: Curve) -> bool:
        """Whether nothing would look different."""
        return np.array_equal(self.x, other.x) and np.array_equal(self.y, other.y)


NO_CURVE = Curve(np.empty(0), np.empty(0))


def curve(
    points: Points,
    metric: str,
    *,
    weight: float = 0.0,
    span: Span | None = None,
    cells: int = 400,
    batch: int = 0,
) -> Curve:
    """What to draw of a metric. Values that are no numbers (a loss that has diverged) are left out.

    Parameters
    ----------
    weight
        Of the past in the moving average, in [0, 1).
    span
        What is in view, in the unit of x.
    cells
        How many places there are for points, about one a pixel.
    batch
        Pairs in a step, where x shall be seconds of training; 0: x is steps.
    """
    if metric not in points.curves:
        return NO_CURVE
    steps, values = points.curves[metric]
    finite = np.isfinite(values)
    x = steps[finite].astype(np.float64)
    if batch:
        x = seconds(x, *points.curves.get("pairs_per_s", (steps[:0], values[:0])), batch)
    return Curve(*thin(x, smooth(values[finite], weight), span, cells))


def seconds(steps: Floats, at: NDArray[np.int64], rates: Floats, batch: int) -> Floats:
    """Seconds of training until each of `steps` (n,): the sum of `batch / rate` over all steps before it.

    Parameters
    ----------
    at, rates
        (m,) each: pairs a second, as measured at those steps; each holds from the one before it on.
    """
    if not len(at):
        return np.zeros_like(steps)
    costs = batch / np.maximum(rates, 1e-9)  # seconds a step
    ends = at.astype(np.float64)
    totals = np.cumsum(np.diff(ends, prepend=0.0) * costs)
    known = np.interp(steps, np.concatenate([[0.0], ends]), np.concatenate([[0.0], totals]))
    result: Floats = known + np.maximum(steps - ends[-1], 0.0) * costs[-1]
    return result


def extent(curves: Sequence[Curve]) -> Span | None:
    """The smallest and the largest x; None where there is nothing."""
    ends = [(float(one.x[0]), float(one.x[-1])) for one in curves if len(one.x)]
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None


def stacked(curves: Sequence[Curve]) -> list[Curve]:
    """Curves on top of each other, on the x of the first that has one; the first lies lowest."""
    x = next((one.x for one in curves if len(one.x)), np.empty(0))
    height, result = np.zeros_like(x), []
    for one in curves:
        height = height + (np.interp(x, one.x, one.y) if len(one.x) else 0.0)
        result.append(Curve(x, height))
    return result
