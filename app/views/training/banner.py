"""What is wrong with a run, in words, with what to do about it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from app.run_view import RunView
from app.theme import Theme

PROBLEM, WARNING = "error", "warning"


class Banner(QFrame):
    """The worst finding on a run, in a frame that cannot be overlooked; hidden where all is well."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "banner")
        self.setAccessibleName("What is wrong with this run")
        self._theme, self._level = theme, WARNING
        self._icon, self.sentence, self.advice = QLabel(), QLabel(), QLabel()
        self.sentence.setProperty("role", "strong")
        text = QVBoxLayout()
        text.setSpacing(2)
        for label in (self.sentence, self.advice):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.addWidget(label)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 9, 14, 9)
        layout.setSpacing(12)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(text, 1)
        theme.changed.connect(self._draw)
        self.hide()

    def show_run(self, run: RunView | None) -> None:
        """Say what is wrong with it, if anything is."""
        told = _findings(run)
        self.setVisible(bool(told))
        if not told:
            return
        level, sentence, advice = told[0]
        more = [f"Also: {also[1]}" for also in told[1:]]
        self.sentence.setText(sentence)
        self.advice.setText("\n".join(filter(None, [advice, *more])))
        self.advice.setVisible(bool(self.advice.text()))
        if level != self._level or self.property("level") is None:
            self._level = level
            self.setProperty("level", level)
            self.style().polish(self)
        self._draw()

    def _draw(self) -> None:
        icon = "error" if self._level == PROBLEM else "warning"
        self._icon.setPixmap(self._theme.pixmap(icon, 20, self._level))


def _findings(run: RunView | None) -> list[tuple[str, str, str]]:
    """(level, sentence, advice) of each, the worst first."""
    if run is None:
        return []
    found = []
    if run.message and run.job is not None:
        found.append((PROBLEM, run.job.title, run.job.hint))
    elif run.state == "failed":
        found.append((PROBLEM, "This run has failed. Activity says why.", ""))
    elif run.state == "interrupted":
        found.append(
            (WARNING, "The program ended before this run did.", "Resume: it goes on from where it was saved.")
        )
    for verdict in [] if run.record is None else run.record.verdicts:
        level = PROBLEM if verdict.get("severity") == "problem" else WARNING
        found.append((level, str(verdict.get("sentence", "")), str(verdict.get("advice", ""))))
    return found
