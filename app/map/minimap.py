"""All of the map in a corner, with a frame around what is in view; dragging the frame moves the view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from app.map import raster
from app.map.camera import Camera, Size
from app.map.frame import view_of
from app.map.palette import ground
from app.map.raster import Sheet

if TYPE_CHECKING:
    from app.map.canvas import MapCanvas

ROOM = QSize(176, 128)
"""The largest it may be (logical pixels)."""

SHARE = 0.22
"""Of the canvas's width at most."""

LEAST = QSize(420, 340)
"""On a smaller canvas there is no room for it."""

MARGIN, ROUNDED = 12, 6

NEEDED = 1.5
"""It shows itself where the view is so much nearer than the view of all."""

DRAWN = 60_000
"""Of more points than this a fair sample is drawn; here a pixel stands for many."""


class Minimap(QWidget):
    """A child of a canvas, for the pointer alone: the canvas's keys do all that it does."""

    def __init__(self, canvas: MapCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._wanted = True
        self._kept: tuple[tuple[object, ...], QPixmap] = ((), QPixmap())
        self._held: QPointF | None = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip("All of the map; drag the frame to move the view.")
        self.setAccessibleName("Overview of the map")
        self.hide()
        canvas.camera_changed.connect(self.follow)

    def set_wanted(self, wanted: bool) -> None:
        """Whether it may show itself."""
        self._wanted = wanted
        self.follow()

    def follow(self) -> None:
        """The view, the points or the room for them have changed."""
        near = self._canvas.camera.scale > self._canvas.whole().scale * NEEDED
        room = self._canvas.width() >= LEAST.width() and self._canvas.height() >= LEAST.height()
        self.setVisible(self._wanted and near and room and len(self._canvas.points.x) > 0)
        if self.isVisible():
            size = self._fitting()
            self.setGeometry(
                MARGIN, self._canvas.height() - size.height() - MARGIN, size.width(), size.height()
            )
            self.update()

    def camera(self) -> Camera:
        """What sees all of the map here."""
        return Camera.fitted(self._canvas.scene.core, self._extent())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and argument
        """The kept picture, and the frame."""
        colours = self._canvas.theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), ROUNDED, ROUNDED)
        painter.setClipPath(outline)
        painter.drawPixmap(0, 0, self._picture())
        frame, shade = self._frame(), QPainterPath()
        shade.addRect(QRectF(self.rect()))
        shade.addRect(frame)
        veil = QColor(colours.window)
        veil.setAlphaF(0.55)
        painter.fillPath(shade, veil)
        painter.setPen(QPen(QColor(colours.accent), 1.5))
        painter.drawRoundedRect(frame, 2, 2)
        painter.setClipping(False)
        painter.setPen(QColor(colours.border))
        painter.drawPath(outline)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take the frame, or look at the place that is clicked."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        frame, here = self._frame(), event.position()
        inside = frame.adjusted(-4, -4, 4, 4).contains(here)
        self._held = here - frame.center() if inside else QPointF()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self._look(here)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag the frame."""
        if self._held is not None:
            self._look(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002, N802 - Qt's name and argument
        """Let go."""
        self._held = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def _look(self, here: QPointF) -> None:
        assert self._held is not None
        x, y = self.camera().to_map(here.x() - self._held.x(), here.y() - self._held.y(), self._extent())
        self._canvas.set_camera(Camera(x, y, self._canvas.camera.scale))

    def _extent(self) -> Size:
        return float(max(self.width(), 1)), float(max(self.height(), 1))

    def _fitting(self) -> QSize:
        """As wide or as high as there is room for, in the proportions of the map."""
        left, top, right, bottom = self._canvas.scene.core
        proportion = max(min((right - left) / max(bottom - top, 1e-6), 2.5), 0.5)
        wide = min(float(ROOM.width()), ROOM.height() * proportion, self._canvas.width() * SHARE)
        return QSize(round(wide), round(wide / proportion))

    def _frame(self) -> QRectF:
        left, top, right, bottom = self._canvas.camera.view(self._canvas.extent())
        camera, size = self.camera(), self._extent()
        corner, end = camera.to_screen(left, top, size), camera.to_screen(right, bottom, size)
        return QRectF(QPointF(*corner), QPointF(*end)).intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2))

    def _picture(self) -> QPixmap:
        """Drawn anew where the points look different; not for each step of their way to another map."""
        scene, colours, ratio = self._canvas.scene, self._canvas.theme.colours, self.devicePixelRatioF()
        key = (scene.version, colours.name, self.size(), ratio)
        if key != self._kept[0] and (scene.moving is None or self._kept[1].isNull()):
            self._kept = (key, self._drawn(ratio))
        return self._kept[1]

    def _drawn(self, ratio: float) -> QPixmap:
        scene, colours = self._canvas.scene, self._canvas.theme.colours
        view = view_of(self.camera(), round(self.width() * ratio), round(self.height() * ratio), ratio)
        sheet = Sheet(view.width, view.height)
        sheet.flat.fill(QColor(ground(colours)).rgb())
        part = slice(None, None, max(len(scene.points.x) // DRAWN, 1))
        codes = scene.codes[part]
        shown = np.ones(len(codes), np.bool_) if (on := self._canvas.on()) is None else on[part]
        at = raster.pixels(scene.points.x[part][shown], scene.points.y[part][shown], view, sheet.stride)
        few = len(scene.points.x) < 3_000
        hues = scene.entries(colours, 0.4)[codes[shown]]
        raster.blocks(sheet, at, hues, round((2 if few else 1) * ratio))
        result = QPixmap.fromImage(sheet.image().copy())
        result.setDevicePixelRatio(ratio)
        return result
