"""What appears above the player when there is something to say or to ask."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from app.theme import Theme
from app.views.elided import Elided

_STAYS_MS = 10_000
"""How long the sentence about a broken file is shown."""


class ThemedIcon(QLabel):
    """An icon that is no button, in the colours of the present theme."""

    def __init__(self, theme: Theme, name: str, role: str) -> None:
        super().__init__()
        self._theme, self._name, self._role = theme, name, role
        theme.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        self.setPixmap(self._theme.pixmap(self._name, 18, self._role))


class Notice(QWidget):
    """A sentence above the player: about the audio device as long as it holds, about a file for a while."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._device = self._file = ""
        self.label = Elided()
        self._close = QToolButton()
        self._close.setToolTip("Hide this sentence")
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.set_icon(self._close, "close")
        self._close.clicked.connect(self._forget_file)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 4, 8, 0)
        layout.addWidget(ThemedIcon(theme, "warning", "warning"))
        layout.addWidget(self.label, 1)
        layout.addWidget(self._close)
        self._timer = QTimer(self, singleShot=True, interval=_STAYS_MS)
        self._timer.timeout.connect(self._forget_file)
        self.hide()

    def set_device(self, sentence: str) -> None:
        """About the device; empty: all is well."""
        self._device = sentence
        self._show()

    def set_file(self, sentence: str) -> None:
        """About a file."""
        self._file = sentence
        self._timer.start()
        self._show()

    def add_file(self, sentence: str) -> None:
        """More about files, after what is said already."""
        self.set_file(f"{self._file} {sentence}".lstrip())

    @property
    def text(self) -> str:
        """What is said; empty where nothing is."""
        return self._device or self._file

    def _forget_file(self) -> None:
        self._timer.stop()
        self._file = ""
        self._show()

    def _show(self) -> None:
        self.label.set_whole(self.text)
        self._close.setVisible(not self._device)
        self.setVisible(bool(self.text))


class AuditionStrip(QWidget):
    """What a person says of the track that an audition plays."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.where = QLabel()
        self.where.setProperty("role", "strong")
        self._theme = theme
        self.next = self._button("&Next", "next", "Go on with the next neighbour.")
        self.keep = self._button("&Keep", "keep", "Remember this track and listen on.")
        self.less = self._button(
            "L&ess like this", "less-like", "Look for neighbours that are less like this track."
        )
        self.stop = self._button("Stop", "stop", "Back to what was playing before (Esc).")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 0)
        layout.setSpacing(8)
        layout.addWidget(ThemedIcon(theme, "audition", "accent"))
        layout.addWidget(self.where, 1)
        for button in (self.next, self.keep, self.less, self.stop):
            layout.addWidget(button)
        self.hide()

    def set_place(self, index: int | None, count: int) -> None:
        """Which of how many sounds."""
        number = "" if index is None else f": {index + 1} of {count}"
        self.where.setText(f"Audition{number}")

    def _button(self, text: str, icon: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._theme.set_icon(button, icon)
        return button
