"""Compare: what encoders are worth. Charts, table, what is behind each figure, and listening to the difference."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.drops import raw_paths
from app.evaluation import Draft, Evaluation
from app.listening import Listening
from app.player import Player
from app.views.compare.blind_round import BlindListening
from app.views.compare.charts_page import ChartsPage
from app.views.compare.directions_page import DirectionsPage
from app.views.compare.job_strip import JobStrip
from app.views.compare.looking import Looking
from app.views.compare.result_page import ResultPage
from app.views.compare.run_dialog import RunDialog, welcome
from app.views.compare.side_by_side import SideBySide
from app.views.compare.table_page import TablePage
from app.views.compare.tools import Tools
from core.evaluation.spec import TaskSpec

if TYPE_CHECKING:
    from core.evaluation.columns import Comparison

TABS = (
    ("charts", "Charts", "Every figure as bars, with intervals."),
    ("table", "Table", "Every figure as a table that sorts."),
    ("result", "One result", "What is behind one figure: who was confused with whom, each class, each tag."),
    ("report", "Your library", "What needs no labels: do neighbours share artist and album."),
    ("directions", "Directions", "What the paper’s tables say, tested on your results."),
    ("sides", "Side by side", "The selected track’s neighbours under two encoders."),
    ("listening", "Blind test", "Which fits better, A or B? You are not told whose is whose."),
)  # fmt: skip
FILTERS: Mapping[str, tuple[str, ...]] = {
    "charts": ("tasks", "encoders", "probe", "same", "export"),
    "table": ("tasks", "encoders", "probe", "same", "export"),
    "result": ("tasks", "encoders", "probe", "same"), "report": ("encoders", "export"),
    "directions": ("probe", "same", "export"),
}  # fmt: skip
"""What the pages of results go by; for these the empty view stands in while there is none."""
READING = "Reading the results…"
EMPTY = (
    "<p style='font-size: 13pt'><b>How good are your encoders?</b></p>"
    "<p style='line-height: 150%'>Ask them something that you know the answer to: the genre tags of your own music,<br>"
    "which tracks share an album, or a data set such as FMA, IRMAS or MagnaTagATune.<br>"
    "Baselines that have learned nothing stand beside them, and every figure has its interval.</p>"
    "<p><a href='run'>Run evaluation…</a> &nbsp; or drop a data set’s folder here.</p>"
)
NO_REPORT = (
    "<p style='font-size: 13pt'><b>What needs no labels</b></p>"
    "<p style='line-height: 150%'>Do neighbours share an artist, an album? Are a few tracks everybody’s neighbours?<br>"
    "How many are nobody’s? It takes seconds.</p><p><a href='report'>Look at your library now</a></p>"
)
HEAD = "What needs no labels, on your own music: of each track the ten nearest. The dashed line is what chance gives."
TABLES = (".csv", ".md", ".tex")
KINDS = {
    "charts": "Picture (*.png);;Drawing (*.svg);;Table (*.csv);;Markdown (*.md);;LaTeX (*.tex)",
    "table": "Table (*.csv);;Markdown (*.md);;LaTeX (*.tex);;Picture (*.png);;Drawing (*.svg)",
    "directions": "Table (*.csv);;Markdown (*.md);;LaTeX (*.tex)",
}


class CompareView(QWidget):
    """The page of the window.

    Parameters
    ----------
    evaluation, listening, player
        The results, the rounds of listening, and what plays.
    """

    def __init__(self, evaluation: Evaluation, listening: Listening, player: Player) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAcceptDrops(True)
        self._evaluation, self._listening, self._player = evaluation, listening, player
        self.looking = Looking(evaluation)
        self.made: dict[str, QWidget] = {}
        self.dialog: RunDialog | None = None
        self.tabs, self.pages = QTabBar(), QStackedWidget()
        self.tools, self.strip = Tools(self.looking), JobStrip(evaluation)
        self.empty = QLabel(READING)
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._lay_out()
        self.tabs.currentChanged.connect(lambda _: self._turn.start())
        self._turn.timeout.connect(self._show_page)
        self.tools.run_wanted.connect(self.run)
        self.tools.export_wanted.connect(self._ask_where)
        self.empty.linkActivated.connect(self._link)
        self.looking.changed.connect(self._show_page)
        evaluation.job_changed.connect(self._told_empty)

    def _lay_out(self) -> None:
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("Compare")
        for place, (_, title, tip) in enumerate(TABS):
            self.tabs.addTab(title)
            self.tabs.setTabToolTip(place, tip)
        top = QHBoxLayout()
        top.setContentsMargins(8, 6, 12, 0)
        top.addWidget(self.tabs, 1)
        strip = QHBoxLayout()
        strip.setContentsMargins(16, 0, 16, 6)
        strip.addWidget(self.strip)
        self.empty.setTextFormat(Qt.TextFormat.RichText)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setContentsMargins(24, 0, 24, 60)
        self.empty.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.pages.addWidget(self.empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.tools)
        layout.addLayout(strip)
        layout.addWidget(self.pages, 1)

    # -- pages

    @property
    def current(self) -> str:
        """Name of the page that is asked for."""
        return TABS[self.tabs.currentIndex()][0]

    def show_page(self, name: str) -> None:
        """Bring a page to the front."""
        self.tabs.setCurrentIndex([key for key, _, _ in TABS].index(name))

    def page(self, name: str) -> QWidget:
        """A page; made when first asked for."""
        if name not in self.made:
            self.made[name] = self._make(name)
            self.pages.addWidget(self.made[name])
        return self.made[name]

    def _make(self, name: str) -> QWidget:
        if name == "table":
            table = TablePage(self.looking)
            table.opened.connect(partial(self.show_page, "result"))
            return table
        if name == "result":
            return ResultPage(self.looking, self._player)
        if name == "directions":
            return DirectionsPage(self.looking)
        if name == "sides":
            return SideBySide(self._evaluation.session, self._player)
        if name == "listening":
            return BlindListening(self._listening, self._player)
        report = name == "report"
        charts = ChartsPage(self.looking, partial(self._shown, name), HEAD if report else "")
        if not report:
            charts.opened.connect(partial(self.show_page, "result"))
        return charts

    def _shown(self, name: str) -> Comparison | None:
        return self.looking.report if name == "report" else self.looking.comparison

    def _show_page(self) -> None:
        name = self.current
        if not self.isVisible():
            return
        lacks = self._lacks(name)
        self.tools.setVisible(name in FILTERS)
        self.tools.show_filters(() if lacks else FILTERS.get(name, ()))
        if lacks:
            self._told_empty()
            self.pages.setCurrentWidget(self.empty)
        else:
            self.pages.setCurrentWidget(self.page(name))

    def _lacks(self, name: str) -> bool:
        """Whether there is nothing that the page could show, whatever the filters."""
        if name not in FILTERS:
            return False
        whole = self._evaluation.comparison
        if whole is None:
            return True
        kinds = {column.task_kind for column in whole.columns}
        return (
            "report" not in kinds
            if name == "report"
            else not kinds - {"report"} and not self._evaluation.reduced
        )

    def _told_empty(self) -> None:
        """What the empty view says now."""
        job = self._evaluation.job
        if self._evaluation.comparison is None:
            text = READING
        elif job is not None and job.live:
            text = "The first results appear here as they are found."
        else:
            text = NO_REPORT if self.current == "report" else EMPTY
        if self.empty.text() != text:
            self.empty.setText(text)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Look at the results while they can be seen."""
        super().showEvent(event)
        self._evaluation.watch(True)
        self._turn.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Rest."""
        super().hideEvent(event)
        self._evaluation.watch(False)

    # -- running

    def run(self) -> RunDialog:
        """Open the dialog, or bring it to the front."""
        if self.dialog is None:
            self.dialog = RunDialog(self._evaluation, self)
            self.dialog.destroyed.connect(self._forget_dialog)
            self.dialog.show()
        self.dialog.raise_()
        return self.dialog

    def _forget_dialog(self) -> None:
        self.dialog = None

    def run_report(self) -> None:
        """Compute the report of every encoder; it needs no choice."""
        self._evaluation.start(Draft((TaskSpec(kind="report"),)))

    def _link(self, link: str) -> None:
        if link == "report":
            self.run_report()
        else:
            self.run()

    # -- exporting

    def _ask_where(self) -> None:
        kinds = KINDS.get(self.current, KINDS["charts"])
        first = "encoders compared" + (".png" if kinds == KINDS["charts"] else ".csv")
        chosen, kind = QFileDialog.getSaveFileName(self, "Export the comparison", first, kinds)
        if chosen:
            path = Path(chosen)
            known = (*TABLES, ".png", ".svg")
            wanted = next((suffix for suffix in known if f"*{suffix}" in kind), ".csv")
            self.export(path if path.suffix.lower() in known else path.with_name(path.name + wanted))

    def export(self, path: Path) -> None:
        """Write what is shown; the suffix names the format."""
        comparison, context = self._shown(self.current), self._evaluation.context
        done = f"The table was written: {path.name}"
        if self.current == "directions":
            self._evaluation.export_directions(
                path, self.looking.probe or "svm", lambda _: context.notifier.done(done, str(path))
            )
        elif path.suffix.lower() not in TABLES:
            charts = self.page("report" if self.current == "report" else "charts")
            assert isinstance(charts, ChartsPage)
            charts.save(path)
        elif comparison is not None:
            context.background.run(
                partial(_write, path, comparison), lambda _: context.notifier.done(done, str(path))
            )

    # -- drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """A data set's folder, as a copy."""
        welcome(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802 - Qt's name
        """The same."""
        welcome(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open the dialog on it."""
        if welcome(event) and (paths := raw_paths(event.mimeData().urls())):
            QTimer.singleShot(0, self, lambda: self.run().take(paths))


def _write(path: Path, comparison: Comparison) -> None:
    from core.evaluation import tables

    tables.write(path, comparison)
