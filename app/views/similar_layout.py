"""The Similar panel's widgets and where they stand; what they do is in `app.views.similar`."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app.neighbourhood import Wish
from app.theme import Theme
from app.views.elided import Elided
from app.views.side import row
from app.views.similar_list import SimilarList
from app.views.similar_modes import ModeBar
from app.views.similar_rules import RulesPopover
from app.views.similar_stops import Stops
from app.views.similar_why import WhyCard
from app.waves import Waves

HOW_MANY = (10, 25, 50)
TELLING = ("relaxed", "Only ", "left out", "Hubs", "steps of", "Spacing")
"""Of a receipt's lines the first with one of these words is shown before all are asked for."""


class Receipt(QWidget):
    """What led to the list: its most telling line, and all of them on a click."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.lines: tuple[str, ...] = ()
        self.line, self.all, self.more = Elided(), QLabel(), QToolButton()
        for label in (self.line, self.all):
            label.setProperty("role", "small")
        self.all.setWordWrap(True)
        self.all.setTextFormat(Qt.TextFormat.PlainText)
        self.all.hide()
        self.more.setIconSize(QSize(14, 14))
        self.more.setCheckable(True)
        self.more.setProperty("role", "quiet")
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more.setToolTip("How this list came about")
        self.more.setAccessibleName("How this list came about")
        theme.set_icon(self.more, "info")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 3, 10, 1)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.all, 1)
        layout.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        self.more.toggled.connect(self._open)
        self.hide()

    def show_lines(self, lines: Sequence[str]) -> None:
        """Show these."""
        self.lines = tuple(lines)
        telling = (line for word in TELLING for line in self.lines if word in line)
        self.line.set_whole(next(telling, self.lines[0] if self.lines else ""))
        self.all.setText("\n".join(self.lines))
        self.setVisible(bool(self.lines))

    def _open(self, on: bool) -> None:
        self.line.setVisible(not on)
        self.all.setVisible(on)


class Layout(QWidget):
    """Widgets, from the top: modes, what was asked, filter, list, receipt, notes, buttons."""

    def __init__(self, theme: Theme, waves: Waves) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self.modes, self.stops = ModeBar(), Stops(theme)
        self.title, self.subtitle, self.bent = Elided(), Elided(), QLabel()
        self.start_radio = QPushButton("Start the radio")
        self.filter = self._button("filter", "Filter", "What may be in the list.")
        self.unfilter = self._button("close", "", "Show everything again.")
        self.summary, self.how_many = Elided(), self._choice()
        self.rules = RulesPopover(theme, self)
        self.why = WhyCard(theme, waves)
        self.list = SimilarList(theme, self.why)
        self.message, self.note, self.receipt = QLabel(), QLabel(), Receipt(theme)
        self.pages = QStackedWidget()
        self.audition = self._button(
            "audition", "Audition",
            "A click on a track plays its neighbours in turn, a few seconds each (A).",
        )  # fmt: skip
        self.keep_list = self._button("playlist", "Keep", "")
        self.export = self._button("export", "Export", "")
        self._lay_out()
        self.show_mode(Wish(), "")

    def _choice(self) -> QComboBox:
        box = QComboBox()
        box.setToolTip("How many tracks to show.")
        box.setAccessibleName("How many tracks")
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for number in HOW_MANY:
            box.addItem(str(number), number)
        return box

    def _button(self, icon: str, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setIconSize(QSize(18, 18) if text else QSize(14, 14))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._theme.set_icon(button, icon)
        return button

    def _lay_out(self) -> None:
        self._set_looks()
        head = QVBoxLayout()
        head.setContentsMargins(16, 8, 12, 4)
        head.setSpacing(3)
        for widget in (self.title, self.subtitle, self.bent, self.stops):
            head.addWidget(widget)
        head.addSpacing(4)
        head.addWidget(self.start_radio)
        filters = QWidget()
        row(
            self.filter, self.summary, self.unfilter, self.how_many,
            parent=filters, wide=self.summary, spacing=4, margins=(10, 2, 12, 6),
        )  # fmt: skip
        buttons = QWidget()
        row(
            self.audition,
            None,
            self.keep_list,
            self.export,
            parent=buttons,
            spacing=4,
            margins=(10, 3, 10, 8),
        )
        self.pages.addWidget(self.message)
        self.pages.addWidget(self.list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        bar = QVBoxLayout()
        bar.setContentsMargins(14, 10, 12, 2)
        bar.addWidget(self.modes)
        layout.addLayout(bar)
        layout.addLayout(head)
        layout.addWidget(filters)
        layout.addWidget(self.pages, 1)
        for below in (self.receipt, self.note, buttons):
            layout.addWidget(below)

    def _set_looks(self) -> None:
        self.title.setProperty("role", "strong")
        self.start_radio.setProperty("role", "primary")
        self.start_radio.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for label in (self.subtitle, self.note, self.bent, self.summary, self.message):
            label.setProperty("role", "muted")
        for label in (self.message, self.bent, self.note):
            label.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setContentsMargins(24, 0, 24, 60)
        self.note.setContentsMargins(16, 4, 12, 2)
        self.note.hide()
        self.pages.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.audition.setCheckable(True)
        self.filter.setAccessibleName("Filter")
        self.unfilter.setAccessibleName("Show everything again")

    # -- what changes

    def show_mode(self, wish: Wish, rules: str) -> None:
        """What belongs to this question, and its rules in words."""
        self.how_many.setVisible(wish.mode != "radio")
        self.start_radio.setVisible(wish.mode == "radio")
        self.stops.setVisible(wish.mode == "path")
        self.summary.set_whole(rules)
        self.unfilter.setVisible(bool(rules))

    def show_heading(self, title: str, subtitle: str) -> None:
        """Two lines on what was asked; the stops of a path say it themselves."""
        self.title.set_whole(title)
        self.subtitle.set_whole(subtitle)
        shown = bool(title) and self.stops.isHidden()
        self.title.setVisible(shown)
        self.subtitle.setVisible(shown and bool(subtitle))

    def allow_actions(self, found: bool, *, radio: bool) -> None:
        """What can be done with the list, or why not."""
        reason = "" if found else "\nNot now: there is nothing in the list."
        for button, tip in (
            (self.keep_list, "Keep these tracks as a playlist, which can be refreshed later."),
            (self.export, "Write these tracks as a playlist file (M3U8 or XSPF)."),
        ):
            button.setEnabled(found)
            button.setToolTip(tip + reason)
        self.start_radio.setText("Stop the radio" if radio else "Start the radio")
        self.start_radio.setEnabled(found or radio)
        self.start_radio.setToolTip(f"Play these, and go on in their manner.{'' if radio else reason}")
