"""What a canvas shows, gathered for the painter; and the same as a picture of any size, or as a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from app.charts.rendering import rendered
from app.map.camera import Camera, Size
from app.map.frame import drawn, view_of
from app.map.overlay import Told, paint
from app.map.palette import ground
from app.map.raster import View
from app.map.scene import RINGED
from app.map.text import PlainWords
from app.map.walk import seen

if TYPE_CHECKING:
    from app.map.canvas import MapCanvas

TITLED = 240
"""Up to so many points in view are shown with their titles."""

NAMED = 12
"""So many selected points are always shown with theirs."""

CIRCLES = 20_000
"""Up to so many points in view are circles of a drawing; more are a picture in it."""

Titled = list[tuple[float, float, str]]


@dataclass(frozen=True)
class Showing:
    """A canvas as a camera sees it in a picture of `size` logical pixels."""

    canvas: MapCanvas
    camera: Camera
    size: Size
    ratio: float

    def view(self) -> View:
        """In pixels of the device."""
        wide, high = (max(round(length * self.ratio), 1) for length in self.size)
        return view_of(self.camera, wide, high, self.ratio)

    def radius(self) -> float:
        """Of a dot (logical pixels)."""
        return self.canvas.scene.dots(self.view(), self.ratio).radius / self.ratio

    def spot(self, row: int) -> tuple[float, float] | None:
        """Where a row's dot is."""
        at = self.canvas.points.at(row)
        return None if at is None else self.camera.to_screen(*at, self.size)

    def told(self, outline: Sequence[QPointF] = (), *, pointed: bool = True) -> Told:
        """All there is to paint over the points; `pointed`: with what pointer and keyboard are at."""
        canvas, result = self.canvas, Told(self.size, self.radius(), lasso=outline)
        if canvas.scene.moving is not None:
            return result
        near = self._near()
        result.regions, result.regions_strength = self._regions(), 0.45 if near else 0.92
        result.lines_from = self.spot(canvas.lines[0])
        result.lines_to = [spot for row in canvas.lines[1] if (spot := self.spot(row)) is not None]
        result.rings = self._rings()
        firm, neighbours = self._firm(pointed), self.canvas.lines[1][:NAMED]
        result.firm, result.near = self._titled(firm), self._titled([r for r in neighbours if r not in firm])
        result.titles = self._titled([row for row in near if row not in {*firm, *neighbours}])
        if pointed:
            result.hovered, result.focused = self._hovered(), self.spot(canvas.focused_row)
        return result

    def _near(self) -> list[int]:
        """Rows in view, where they are so few that they can have titles; in an order that panning does not change."""
        points = self.canvas.points
        whole = points.spans(*self.camera.view(self.size))
        if sum(stop - start for start, stop in whole) > 20 * TITLED:
            return []
        places = seen(points, self.camera, self.size, self.canvas.on())
        return sorted(points.order[places].tolist()) if len(places) <= TITLED else []

    def _firm(self, pointed: bool) -> list[int]:
        rows = [self.canvas.focused_row] if pointed and self.canvas.focused_row >= 0 else []
        selected = self.canvas.scene.selection
        return rows + (selected.tolist() if len(selected) <= NAMED else [])

    def _titled(self, rows: list[int]) -> Titled:
        known = self.canvas.titles.of(rows)
        spots = ((self.spot(row), title) for row, title in known.items())
        return [(*spot, title) for spot, title in spots if spot is not None]

    def _rings(self) -> list[tuple[float, float]]:
        selection = self.canvas.scene.selection
        if len(selection) > RINGED:
            return []
        left, top, right, bottom = -9.0, -9.0, self.size[0] + 9, self.size[1] + 9
        spots = (self.spot(row) for row in selection.tolist())
        return [s for s in spots if s is not None and left < s[0] < right and top < s[1] < bottom]

    def _regions(self) -> list[tuple[float, float, str, float]]:
        named = self.canvas.regions
        if not named:
            return []
        unit = self.canvas.points.to_unit(np.array([one[:2] for one in named])).tolist()
        spots = (self.camera.to_screen(x, y, self.size) for x, y in unit)
        return [(*spot, one[2], one[3]) for spot, one in zip(spots, named, strict=True)]

    def _hovered(self) -> tuple[float, float, str] | None:
        spot = self.spot(self.canvas.hovered_row)
        return None if spot is None else (*spot, self._shade(self.canvas.hovered_row))

    def _shade(self, row: int) -> str:
        scene = self.canvas.scene
        return scene.palette.colour(int(scene.categories[row]), self.canvas.theme.colours)


def _like(canvas: MapCanvas, size: QSize, ratio: float) -> Showing:
    """The canvas's view in another size: all that is in view stays in it."""
    now = canvas.extent()
    wanted = float(max(size.width(), 1)), float(max(size.height(), 1))
    growth = min(wanted[0] / now[0], wanted[1] / now[1])
    camera = Camera(canvas.camera.x, canvas.camera.y, canvas.camera.scale * growth)
    return Showing(canvas, camera, wanted, ratio)


def picture(canvas: MapCanvas, size: QSize, ratio: float) -> QImage:
    """The canvas's view as a picture of `size` logical pixels, `ratio` pixels for each."""
    showing = _like(canvas, size, ratio)
    colours = canvas.theme.colours
    result = drawn(canvas.scene, showing.view(), ratio, colours).image().copy()
    result.setDevicePixelRatio(ratio)
    painter = QPainter(result)
    painter.setFont(canvas.font())
    canvas.words.begin()
    paint(painter, showing.told(pointed=False), colours, canvas.words)
    painter.end()
    return result


def drawing(canvas: MapCanvas, size: QSize) -> bytes:
    """The canvas's view as an SVG file: circles and words, not pixels, while there are not too many."""
    showing = _like(canvas, size, 1.0)
    colours = canvas.theme.colours

    def paint_all(painter: QPainter) -> None:
        painter.setFont(canvas.font())
        _dots(painter, showing)
        paint(painter, showing.told(pointed=False), colours, PlainWords())

    return rendered(paint_all, size, ground(colours), "Map", ".svg")


def _dots(painter: QPainter, showing: Showing) -> None:
    canvas, camera, size = showing.canvas, showing.camera, showing.size
    points, scene, colours = canvas.points, canvas.scene, canvas.theme.colours
    places = points.within(*camera.view(size, margin=20))
    places = places if (on := canvas.on()) is None else places[on[places]]
    if len(places) > CIRCLES:
        view = view_of(camera, round(size[0] * 2), round(size[1] * 2), 2.0)
        painter.drawImage(QRectF(0, 0, *size), drawn(scene, view, 2.0, colours).image().copy())
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    entries, radius = scene.entries(colours, 0.0), max(showing.radius(), 0.7)
    faint_first = np.argsort(np.isin(places, scene.marked), kind="stable")
    for place in places[faint_first].tolist():
        painter.setBrush(QColor(int(entries[scene.codes[place]])))
        x, y = camera.to_screen(float(points.x[place]), float(points.y[place]), size)
        painter.drawEllipse(QPointF(x, y), radius, radius)
