"""A chart of curves: the runs of a training over each other, following the theme. pyqtgraph is imported here alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout

from app import wording
from app.charts.lines import Line
from app.charts.series import Span
from app.theme import Colours, Theme
from app.views.elided import Elided

WIDTH = 1.7
MOST_MARKS = 80
"""Of more points than this, marks would be a worm."""
HEIGHT, AXIS_WIDTH = 204, 46
GRID, BEHIND = 36, -1000
"""Opacity of the lines behind the curves (of 255), and where they lie."""
NOTHING = "Nothing was measured yet."
MARKS = {"line": "▬", "faint": "▬", "marks": "●", "area": "■"}
KEY_ZOOM, KEY_PAN = 0.8, 0.1


class Plot(pg.GraphicsView):  # type: ignore[misc] # pyqtgraph is untyped
    """A view box between two axes. The wheel scrolls the page, and zooms only with Ctrl; keys zoom and move.

    Put together here, since `pg.PlotWidget` brings a menu of fifty widgets with each plot, shown or not.

    Signals
    -------
    zoomed(float, float)
        A person chose this part of x.
    reset
        A person wants to see everything.
    """

    zoomed = Signal(float, float)
    reset = Signal()

    def __init__(self, bottom: TimeAxis) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.box = pg.ViewBox(enableMenu=False)
        self.bottom, self.left = bottom, pg.AxisItem("left")
        whole = pg.GraphicsWidget()
        grid = QGraphicsGridLayout(whole)
        grid.setContentsMargins(0, 0, 6, 0)
        grid.setSpacing(0)
        for item, row, column in ((self.left, 0, 0), (self.box, 0, 1), (self.bottom, 1, 1)):
            grid.addItem(item, row, column)
        for axis in (self.left, self.bottom):
            axis.linkToView(self.box)
            axis.setZValue(BEHIND)
        self.setCentralItem(whole)
        self.box.setMouseEnabled(x=True, y=False)
        self.box.disableAutoRange()
        self.box.setDefaultPadding(0)
        self.box.sigRangeChangedManually.connect(self._moved)

    def add(self, item: Any) -> None:
        """Put a curve or a line into it."""
        self.box.addItem(item, ignoreBounds=True)

    def remove(self, item: Any) -> None:
        """Take it out again."""
        self.box.removeItem(item)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom with Ctrl; else leave it to the page."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Show everything."""
        self.reset.emit()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Plus and minus zoom, arrows move, Home shows everything."""
        low, high = self.box.viewRange()[0]
        size, middle = high - low, (low + high) / 2
        key = event.key()
        spans: dict[int, Span] = {
            Qt.Key.Key_Plus: (middle - size * KEY_ZOOM / 2, middle + size * KEY_ZOOM / 2),
            Qt.Key.Key_Minus: (middle - size / KEY_ZOOM / 2, middle + size / KEY_ZOOM / 2),
            Qt.Key.Key_Left: (low - size * KEY_PAN, high - size * KEY_PAN),
            Qt.Key.Key_Right: (low + size * KEY_PAN, high + size * KEY_PAN),
        }
        if key in spans:
            self.zoomed.emit(*spans[key])
        elif key == Qt.Key.Key_Home:
            self.reset.emit()
        else:
            event.ignore()

    def _moved(self) -> None:
        self.zoomed.emit(*self.box.viewRange()[0])


class TimeAxis(pg.AxisItem):  # type: ignore[misc] # pyqtgraph is untyped
    """Steps, or seconds in words."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.in_time = False

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: N802 - theirs
        """`1,500`, `20 k`, or `5 min`."""
        if self.in_time:
            return [wording.took(value) if value > 0 else "0" for value in values]
        if spacing >= 1000:
            return [f"{value / 1000:g} k" if value else "0" for value in values]
        strings: list[str] = super().tickStrings(values, scale, spacing)
        return strings


