"""The evaluation that runs, in one line with its bar; why the last one stopped, and a way to go on."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout

from app.evaluation import Evaluation
from app.job_view import JobView
from app.titles import Titles
from app.views.elided import Elided
from app.views.jobs_button import progress
from app.views.progress import Progress

PROBES = {"svm": "linear SVM", "logistic": "logistic regression"}
ENDINGS = {
    "cancelled": "The evaluation was stopped. Every result so far is kept.",
    "interrupted": "The program ended before the evaluation did. Every result so far is kept.",
    "failed": "The evaluation has failed.",
}


class JobStrip(QFrame):
    """Hidden while there is nothing to tell."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__()
        self.setProperty("role", "banner")
        self.setAccessibleName("Evaluation")
        self._evaluation, self._theme = evaluation, evaluation.context.theme
        self._dismissed = 0
        self._level = ""
        self.told, self.more, self.bar = Elided(), QLabel(), Progress()
        self.stop, self.resume, self.hide_it = QPushButton("Stop"), QPushButton("Resume"), QToolButton()
        self._lay_out()
        self.stop.clicked.connect(evaluation.stop)
        self.resume.clicked.connect(evaluation.resume)
        self.hide_it.clicked.connect(self._dismiss)
        evaluation.job_changed.connect(self.refresh)
        evaluation.changed.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        self.more.setProperty("role", "small")
        self.more.setWordWrap(True)
        self.more.setTextFormat(Qt.TextFormat.PlainText)
        self.told.setProperty("role", "strong")
        self.stop.setToolTip("Every result so far is kept; it goes on from there when it is started again.")
        self.resume.setToolTip("Compute what is missing.")
        self.hide_it.setToolTip("Hide this")
        self.hide_it.setAccessibleName("Hide this")
        self.hide_it.setIconSize(QSize(14, 14))
        self._theme.set_icon(self.hide_it, "close")
        for button in (self.stop, self.resume, self.hide_it):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        text = QVBoxLayout()
        text.setSpacing(4)
        for widget in (self.told, self.more, self.bar):
            text.addWidget(widget)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 10, 8)
        layout.setSpacing(10)
        layout.addLayout(text, 1)
        for button in (self.stop, self.resume, self.hide_it):
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)

    def refresh(self) -> None:
        """Show how it is now."""
        job = self._evaluation.job
        over = job is not None and job.state in ENDINGS
        shown = job is not None and (
            job.live or (over and job.number != self._dismissed and not self._old(job))
        )
        self.setVisible(shown)
        if job is None or not shown:
            return
        self._dress("error" if job.state == "failed" else "warning" if over else "accent")
        self.stop.setVisible(job.live)
        self.stop.setEnabled(job.state != "stopping")
        self.resume.setVisible(over)
        self.hide_it.setVisible(over)
        self.bar.setVisible(job.live)
        self.bar.show_share(job.done, job.total or 0)
        self.told.set_whole(_title(job, self._evaluation.session.titles))
        self.more.setText(_more(job))
        self.more.setVisible(bool(self.more.text()))

    def _old(self, job: JobView) -> bool:
        """A run of an earlier time, after which results came: nobody waits for it."""
        records = self._evaluation.records
        return bool(records) and job.ended is not None and records[-1].created_at > job.ended

    def _dress(self, level: str) -> None:
        if level != self._level:
            self._level = level
            self.setProperty("level", level)
            self.style().polish(self)

    def _dismiss(self) -> None:
        job = self._evaluation.job
        self._dismissed = 0 if job is None else job.number
        self.refresh()


def _title(job: JobView, titles: Titles) -> str:
    if job.state == "failed":
        return job.title or ENDINGS["failed"]
    if job.state in ENDINGS:
        return ENDINGS[job.state]
    if job.state == "waiting":
        return "Waiting for the evaluation before this one…"
    if job.state == "stopping":
        return "Stopping…"
    task, encoder = job.metrics.get("task"), job.metrics.get("encoder")
    if task and encoder:
        probe = PROBES.get(str(job.metrics.get("probe")), "")
        return ", ".join(filter(None, (f"{task}: {titles.of(str(encoder))}", probe)))
    return f"{job.stage}…" if job.stage else "Beginning…"


def _more(job: JobView) -> str:
    if job.state == "failed":
        return job.hint
    return progress(job) if job.state == "running" and job.total else ""
