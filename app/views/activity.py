"""Activity: what runs, waits and is over; how fast, how long still, and what was skipped and why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app import wording
from app.context import Context
from app.job_view import JobView
from app.titles import Titles
from app.views.encoder_switch import EncoderChoice
from app.views.jobs_button import progress
from app.views.progress import Progress

Skips = Sequence[tuple[str, str]]
ICONS = {
    "waiting": ("clock", "muted"), "running": ("activity", "accent"), "stopping": ("activity", "muted"),
    "completed": ("done", "ok"), "cancelled": ("stop", "muted"), "failed": ("error", "error"),
    "interrupted": ("warning", "warning"),
}  # fmt: skip
COLUMNS = ("What", "Why")
LATER_MS = 150
"""When a job begins, the rest of the window has enough to paint: out of sight its card is made so much later."""
EMPTY = (
    "Nothing has been done yet.\nAdd a folder, and here you see how far Earmap is and what it had to skip."
)


class SkippedModel(QAbstractTableModel):
    """What a job passed over: (item, reason)."""

    def __init__(self, skips: Skips) -> None:
        super().__init__()
        self.skips = skips

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's
        """One for each item."""
        return 0 if parent.isValid() else len(self.skips)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's
        """Item and reason."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """The text, and as tooltip the whole of it."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        return self.skips[index.row()][index.column()]

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """What a column is."""
        horizontal = orientation == Qt.Orientation.Horizontal
        return COLUMNS[section] if horizontal and role == Qt.ItemDataRole.DisplayRole else None

    def show_skips(self, skips: Skips) -> None:
        """Show other ones."""
        self.beginResetModel()
        self.skips = skips
        self.endResetModel()