class CurveChart(QFrame):
    """One chart with its title, its curves, and what they are where the pointer is.

    Parameters
    ----------
    title, note
        What is drawn, and in a few muted words how to read it.
    floor, ceiling
        Values that y always shows; None: as the curves have it.

    Signals
    -------
    hovered(object)
        The pointer is at this x (float); None: it has left.
    zoomed(float, float), reset
        See `Plot`.
    save_wanted
        The button.
    """

    hovered = Signal(object)
    zoomed = Signal(float, float)
    reset = Signal()
    save_wanted = Signal()

    def __init__(
        self, theme: Theme, title: str, note: str = "", tip: str = "", floor: float | None = None,
        ceiling: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.setProperty("role", "card")
        self.title, self._note = title, note
        self._theme, self._floor, self._ceiling = theme, floor, ceiling
        self._items: dict[str, Any] = {}
        self.lines: tuple[Line, ...] = ()
        self._at: float | None = None
        self._told = True
        self.reference: float | None = None
        self.axis = TimeAxis()
        self.plot = Plot(self.axis)
        self.plot.setAccessibleName(f"Chart: {title}")
        self.plot.setAccessibleDescription(tip)
        self.readout = QLabel(self)  # lies over the plot, beside the pointer
        self.save = QToolButton()
        self.nothing = QLabel(NOTHING, self.plot)
        self._chance = pg.InfiniteLine(angle=0, movable=False)
        self._cross = pg.InfiniteLine(angle=90, movable=False)
        self._lay_out(tip)
        self._connect()
        self.dress()

    def _lay_out(self, tip: str) -> None:
        heading = QLabel(self.title)
        heading.setProperty("role", "strong")
        heading.setToolTip(tip)
        note = Elided()
        note.setProperty("role", "small")
        note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        note.set_whole(self._note)
        self.readout.setObjectName("readout")
        self.readout.setTextFormat(Qt.TextFormat.RichText)
        self.readout.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.readout.hide()
        self.save.setToolTip(f"Save this chart: {self.title} (PNG, SVG or CSV)")
        self.save.setAccessibleName(f"Save the chart {self.title}")
        self.save.setIconSize(QSize(15, 15))
        self.save.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._theme.set_icon(self.save, "export")
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(6)
        head.addWidget(heading)
        head.addWidget(note, 1)
        head.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 6, 6, 6)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.plot, 1)
        self.nothing.setProperty("role", "small")
        self.nothing.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.nothing.move(AXIS_WIDTH + 14, 12)
        self.setMinimumWidth(230)
        self.setFixedHeight(HEIGHT)
        for line in (self._chance, self._cross):
            line.setVisible(False)
            self.plot.add(line)

    def _connect(self) -> None:
        self.save.clicked.connect(self.save_wanted)
        self.plot.zoomed.connect(self.zoomed)
        self.plot.reset.connect(self.reset)
        self.plot.scene().sigMouseMoved.connect(self._pointed)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The pointer is gone."""
        super().leaveEvent(event)
        self.hovered.emit(None)

    # -- looks

    @property
    def colours(self) -> Colours:
        """The theme's."""
        return self._theme.colours

    def dress(self) -> None:
        """Put on the theme's colours."""
        colours = self._theme.colours
        self.plot.setBackground(colours.surface)
        font = QFont(self.font())
        font.setPointSizeF(max(font.pointSizeF() * 0.85, 7.0))
        for axis in (self.plot.bottom, self.plot.left):
            axis.setPen(pg.mkPen(colours.border))
            axis.setTextPen(pg.mkPen(colours.muted))
            axis.setStyle(tickFont=font, tickLength=-4, maxTickLevel=0)
            axis.enableAutoSIPrefix(False)
        self.plot.left.setWidth(AXIS_WIDTH)
        self.plot.left.setGrid(GRID)
        self._chance.setPen(pg.mkPen(colours.muted, style=Qt.PenStyle.DashLine))
        self._cross.setPen(pg.mkPen(colours.faint))

    @contextmanager
    def sharp(self, scale: float) -> Iterator[None]:
        """Have curves drawn as lines `scale` times as wide, not as the pixels that are kept of them for the screen."""
        items = list(self._items.values())
        pens = [item.opts["pen"] for item in items]
        for item, pen in zip(items, pens, strict=True):
            item.setCacheMode(item.CacheMode.NoCache)
            _export(item, True)
            if pen is not None:
                item.setPen(_wider(pen, scale))
        try:
            yield
        finally:
            for item, pen in zip(items, pens, strict=True):
                item.setPen(pen)
                _export(item, False)
                item.setCacheMode(item.CacheMode.DeviceCoordinateCache)

    # -- what is shown

    def show_lines(self, lines: Sequence[Line], span: Span | None, in_time: bool = False) -> None:
        """Draw these, later ones over earlier ones, over this part of x."""
        known = {line.key: line for line in self.lines}
        for key in [key for key in self._items if key not in {line.key for line in lines}]:
            self.plot.remove(self._items.pop(key))
        for place, line in enumerate(lines):
            self._draw(line, known.get(line.key), place)
        self.lines = tuple(lines)
        if self.axis.in_time != in_time:
            self.axis.in_time = in_time
            self.axis.picture = None
        self._fit(span)
        self._read_out()

    def show_reference(self, value: float | None) -> None:
        """A dashed line: what would be reached by chance."""
        self.reference = value
        self._chance.setVisible(value is not None)
        if value is not None:
            self._chance.setValue(value)
            self._chance.setToolTip(f"By chance: {value:.3g}")

    def show_at(self, x: float | None, *, told: bool = True) -> None:
        """Mark this x, and where it is `told` read the curves out there; None: nowhere."""
        self._at, self._told = x, told
        self._cross.setVisible(x is not None)
        if x is not None:
            self._cross.setValue(x)
        self._read_out()

    def _draw(self, line: Line, before: Line | None, place: int) -> None:
        item = self._items.get(line.key)
        if item is None:
            marks = line.style == "marks"
            item = self._items[line.key] = pg.PlotDataItem() if marks else pg.PlotCurveItem()
            self.plot.add(item)
            item.setCacheMode(item.CacheMode.DeviceCoordinateCache)
        item.setZValue(place)
        if line.same(before):
            return
        curve, colour = line.curve, QColor(line.colour)
        looks: dict[str, Any] = {
            "pen": _pen(line),
            "antialias": line.style in ("line", "marks"),
            "skipFiniteCheck": True,
        }
        if line.style == "area":
            looks |= {"fillLevel": 0.0, "brush": colour}
        if line.style == "marks":
            few = len(curve.x) <= MOST_MARKS
            looks |= {
                "symbol": "o" if few else None,
                "symbolSize": 5,
                "symbolPen": None,
                "symbolBrush": colour,
            }
        item.setData(curve.x, curve.y, **looks)

    def _fit(self, span: Span | None) -> None:
        """Show that part of x, and as much of y as there is."""
        if span is not None:
            self.plot.box.setXRange(
                *(span if span[1] > span[0] else (span[0] - 1, span[0] + 1)), padding=0.01
            )
        ends = [(float(y.min()), float(y.max())) for y in (one.curve.y for one in self.lines) if len(y)]
        if self.reference is not None and ends:
            ends.append((self.reference, self.reference))
        ends += [(end, end) for end in (self._floor, self._ceiling) if end is not None and ends]
        self.nothing.setVisible(not self.lines)
        if not ends:
            self.plot.box.setYRange(0, 1, padding=0)
        else:
            low, high = min(end[0] for end in ends), max(end[1] for end in ends)
            room = (high - low) * 0.06 or max(abs(high) * 0.1, 1e-6)
            self.plot.box.setYRange(low - (0 if low == self._floor else room), high + room, padding=0)

    def _pointed(self, place: QPointF) -> None:
        inside = self.plot.box.sceneBoundingRect().contains(place)
        self.hovered.emit(float(self.plot.box.mapSceneToView(place).x()) if inside else None)

    def _read_out(self) -> None:
        """What the curves are where the pointer is, on the side where the pointer is not."""
        x = self._at
        shown = [line for line in self.lines if line.name is not None and len(line.curve.x)]
        self.readout.setVisible(x is not None and self._told and bool(shown))
        if x is None or self.readout.isHidden():
            return
        where = wording.took(max(x, 0)) if self.axis.in_time else f"Step {max(round(x), 0):,}"
        self.readout.setText(f"<b>{where}</b><table cellspacing='1'>{_table(shown, x)}</table>")
        self.readout.adjustSize()
        low, high = self.plot.box.viewRange()[0]
        area = self.plot.geometry()
        left = (
            area.left() + AXIS_WIDTH + 10 if x > (low + high) / 2 else area.right() - self.readout.width() - 8
        )
        self.readout.move(max(left, 0), area.top() + 2)
        self.readout.raise_()


