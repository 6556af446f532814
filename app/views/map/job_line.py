"""The line above the map: what is being drawn, or why the map before it is still shown."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from app import encoder_titles
from app.mapping import Mapping
from app.views.map import words
from app.views.progress import Progress

LATER_MS = 50
"""The map is of another size with the line and without, and is drawn anew: not in the turn in which a job begins or
ends, which has enough to do."""


class JobLine(QWidget):
    """Hidden while there is nothing to say."""

    def __init__(self, mapping: Mapping) -> None:
        super().__init__()
        self._mapping = mapping
        self.progress, self.doing, self.halt = Progress(), QLabel(), QToolButton()
        self.doing.setProperty("role", "muted")
        self.progress.setMaximumWidth(160)
        self.progress.setAccessibleName("How far the map is")
        self.halt.setText("Stop")
        self.halt.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.halt.clicked.connect(self._act)
        self._wanted = False
        self._turning = QTimer(self, singleShot=True, interval=LATER_MS)
        self._turning.timeout.connect(lambda: self.setVisible(self._wanted))
        self.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 10, 4)
        row.setSpacing(10)
        row.addWidget(self.progress)
        row.addWidget(self.doing, 1)
        row.addWidget(self.halt)

    def _act(self) -> None:
        if self._mapping.job is not None:
            self._mapping.stop()
        else:
            self._mapping.draw()

    def refresh(self) -> None:
        """Say what is so now."""
        mapping, drawing, job = self._mapping, self._mapping.drawing, self._mapping.job
        other = drawing is not None and not mapping.own
        self._wanted = job is not None or (other and mapping.state != "shown")
        if self._wanted == self.isHidden():
            self._turning.start()
        self.progress.setVisible(job is not None)
        drawable = job is None and mapping.state in ("none", "failed")
        self.halt.setVisible(job is not None or drawable)
        self.halt.setText("Draw the map" if drawable else "Stop")
        self.halt.setToolTip("" if drawable else "Stop drawing; the map that was there before stays.")
        text = words.progress(job) if job is not None else words.behind(mapping)
        if other and drawing is not None and job is not None:
            text = f"{text} Still shown: {encoder_titles.choice(drawing.encoder).title}."
        self.doing.setText(text)
        if job is not None:
            self.progress.show_share(min(job.done, job.total or 0), job.total or 0)
