"""What blind listening has found, a card for each pair of encoders."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app import wording
from app.listening import Listening
from app.theme import SERIES, Theme
from app.titles import Titles
from app.views.compare import listening_words as words
from app.views.compare.blind_cards import WIDEST
from app.views.elided import Elided
from app.views.side import row
from core.evaluation.listening import PairResult, WinRate

NOTHING = "No round has been answered yet. Start listening: every answer is kept, and adds up here."
TOP, BAR = 4, 12
"""Room above the bar, and its height (px)."""


class WinBar(QWidget):
    """Who won what share, with the interval around the border between the two, and a mark at one half."""

    def __init__(self, theme: Theme, rate: WinRate) -> None:
        super().__init__()
        self._theme, self.rate = theme, rate
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Win rate")
        self.setAccessibleDescription(words.win_rate(rate))
        self.setToolTip(
            "The thin line is the 95 % interval; the mark in the middle is where neither is better."
        )
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The bar, and room for the interval below it."""
        return QSize(300, TOP + BAR + 16)

    def place(self, share: float) -> float:
        """Where a share of the first encoder's is; its part begins at the left."""
        return share * self.width()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and argument
        """Two parts; under them the interval around their border; the middle across all."""
        painter, rate, colours = QPainter(self), self.rate, self._theme.colours
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        border, half, below = self.place(rate.mean), self.place(0.5), TOP + BAR + 9.0
        painter.fillRect(QRectF(0, TOP, border, BAR), QColor(SERIES[0]))
        painter.fillRect(QRectF(border, TOP, self.width() - border, BAR), QColor(SERIES[1]))
        painter.setPen(QPen(QColor(colours.text), 2))
        low, high = (min(max(self.place(end), 1.0), self.width() - 1.0) for end in (rate.low, rate.high))
        painter.drawLine(QLineF(low, below, high, below))
        for end in (low, high):
            painter.drawLine(QLineF(end, below - 4, end, below + 4))
        painter.setBrush(QColor(colours.text))
        painter.drawEllipse(QPointF(border, below), 3.5, 3.5)
        painter.setPen(QPen(QColor(colours.text), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(half, 0, half, self.height()))
        painter.end()


class ResultCard(QFrame):
    """One pair.

    Signals
    -------
    clear_wanted
        Forget its rounds.
    """

    clear_wanted = Signal()

    def __init__(self, theme: Theme, result: PairResult, titles: Titles) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.result = result
        a, b = map(titles.of, result.names)
        self.headline, self.figures, self.clear = (
            QLabel(words.headline(result, titles)),
            QLabel(),
            QPushButton("Clear…"),
        )
        self.headline.setProperty("role", "heading")
        self.headline.setWordWrap(True)
        self.figures.setText(words.counts(result, titles))
        self.figures.setProperty("role", "muted")
        self.figures.setWordWrap(True)
        self.clear.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clear.setToolTip("Forget the rounds of these two.")
        self.clear.clicked.connect(self.clear_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(6)
        column.addLayout(row(self.headline, self.clear, wide=self.headline))
        if result.rate.rounds:
            mean = result.rate.mean
            names = row(_named(a, mean), _named(b, 1 - mean, right=True))
            names.setStretch(0, 1)
            names.setStretch(1, 1)
            column.addLayout(names)
            column.addWidget(WinBar(theme, result.rate))
            self.rate = QLabel(
                f"{a}: {words.win_rate(result.rate)}. A tie counts half; each track counts once."
            )
            self.rate.setToolTip(words.STOPPING)
            self.rate.setWordWrap(True)
            column.addWidget(self.rate)
        column.addWidget(self.figures)


def _named(name: str, share: float, right: bool = False) -> Elided:
    label = Elided()
    label.setProperty("role", "strong")
    told = f"{words.percent(share)} %"
    label.set_whole(f"{told}  {name}" if right else f"{name}  {told}")
    label.setAlignment(Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft)
    return label


class ResultsPage(QWidget):
    """All pairs, most rounds first.

    Signals
    -------
    back_wanted
        Listen on.
    """

    back_wanted = Signal()

    def __init__(self, listening: Listening) -> None:
        super().__init__()
        self._listening = listening
        self.cards: list[ResultCard] = []
        self.back, self.export = QPushButton("Listen on"), QPushButton("Export…")
        self.message, self.identical = QLabel(NOTHING), QLabel()
        self._cards = QVBoxLayout()
        self._lay_out()
        self.back.clicked.connect(self.back_wanted)
        self.export.clicked.connect(self._ask_export)
        listening.stored.connect(self.refresh)

    def _lay_out(self) -> None:
        heading = QLabel("Results of blind listening")
        heading.setProperty("role", "title")
        self.back.setProperty("role", "primary")
        for button in (self.back, self.export):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for label in (self.message, self.identical):
            label.setProperty("role", "muted")
            label.setWordWrap(True)
        inside = QWidget()
        inside.setProperty("role", "page")
        narrow = QWidget()
        narrow.setMaximumWidth(WIDEST)
        outer = QHBoxLayout(inside)
        outer.setContentsMargins(24, 16, 24, 16)
        outer.addStretch(1)
        outer.addWidget(narrow, 1000)
        outer.addStretch(1)
        column = QVBoxLayout(narrow)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(row(heading, self.export, self.back, wide=heading))
        column.addWidget(self.identical)
        column.addWidget(self.message)
        column.addLayout(self._cards)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)

    def refresh(self) -> None:
        """Read anew, if anybody looks."""
        if self.isVisible():
            self._listening.results(self.show_results)

    def show_results(self, results: tuple[PairResult, ...]) -> None:
        """A card each."""
        for card in self.cards:
            self._cards.removeWidget(card)
            card.hide()
            card.deleteLater()
        session = self._listening.session
        self.cards = [ResultCard(session.theme, result, session.titles) for result in results]
        for card in self.cards:
            card.clear_wanted.connect(partial(self._ask_clear, card.result))
            self._cards.addWidget(card)
        self.message.setVisible(not results)
        self.export.setEnabled(bool(results))
        tip = "Write all rounds as a table (CSV)."
        self.export.setToolTip(tip if results else f"{tip}\nNot now: there are none.")
        passed = self._listening.identical
        rounds = wording.count(passed, "round")
        was = "was" if passed == 1 else "were"
        self.identical.setText(
            f"{rounds} of this sitting {was} passed over: both encoders chose the same recording."
            if passed
            else ""
        )
        self.identical.setVisible(bool(passed))

    def _ask_clear(self, result: PairResult) -> None:
        """Ask, and only then forget."""
        a, b = map(self._listening.session.titles.of, result.names)
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Clear rounds")
        box.setText(f"Forget all rounds of {a} and {b}?")
        box.setInformativeText(
            "The answers are removed from the library and cannot be had back. Export them first."
        )
        clear = box.addButton("Clear", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        clear.clicked.connect(lambda: self._listening.clear(result.names))
        box.open()

    def _ask_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export rounds", "listening.csv", "Table (*.csv)")
        if name:
            self._listening.export(Path(name) if Path(name).suffix else Path(f"{name}.csv"))
