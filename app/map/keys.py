"""The keyboard on the map: arrows pan or walk, plus and minus zoom, Enter chooses, Escape lets go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from app.map.walk import stops, toward

if TYPE_CHECKING:
    from app.map.canvas import MapCanvas

ARROWS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip
NEARER = (Qt.Key.Key_Plus, Qt.Key.Key_Equal)
FARTHER = (Qt.Key.Key_Minus, Qt.Key.Key_Underscore)
FIT = (Qt.Key.Key_0, Qt.Key.Key_Home)
CHOOSE = (Qt.Key.Key_Return, Qt.Key.Key_Enter)

STRIDE, FACTOR = 0.12, 1.5
"""What part of the window an arrow moves the map by; how much nearer a key brings it."""

EDGE = 48.0
"""A point the keyboard is at stays so far inside (logical pixels)."""


class Keys:
    """Where the keyboard is among the points.

    Attributes
    ----------
    row
        The point it is at; -1: none, the arrows pan.
    """

    def __init__(self, canvas: MapCanvas) -> None:
        self._canvas = canvas
        self.row = -1
        self._stops: list[int] = []

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key asks for; False: it is none of the map's."""
        key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        others = modifiers & ~Qt.KeyboardModifier.ShiftModifier
        if key in CHOOSE:
            self._choose(modifiers)
        elif others or not len(self._canvas.points.x):
            return False
        elif key in ARROWS:
            self._arrow(ARROWS[key], walk=self.row >= 0 and not modifiers)
        elif key in (*NEARER, *FARTHER):
            self._canvas.zoom(FACTOR if key in NEARER else 1 / FACTOR)
        elif key in FIT:
            self._canvas.fit()
        elif key == Qt.Key.Key_Escape:
            self._let_go()
        else:
            return False
        return True

    def tab(self, forward: bool) -> bool:
        """To the next point in view, nearest to the middle first; False: there is none, or none was begun with."""
        if self.row < 0 or self.row not in self._stops:
            return False
        place = self._stops.index(self.row) + (1 if forward else -1)
        if not 0 <= place < len(self._stops):
            self.stop()
            return False
        self._go(self._stops[place])
        return True

    def stop(self) -> None:
        """The keyboard is at no point."""
        self.row, self._stops = -1, []
        self.speak()
        self._canvas.update()

    def speak(self) -> None:
        """Say which point it is, by its title as soon as that is known."""
        if self.row < 0:
            self._canvas.speak("")
            return
        title = self._canvas.titles.of([self.row]).get(self.row, "")
        self._canvas.speak(title or f"Point {self.row + 1:,}")

    def _choose(self, modifiers: Qt.KeyboardModifier) -> None:
        if self.row >= 0:
            self._canvas.clicked.emit(self.row, modifiers)
            return
        self._look_around()
        if self._stops:
            self._go(self._stops[0])

    def _look_around(self) -> None:
        canvas = self._canvas
        self._stops = stops(canvas.points, canvas.camera, canvas.extent(), canvas.on())

    def _arrow(self, direction: tuple[int, int], *, walk: bool) -> None:
        canvas = self._canvas
        if not walk:
            wide, high = canvas.extent()
            stride = STRIDE * min(wide, high)
            canvas.fly_to(canvas.camera.panned(-direction[0] * stride, -direction[1] * stride), 120)
            return
        row = toward(canvas.points, self.row, direction, canvas.camera, canvas.extent(), canvas.on())
        if row != self.row:
            self._go(row)
            self._look_around()

    def _go(self, row: int) -> None:
        self.row = row
        spot, (wide, high) = self._canvas.spot(row), self._canvas.extent()
        if spot is not None and not (EDGE <= spot[0] <= wide - EDGE and EDGE <= spot[1] <= high - EDGE):
            self._canvas.fly_to(self._canvas.camera.panned(wide / 2 - spot[0], high / 2 - spot[1]), 200)
        self.speak()
        self._canvas.update()

    def _let_go(self) -> None:
        if self.row >= 0:
            self.stop()
        else:
            self._canvas.cleared.emit()
