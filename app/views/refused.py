"""What stands where the table would be while the library cannot be opened: why, and the ways on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from app.notify import Message
from app.theme import Theme
from app.views.side import row


class RefusedView(QWidget):
    """A sentence, a hint, and a button for each way on.

    Signals
    -------
    again
        Try to open the same library once more.
    anew
        Set its file aside and begin a new one.
    elsewhere
        Use another library.
    """

    again = Signal()
    anew = Signal()
    elsewhere = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self._theme = theme
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._title, self._hint = _line("title"), _line("muted")
        self.try_again = QPushButton("Try again")
        self.try_again.setProperty("role", "primary")
        self.begin_anew = QPushButton("Set it aside and begin anew")
        self.begin_anew.setToolTip(
            "The file gets another name, and so does what lies beside it; nothing is deleted."
        )
        self.use_another = QPushButton("Use another library…")
        buttons = (self.try_again, self.begin_anew, self.use_another)
        for button, signal in zip(buttons, (self.again, self.anew, self.elsewhere), strict=True):
            button.clicked.connect(signal)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 28, 28, 28)
        layout.setSpacing(14)
        layout.addStretch(3)
        for widget in (self._picture, self._title, self._hint):
            layout.addWidget(widget)
        layout.addSpacing(10)
        layout.addLayout(row(None, *buttons, None, spacing=12))
        layout.addStretch(4)
        theme.changed.connect(self._draw)
        self._draw()

    def show_why(self, message: Message, *, damaged: bool) -> None:
        """Say why the library is shut; a damaged one can be set aside."""
        self._title.setText(message.title)
        self._hint.setText(message.hint)
        self.begin_anew.setVisible(damaged)

    def _draw(self) -> None:
        self._picture.setPixmap(self._theme.pixmap("warning", 48, "accent"))


def _line(role: str) -> QLabel:
    label = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
