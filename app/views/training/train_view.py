"""Train: put a run together, watch it learn, compare it with others."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.player import Player
from app.training import Training
from app.views.training.music_choice import MusicChoice
from app.views.training.runs_page import RunsPage
from app.views.training.setup_page import SetupPage

RUNS, NEW = 0, 1


class TrainView(QWidget):
    """The page of the window.

    Parameters
    ----------
    training, player
        The runs, and what plays a neighbour.
    search
        Tells what is in the library's search box.

    Signals
    -------
    use_wanted(str)
        Put the encoder of that name behind everything.
    """

    use_wanted = Signal(str)

    def __init__(self, training: Training, player: Player, search: Callable[[], str]) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._training = training
        self._looked = False
        self.tabs, self.pages = QTabBar(), QStackedWidget()
        self.music = MusicChoice(training.session, search)
        self.setup = SetupPage(training, self.music)
        self.runs = RunsPage(training, player)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        for title in ("Runs", "New run"):
            self.tabs.addTab(title)
        self.pages.addWidget(self.runs)
        self.pages.addWidget(self.setup)
        top = QHBoxLayout()
        top.setContentsMargins(8, 6, 12, 4)
        top.addWidget(self.tabs)
        top.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.pages, 1)

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self.pages.setCurrentIndex)
        self.runs.new_wanted.connect(lambda: self.tabs.setCurrentIndex(NEW))
        self.runs.use_wanted.connect(self.use_wanted)
        self.setup.started.connect(lambda: self.tabs.setCurrentIndex(RUNS))
        self._training.runs_changed.connect(self._count)

    def _count(self) -> None:
        live = sum(run.live for run in self._training.runs)
        self.tabs.setTabText(RUNS, f"Runs ({len(self._training.runs)})" if self._training.runs else "Runs")
        self.tabs.setTabToolTip(RUNS, f"{live} going on" if live else "")

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Look at the runs while they can be seen."""
        super().showEvent(event)
        self._training.watch(True)
        self.music.refresh()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Rest."""
        super().hideEvent(event)
        self._training.watch(False)
