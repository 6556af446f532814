"""The way of all points from one map to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEasingCurve

from app.map.camera import Camera
from app.map.flight import Flight
from app.map.points import Floats, Points

if TYPE_CHECKING:
    from app.map.canvas import MapCanvas


class Morph:
    """Moves a canvas's points; they are found and gathered where they will be in the end."""

    def __init__(self, canvas: MapCanvas) -> None:
        self._canvas = canvas
        self._flight = Flight(canvas, QEasingCurve.Type.InOutCubic)

    @property
    def running(self) -> bool:
        """Whether points are moving."""
        return self._flight.state() == Flight.State.Running

    def stop(self) -> None:
        """Be there at once."""
        self._flight.stop()
        self._canvas.scene.move(None, None)

    def start(self, points: Points, ms: int) -> None:
        """Set out for `points`, of the same rows, from where the points are now."""
        canvas, scene = self._canvas, self._canvas.scene
        self._flight.stop()
        old, moving = scene.points, scene.moving
        x, y = moving if moving is not None else (old.x, old.y)
        start, camera = _carried(old, x, y, points, canvas.camera)
        canvas.arrive(points, camera)
        self._flight.fly(ms, lambda share: self._step(points, start, share))

    def _step(self, points: Points, start: tuple[Floats, Floats], share: float) -> None:
        scene = self._canvas.scene
        if share >= 1:
            scene.move(None, None)
        else:
            part = np.float32(share)
            scene.move(
                start[0] + (points.x - start[0]) * part,
                start[1] + (points.y - start[1]) * part,
            )
        self._canvas.update()


def _carried(
    old: Points, x: Floats, y: Floats, new: Points, camera: Camera
) -> tuple[tuple[Floats, Floats], Camera]:
    """Where the places of `new` come from, and the camera that sees them as they were seen; both in its units.

    Two maps that were aligned share their coordinates. Those that lie nowhere near each other were not, and
    what they share is only that each fills the window.
    """
    growth = old.half / new.half
    right = (old.centre[0] - new.centre[0]) / new.half
    down = -(old.centre[1] - new.centre[1]) / new.half
    if not (0.4 < growth < 2.5 and abs(right) < 1 and abs(down) < 1):
        growth, right, down = 1.0, 0.0, 0.0
    places = old.places[new.order]
    known = places >= 0
    from_x = np.where(known, x[places] * np.float32(growth) + np.float32(right), new.x) if len(x) else new.x
    from_y = np.where(known, y[places] * np.float32(growth) + np.float32(down), new.y) if len(y) else new.y
    carried = Camera(camera.x * growth + right, camera.y * growth + down, camera.scale / growth)
    return (from_x.astype(np.float32), from_y.astype(np.float32)), carried
