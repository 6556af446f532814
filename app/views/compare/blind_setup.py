"""Before a sitting: which two encoders, and how near the candidates are."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app import wording
from app.encoder_titles import choice
from app.listening import Listening
from app.listening_rounds import Sitting
from app.pairing import Names
from app.views.compare.listening_words import ABOUT, KEYS, LEVELS

DEPTHS = ((1, "The nearest track"), (5, "One of the 5 nearest"), (10, "One of the 10 nearest"))


class SetupPage(QWidget):
    """A form in the middle of the page.

    Signals
    -------
    begin_wanted(Sitting)
        Start asking.
    results_wanted
        Show what was found so far.
    """

    begin_wanted = Signal(object)
    results_wanted = Signal()

    def __init__(self, listening: Listening) -> None:
        super().__init__()
        self._listening = listening
        self.encoders = self._combo("First encoder", ""), self._combo("Second encoder", "")
        self.candidates = self._combo(
            "Candidates", "Candidates of one round have the same rank in the two lists; the rank is drawn."
        )
        self.other_artists = QCheckBox("Only other artists than the track's")
        self.start = QPushButton("Start listening")
        self.results = QPushButton("Show the results")
        self.told, self.problem = QLabel(), QLabel()
        self._lay_out()
        self._connect()
        self._offer()

    def _combo(self, name: str, tip: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(tip)
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        return box

    def _lay_out(self) -> None:
        title, about, levels = QLabel("Which fits better, A or B?"), QLabel(ABOUT), QLabel(f"{LEVELS} {KEYS}")
        title.setProperty("role", "title")
        self.problem.setProperty("role", "error")
        self.start.setProperty("role", "primary")
        for label in (about, levels, self.told, self.problem):
            label.setWordWrap(True)
        for label in (levels, self.told):
            label.setProperty("role", "muted")
        for hidden in (self.problem, self.told):
            hidden.hide()
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addWidget(self.start)
        buttons.addWidget(self.results)
        buttons.addStretch(1)
        card = QFrame()
        card.setProperty("role", "card")
        card.setMaximumWidth(620)
        column = QVBoxLayout(card)
        column.setContentsMargins(28, 24, 28, 24)
        column.setSpacing(14)
        column.addWidget(title)
        column.addWidget(about)
        column.addLayout(self._form())
        column.addWidget(levels)
        column.addWidget(self.problem)
        column.addLayout(buttons)
        column.addWidget(self.told)
        self._centre(card)

    def _form(self) -> QGridLayout:
        for depth, words in DEPTHS:
            self.candidates.addItem(words, depth)
        self.candidates.setCurrentIndex(1)
        form = QGridLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        form.setColumnStretch(1, 1)
        names = ("Encoder", "against", "Candidates")
        for row, (name, box) in enumerate(zip(names, (*self.encoders, self.candidates), strict=True)):
            label = QLabel(name)
            label.setBuddy(box)
            label.setProperty("role", "muted")
            form.addWidget(label, row, 0)
            form.addWidget(box, row, 1)
        form.addWidget(self.other_artists, 3, 1)
        return form

    def _centre(self, card: QWidget) -> None:
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(card, 8)
        row.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(1)
        outer.addLayout(row)
        outer.addStretch(2)

    def _connect(self) -> None:
        session = self._listening.session
        session.encoders_changed.connect(self._offer)
        session.encoder_changed.connect(self._offer)
        self._listening.stored.connect(self.count)
        for box in self.encoders:
            box.activated.connect(self._changed)
        self.start.clicked.connect(lambda: self.begin_wanted.emit(self.sitting))
        self.results.clicked.connect(self.results_wanted)

    # -- the form

    @property
    def sitting(self) -> Sitting:
        """What the form says."""
        depth = DEPTHS[self.candidates.currentIndex()][0]
        return Sitting(self.names, depth, self.other_artists.isChecked())

    @property
    def names(self) -> Names:
        """Of the two encoders; empty where there is none."""
        one, other = (str(box.currentData() or "") for box in self.encoders)
        return one, other

    def refuse(self, sentence: str) -> None:
        """Say why a sitting could not begin; empty: nothing to say."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _offer(self) -> None:
        """Offer the encoders there are; what was chosen stays chosen."""
        session = self._listening.session
        known = [choice(record) for record in session.encoders]
        keys = [one.key for one in known]
        one, other = self.names
        if one not in keys:
            current = session.encoder.name if session.encoder else ""
            one = current if current in keys else next(iter(keys), "")
        if other not in keys or other == one:
            other = next((key for key in keys if key != one), "")
        for box, name in zip(self.encoders, (one, other), strict=True):
            with QSignalBlocker(box):
                box.clear()
                for encoder in known:
                    box.addItem(encoder.title, encoder.key)
                    box.setItemData(
                        box.count() - 1, encoder.tip or encoder.title, Qt.ItemDataRole.ToolTipRole
                    )
                box.setCurrentIndex(box.findData(name))
            box.setEnabled(len(known) > 1)
        self._changed()

    def _changed(self) -> None:
        self.refuse("")
        one, other = self.names
        reason = ""
        if not other:
            reason = "There is only one encoder: import a second one, or train one."
        elif one == other:
            reason = "Choose two different encoders."
        self.start.setEnabled(not reason)
        self.start.setToolTip(f"Not now: {reason}" if reason else "")
        self.count()

    def count(self) -> None:
        """Say how many rounds there are of this pair, and nothing of how they went."""
        if self.isVisible() and all(self.names):
            self._listening.count(self.names, self._show_count)

    def _show_count(self, count: int) -> None:
        rounds = wording.count(count, "round")
        self.told.setText(f"You have answered {rounds} of these two so far." if count else "")
        self.told.setVisible(bool(count))
