"""Which part of the map is looked at, and from how near. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

Size = tuple[float, float]
"""Width and height in logical pixels."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

ROOM = 0.9
"""What of the window the points fill when all are in view."""

FARTHEST, NEAREST = 0.4, 4000.0
"""Limits of the zoom, against the view of all points."""


@dataclass(frozen=True)
class Camera:
    """`x`, `y`: what is in the middle of the window; `scale`: logical pixels for each unit of the map."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 300.0

    @staticmethod
    def fitted(bounds: Box, size: Size, room: float = ROOM) -> Camera:
        """All of `bounds` in a window of `size`."""
        left, top, right, bottom = bounds
        wide, high = max(right - left, 1e-6), max(bottom - top, 1e-6)
        scale = min(max(size[0], 1.0) / wide, max(size[1], 1.0) / high) * room
        return Camera((left + right) / 2, (top + bottom) / 2, min(scale, max(*size, 1.0)))

    def to_screen(self, x: float, y: float, size: Size) -> tuple[float, float]:
        """Logical pixels from the window's corner."""
        return (x - self.x) * self.scale + size[0] / 2, (y - self.y) * self.scale + size[1] / 2

    def to_map(self, px: float, py: float, size: Size) -> tuple[float, float]:
        """What is under a pixel."""
        return self.x + (px - size[0] / 2) / self.scale, self.y + (py - size[1] / 2) / self.scale

    def view(self, size: Size, margin: float = 0.0) -> Box:
        """What is in the window and `margin` logical pixels around it."""
        half_x, half_y = (size[0] / 2 + margin) / self.scale, (size[1] / 2 + margin) / self.scale
        return self.x - half_x, self.y - half_y, self.x + half_x, self.y + half_y

    def panned(self, dx: float, dy: float) -> Camera:
        """The map moved by logical pixels."""
        return replace(self, x=self.x - dx / self.scale, y=self.y - dy / self.scale)

    def zoomed(self, factor: float, at: tuple[float, float], size: Size) -> Camera:
        """Nearer by `factor`; what is under the pixel `at` stays there."""
        x, y = self.to_map(*at, size)
        scale = self.scale * factor
        return Camera(x - (at[0] - size[0] / 2) / scale, y - (at[1] - size[1] / 2) / scale, scale)

    def limited(self, bounds: Box, size: Size) -> Camera:
        """Neither lost in the empty nor nearer than numbers are exact; the middle stays among the points."""
        whole = Camera.fitted(bounds, size).scale
        scale = min(max(self.scale, whole * FARTHEST), whole * NEAREST)
        left, top, right, bottom = bounds
        return Camera(min(max(self.x, left), right), min(max(self.y, top), bottom), scale)

    def between(self, other: Camera, share: float) -> Camera:
        """On the way to another: the scale goes evenly in its logarithm, the middle along with it."""
        scale = self.scale * (other.scale / self.scale) ** share
        if abs(other.scale / self.scale - 1) > 1e-3:  # so that the point that stays in place really does
            share = (1 / scale - 1 / self.scale) / (1 / other.scale - 1 / self.scale)
        return Camera(self.x + (other.x - self.x) * share, self.y + (other.y - self.y) * share, scale)
