"""Mouse, wheel, touchpad and touch on the map: pan, zoom, point, click, lasso."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QInputDevice, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture

if TYPE_CHECKING:
    from app.map.canvas import MapCanvas

Tool = Literal["pan", "lasso", "rectangle"]

SLOP = 4.0
"""A press that moves less is a click (logical pixels)."""

NOTCH = 1.25
"""How much nearer one notch of the wheel brings the map."""

STEP = 3.0
"""Corners of a lasso are at least so far apart."""


class Gestures:
    """What the pointer is doing."""

    def __init__(self, canvas: MapCanvas) -> None:
        self._canvas = canvas
        self.tool: Tool = "pan"
        self.outline: list[QPointF] = []
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._boxed = False
        self._doing: Literal["", "pan", "lasso", "rectangle"] = ""

    def press(self, event: QMouseEvent) -> None:
        """Begin something, which only a move will decide to be no click."""
        if event.button() in {Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton}:
            self._pressed = self._last = event.position()
            self._boxed = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._doing = ""

    def move(self, event: QMouseEvent) -> None:
        """Go on with it, or point at what is there."""
        here = event.position()
        if self._pressed is None:
            self._canvas.point_at(here)
            return
        if not self._doing and (here - self._pressed).manhattanLength() >= SLOP:
            self._begin(event)
        if self._doing == "pan":
            self._canvas.pan(here.x() - self._last.x(), here.y() - self._last.y())
            self._last = here
        elif self._doing:
            self._draw_outline(here)

    def release(self, event: QMouseEvent) -> None:
        """Finish it."""
        pressed, doing, self._pressed, self._doing = self._pressed, self._doing, None, ""
        if pressed is None:
            return
        outline, self.outline = self.outline, []
        if doing in {"lasso", "rectangle"}:
            self._canvas.gather(outline, event.modifiers())
        elif not doing and event.button() == Qt.MouseButton.LeftButton:
            self._canvas.click(event.position(), event.modifiers())
        self._canvas.dress_pointer()
        self._canvas.update()

    def cancel(self) -> bool:
        """Give up what was being drawn; whether there was any."""
        drawing, self.outline, self._pressed, self._doing = bool(self.outline), [], None, ""
        return drawing

    def wheel(self, event: QWheelEvent) -> None:
        """A wheel zooms about the pointer; two fingers on a touchpad pan, and zoom with Ctrl."""
        fine, turn = event.pixelDelta(), event.angleDelta().y() or event.angleDelta().x()
        touchpad = event.device().type() == QInputDevice.DeviceType.TouchPad
        if touchpad and not fine.isNull() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._canvas.pan(fine.x(), fine.y())
        elif turn:
            self._canvas.zoom(NOTCH ** (turn / 120), event.position(), ms=0 if touchpad else 140)
        event.accept()

    def native(self, event: QNativeGestureEvent) -> bool:
        """Fingers on a touchpad; whether this is one of ours."""
        kind = event.gestureType()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            self._canvas.zoom(max(1 + event.value(), 0.1), event.position(), ms=0)
        elif kind == Qt.NativeGestureType.SmartZoomNativeGesture:
            self._canvas.zoom(2.5, event.position())
        elif kind == Qt.NativeGestureType.PanNativeGesture:
            self._canvas.pan(event.delta().x(), event.delta().y())
        else:
            return False
        return True

    def pinch(self, event: QGestureEvent) -> bool:
        """Two fingers on a screen; whether this is one of ours."""
        pinch = event.gesture(Qt.GestureType.PinchGesture)
        if not isinstance(pinch, QPinchGesture):
            return False
        self.cancel()
        self._canvas.zoom(pinch.scaleFactor(), pinch.centerPoint(), ms=0)
        event.accept(pinch)
        return True

    @property
    def busy(self) -> bool:
        """Whether something is being dragged or drawn."""
        return bool(self._doing)

    def _begin(self, event: QMouseEvent) -> None:
        assert self._pressed is not None
        left = bool(event.buttons() & Qt.MouseButton.LeftButton)
        boxed = self.tool == "pan" and self._boxed
        self._doing = "rectangle" if left and boxed else self.tool if left else "pan"
        self.outline = [] if self._doing == "pan" else [self._pressed]
        self._last = self._pressed
        self._canvas.leave_point()
        self._canvas.dress_pointer()

    def _draw_outline(self, here: QPointF) -> None:
        first = self.outline[0]
        if self._doing == "rectangle":
            self.outline = [first, QPointF(here.x(), first.y()), here, QPointF(first.x(), here.y())]
        elif (here - self.outline[-1]).manhattanLength() >= STEP:
            self.outline.append(here)
        self._canvas.update()
