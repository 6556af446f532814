"""The heading of a panel at the window's side."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from app.theme import Theme


class DockTitle(QWidget):
    """A title, what the panel has to say in the same line, and a button that hides the panel.

    Parameters
    ----------
    title, hides, theme
        What it says, the action that shows and hides the panel, and how the button looks.
    """

    def __init__(self, title: str, hides: QAction, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("dock-title")
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(16, 10, 8, 10)
        heading, hide = QLabel(title), QToolButton()
        heading.setProperty("role", "heading")
        hide.setToolTip("Hide this panel")
        hide.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.set_icon(hide, "close")
        hide.clicked.connect(hides.trigger)
        self._layout.addWidget(heading)
        self._layout.addStretch(1)
        self._layout.addWidget(hide)

    def put_beside(self, widget: QWidget) -> None:
        """Give what the panel has to say the room between title and button."""
        self._layout.insertSpacing(1, 8)
        self._layout.insertWidget(2, widget, 1000)
        widget.show()