class JobCard(QFrame):
    """One job. `set_view` shows a newer snapshot of it."""

    def __init__(self, context: Context, view: JobView, titles: Titles) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._context, self._titles = context, titles
        self.view = view
        self._icon, self._title = QLabel(), _label("strong")
        self._state, self._figures, self._message = _label("muted"), _label("muted"), _label("")
        self.bar = Progress()
        self.stop = self._button("Stop", "What is done so far is kept; it can be resumed.", self._cancel)
        self.resume = self._button("Resume", "Go on from where it was.", self._resume)
        self.skipped = QToolButton()
        self.skipped.setCheckable(True)
        self.skipped.setIconSize(QSize(16, 16))
        self.skipped.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.skipped.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.skipped.toggled.connect(self._show_skipped)
        context.theme.set_icon(self.skipped, "chevron-right")
        context.theme.changed.connect(self._draw_icon)
        self.model = SkippedModel(())
        self.table = _table(self.model)
        self.copy = self._button("Copy list", "Copy what was skipped, with the reasons.", self._copy)
        self._lay_out()
        self.set_view(view)

    def set_view(self, view: JobView) -> None:
        """Show `view`."""
        changed = view.state != self.view.state or not self._title.text()
        self.view = view
        if changed:
            self._show_state()
        self._show_figures()

    def _lay_out(self) -> None:
        self._icon.setFixedSize(24, 24)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._icon)
        head.addWidget(self._title)
        head.addWidget(self._state, 1)
        for button in (self.resume, self.stop):
            head.addWidget(button)
        foot = QHBoxLayout()
        foot.addWidget(self.skipped)
        foot.addStretch(1)
        foot.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 16, 14)
        layout.setSpacing(8)
        layout.addLayout(head)
        for widget in (self._message, self._figures, self.bar):
            layout.addWidget(widget)
        layout.addLayout(foot)
        layout.addWidget(self.table)
        self.table.hide()
        self.copy.hide()

    def _show_state(self) -> None:
        view = self.view
        self._title.setText(wording.job_title(view.kind))
        self.stop.setVisible(view.live)
        self.stop.setEnabled(view.state != "stopping")
        self.resume.setVisible(view.resumable)
        message = " ".join(text for text in (view.title, view.hint) if text)
        self._message.setText(message)
        self._message.setVisible(bool(message))
        self.bar.setVisible(view.live)
        self._draw_icon()

    def _draw_icon(self) -> None:
        name, role = ICONS[self.view.state]
        self._icon.setPixmap(self._context.theme.pixmap(name, 22, role))

    def _show_figures(self) -> None:
        view = self.view
        self._state.setText(f"· {_when(view)}")
        self._figures.setText("\n".join(_figures(view, self._titles)))
        self._figures.setVisible(bool(self._figures.text()))
        self.bar.show_share(view.done, view.total or (0 if view.state == "running" else 1))
        number = view.skipped_count
        self.skipped.setVisible(number > 0)
        self.skipped.setText(f"{wording.count(number, 'item')} skipped")
        if self.skipped.isChecked() and view.skipped:
            self.model.show_skips(view.skipped)

    def _show_skipped(self, on: bool) -> None:
        self._context.theme.set_icon(self.skipped, "chevron-down" if on else "chevron-right")
        self.table.setVisible(on)
        self.copy.setVisible(on)
        if not on or self.view.skipped:
            self.model.show_skips(self.view.skipped)
        else:
            library, job_id = self._context.library, self.view.job_id
            self._context.background.run(lambda: library().jobs.skips(job_id), self._show_remembered)

    def _show_remembered(self, skips: Skips) -> None:
        self.model.show_skips(skips)

    def _copy(self) -> None:
        QApplication.clipboard().setText("\n".join(f"{item}\t{reason}" for item, reason in self.model.skips))

    def _cancel(self) -> None:
        self._context.jobs.cancel(self.view.number)

    def _resume(self) -> None:
        self._context.jobs.resume(self.view.number)

    @staticmethod
    def _button(text: str, tip: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(slot)
        return button


class ActivityView(QWidget):
    """All jobs, the newest at the top."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self._context = context
        self.cards: dict[int, JobCard] = {}
        self._titles = Titles()
        self._behind: dict[int, JobView] = {}
        self._making = QTimer(self, singleShot=True, interval=LATER_MS)
        self._making.timeout.connect(self._make_one)
        self._column = QVBoxLayout()
        self._column.setSpacing(12)
        self._column.setContentsMargins(28, 4, 28, 28)
        self._column.addStretch(1)
        empty = QLabel(EMPTY)
        empty.setProperty("role", "muted")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(self._scrolling())
        title = _label("title")
        title.setText("Activity")
        title.setContentsMargins(28, 22, 28, 10)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(title)
        layout.addWidget(self._stack, 1)
        for view in context.jobs.views:
            self._show(view)
        context.jobs.changed.connect(self._changed)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Catch up."""
        super().showEvent(event)
        behind, self._behind = self._behind, {}
        for view in behind.values():
            self._show(view)

    def name_encoders(self, choices: Iterable[EncoderChoice]) -> None:
        """Call encoders by these titles from now on."""
        self._titles.learn(choices)
        for card in self.cards.values():
            card.set_view(card.view)

    def _changed(self, view: JobView) -> None:
        """Show it at once where it is seen; else a new job gets its card in a calmer turn, and no more."""
        if self.isVisible():
            self._show(view)
            return
        self._behind[view.number] = view
        if view.number not in self.cards:
            self._making.start()

    def _make_one(self) -> None:
        new = [number for number in self._behind if number not in self.cards]
        if new:
            self._show(self._behind.pop(new[0]))
        if len(new) > 1:
            self._making.start()

    def _scrolling(self) -> QScrollArea:
        inside = QWidget()
        inside.setProperty("role", "page")
        inside.setLayout(self._column)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        return area

    def _show(self, view: JobView) -> None:
        if view.number in self.cards:
            self.cards[view.number].set_view(view)
            return
        card = JobCard(self._context, view, self._titles)
        older = [other.view.began for other in self.cards.values()]
        self._column.insertWidget(sum(began > view.began for began in older), card)
        self.cards[view.number] = card
        self._stack.setCurrentIndex(1)


def _when(view: JobView) -> str:
    """The state, and where it is over, when and how long."""
    state = wording.STATES[view.state]
    if view.ended is None or view.state in ("waiting", "interrupted"):
        return state
    clock = time.strftime(
        "%H:%M" if time.time() - view.ended < 72_000 else "%Y-%m-%d %H:%M", time.localtime(view.ended)
    )
    return f"{state} at {clock} after {wording.took(view.ended - view.began)}"


def _figures(view: JobView, titles: Titles) -> list[str]:
    """Where it is, and what it says of itself."""
    stage = "" if view.stage == wording.job_title(view.kind) else view.stage
    where = progress(view) if view.state in ("running", "stopping") else ""
    if not where:
        where = wording.outcome(view.kind, view.result)
    if not where and view.done:
        where = f"{view.done:,} {wording.unit(view.kind)}"
    told = {
        name: titles.of(str(value)) if name == "encoder" else value for name, value in view.metrics.items()
    }
    metrics = [wording.figure(name, value) for name, value in told.items()]
    lines = [(stage if view.live else "", where), metrics]
    return [text for line in lines if (text := " · ".join(part for part in line if part))]


def _label(role: str) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(role in ("muted", ""))
    label.setProperty("role", role)
    return label


def _table(model: SkippedModel) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.setMinimumHeight(220)
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    header.setStretchLastSection(True)
    header.resizeSection(0, 380)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return table
