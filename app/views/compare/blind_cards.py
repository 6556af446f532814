"""The question: the track, A and B, each to be played, and what can be answered."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app.theme import Theme
from app.views.compare.listening_words import STOPPING
from app.views.elided import Elided
from app.views.progress import Progress
from app.views.side import row

STEPS = 200
"""Of a card's bar."""
WIDEST = 960
"""Of a question and of results (px): beyond, the eye travels too far."""
LISTEN_FIRST = "Listen to both first."


class Card(QFrame):
    """Something to listen to.

    Parameters
    ----------
    name
        `Track`, `A`, `B`: all that is told of a candidate.
    key
        What plays it on the keyboard.
    answer
        The button that prefers it; None: it is no candidate.
    """

    def __init__(self, theme: Theme, name: str, key: str, answer: QPushButton | None = None) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._theme = theme
        self.name = QLabel(name)
        self.name.setProperty("role", "title" if answer else "strong")
        self.title, self.text = Elided(), Elided()
        self.play, self.progress = QToolButton(), Progress()
        self.play.setText(f"Play ({key})")
        self.play.setAccessibleName(f"Play {name}")
        self.play.setIconSize(QSize(22, 22))
        self.play.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.play.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.progress.setRange(0, STEPS)
        self.progress.setAccessibleName(f"Progress of {name}")
        self.answer = answer
        self._lay_out()
        self.set_playing(False)

    def _lay_out(self) -> None:
        self.title.setProperty("role", "heading")
        self.text.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 18)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(self.name)
        head.addStretch(1)
        head.addWidget(self.play)
        column.addLayout(head)
        if self.answer is None:
            self.name.setProperty("role", "muted")
            column.addWidget(self.title)
            column.addWidget(self.text)
        column.addSpacing(4)
        column.addWidget(self.progress)
        if self.answer is not None:
            column.addSpacing(8)
            column.addWidget(self.answer)

    def tell(self, title: str, text: str) -> None:
        """Name what is played (of a candidate never)."""
        self.title.set_whole(title)
        self.text.set_whole(text)

    def set_playing(self, on: bool) -> None:
        """Whether it sounds now."""
        self._theme.set_icon(self.play, "volume" if on else "play", "accent" if on else "muted")
        if not on:
            self.progress.setValue(0)

    def set_share(self, share: float) -> None:
        """How much of the excerpt has been played."""
        self.progress.setValue(round(STEPS * min(max(share, 0.0), 1.0)))


class RoundPage(QWidget):
    """One question after the other; whoever owns the page fills it and performs what its buttons ask."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.prefer_a, self.prefer_b = QPushButton("A fits better  (A)"), QPushButton("B fits better  (B)")
        self.tie, self.skip = QPushButton("No difference  (T)"), QPushButton("Skip  (S)")
        self.stop = QPushButton("Stop the sound  (Space)")
        self.finish, self.tally = QPushButton("Finish"), QPushButton("Show the tally")
        self.query = Card(theme, "This track", "0")
        self.a, self.b = Card(theme, "A", "1", self.prefer_a), Card(theme, "B", "2", self.prefer_b)
        self.question, self.number, self.before, self.standing = QLabel(), QLabel(), Elided(), Elided()
        self._lay_out()
        self.allow(False)

    @property
    def cards(self) -> tuple[Card, Card, Card]:
        """The track, A, B."""
        return self.query, self.a, self.b

    def _lay_out(self) -> None:
        self.question.setProperty("role", "title")
        for label in (self.number, self.before, self.standing):
            label.setProperty("role", "muted")
        for button in (self.prefer_a, self.prefer_b, self.tie, self.skip, self.stop, self.finish, self.tally):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.finish.setToolTip("End here and see what was found.")
        self.tally.setCheckable(True)
        self.tally.setToolTip(
            f"See how it stands. From then on you know, and listen less blindly.\n{STOPPING}"
        )
        head = row(self.question, None, self.number, self.tally, self.finish)
        candidates = row(self.a, self.b)
        candidates.setSpacing(16)
        inside = QWidget()
        inside.setMaximumWidth(WIDEST)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 16)
        outer.addStretch(1)
        outer.addWidget(inside, 1000)
        outer.addStretch(1)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addLayout(head)
        column.addWidget(self.query)
        column.addLayout(candidates)
        column.addLayout(row(None, self.tie, self.skip, self.stop, None))
        column.addStretch(1)
        column.addWidget(self.standing)
        column.addWidget(self.before)

    def allow(self, on: bool) -> None:
        """Whether a judgement can be given: both were heard."""
        for button, tip in (
            (self.prefer_a, "A goes better with the track."),
            (self.prefer_b, "B goes better with the track."),
            (self.tie, "Both go with it equally well, or equally badly; counts half for each."),
        ):
            button.setEnabled(on)
            button.setToolTip(tip if on else f"{tip}\nNot now: {LISTEN_FIRST}")
