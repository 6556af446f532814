"""The map as a widget: a million points to pan, zoom, point at, walk through and gather."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEasingCurve, QEvent, QPoint, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QSizePolicy, QWidget

from app.map.camera import Camera, Size
from app.map.flight import Flight
from app.map.frame import Frame
from app.map.gather import inside
from app.map.gestures import Gestures, Tool
from app.map.keys import Keys
from app.map.minimap import Minimap
from app.map.morph import Morph
from app.map.overlay import paint
from app.map.palette import Palette
from app.map.points import Points
from app.map.scene import Scene
from app.map.showing import Showing, drawing, picture
from app.map.text import Words
from app.map.titles import Titles
from app.theme import Theme

Region = tuple[float, float, str, float]
"""x and y as positions were given, a name, and its weight against the others."""

REACH = 7.0
"""A dot is pointed at from so far beyond its rim (logical pixels)."""

MAP_FLIGHT_MS, ZOOM_FLIGHT_MS = 350, 140

WORDS_S = 0.006
"""A frame spends so long on words that were never drawn before."""


class MapCanvas(QWidget):
    """Points on a plane; knows rows and categories, not what they stand for.

    Signals
    -------
    hovered(int, QPoint)
        The row under the pointer, and where its dot is in the widget; -1: none.
    clicked(int, object)
        A row was clicked, or Enter pressed on it, with these keyboard modifiers.
    opened(int)
        A row was clicked twice.
    gathered(object, object)
        The rows (m,) inside a lasso or a rectangle, and the keyboard modifiers.
    cleared
        Escape, or a click on nothing: the selection should go.
    camera_changed
        Another part of the map is in view.
    """

    hovered = Signal(int, QPoint)
    clicked = Signal(int, object)
    opened = Signal(int)
    gathered = Signal(object, object)
    cleared = Signal()
    camera_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.scene = Scene()
        self.frame = Frame()
        self.words = Words()
        self.titles = Titles(self.update)
        self.regions: Sequence[Region] = ()
        self.lines: tuple[int, list[int]] = (-1, [])
        self.hovered_row = -1
        self._camera = Camera()
        self._fitted = True
        self._words_due = QTimer(self, singleShot=True, interval=0)
        self._words_due.timeout.connect(self.update)
        self._gestures, self._keys = Gestures(self), Keys(self)
        self._flight = Flight(self, QEasingCurve.Type.OutCubic)
        self._goal: Camera | None = None
        self._morph = Morph(self)
        self.minimap = Minimap(self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setAccessibleName("Map")
        theme.changed.connect(self.update)

    # -- what it shows

    @property
    def points(self) -> Points:
        """The points, as they will lie when nothing moves any more."""
        return self.scene.points

    def set_points(self, points: Points) -> None:
        """Other points; the view stays where it is unless all were in view."""
        self._morph.stop()
        self._replace(points)
        self._changed()
        if self._fitted:
            self.fit(ms=0)

    def set_colours(self, categories: ArrayLike, palette: Palette) -> None:
        """A category (n,) uint8 of `palette` for each row.

        Raises
        ------
        ValueError
            There are not as many as there are rows.
        """
        self.scene.set_colours(categories, palette)
        self._changed()

    def set_alpha_off(self, categories: ArrayLike) -> None:
        """Categories whose points are neither drawn nor found."""
        self.scene.set_off(categories)
        self._changed()

    def set_highlight(self, rows: ArrayLike | None) -> None:
        """Let rows stand out, as those a search has found; None: all are alike again."""
        self.scene.set_highlight(rows)
        self._changed()

    def set_selection(self, rows: ArrayLike) -> None:
        """The selected rows."""
        self.scene.set_selection(rows)
        self._changed()

    def set_lines(self, row: int, rows: ArrayLike = ()) -> None:
        """Lines from a row to others, its true neighbours; row -1: none."""
        self.lines = (row, np.asarray(rows, np.int64).ravel().tolist())
        self.update()

    def set_titles(self, ask: Callable[[list[int]], Sequence[str] | None] | None) -> None:
        """Who knows the titles of rows: called on the GUI thread with the few rows in need of one.

        None as its answer means that `titles_ready` will be called.
        """
        self.titles.set_source(ask)

    def titles_ready(self, rows: Sequence[int], titles: Sequence[str]) -> None:
        """Titles that were asked for."""
        self.titles.put(rows, titles)
        self._keys.speak()

    def set_regions(self, regions: Sequence[Region]) -> None:
        """Names of parts of the map."""
        self.regions = tuple(regions)
        self.update()

    def morph_to(self, xy: ArrayLike | Points, ms: int = 600) -> None:
        """Let the points go to other positions of the same rows.

        Parameters
        ----------
        xy
            (n, 2), or, above some 50,000 rows, points that were built in a thread.

        Raises
        ------
        ValueError
            There are not as many as there are rows.
        """
        points = xy if isinstance(xy, Points) else Points.build(xy)
        if points.n != self.points.n:
            raise ValueError(f"{points.n} positions for {self.points.n} points")
        self._morph.start(points, ms)

    def _replace(self, points: Points) -> None:
        if points.n != self.points.n:
            self.titles.forget()
            self.lines, self.regions = (-1, []), ()
            self._keys.stop()
        self.scene.set_points(points)
        self.leave_point()
        self.setAccessibleName(f"Map of {points.n:,} points" if points.n else "Map without points")

    def _changed(self) -> None:
        self.minimap.follow()
        self.update()

    def on(self) -> NDArray[np.bool_] | None:
        """(places,): which points are drawn; None: all."""
        return self.scene.on()

    # -- the view

    @property
    def camera(self) -> Camera:
        """What is in view now."""
        return self._camera

    def set_camera(self, camera: Camera) -> None:
        """Look at this at once."""
        self._flight.stop()
        self._goal, self._fitted = None, False
        self._look(camera)

    def fit(self, ms: int = MAP_FLIGHT_MS) -> None:
        """All points in view, but for a few stragglers."""
        self.fly_to(self.whole(), ms)
        self._fitted = True

    def whole(self) -> Camera:
        """The view of all points."""
        return Camera.fitted(self.scene.core, self.extent())

    def centre_on(self, row: int, ms: int = MAP_FLIGHT_MS) -> None:
        """Bring a row to the middle, nearer if all is in view."""
        spot = self.points.at(row)
        if spot is not None:
            near = max((self._goal or self._camera).scale, self.whole().scale * 2)
            self.fly_to(Camera(*spot, near), ms)

    def fly_to(self, camera: Camera, ms: int = MAP_FLIGHT_MS) -> None:
        """Go there, on a short way that the eye can follow."""
        start, end = self._camera, camera.limited(self.points.bounds(), self.extent())
        self._goal, self._fitted = end, False
        self._flight.fly(ms, lambda share: self._look(start.between(end, share) if share < 1 else end))

    def pan(self, right: float, down: float) -> None:
        """Move the map by logical pixels."""
        self.set_camera(self._camera.panned(right, down))

    def zoom(self, factor: float, at: QPointF | None = None, ms: int = ZOOM_FLIGHT_MS) -> None:
        """Nearer by `factor`; what is under `at` (the middle) stays there."""
        spot = (at.x(), at.y()) if at is not None else (self.width() / 2, self.height() / 2)
        flying = self._flight.state() == Flight.State.Running
        start = self._goal if self._goal is not None and flying else self._camera
        self.fly_to(start.zoomed(factor, spot, self.extent()), ms)

    def _look(self, camera: Camera) -> None:
        limited = camera.limited(self.points.bounds(), self.extent())
        if limited != self._camera:
            self._camera = limited
            self.camera_changed.emit()
            self.update()

    def extent(self) -> Size:
        """Width and height in logical pixels."""
        return float(max(self.width(), 1)), float(max(self.height(), 1))

    def showing(self) -> Showing:
        """What is seen now."""
        return Showing(self, self._camera, self.extent(), self.devicePixelRatioF())

    def spot(self, row: int) -> tuple[float, float] | None:
        """Where a row's dot is in the widget, even if that is out of view; None: nowhere."""
        return self.showing().spot(row)

    def in_view(self, row: int) -> bool:
        """Whether a row's dot is in view, or will be when nothing moves any more."""
        spot, (width, height) = self.points.at(row), self.extent()
        if spot is None:
            return False
        camera = self.whole() if self._fitted else self._goal or self._camera
        x, y = camera.to_screen(*spot, self.extent())
        return 0 <= x <= width and 0 <= y <= height

    def arrive(self, points: Points, camera: Camera) -> None:
        """Take the points of another map, seen as they would have been seen on this one."""
        fitted = self._fitted
        self._flight.stop()
        self._camera, self._goal = camera, None
        self._replace(points)
        if fitted:
            self.fit()
        self.camera_changed.emit()

    # -- tools

    def set_tool(self, tool: Tool) -> None:
        """What dragging does: `pan`, `lasso` or `rectangle` (also Shift and dragging)."""
        self._gestures.tool = tool
        self.dress_pointer()

    @property
    def tool(self) -> Tool:
        """What dragging does."""
        return self._gestures.tool

    def row_at(self, position: QPointF | QPoint) -> int:
        """The row under a position in the widget; -1: none."""
        x, y = self._camera.to_map(position.x(), position.y(), self.extent())
        return self.points.nearest(x, y, (self.showing().radius() + REACH) / self._camera.scale, self.on())

    def point_at(self, position: QPointF) -> None:
        """The pointer is there."""
        self._hover(-1 if self._morph.running else self.row_at(position))

    def leave_point(self) -> None:
        """The pointer is at no point."""
        self._hover(-1)

    def click(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """A click there."""
        row = self.row_at(position)
        if row < 0:
            self.cleared.emit()
        else:
            self.clicked.emit(row, modifiers)

    def gather(self, outline: Sequence[QPointF], modifiers: Qt.KeyboardModifier) -> None:
        """An outline has been drawn."""
        rows = inside(self.points, outline, self._camera, self.extent(), self.on())
        self.gathered.emit(rows, modifiers)

    def dress_pointer(self) -> None:
        """The pointer tells what dragging does, and whether there is something to click."""
        shape = Qt.CursorShape
        if self._gestures.tool != "pan":
            self.setCursor(shape.CrossCursor)
        elif self._gestures.busy:
            self.setCursor(shape.ClosedHandCursor if not self._gestures.outline else shape.CrossCursor)
        else:
            self.setCursor(shape.PointingHandCursor if self.hovered_row >= 0 else shape.ArrowCursor)

    def _hover(self, row: int) -> None:
        if row == self.hovered_row:
            return
        self.hovered_row = row
        spot = self.spot(row)
        self.hovered.emit(row, QPoint(round(spot[0]), round(spot[1])) if spot else QPoint())
        self.dress_pointer()
        self.update()

    # -- drawing

    def picture(self, size: QSize, ratio: float = 1.0) -> QImage:
        """What is in view as a picture of `size` logical pixels, `ratio` pixels of it for each."""
        return picture(self, size, ratio)

    def drawing(self, size: QSize) -> bytes:
        """What is in view as an SVG file."""
        return drawing(self, size)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and argument
        """The kept picture of the points, and over it what is said of them."""
        showing, colours = self.showing(), self.theme.colours
        painter = QPainter(self)
        painter.drawImage(0, 0, self.frame.image(self.scene, showing.view(), showing.ratio, colours))
        self.words.begin(WORDS_S)
        paint(painter, showing.told(self._gestures.outline), colours, self.words)
        painter.end()
        if self.words.behind:
            self._words_due.start()

    @property
    def focused_row(self) -> int:
        """Where the keyboard is; -1: at no point."""
        return self._keys.row

    def speak(self, told: str) -> None:
        """What a screen reader says of the point the keyboard is at."""
        if told != self.accessibleDescription():
            self.setAccessibleDescription(told)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    # -- events

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide."""
        return QSize(900, 600)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """All stays in view if it was."""
        super().resizeEvent(event)
        if self._fitted:
            self.fit(ms=0)
        self.minimap.follow()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin to drag or to click."""
        self._gestures.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag, or point."""
        self._gestures.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Click, or finish the drag."""
        self._gestures.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Open what is there; nearer where nothing is."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        row = self.row_at(event.position())
        if row >= 0:
            self.opened.emit(row)
        else:
            self.zoom(2.0, event.position(), MAP_FLIGHT_MS)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom or pan."""
        self._gestures.wheel(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The pointer is elsewhere."""
        super().leaveEvent(event)
        self.leave_point()

    def event(self, event: QEvent) -> bool:
        """Fingers on a touchpad or a screen go the way of the mouse."""
        if isinstance(event, QNativeGestureEvent) and self._gestures.native(event):
            return True
        if isinstance(event, QGestureEvent) and self._gestures.pinch(event):
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Pan, zoom, walk from point to point."""
        if event.key() == Qt.Key.Key_Escape and self._gestures.cancel():
            self.update()
        elif not self._keys.press(event):
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 - Qt's name and argument
        """Tab goes through the points while the keyboard is at one, then on to the next widget."""
        return self._keys.tab(forward) or super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show where the keyboard is."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """The keyboard is elsewhere."""
        super().focusOutEvent(event)
        self.update()
