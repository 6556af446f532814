"""What can be done with the tracks that were gathered on the map."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from app import wording
from app.theme import Theme

ACTIONS = (
    ("play", "Play", "play", "Play these tracks."),
    ("queue", "Add to queue", "queue", "Play them after what is in the queue."),
    ("label", "Label…", "keep", "Give them a label, or take one away."),
    ("playlist", "New playlist", "note", "Keep them as a playlist."),
    ("clear", "Clear", "close", "Select nothing (Esc)."),
)


class SelectionBar(QFrame):
    """A strip at the foot of the map.

    Signals
    -------
    wanted(str)
        `play`, `queue`, `label`, `playlist`, `clear`.
    """

    wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        self.setProperty("role", "card")
        self.count = QLabel()
        self.count.setProperty("role", "strong")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 6, 4)
        layout.setSpacing(4)
        layout.addWidget(self.count)
        layout.addSpacing(8)
        self.buttons: dict[str, QToolButton] = {}
        for name, text, icon, tip in ACTIONS:
            layout.addWidget(self._button(theme, name, text, icon, tip))
        self.hide()

    def _button(self, theme: Theme, name: str, text: str, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setIconSize(QSize(16, 16))
        only = Qt.ToolButtonStyle.ToolButtonIconOnly if name in ("clear", "queue") else None
        button.setToolButtonStyle(only or Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(text)
        theme.set_icon(button, icon)
        button.clicked.connect(lambda: self.wanted.emit(name))
        self.buttons[name] = button
        return button

    def show_count(self, count: int) -> None:
        """So many tracks are selected; under two there is no bar."""
        self.count.setText(wording.count(count, "track"))
        self.setVisible(count > 1)
        self.place()

    def place(self) -> None:
        """In the middle of the parent's foot."""
        self.adjustSize()
        room = self._room.rect()
        self.move(max((room.width() - self.width()) // 2, 4), room.height() - self.height() - 12)
        self.raise_()
