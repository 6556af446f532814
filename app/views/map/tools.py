"""The row above the map: what it is coloured by, what is looked for, how it is touched."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QToolButton,
    QWidget,
)

from app.map_colours import COLUMNS
from app.theme import Theme
from app.views.library import GRAMMAR

TOUCH = (
    ("pan", "hand", "Move", "Drag to move the map, turn the wheel to come nearer."),
    ("lasso", "lasso", "Lasso", "Draw around tracks to select them. With Ctrl they are added."),
    ("rectangle", "rectangle", "Rectangle", "Drag a rectangle to select tracks. With Ctrl they are added."),
)


class MapTools(QWidget):
    """Buttons and fields; they do nothing by themselves.

    Signals
    -------
    touch_chosen(str)
        `pan`, `lasso` or `rectangle`.
    """

    touch_chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.column = QComboBox()
        for info in COLUMNS:
            self.column.addItem(info.title, info.name)
        self.column.setAccessibleName("Colour by")
        self.column.setToolTip("What the points’ colours stand for.")
        self.column.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.column.setMaxVisibleItems(len(COLUMNS))
        self.column.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.column.setMinimumContentsLength(8)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Highlight")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip(GRAMMAR)
        self.search.setAccessibleName("Highlight tracks on the map")
        self.search.setMinimumWidth(120)
        icon = self.search.addAction(theme.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        theme.set_icon(icon, "search")
        self.found = QLabel()
        self.found.setProperty("role", "muted")
        self.touch = QButtonGroup(self)
        self.fit = self._button("fit", "Show all", "Show the whole map (Home).")
        self.lines = self._button("lines", "True neighbours", "", checkable=True)
        self.lines.setToolTip(
            "Lines from the selected track to its ten true neighbours, wherever the map put them."
        )
        self.listen = self._button(
            "headphones", "Listen", "Hear, quietly, what is pointed at.", checkable=True
        )
        self.legend = self._button("legend", "Legend", "Show or hide what the colours mean.", checkable=True)
        self.both = self._button(
            "two-maps", "Two maps", "The same tracks under a second encoder.", checkable=True
        )
        self.more = self._button("menu", "More", "Methods, drawing anew, export.")
        self.menu = QMenu(self.more)
        self.menu.setToolTipsVisible(True)
        self.more.setMenu(self.menu)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.lines.setChecked(True)
        self.legend.setChecked(True)
        self._lay_out()

    def _button(self, icon: str, text: str, tip: str, checkable: bool = False) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setAccessibleName(text)
        button.setToolTip(tip)
        button.setIconSize(QSize(18, 18))
        button.setCheckable(checkable)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._theme.set_icon(button, icon)
        return button

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 10, 4)
        layout.setSpacing(2)
        label = QLabel("Colour by")
        label.setProperty("role", "muted")
        label.setBuddy(self.column)
        layout.addWidget(label)
        layout.addSpacing(6)
        layout.addWidget(self.column)
        layout.addSpacing(6)
        layout.addWidget(self.search, 1)
        layout.addWidget(self.found)
        layout.addSpacing(6)
        for name, icon, text, tip in TOUCH:
            button = self._button(icon, text, f"{text}. {tip}", checkable=True)
            button.setChecked(name == "pan")
            button.clicked.connect(lambda _=False, which=name: self.touch_chosen.emit(which))
            self.touch.addButton(button)
            layout.addWidget(button)
        layout.addSpacing(8)
        for button in (self.fit, self.lines, self.listen, self.both, self.legend, self.more):
            layout.addWidget(button)

    def set_touch(self, name: str) -> None:
        """Press the button of that tool."""
        self.touch.buttons()[[key for key, *_ in TOUCH].index(name)].click()
