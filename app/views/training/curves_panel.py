"""The charts of the runs that are shown, side by side; made, read and drawn without holding the window up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app.charts.drawings import CHARTS, SHARES, Chart, Drawing, Overlaid, Wish, draw
from app.training import Training

if TYPE_CHECKING:  # pyqtgraph is imported when charts are first shown
    from app.charts.curves import CurveChart

WIDE, MOST_COLUMNS = 330, 4
GAP = 10
LIKELY_WIDTH = 340
HOVER_MS = 30
MOST_SMOOTHING, FIRST_SMOOTHING = 100, 0.3
EMPTY = "Tick a run above to see its curves."
LOADING = "Loading the charts…"


class CurvesPanel(QWidget):
    """All charts of the overlaid runs.

    Signals
    -------
    ready
        The charts are there (they are made when the panel is first shown).
    """

    ready = Signal()

    def __init__(self, training: Training) -> None:
        super().__init__()
        self._training, self._theme = training, training.context.theme
        self.charts: dict[str, CurveChart] = {}
        self._to_make = [*CHARTS, SHARES]
        self._arranged = (0, 0)
        self._loading = self._out_of_date = False
        self.wish = Wish(cells=LIKELY_WIDTH)
        self._drawing: Drawing | None = None
        self._to_show: list[str] = []
        self._pointed_at: float | None = None
        self._pointer_on: object = None
        self.smoothing, self.axis, self.everything = (
            QSlider(Qt.Orientation.Horizontal),
            QComboBox(),
            QToolButton(),
        )
        self.message = QLabel(LOADING)
        self._grid = QGridLayout()
        self.pages, self.tools = QStackedWidget(), QWidget()
        self._turn = QTimer(self, singleShot=True, interval=0)  # one chart for each turn of the event loop
        self._hover = QTimer(self, singleShot=True, interval=HOVER_MS)
        self._fill_tools()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setProperty("role", "page")
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 8, 16, 16)
        self._grid.setSpacing(GAP)
        column.addLayout(self._grid)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(inside)
        self.message.setProperty("role", "muted")
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.pages.addWidget(self.message)
        self.pages.addWidget(self.area)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.pages, 1)

    def _fill_tools(self) -> None:
        """Smoothing and the axis: the page puts them beside its tabs."""
        self.smoothing.setRange(0, MOST_SMOOTHING)
        self.smoothing.setValue(round(MOST_SMOOTHING * FIRST_SMOOTHING))
        self.smoothing.setFixedWidth(120)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.setToolTip("Moving average of what is measured at every step; far left: none.")
        self.axis.addItem("Steps", False)
        self.axis.addItem("Time of training", True)
        self.axis.setAccessibleName("What runs along the charts")
        self.axis.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.everything.setText("Whole curve")
        self.everything.setToolTip("Undo zooming (Home, or a double click on a chart).")
        self.everything.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.everything.hide()
        tools = QHBoxLayout(self.tools)
        tools.setContentsMargins(0, 0, 4, 0)
        tools.setSpacing(10)
        tools.addWidget(self.everything)
        for text, widget in (("S&moothing", self.smoothing), ("Al&ong", self.axis)):
            label = QLabel(text)
            label.setProperty("role", "muted")
            label.setBuddy(widget)
            tools.addWidget(label)
            tools.addWidget(widget)

    def _connect(self) -> None:
        self.smoothing.valueChanged.connect(self._ask)
        self.axis.currentIndexChanged.connect(self._axis_changed)
        self.everything.clicked.connect(self._show_everything)
        self._turn.timeout.connect(self._take_turn)
        self._hover.timeout.connect(self._show_pointed_at)
        self._theme.changed.connect(self._dress)
        self.wish = replace(self.wish, weight=self._weight())

    # -- what others ask

    def show_runs(self, runs: Sequence[Overlaid], chosen: int) -> None:
        """Draw these runs, and the stages of the chosen one."""
        wish = replace(self.wish, runs=tuple(runs), chosen=chosen)
        if wish != self.wish:
            self.wish = wish
            self._ask()

    def read(self) -> None:
        """Read what is new, and draw it."""
        self._ask()

    # -- being shown

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Make the charts the first time; catch up."""
        super().showEvent(event)
        if self._to_make and not self._loading:
            self._loading = True
            self._training.context.background.run(_load, self._begin)
        elif self._out_of_date:
            self._ask()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing points anywhere now."""
        super().hideEvent(event)
        self._point(None)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """As many charts side by side as there is room for."""
        super().resizeEvent(event)
        self._arrange()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Two charts side by side."""
        return QSize(720, 420)

    # -- making the charts

    def _begin(self, _: None) -> None:
        self._turn.start()

    def _make(self, chart: Chart) -> None:
        from app.charts.curves import CurveChart

        made = CurveChart(self._theme, chart.title, chart.note, chart.tip, chart.floor, chart.ceiling)
        made.hovered.connect(self._point)
        made.zoomed.connect(self._zoom)
        made.reset.connect(self._show_everything)
        made.save_wanted.connect(partial(self._ask_where, chart))
        self.charts[chart.key] = made
        self._arrange()

    def _take_turn(self) -> None:
        """Make one chart, or draw one; then let the window have its turn."""
        if self._to_make:
            self._make(self._to_make.pop(0))
            if not self._to_make:
                self.ready.emit()
                self._ask()
        elif self._to_show and self._drawing is not None:
            self._show_chart(self._to_show.pop(0), self._drawing)
        if self._to_make or self._to_show:
            self._turn.start()

    def _arrange(self) -> None:
        columns = min(max(self.width() // WIDE, 1), MOST_COLUMNS)
        if (columns, len(self.charts)) == self._arranged:
            return
        self._arranged = columns, len(self.charts)
        for place, chart in enumerate(self.charts.values()):
            self._grid.addWidget(chart, *divmod(place, columns))
        for column in range(MOST_COLUMNS):
            self._grid.setColumnStretch(column, int(column < columns))

    def _dress(self) -> None:
        for chart in self.charts.values():
            chart.dress()

    # -- drawing

    def _weight(self) -> float:
        """Of the past: the slider's middle is about 10 steps, its end about 1,000."""
        share = self.smoothing.value() / MOST_SMOOTHING
        return 0.0 if share == 0 else 1 - 10 ** (-3 * share)

    def _ask(self) -> None:
        self.wish = replace(self.wish, weight=self._weight())
        if not self.wish.runs:
            self._drawing, self._to_show = None, []
        self._say()
        self._out_of_date = not self.isVisible() or bool(self._to_make)
        if self.wish.runs and not self._out_of_date:
            self._training.points([run.id for run in self.wish.runs], self._take, partial(draw, self.wish))

    def _say(self) -> None:
        made = not self._to_make
        self.message.setText(EMPTY if made else LOADING)
        self.pages.setCurrentWidget(self.area if made and self.wish.runs else self.message)

    def _take(self, drawing: Drawing) -> None:
        if drawing.wish != self.wish:  # another question is on its way
            return
        self._drawing = drawing
        self._to_show = [*self.charts]
        self._turn.start()

    def _show_chart(self, key: str, drawing: Drawing) -> None:
        chart, wish = self.charts[key], drawing.wish
        if key in drawing.chance:
            chart.show_reference(drawing.chance[key])
        chart.show_lines(drawing.lines[key], drawing.span, wish.in_time)

    # -- zooming and pointing

    def _axis_changed(self) -> None:
        self.wish = replace(self.wish, in_time=bool(self.axis.currentData()), span=None)
        self.everything.hide()
        self._ask()

    def _zoom(self, low: float, high: float) -> None:
        self.wish = replace(self.wish, span=(max(low, 0.0), max(high, 0.0)))
        self.everything.show()
        self._ask()

    def _show_everything(self) -> None:
        self.wish = replace(self.wish, span=None)
        self.everything.hide()
        self._ask()

    def _point(self, x: float | None) -> None:
        self._pointed_at, self._pointer_on = x, self.sender()
        if not self._hover.isActive():
            self._hover.start()

    def _show_pointed_at(self) -> None:
        for chart in self.charts.values():
            if not chart.visibleRegion().isEmpty():
                chart.show_at(self._pointed_at, told=chart is self._pointer_on)

    # -- saving

    def _ask_where(self, chart: Chart) -> None:
        kinds = "Picture (*.png);;Drawing (*.svg);;Table (*.csv)"
        name, kind = QFileDialog.getSaveFileName(
            self, f"Save the chart {chart.title}", f"{chart.title}.png", kinds
        )
        if name:
            suffix = Path(name).suffix.lower()
            wanted = next((one for one in (".png", ".svg", ".csv") if one[1:] in kind), ".png")
            self.save(chart, Path(name if suffix in (".png", ".svg", ".csv") else name + wanted))

    def save(self, chart: Chart, path: Path) -> None:
        """Write a chart as a picture, a drawing, or the numbers behind it; the suffix names the kind."""
        from app.charts import rendering, saving

        notifier, told = self._training.context.notifier, f"The chart was written: {path.name}"
        if path.suffix.lower() == ".csv":
            write = partial(saving.write_table, path, chart, self.wish.runs)
            ids = [run.id for run in self.wish.runs]
            self._training.points(ids, lambda _: notifier.done(told, str(path)), write, latest="")
        else:
            encode = saving.picture(self.charts[chart.key], self.wish.runs, path.suffix.lower())
            self._training.context.background.run(
                lambda: rendering.write(path, encode()), lambda _: notifier.done(told, str(path))
            )


def _load() -> None:
    """In a thread: what takes half a second to import."""
    import app.charts.curves  # noqa: F401 - for the next import of it to be quick
