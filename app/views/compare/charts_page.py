"""Every figure as a chart of bars, side by side; made in slices, so that the window is held up by none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.charts.bar_drawing import Bars, legend
from app.charts.bars import BarChart, Legend, sheet
from app.charts.rendering import rendered, write
from app.views.compare import words
from app.views.compare.looking import Looking
from core.evaluation.said import titled

if TYPE_CHECKING:
    from core.evaluation.columns import Comparison

WIDE, MOST_COLUMNS = 350, 4
SHEET_WIDTH = 480.0
"""Of one chart in a picture, px."""


class ChartsPage(QWidget):
    """The charts of the comparison, or of the report.

    Parameters
    ----------
    of
        Which of `looking`'s comparisons.

    Signals
    -------
    opened
        A double click on a bar, or Enter: what is behind it is wanted.
    """

    opened = Signal()

    def __init__(self, looking: Looking, of: Callable[[], Comparison | None], head: str = "") -> None:
        super().__init__()
        self._looking, self._of = looking, of
        self._theme = looking.evaluation.context.theme
        self.charts: dict[str, BarChart] = {}
        self._wanted: list[Bars] = []
        self._to_show: list[Bars] = []
        self._arranged: tuple[object, ...] = ()
        self._out_of_date = True
        self.head, self.notes, self.legend = QLabel(head), QLabel(), Legend(self._theme)
        self._grid = QGridLayout()
        self._turn = QTimer(self, singleShot=True, interval=0)  # one chart for each turn of the event loop
        self._lay_out(head)
        self._turn.timeout.connect(self._show_next)
        looking.changed.connect(self.refresh)
        looking.chosen_changed.connect(self._mark)
        looking.evaluation.job_changed.connect(self._show_notes)
        self._theme.changed.connect(self._repaint)

    def _lay_out(self, head: str) -> None:
        inside = QWidget()
        inside.setProperty("role", "page")
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 8, 16, 16)
        column.setSpacing(12)
        for label in (self.head, self.notes):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("role", "small" if label is self.notes else "muted")
        self.head.setVisible(bool(head))
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.setSpacing(12)
        column.addWidget(self.head)
        column.addLayout(self._grid)
        column.addWidget(self.legend)
        column.addWidget(self.notes)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area)

    # -- showing

    @property
    def ready(self) -> bool:
        """Whether every chart is there."""
        return not self._to_show and not self._out_of_date

    @property
    def bars(self) -> tuple[Bars, ...]:
        """What is drawn."""
        return tuple(self._wanted)

    def refresh(self) -> None:
        """Draw what there is now, soon."""
        comparison = self._of()
        self._out_of_date = not self.isVisible()
        if self._out_of_date or comparison is None:
            return
        title, present = self._looking.evaluation.title, self._looking.present
        self._wanted = [words.bars(column, comparison, title, present) for column in comparison.columns]
        for key in [key for key in self.charts if key not in {bars.key for bars in self._wanted}]:
            self.charts.pop(key).deleteLater()
        self.legend.show_signs(legend(self._wanted, words.PAPER))
        said = dict.fromkeys([comparison.about_runs(), *(titled(note, title) for note in comparison.notes)])
        self.notes.setText("\n".join(line for line in said if line))
        self._show_notes()
        self._to_show = list(self._wanted)
        self._turn.start()

    def _show_notes(self) -> None:
        """Not while an evaluation runs: what is missing then is on its way."""
        self.notes.setVisible(bool(self.notes.text()) and not self._looking.evaluation.busy)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Catch up."""
        super().showEvent(event)
        if self._out_of_date:
            self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """As many charts side by side as there is room for."""
        super().resizeEvent(event)
        self._arrange()

    def _show_next(self) -> None:
        if self._to_show:
            bars = self._to_show.pop(0)
            if bars.key in self.charts:
                self.charts[bars.key].show_bars(bars, self._chosen_in(bars.key))
            else:
                self._make(bars)
        self._arrange()
        if self._to_show:
            self._turn.start()

    def _make(self, bars: Bars) -> None:
        chart = BarChart(self._theme, bars)
        chart.show_bars(bars, self._chosen_in(bars.key))
        chart.picked.connect(self._looking.choose)
        chart.opened.connect(lambda *_: self.opened.emit())
        self.charts[bars.key] = chart

    def _chosen_in(self, key: str) -> str:
        looking = self._looking
        return looking.chosen[1] if looking.picked and looking.chosen[0] == key else ""

    def _mark(self) -> None:
        for key, chart in self.charts.items():
            chart.plot.show_bars(chart.plot.bars, self._chosen_in(key))

    def _repaint(self) -> None:
        self.legend.update()
        for chart in self.charts.values():
            chart.plot.update()

    def columns(self) -> int:
        """How many charts fit side by side."""
        return min(max((self.width() - 32) // WIDE, 1), MOST_COLUMNS, max(len(self._wanted), 1))

    def _arrange(self) -> None:
        columns = self.columns()
        there = [bars.key for bars in self._wanted if bars.key in self.charts]
        arranged = (columns, *there)
        if arranged == self._arranged:
            return
        self._arranged = arranged
        for place, key in enumerate(there):
            self._grid.addWidget(
                self.charts[key], place // columns, place % columns, Qt.AlignmentFlag.AlignTop
            )
        for column in range(MOST_COLUMNS):
            self._grid.setColumnStretch(column, int(column < columns))

    # -- saving

    def save(self, path: Path) -> None:
        """Write all charts as a picture or a drawing; the suffix names the kind."""
        context = self._looking.evaluation.context
        columns = self.columns()
        page = sheet(
            self.bars, self.legend.signs, self.font(), context.theme.colours, columns * SHEET_WIDTH, columns
        )
        ground, suffix = context.theme.colours.surface, path.suffix.lower()
        paint = partial(rendered, page.paint, page.size, ground, "Encoders compared", suffix)
        context.background.run(
            lambda: write(path, paint()),
            lambda _: context.notifier.done(f"The charts were written: {path.name}", str(path)),
        )
