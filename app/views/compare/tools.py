"""What is compared: tasks, encoders, probe, equal dimensions; and what can be done with it: export, run."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from app.views.compare import words
from app.views.compare.looking import REPORT, Looking

SAME_TIP = "Show results of embeddings reduced to 128 dimensions by PCA: width alone helps a probe."
NONE_SAME = "There are none yet: tick “Same size” when you run an evaluation."
NONE_OTHER = "There are only results of reduced embeddings."
NOTHING = "There is nothing to export yet."


class TickMenu(QToolButton):
    """A button with a list of ticks that stays open while they are changed.

    Signals
    -------
    hidden_changed(frozenset)
        Which are not ticked.
    """

    hidden_changed = Signal(object)

    def __init__(self, text: str, tip: str) -> None:
        super().__init__()
        self._text = text
        self.setToolTip(tip)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(12, 12))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._menu = QMenu(self)
        self._menu.installEventFilter(self)
        self._menu.setToolTipsVisible(True)
        self.setMenu(self._menu)
        self._keys: tuple[tuple[str, str], ...] = ()
        self.hidden: frozenset[str] = frozenset()
        self._write()

    def offer(self, choices: Sequence[tuple[str, str]], locked: Collection[str] = frozenset()) -> None:
        """(key, title) of each; `locked` ones stay ticked."""
        if tuple(choices) == self._keys:
            return
        self._keys = tuple(choices)
        self._menu.clear()
        for key, title in choices:
            action = self._menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(key not in self.hidden)
            action.setEnabled(key not in locked)
            action.setToolTip("Baselines are always shown." if key in locked else "")
            action.setData(key)
            action.toggled.connect(self._toggled)
        self._menu.addSeparator()
        self._menu.addAction("Show all", self.show_all)
        self._write()

    def show_all(self) -> None:
        """Tick everything."""
        for action in self._menu.actions():
            if action.isCheckable():
                action.setChecked(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """A click on a tick changes it and leaves the menu open."""
        if event.type() == QEvent.Type.MouseButtonRelease:
            action: QAction | None = self._menu.activeAction()
            if action is not None and action.isCheckable() and action.isEnabled():
                action.trigger()
                return True
        return super().eventFilter(watched, event)

    def _toggled(self) -> None:
        self.hidden = frozenset(
            str(action.data())
            for action in self._menu.actions()
            if action.isCheckable() and not action.isChecked()
        )
        self._write()
        self.hidden_changed.emit(self.hidden)

    def _write(self) -> None:
        count = len(self._keys)
        shown = sum(key not in self.hidden for key, _ in self._keys)
        self.setText(f" {self._text} ({count})" if shown == count else f" {self._text} ({shown} of {count})")


class Tools(QWidget):
    """The row above the pages.

    Signals
    -------
    run_wanted, export_wanted
        The buttons.
    """

    run_wanted = Signal()
    export_wanted = Signal()

    def __init__(self, looking: Looking) -> None:
        super().__init__()
        self._looking, self._evaluation = looking, looking.evaluation
        theme = looking.evaluation.context.theme
        self.tasks = TickMenu("Tasks", "Which tasks are shown.")
        self.encoders = TickMenu("Encoders", "Which encoders are shown.")
        for menu in (self.tasks, self.encoders):
            theme.set_icon(menu, "filter")
        self.probe, self.same = QComboBox(), QCheckBox("Same size")
        for key, title in words.PROBES:
            self.probe.addItem(title, key)
        self.probe.setAccessibleName("Probe")
        self.probe.setToolTip("What was trained on the frozen embeddings.")
        self.probe.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.same.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.export, self.run = QToolButton(), QPushButton("Run evaluation…")
        self.export.setIconSize(QSize(18, 18))
        self.export.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.export.setAccessibleName("Export")
        theme.set_icon(self.export, "export")
        self.run.setProperty("role", "primary")
        self.run.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.run.setToolTip("Ask your encoders something: tags of your music, albums, a data set.")
        self.filters = (self.tasks, self.encoders, self.probe, self.same)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 4, 16, 6)
        layout.setSpacing(8)
        for widget in self.filters:
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.export)
        layout.addWidget(self.run)
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        looking = self._looking
        self.tasks.hidden_changed.connect(lambda hidden: looking.hide(tasks=hidden))
        self.encoders.hidden_changed.connect(lambda hidden: looking.hide(encoders=hidden))
        self.probe.currentIndexChanged.connect(lambda _: looking.set_probe(str(self.probe.currentData())))
        self.same.toggled.connect(self._evaluation.set_reduced)
        self.export.clicked.connect(self.export_wanted)
        self.run.clicked.connect(self.run_wanted)
        self._evaluation.changed.connect(self.refresh)
        looking.changed.connect(self._allow)

    def refresh(self) -> None:
        """Offer what there is."""
        whole = self._evaluation.comparison
        if whole is not None:
            tasks = dict.fromkeys(column.task for column in whole.columns if column.task_kind != REPORT)
            self.tasks.offer([(task, task) for task in tasks])
            named = [(name, self._evaluation.title(name)) for name in whole.encoders]
            self.encoders.offer(named, frozenset(whole.baselines))
        _allow(self.same, SAME_TIP, self._no_same())
        self._allow()

    def _no_same(self) -> str:
        if self._evaluation.others:
            return ""
        return NONE_OTHER if self._evaluation.reduced and self._evaluation.records else NONE_SAME

    def _allow(self) -> None:
        shown = self._looking.comparison is not None and bool(self._looking.comparison.columns)
        tip = "Write what is shown: the table (CSV, Markdown, LaTeX) or the charts (PNG, SVG)."
        _allow(self.export, tip, "" if shown else NOTHING)

    def show_filters(self, names: Collection[str]) -> None:
        """Only those that the page goes by: of tasks, encoders, probe, same, export."""
        shown = {"tasks": self.tasks, "encoders": self.encoders, "probe": self.probe, "same": self.same}
        for name, widget in {**shown, "export": self.export}.items():
            widget.setVisible(name in names)


def _allow(widget: QWidget, tip: str, reason: str) -> None:
    widget.setEnabled(not reason)
    widget.setToolTip(f"{tip}\nNot now: {reason}" if reason else tip)
