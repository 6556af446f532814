"""What is measured at every step, averaged into points of curves."""

from __future__ import annotations

from collections.abc import Mapping

PARTS = ("data", "augment", "front_end", "forward", "backward")
"""What the time of a step goes to; the rest is the update and the loop itself."""
MOST_POINTS = 2000
"""Of a curve of training: more cannot be seen."""

COUNT = "count"
"""Beside the sums: steps that were added, which leaves out those that changed nothing."""

Point = tuple[int, str, float]


class Meters:
    """Sums over a window of steps; the windows lie fixed, so that a resumed run has the same curves.

    Parameters
    ----------
    steps
        Of the whole run: a window is one step, or more where there would be more than `MOST_POINTS`.
    """

    def __init__(self, steps: int) -> None:
        self.window = -(-steps // MOST_POINTS)
        self._last = steps
        self._sums: dict[str, float] = {}
        self._seconds: dict[str, float] = {}
        self._whole = self._pairs = 0.0

    def add(self, values: Mapping[str, float]) -> None:
        """What one step found."""
        for name, value in {**values, COUNT: 1.0}.items():
            self._sums[name] = self._sums.get(name, 0.0) + value

    def time(self, parts: Mapping[str, float], whole: float, pairs: int) -> None:
        """The seconds of one step, by part and in all."""
        for name in PARTS:
            self._seconds[name] = self._seconds.get(name, 0.0) + parts.get(name, 0.0)
        self._whole += whole
        self._pairs += pairs

    def points(self, step: int) -> list[Point]:
        """Means of the window that ends with `step`; nothing inside a window."""
        if step % self.window and step != self._last:
            return []
        count = self._sums.pop(COUNT, 0.0)
        found = [(step, name, total / count) for name, total in self._sums.items()]
        self._sums = {}
        return found

    def timings(self, step: int) -> list[Point]:
        """Pairs a second and shares of the time since this was last asked."""
        if not self._whole:
            return []
        found = [(step, "pairs_per_s", self._pairs / self._whole)]
        found += [(step, f"share_{name}", seconds / self._whole) for name, seconds in self._seconds.items()]
        self._seconds, self._whole, self._pairs = {}, 0.0, 0.0
        return found

    def state(self) -> dict[str, float]:
        """The sums of the open window. Timings are not part of a run's state."""
        return dict(self._sums)

    def load(self, sums: Mapping[str, float]) -> None:
        """What `state` returned."""
        self._sums = dict(sums)
