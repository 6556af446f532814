"""Train: put a run together, watch it learn, compare it with others."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from PySide6.QtCore import Qt, QTimer, Signal
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
    use_wanted(str), card_wanted(str)
        Put the encoder of that name behind everything; show its card.
    """

    use_wanted = Signal(str)
    card_wanted = Signal(str)

    def __init__(self, training: Training, player: Player, search: Callable[[], str]) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._training, self._player, self._search = training, player, search
        self.tabs, self.pages = QTabBar(), QStackedWidget()
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._lay_out()
        self.tabs.currentChanged.connect(self._show_page)
        self._turn.timeout.connect(self._build_next)
        training.runs_changed.connect(self._count)

    @cached_property
    def runs(self) -> RunsPage:
        """The runs; built when first shown."""
        page = RunsPage(self._training, self._player)
        page.new_wanted.connect(lambda: self.tabs.setCurrentIndex(NEW))
        page.use_wanted.connect(self.use_wanted)
        page.card_wanted.connect(self.card_wanted)
        self.pages.insertWidget(RUNS, page)
        return page

    @cached_property
    def setup(self) -> SetupPage:
        """The form; built a moment after the runs."""
        page = SetupPage(self._training, MusicChoice(self._training.session, self._search))
        page.started.connect(lambda: self.tabs.setCurrentIndex(RUNS))
        self.pages.addWidget(page)
        return page

    def _lay_out(self) -> None:
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("Train")
        for title in ("Runs", "New run"):
            self.tabs.addTab(title)
        top = QHBoxLayout()
        top.setContentsMargins(8, 6, 12, 4)
        top.addWidget(self.tabs)
        top.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.pages, 1)

    def _build_next(self) -> None:
        """Each page at a turn of its own, so that the window is held up by neither; first what is to be seen."""
        self._show_page(self.tabs.currentIndex())
        missing = next((name for name in ("runs", "setup") if name not in self.__dict__), "")
        if missing and self.pages.count():
            QTimer.singleShot(0, self, lambda: getattr(self, missing))

    def _show_page(self, tab: int) -> None:
        self.pages.setCurrentWidget(self.setup if tab == NEW else self.runs)

    def _count(self) -> None:
        live = sum(run.live for run in self._training.runs)
        self.tabs.setTabText(RUNS, f"Runs ({len(self._training.runs)})" if self._training.runs else "Runs")
        self.tabs.setTabToolTip(RUNS, f"{live} going on" if live else "")

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Look at the runs while they can be seen."""
        super().showEvent(event)
        self._turn.start()
        self._training.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Rest."""
        super().hideEvent(event)
        self._training.watch(False)
