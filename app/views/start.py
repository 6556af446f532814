"""What an empty library shows: a place to drop a folder, and music to try Earmap with."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import Theme
from app.views.side import row


class StartView(QWidget):
    """A large place to drop music on, and a button for those who would rather choose.

    Parameters
    ----------
    theme
        Gives the picture.
    add_folder, try_bundled
        The actions behind the buttons.
    """

    def __init__(self, theme: Theme, add_folder: QAction, try_bundled: QAction) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self._theme = theme
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = _line("Drop a music folder anywhere", "title")
        text = _line(
            "<p style='line-height: 150%'>Earmap listens to every track and finds what sounds alike.<br>"
            "Your files are only read, never changed, and nothing leaves this computer.</p>", "muted",
        )  # fmt: skip
        self.choose = _button("Choose a folder…", add_folder)
        self.choose.setProperty("role", "primary")
        self.demo = _button("Try it with the bundled music", try_bundled)
        self.demo.setToolTip("Short pieces in many styles; one click takes them out again.")
        formats = _line("MP3, M4A, FLAC, Ogg Vorbis, Opus, WAV, AIFF, WMA, WavPack and more", "muted")
        self._lay_out(title, text, formats)
        theme.changed.connect(self._draw)
        self._draw()

    def _lay_out(self, title: QLabel, text: QLabel, formats: QLabel) -> None:
        place = QFrame()
        place.setObjectName("drop-place")
        inside = QVBoxLayout(place)
        inside.setSpacing(14)
        inside.addStretch(3)
        for widget in (self._picture, title, text):
            inside.addWidget(widget)
        inside.addSpacing(10)
        inside.addLayout(row(None, self.choose, self.demo, None, spacing=12))
        inside.addStretch(3)
        inside.addWidget(formats)
        inside.setContentsMargins(24, 24, 24, 20)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(28, 28, 28, 28)
        outside.addWidget(place)

    def _draw(self) -> None:
        self._picture.setPixmap(self._theme.pixmap("drop", 64, "accent"))


def _button(text: str, action: QAction) -> QPushButton:
    button = QPushButton(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(action.trigger)
    return button


def _line(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label