def _table(lines: Sequence[Line], x: float) -> str:
    """A row for each run, with what it is at x: on its line, and at its dots."""
    rows: dict[str, list[str]] = {}
    for line in lines:
        mark = f"<span style='color:{line.colour}'>{MARKS[line.style]}</span>"
        rows.setdefault(line.name or "", []).append(
            f"<td>{mark}</td><td align='right'>{_value(line, x)}&nbsp;</td>"
        )
    return "".join(f"<tr>{''.join(cells)}<td>{escape(name)}</td></tr>" for name, cells in rows.items())


def _value(line: Line, x: float) -> str:
    told = line.told or line.curve
    return f"{told.y[int(np.argmin(np.abs(told.x - x)))]:.3g}"


def _export(item: Any, on: bool) -> None:
    """Have a curve and its dots be drawn with all they have."""
    for part in (item, *item.childItems()):
        part.setExportMode(on, {"antialias": True} if on else None)


def _wider(pen: QPen, scale: float) -> QPen:
    wider = QPen(pen)
    wider.setWidthF(pen.widthF() * scale)
    return wider


def _pen(line: Line) -> QPen | None:
    colour = QColor(line.colour)
    if line.style == "area":
        return None
    if line.style == "faint":
        colour.setAlphaF(0.28)
        return pg.mkPen(colour, width=1)  # type: ignore[no-any-return] # pyqtgraph is untyped
    return pg.mkPen(colour, width=WIDTH)  # type: ignore[no-any-return] # as above
