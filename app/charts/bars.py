"""A chart of bars: encoders against each other in one figure, with intervals; mouse and keyboard."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from app.charts import bar_drawing
from app.charts.bar_drawing import Bars, Layout, Sign
from app.theme import Colours, Theme
from app.views.elided import Elided

MOVES = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class BarPlot(QWidget):
    """The bars alone.

    Signals
    -------
    picked(str)
        A bar was clicked, or the keyboard went to it.
    opened(str)
        A double click on it, or Enter.
    """

    picked = Signal(str)
    opened = Signal(str)

    def __init__(self, theme: Theme, bars: Bars) -> None:
        super().__init__()
        self._theme, self.bars = theme, bars
        self.chosen = ""
        self._hovered = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._speak()

    def show_bars(self, bars: Bars, chosen: str) -> None:
        """Draw these; the bar `chosen` is marked."""
        if (bars, chosen) != (self.bars, self.chosen):
            taller = bars.height != self.bars.height
            self.bars, self.chosen = bars, chosen
            self._speak()
            if taller:
                self.updateGeometry()
            self.update()

    @property
    def colours(self) -> Colours:
        """The theme's."""
        return self._theme.colours

    def layout_of_bars(self) -> Layout:
        """Where everything lies now."""
        return Layout(self.bars, QRectF(self.rect()), self.font())

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A line for each bar."""
        return QSize(320, round(self.bars.height))

    def _speak(self) -> None:
        """What is read out: the chart, and the chosen bar."""
        self.setAccessibleName(f"Chart: {self.bars.title}")
        bar = next((bar for bar in self.bars.bars if bar.key == self.chosen), None)
        self.setAccessibleDescription(bar.tip if bar is not None else self.bars.note)

    # -- events

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        """All of it: there is not much."""
        painter = QPainter(self)
        if self.hasFocus() and all(bar.key != self.chosen for bar in self.bars.bars):
            painter.setPen(QColor(self._theme.colours.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        bar_drawing.draw(
            painter, self.layout_of_bars(), self._theme.colours, chosen=self.chosen, hovered=self._hovered,
            focus=self.hasFocus(),
        )  # fmt: skip
        painter.end()

    def event(self, event: QEvent) -> bool:
        """The pointer's rest tells nothing more than its move did."""
        return event.type() == QEvent.Type.ToolTip or super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Tell everything about the bar below the pointer."""
        place = self.layout_of_bars().bar_at(event.position())
        if place != self._hovered:
            self._hovered = place
            self.update()
            at = event.globalPosition().toPoint() + QPoint(14, 12)
            QToolTip.showText(at, self.bars.bars[place].tip if place >= 0 else "", self)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing is below the pointer."""
        super().leaveEvent(event)
        self._hovered = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Choose."""
        self._choose(self.layout_of_bars().bar_at(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Open."""
        if self.layout_of_bars().bar_at(event.position()) >= 0:
            self.opened.emit(self.chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows go from bar to bar, Home and End to the ends, Enter opens."""
        keys = [bar.key for bar in self.bars.bars]
        now = keys.index(self.chosen) if self.chosen in keys else -1
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and now >= 0:
            self.opened.emit(self.chosen)
        elif key in MOVES and keys:
            self._choose(min(max(now + MOVES[key], 0), len(keys) - 1))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and keys:
            self._choose(0 if key == Qt.Key.Key_Home else len(keys) - 1)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show where the keyboard is."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """It is elsewhere."""
        super().focusOutEvent(event)
        self.update()

    def _choose(self, place: int) -> None:
        if place >= 0:
            self.chosen = self.bars.bars[place].key
            self._speak()
            self.update()
            self.picked.emit(self.chosen)


class BarChart(QFrame):
    """The bars in a frame, with a title and a note on how to read them.

    Signals
    -------
    picked(str, str), opened(str, str)
        As `BarPlot`, with the chart's key first.
    """

    picked = Signal(str, str)
    opened = Signal(str, str)

    def __init__(self, theme: Theme, bars: Bars) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.plot = BarPlot(theme, bars)
        self.title, self.note = Elided(), Elided()
        self.title.setProperty("role", "strong")
        self.note.setProperty("role", "small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 6)
        layout.setSpacing(1)
        for widget in (self.title, self.note):
            layout.addWidget(widget)
        layout.addSpacing(4)
        layout.addWidget(self.plot)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.plot.picked.connect(lambda key: self.picked.emit(self.plot.bars.key, key))
        self.plot.opened.connect(lambda key: self.opened.emit(self.plot.bars.key, key))
        self.show_bars(bars, "")

    def show_bars(self, bars: Bars, chosen: str) -> None:
        """Draw these; the bar `chosen` is marked."""
        self.title.set_whole(bars.title)
        self.note.set_whole(bars.note)
        self.setToolTip(bars.tip)
        self.plot.show_bars(bars, chosen)


class Legend(QWidget):
    """What the signs mean."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.signs: tuple[Sign, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_signs(self, signs: Sequence[Sign]) -> None:
        """Explain these."""
        self.signs = tuple(signs)
        self.setAccessibleName("Legend: " + ", ".join(sign.text for sign in signs))
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """It breaks into lines."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """As many lines as it takes."""
        rows = bar_drawing.rows_of_signs(self.signs, small(self.font()), width)
        return round(len(rows) * bar_drawing.ROW)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as it is."""
        return QSize(320, self.heightForWidth(max(self.width(), 320)))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        """All signs."""
        painter = QPainter(self)
        bar_drawing.draw_signs(
            painter, QRectF(self.rect()), self.signs, small(self.font()), self._theme.colours
        )
        painter.end()


def small(font: QFont) -> QFont:
    """As labels with the role `small` have it."""
    result = QFont(font)
    result.setPointSizeF(max(font.pointSizeF() * 0.85, 6.0))
    return result


def sheet(
    charts: Sequence[Bars], signs: Sequence[Sign], font: QFont, colours: Colours, width: float, columns: int
) -> Sheet:
    """All charts on one page, as they stand on the screen, with the legend below; for a picture."""
    return Sheet(tuple(charts), tuple(signs), font, colours, width, max(columns, 1))


class Sheet:
    """Charts side by side; measured when made, painted anywhere, in any thread."""

    HEAD, MARGIN, SPACE = 42.0, 16.0, 18.0

    def __init__(
        self, charts: tuple[Bars, ...], signs: tuple[Sign, ...], font: QFont, colours: Colours, width: float,
        columns: int,
    ) -> None:  # fmt: skip
        self._charts, self._signs, self._font, self._colours = charts, signs, QFont(font), colours
        self._wide = (width - 2 * self.MARGIN - (columns - 1) * self.SPACE) / columns
        self._rows = [charts[start : start + columns] for start in range(0, len(charts), columns)]
        self._heights = [max(chart.height for chart in row) + self.HEAD + self.SPACE for row in self._rows]
        self._inner = width - 2 * self.MARGIN
        lines = len(bar_drawing.rows_of_signs(signs, small(font), self._inner)) if signs else 0
        height = sum(self._heights) + lines * bar_drawing.ROW + 2 * self.MARGIN
        self.size = QSize(round(width), round(height))

    def paint(self, painter: QPainter) -> None:
        """Draw all of it."""
        top = self.MARGIN
        for row, height in zip(self._rows, self._heights, strict=True):
            for place, chart in enumerate(row):
                left = self.MARGIN + place * (self._wide + self.SPACE)
                self._paint_chart(painter, chart, QPointF(left, top))
            top += height
        rest = QRectF(self.MARGIN, top, self._inner, bar_drawing.ROW)
        bar_drawing.draw_signs(painter, rest, self._signs, small(self._font), self._colours)

    def _paint_chart(self, painter: QPainter, chart: Bars, at: QPointF) -> None:
        bold = QFont(self._font)
        bold.setBold(True)
        lines = (
            (bold, self._colours.text, chart.title),
            (small(self._font), self._colours.muted, chart.note),
        )
        for number, (font, colour, text) in enumerate(lines):
            painter.setFont(font)
            painter.setPen(colour)
            painter.drawText(
                QRectF(at.x(), at.y() + number * 18, self._wide, 18), Qt.AlignmentFlag.AlignVCenter, text
            )
        place = QRectF(at.x(), at.y() + self.HEAD, self._wide, chart.height)
        bar_drawing.draw(painter, Layout(chart, place, self._font), self._colours)
