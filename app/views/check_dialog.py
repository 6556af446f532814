"""Check this installation: every finding of the self-test, the good ones too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from app.checkup import Checkup
from app.theme import Theme

if TYPE_CHECKING:
    from core.selftest import Finding

ICONS = {"ok": ("done", "ok"), "note": ("info", "accent"), "problem": ("warning", "warning")}
LOOKING = "Looking at this computer and at every library that Earmap needs…"


class CheckDialog(QDialog):
    """Asks the self-test when it opens; shows what it found."""

    def __init__(self, checkup: Checkup, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Check this installation")
        self.resize(680, 420)
        self._checkup, self._theme = checkup, theme
        self.findings: list[Finding] = []
        self.verdict = QLabel()
        self.verdict.setProperty("role", "title")
        self.verdict.setWordWrap(True)
        self.waiting = QProgressBar(maximum=0)
        self.waiting.setTextVisible(False)
        self._list = QWidget()
        self._grid = QGridLayout(self._list)
        self._lay_out()
        self.look()

    def look(self) -> None:
        """Ask the self-test, from the start."""
        self.verdict.setText(LOOKING)
        self.waiting.show()
        self._again.setEnabled(False)
        self._again.setToolTip("Not now: it is looking.")
        self._checkup.run(self.show_findings, quick=False)

    def show_findings(self, found: list[Finding]) -> None:
        """Show these."""
        self.findings = found
        self.waiting.hide()
        self._again.setEnabled(True)
        self._again.setToolTip("")
        wrong = sum(one.state == "problem" for one in found)
        self.verdict.setText(_verdict(wrong, len(found)))
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for row, finding in enumerate(found):
            icon, sentence = QLabel(), QLabel(finding.sentence)
            icon.setPixmap(self._theme.pixmap(ICONS[finding.state][0], 20, ICONS[finding.state][1]))
            sentence.setTextFormat(Qt.TextFormat.PlainText)
            sentence.setWordWrap(True)
            self._grid.addWidget(icon, 2 * row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(sentence, 2 * row, 1)
            if finding.hint:
                hint = QLabel(finding.hint)
                hint.setProperty("role", "muted")
                hint.setTextFormat(Qt.TextFormat.PlainText)
                hint.setWordWrap(True)
                self._grid.addWidget(hint, 2 * row + 1, 1)

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._again = buttons.addButton("Check again", QDialogButtonBox.ButtonRole.ActionRole)
        self._again.clicked.connect(self.look)
        copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(14)
        for widget in (self.verdict, self.waiting, self._list):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(buttons)

    def _copy(self) -> None:
        lines = [f"{one.state}: {one.sentence} {one.hint}".strip() for one in self.findings]
        QApplication.clipboard().setText("\n".join(lines))


def _verdict(wrong: int, of: int) -> str:
    if not of:
        return "The check itself could not be run; the log may say why."
    if not wrong:
        return "All is well."
    return "One thing is wrong." if wrong == 1 else f"{wrong} things are wrong."
