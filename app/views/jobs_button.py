"""The running jobs in the status bar: one line, rate and time left; a click opens Activity."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from app import wording
from app.context import Context
from app.job_view import JobView
from app.views.progress import Progress

BUSY = " · other programs keep the processors busy"


def line(view: JobView) -> str:
    """`Listening to tracks: 312 of 470 · 4.1 tracks/s · about 40 s left`."""
    if view.state != "running":
        return f"{wording.job_title(view.kind)}: {wording.STATES[view.state].lower()}"
    title = wording.job_title(view.kind)
    if not view.job_id and not view.done:  # its process is loading, which can take long
        where = "starting…"
    elif view.done or not view.stage or view.stage == title:
        where = progress(view)
    else:
        where = f"{view.stage[0].lower()}{view.stage[1:]}…"
    return f"{title}: {where}{BUSY if view.metrics.get('others') else ''}"


def progress(view: JobView) -> str:
    """The figures of a live job in one line."""
    what = wording.unit(view.kind)
    parts = [f"{view.done:,} of {view.total:,} {what}" if view.total is not None else f"{view.done:,} {what}"]
    if view.rate > 0:
        parts.append(wording.rate(view.rate, what))
    if view.seconds_left is not None and view.total:
        parts.append(wording.time_left(view.seconds_left))
    return " · ".join(parts)


class JobsButton(QWidget):
    """What runs now, told by the job that has the most to say."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._jobs = context.jobs
        self.button = QToolButton()
        self.clicked = self.button.clicked
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setIconSize(QSize(16, 16))
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setToolTip("Show all jobs (Activity)")
        context.theme.set_icon(self.button, "activity")
        self.bar = Progress()
        self.bar.setFixedWidth(120)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 12, 0)
        layout.addWidget(self.button)
        layout.addWidget(self.bar)
        self._jobs.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        running = self._jobs.running
        self.bar.setVisible(bool(running))
        if not running:
            self.button.setText(" Nothing is running")
            return
        first = max(running, key=_says)
        more = f" · {len(running) - 1} more" if len(running) > 1 else ""
        self.button.setText(f" {line(first)}{more}")
        self.bar.show_share(first.done, first.total or 0)


def _says(view: JobView) -> tuple[bool, bool, bool, int]:
    """How much a job has to say, as a key to sort by."""
    return view.state == "running", view.total is not None, view.done > 0, view.number
