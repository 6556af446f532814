"""The kept picture of the points: drawn anew where something changed, moved where the map was only dragged."""

from __future__ import annotations

from PySide6.QtGui import QColor, QImage

from app.map.camera import Camera
from app.map.cloud import spread
from app.map.palette import ground
from app.map.raster import Sheet, View
from app.map.scene import Dots, Scene
from app.theme import Colours


def view_of(camera: Camera, width: int, height: int, ratio: float) -> View:
    """What a camera sees on a picture of that size in pixels of the device."""
    return View(camera.x, camera.y, camera.scale * ratio, width, height)


def drawn(scene: Scene, view: View, ratio: float, colours: Colours) -> Sheet:
    """A picture of its own."""
    sheet = Sheet(view.width, view.height)
    _fill(sheet, scene, view, colours, view.width)
    scene.draw(sheet, view, scene.dots(view, ratio), colours)
    return sheet


def _fill(sheet: Sheet, scene: Scene, view: View, colours: Colours, wide: int) -> None:
    """What is behind the points; `wide`: of the whole picture, of which this may be a strip."""
    sheet.flat.fill(QColor(ground(colours)).rgb())
    behind = scene.cloud(colours)
    if behind is not None:
        spread(behind, sheet, view, wide)


class Frame:
    """One picture that is used again as long as it is right."""

    def __init__(self) -> None:
        self._sheet, self._spare = Sheet(1, 1), Sheet(1, 1)
        self._key: tuple[object, ...] = ()
        self._view = View(0, 0, 1, 1, 1)
        self.drawn = 0
        self.moved = 0

    def image(self, scene: Scene, view: View, ratio: float, colours: Colours) -> QImage:
        """The picture, in the frame's own memory: it is good until the next call."""
        dots = scene.dots(view, ratio)
        key = (scene.version, dots, ratio, colours.name, view.scale, view.width, view.height)
        shift = self._shift(view) if key == self._key else None
        if shift is None:
            self._draw(scene, view, dots, colours)
        elif shift != (0, 0):
            self._move(scene, view, dots, colours, *shift)
        self._key, self._view = key, view
        image = self._sheet.image()
        image.setDevicePixelRatio(ratio)
        return image

    def _shift(self, view: View) -> tuple[int, int] | None:
        """By how many whole pixels the map has moved; None: not by whole ones, or nearly out of the picture."""
        right, down = (self._view.x - view.x) * view.scale, (self._view.y - view.y) * view.scale
        whole = round(right), round(down)
        if max(abs(right - whole[0]), abs(down - whole[1])) > 0.01:
            return None
        near = abs(whole[0]) < view.width * 0.6 and abs(whole[1]) < view.height * 0.6
        return whole if near else None

    def _draw(self, scene: Scene, view: View, dots: Dots, colours: Colours) -> None:
        if (self._sheet.width, self._sheet.height) != (view.width, view.height):
            self._sheet, self._spare = Sheet(view.width, view.height), Sheet(view.width, view.height)
        _fill(self._sheet, scene, view, colours, view.width)
        scene.draw(self._sheet, view, dots, colours)
        self.drawn += 1

    def _move(self, scene: Scene, view: View, dots: Dots, colours: Colours, right: int, down: int) -> None:
        """Copy what stays in the picture and draw the strips that came into it."""
        source, target = self._sheet.inner, self._spare.inner
        height, width = target.shape
        target[_kept(down, height), _kept(right, width)] = source[_kept(-down, height), _kept(-right, width)]
        for box in _strips(right, down, width, height):
            self._strip(scene, view, dots, colours, box)
        self._sheet, self._spare = self._spare, self._sheet
        self.moved += 1

    def _strip(
        self, scene: Scene, view: View, dots: Dots, colours: Colours, box: tuple[int, int, int, int]
    ) -> None:
        left, top, right, bottom = box
        across, along = (left + right - view.width) / 2, (top + bottom - view.height) / 2
        part = View(
            view.x + across / view.scale, view.y + along / view.scale, view.scale, right - left, bottom - top
        )
        strip = Sheet(part.width, part.height)
        _fill(strip, scene, part, colours, view.width)
        scene.draw(strip, part, dots, colours)
        self._spare.inner[top:bottom, left:right] = strip.inner


def _kept(shift: int, length: int) -> slice:
    return slice(max(shift, 0), length + min(shift, 0))


def _strips(right: int, down: int, width: int, height: int) -> list[tuple[int, int, int, int]]:
    """(left, top, right, bottom) of what was outside before the map moved by so many pixels."""
    boxes = []
    if right:
        boxes.append((0, 0, right, height) if right > 0 else (width + right, 0, width, height))
    if down:
        boxes.append((0, 0, width, down) if down > 0 else (0, height + down, width, height))
    return boxes
