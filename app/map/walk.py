"""From point to point by keyboard, without a pointer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.map.camera import Camera, Size
from app.map.points import Points

STOPS = 300
"""Tab goes through so many points in view, those nearest to the middle."""

LOOKED_AT = 20_000
"""Of so many points in view at most the next one is looked for."""


def seen(
    points: Points, camera: Camera, size: Size, on: NDArray[np.bool_] | None, margin: float = 0.0
) -> NDArray[np.int64]:
    """Places in view and `margin` around it, as many as can be walked; a fair sample where there are more."""
    left, top, right, bottom = camera.view(size, margin)
    places = points.within(left, top, right, bottom)
    if on is not None:
        places = places[on[places]]
    x, y = points.x[places], points.y[places]
    places = places[(x >= left) & (x <= right) & (y >= top) & (y <= bottom)]
    return places[:: max(len(places) // LOOKED_AT, 1)]


def stops(points: Points, camera: Camera, size: Size, on: NDArray[np.bool_] | None) -> list[int]:
    """Rows for Tab to go through: nearest to the middle first."""
    places = seen(points, camera, size, on)
    far = np.hypot(points.x[places] - camera.x, points.y[places] - camera.y)
    return [int(row) for row in points.order[places[np.argsort(far, kind="stable")[:STOPS]]]]


def toward(
    points: Points,
    row: int,
    direction: tuple[int, int],
    camera: Camera,
    size: Size,
    on: NDArray[np.bool_] | None,
) -> int:
    """The next row from one in a direction (right, down), as the eye takes it; the row itself: there is none.

    What lies aside counts twice, and what lies more aside than ahead not at all.
    """
    here = points.at(row)
    if here is None:
        return row
    places = seen(points, camera, size, on, margin=max(size))
    right, down = points.x[places] - here[0], points.y[places] - here[1]
    ahead = right * direction[0] + down * direction[1]
    aside = np.abs(right * direction[1] - down * direction[0])
    cost = np.where((ahead > 0) & (aside <= ahead), ahead + 2 * aside, np.inf)
    if not len(cost) or not np.isfinite(cost.min()):
        return row
    return int(points.order[places[int(cost.argmin())]])
