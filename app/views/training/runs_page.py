"""The runs, what can be done with the selected one, and its curves or its pinned tracks below."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app.charts.drawings import Overlaid
from app.player import Player
from app.run_view import RunView
from app.training import Training
from app.views.training import words
from app.views.training.banner import Banner
from app.views.training.curves_panel import CurvesPanel
from app.views.training.pins_panel import PinsPanel
from app.views.training.runs_table import RunsTable
from core.library.records import RunRecord

EMPTY = (
    "No training yet.<br><br>An encoder learns from your own music what belongs together. "
    "<a href='new'>Put a run together…</a>"
)


SAVED = "Stop after this step. It is saved, and goes on from there when you resume it."
COSTS_TIP = (
    "Times are those of learning: steps and validations, without the preparing of music.\n"
    "Disk, predicted: what a trial found would come on top of what is there.\n"
    "Disk, real: the run's own files + the prepared music that it hears, which other runs hear too."
)
UNBEGUN = "Stop. It has not learned yet: music that is prepared by then stays so, and it can begin again."


class RunsPage(QWidget):
    """All runs.

    Signals
    -------
    new_wanted
        The link of the empty page.
    use_wanted(str), card_wanted(str)
        Put the encoder of that name behind everything; show its card.
    """

    new_wanted = Signal()
    use_wanted = Signal(str)
    card_wanted = Signal(str)

    def __init__(self, training: Training, player: Player) -> None:
        super().__init__()
        self._training = training
        theme = training.context.theme
        self._overlaid_once: set[str] = set()
        self._drawn: dict[int, RunRecord | None] = {}
        self.table = RunsTable(theme)
        self.banner = Banner(theme)
        self.costs = QLabel()
        self.curves = CurvesPanel(training)
        self._player = player
        self.tabs = QTabBar()
        self.below = QStackedWidget()
        self.empty = QLabel(EMPTY)
        self.pages = QStackedWidget()
        self.pause = _button("Pause", self._pause)
        self.resume = _button("Resume", self._resume)
        self.finish = _button("Finish now", self._finish)
        self.use = _button("Use it", self._use)
        self.card = _button("Card…", self._show_card)
        self.delete = _button("Delete…", self.ask_delete)
        self._lay_out()
        self._connect()
        self._take_titles()
        self.show_runs()

    def _lay_out(self) -> None:
        for title in ("Curves", "Pinned tracks"):
            self.tabs.addTab(title)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.below.addWidget(self.curves)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(16, 8, 16, 6)
        buttons.setSpacing(8)
        for button in (self.pause, self.resume, self.finish, self.use, self.card, self.delete):
            buttons.addWidget(button)
        buttons.addSpacing(8)
        self.costs.setProperty("role", "small")
        self.costs.setToolTip(COSTS_TIP)
        self.costs.setWordWrap(True)
        self.costs.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        buttons.addWidget(self.costs, 1)
        banner = QHBoxLayout()
        banner.setContentsMargins(16, 0, 16, 8)
        banner.addWidget(self.banner)
        middle = QHBoxLayout()
        middle.setContentsMargins(8, 0, 12, 4)
        middle.addWidget(self.tabs)
        middle.addStretch(1)
        middle.addWidget(self.curves.tools)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(buttons)
        column.addLayout(banner)
        column.addLayout(middle)
        column.addWidget(self.below, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(lower)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([self.table.sizeHint().height(), 500])
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.splitter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)

    def _connect(self) -> None:
        training = self._training
        training.runs_changed.connect(self.show_runs)
        training.described.connect(self._take_titles)
        training.started.connect(self._select)
        self.table.chosen.connect(self._chosen)
        self.table.runs.overlay_changed.connect(self._draw)
        self.tabs.currentChanged.connect(self._show_tab)
        self.empty.linkActivated.connect(lambda _: self.new_wanted.emit())
        training.context.theme.changed.connect(self.table.viewport().update)

    # -- showing

    @cached_property
    def pins(self) -> PinsPanel:
        """The pinned tracks; made when they are first looked at, since the rest takes long enough."""
        panel = PinsPanel(self._training, self._player)
        self.below.addWidget(panel)
        panel.show_run(self.run)
        return panel

    @property
    def run(self) -> RunView | None:
        """The selected run."""
        return self.table.run

    def show_runs(self) -> None:
        """Show the runs as they are now, and read what their curves have gained."""
        runs = self._training.runs
        self.pages.setCurrentIndex(1 if runs else 0)
        self.table.show_runs(runs)
        self._overlay_new(runs)
        drawn = {run.id: run.record for run in runs if run.id in self.table.runs.colours}
        if (
            drawn != self._drawn
        ):  # only a row that has changed has new points: a job tells its steps far more often
            self._drawn = drawn
            self.curves.read()

    def _overlay_new(self, runs: tuple[RunView, ...]) -> None:
        """A run that goes on is shown without being asked for, and the newest one is, where none is."""
        fresh = [run for run in runs if run.id and run.name not in self._overlaid_once]
        for run in fresh:
            if run.live or (not self._overlaid_once and run is fresh[0]):
                self._overlaid_once.add(run.name)
                self.table.runs.overlay(run.id, True)

    def _show_tab(self, tab: int) -> None:
        self.below.setCurrentWidget(self.pins if tab else self.curves)
        self.curves.tools.setVisible(tab == 0)

    def _take_titles(self) -> None:
        strategies = (self._training.catalogue or {}).get("strategies", ())
        self.table.runs.titles = {one["name"]: one["title"] for one in strategies}
        self.table.viewport().update()

    def _select(self, name: str) -> None:
        self.table.select(name)

    def _chosen(self) -> None:
        run = self.run
        self.banner.show_run(run)
        self._allow(run)
        self.costs.setText("" if run is None else _costs(run))
        if "pins" in self.__dict__:
            self.pins.show_run(run)
        self._draw()

    def _draw(self) -> None:
        colours = self.table.runs.colours
        shown = [
            Overlaid(run.id, run.name, colours[run.id], run.batch, _chance(run))
            for run in reversed(self._training.runs)
            if run.id in colours
        ]
        self.curves.show_runs(shown, 0 if self.run is None else self.run.id)

    # -- doing

    def _allow(self, run: RunView | None) -> None:
        state = None if run is None else run.state
        here = run is not None and run.job is not None and run.job.live
        live = state in ("waiting", "preparing", "running")
        self.pause.setVisible(state in ("waiting", "preparing", "running", "stopping", "elsewhere"))
        begun = run is not None and run.step > 0
        _allow(
            self.pause, SAVED if begun else UNBEGUN,
            "" if live and here else "It is stopping." if state == "stopping" else
            "Another window or a command trains it.",
        )  # fmt: skip
        self.resume.setVisible(run is not None and run.resumable)
        _allow(
            self.resume,
            "Go on from where it was saved." if begun else "Begin again, as it was put together.",
            "",
        )
        self.finish.setVisible(state in ("preparing", "running", "paused", "elsewhere", "interrupted"))
        _allow(
            self.finish,
            "Stop here and take the encoder as it is.",
            "" if begun else "It has not learned yet.",
        )
        self.use.setVisible(state == "finished")
        _allow(self.use, "Put this encoder behind neighbours and everything else.", "")
        self.card.setVisible(state == "finished")
        _allow(self.card, "What the encoder is, what it learned from, how good it is; give it away.", "")
        self.delete.setVisible(run is not None)
        busy = run is not None and run.live
        _allow(self.delete, "Forget this run and its curves.", "Pause it first." if busy else "")

    def _pause(self) -> None:
        if self.run is not None:
            self._training.pause(self.run)

    def _resume(self) -> None:
        if self.run is not None:
            self._training.resume(self.run)

    def _finish(self) -> None:
        if self.run is not None:
            self._training.finish(self.run)

    def _use(self) -> None:
        if self.run is not None and self.run.record is not None:
            self.use_wanted.emit(self.run.record.encoder)

    def _show_card(self) -> None:
        if self.run is not None and self.run.record is not None:
            self.card_wanted.emit(self.run.record.encoder)

    def ask_delete(self) -> None:
        """Ask, and only then forget the selected run."""
        run = self.run
        if run is None:
            return
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Delete run")
        box.setText(f"Delete the run “{run.name}”?")
        box.setInformativeText(_lost(run))
        delete = box.addButton("Delete", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        delete.clicked.connect(lambda: self._training.delete(run))
        box.open()


def _lost(run: RunView) -> str:
    """What is gone with a run."""
    if not run.step:
        return "It has not learned anything yet."
    kept = (
        "The encoder that it made stays."
        if run.state == "finished"
        else "What it has learned so far is lost."
    )
    return f"Its curves and its saved state are removed. {kept}"


def _costs(run: RunView) -> str:
    """What was foretold, and what it really took."""
    told, real = words.predicted(run.predicted), words.real(run.figures)
    so_far = "" if run.state == "finished" else " so far"
    return "\n".join(filter(None, (told and f"Predicted: {told}", real and f"Real{so_far}: {real}")))


def _chance(run: RunView) -> dict[str, float]:
    if run.record is None:
        return {}
    return {"chance": run.record.chance, "knn_album_chance": float(run.record.panel.get("chance") or 0.0)}


def _button(text: str, slot: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(slot)
    return button


def _allow(button: QPushButton, tip: str, reason: str) -> None:
    button.setEnabled(not reason)
    button.setToolTip(f"{tip}\nNot now: {reason}" if reason else tip)
