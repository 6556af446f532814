"""The legend: what each colour means, how many points have it, and which of them are shown."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import wording
from app.map_colours import ALL, NAMED, Filter, Scheme
from app.theme import Theme
from app.views.map.gradient_key import GradientKey
from app.views.map.legend_list import Colour, LegendList

SEARCHED = 12
"""From so many names on there is a line to search them."""
TRUST = (
    "How many of the tracks that are nearest to a track as the encoder hears them are also nearest to it here. A plane "
    "cannot keep them all. Where this is low, believe the Similar panel and not the map."
)
SHARED = (
    "How many of the tracks that lie nearest to a track on one map lie nearest to it on the other, too: how far "
    "the two encoders agree about it."
)
ABOUT = {"trust": TRUST, "shared": SHARED}


class Legend(QWidget):
    """Beside the map.

    Signals
    -------
    filter_changed(Filter)
        What is shown.
    """

    filter_changed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._filter = ALL
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a name")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search the legend")
        self.list, self.key = LegendList(theme), GradientKey(theme)
        self.every, self.order = self._button("Show all"), self._button("By name")
        self.order.setCheckable(True)
        self.order.setToolTip("In the order of the names, or the most frequent first.")
        theme.set_icon(self.order, "columns")
        self.note = QLabel()
        self.note.setProperty("role", "small")
        self.note.setWordWrap(True)
        self.about = QLabel()
        self.about.setProperty("role", "small")
        self.about.setWordWrap(True)
        self.pages = QStackedWidget()
        self._lay_out()
        self.search.textChanged.connect(self.list.values.seek)
        self.order.toggled.connect(self.list.values.sort_by_name)
        self.every.clicked.connect(self.show_all)
        self.list.values.hidden_changed.connect(lambda hidden: self._changed(Filter(hidden)))
        self.key.filter_changed.connect(self._changed)

    def _button(self, text: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setIconSize(QSize(14, 14))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self.every)
        row.addStretch(1)
        row.addWidget(self.order)
        numbers = QWidget()
        column = QVBoxLayout(numbers)
        column.setContentsMargins(6, 4, 6, 0)
        column.addWidget(self.key)
        column.addWidget(self.about)
        column.addStretch(1)
        self.pages.addWidget(self.list)
        self.pages.addWidget(numbers)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 6)
        layout.setSpacing(4)
        layout.addWidget(self.search)
        layout.addLayout(row)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.note)

    def show_scheme(self, scheme: Scheme, shown: Filter, colour: Colour) -> None:
        """Take another column, or the same with other colours."""
        self._filter = shown
        names = scheme.info.kind == "names"
        if names:
            self.list.values.show(scheme, shown.hidden, colour)
        else:
            self.key.show_scheme(scheme, shown, colour)
        self.pages.setCurrentIndex(0 if names else 1)
        many = names and len(scheme.values) >= SEARCHED
        self.search.setVisible(many)
        if not many:
            self.search.clear()
        self.order.setVisible(names and len(scheme.values) > 1)
        self._tell(scheme)
        self._allow()

    def show_all(self) -> None:
        """Hide nothing."""
        if self.pages.currentIndex() == 0:
            self.list.values.set_hidden(frozenset())
        else:
            self.key.choose(None, None)

    def _tell(self, scheme: Scheme) -> None:
        if scheme.info.name in ABOUT:
            text = ABOUT[scheme.info.name]
        elif scheme.info.kind == "numbers":
            text = f"{scheme.info.none}: {wording.count(scheme.without, 'track')}." if scheme.without else ""
        else:
            more = len(scheme.values) - NAMED
            text = (
                f"{wording.count(more, 'rarer name')} in grey. Isolate one to give it a colour."
                if more > 0
                else ""
            )
        names = scheme.info.kind == "names"
        self.note.setText(text if names else "")
        self.note.setVisible(bool(text) and names)
        self.about.setText("" if names else text)

    def _changed(self, shown: Filter) -> None:
        self._filter = shown
        self._allow()
        self.filter_changed.emit(shown)

    def _allow(self) -> None:
        self.every.setEnabled(self._filter.active)
        self.every.setToolTip("Hide nothing." if self._filter.active else "Everything is shown.")
