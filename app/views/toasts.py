"""Messages at the window's lower edge: they wait for nobody, and errors stay until they are closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app.actions import Actions
from app.notify import Message, Notifier
from app.theme import Theme

ACTION_MS = 20_000  # with something to click
STAYS_MS = {"info": 6_000, "done": 6_000, "warning": 12_000}  # an error stays
ROLES = {"info": "accent", "done": "ok", "warning": "warning", "error": "error"}
MOST = 4


class DetailsDialog(QDialog):
    """A message in full, with a button that copies it and the log file's path."""

    def __init__(self, message: Message, log_path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Details")
        self.resize(720, 460)
        self._text = f"{message.title}\n{message.hint}\n\n{message.details}\nLog file: {log_path}\n"
        box = QPlainTextEdit(self._text)
        box.setReadOnly(True)
        box.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        where = QLabel(f"Log file: {log_path}")
        where.setProperty("role", "muted")
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.clicked.connect(lambda: QApplication.clipboard().setText(self._text))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        for widget in (_label(message.title, "heading"), box, where, buttons):
            layout.addWidget(widget)


class Toast(QFrame):
    """One message; `closed` fires when it goes."""

    closed = Signal(object)

    def __init__(
        self, message: Message, theme: Theme, show_details: Callable[[Message], None],
        actions: Actions | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.message = message
        self.times = 1
        self.setProperty("role", "toast")
        self.setProperty("level", message.level)
        self.setFixedWidth(430)
        icon = QLabel()
        icon.setPixmap(
            theme.pixmap("done" if message.level == "done" else message.level, 22, ROLES[message.level])
        )
        self._title = _label(message.title, "strong")
        close = QToolButton()
        close.setToolTip("Close")
        close.setIconSize(QSize(16, 16))
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.set_icon(close, "close")
        close.clicked.connect(self.close)
        text = QVBoxLayout()
        text.setSpacing(4)
        text.addWidget(self._title)
        if message.hint:
            text.addWidget(_label(message.hint, "muted"))
        if message.action and actions is not None:
            text.addWidget(self._action_button(actions[message.action]), 0, Qt.AlignmentFlag.AlignLeft)
        if message.details:
            text.addWidget(self._details_button(show_details), 0, Qt.AlignmentFlag.AlignLeft)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 12, 8, 12)
        layout.setSpacing(12)
        layout.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(text, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.close)
        self.linger()

    def linger(self) -> None:
        """Begin its time again."""
        if (stays := STAYS_MS.get(self.message.level)) is not None:
            self._timer.start(max(stays, ACTION_MS) if self.message.action else stays)

    def repeat(self) -> None:
        """The same message came again: count it instead of showing it twice."""
        self.times += 1
        self._title.setText(f"{self.message.title} ({self.times} times)")
        self.linger()

    def closeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Tell that it goes."""
        self._timer.stop()
        self.closed.emit(self)
        event.accept()

    def _action_button(self, action: QAction) -> QPushButton:
        button = QPushButton(action.iconText().strip())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(action.toolTip())
        button.clicked.connect(action.trigger)
        button.clicked.connect(self.close)
        return button

    def _details_button(self, show_details: Callable[[Message], None]) -> QPushButton:
        button = QPushButton("Details…")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: show_details(self.message))
        return button


class Toasts(QWidget):
    """The newest messages above the window's lower right corner.

    Parameters
    ----------
    window
        Where they lie; they follow its size.
    above
        Distance from the window's lower edge, in pixels, asked for at each placing.
    actions
        What a message may offer as a button.
    """

    _posted = Signal(object)

    def __init__(
        self, window: QMainWindow, theme: Theme, notifier: Notifier, log_path: Path, above: Callable[[], int],
        actions: Actions | None = None,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._window, self._above, self._actions = window, above, actions
        self._theme, self._log_path = theme, log_path
        self._shown: list[Toast] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self._posted.connect(self.show_message, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = notifier.subscribe(self._posted.emit)
        window.installEventFilter(self)
        self.hide()

    @property
    def messages(self) -> list[Message]:
        """What is on the screen now, oldest first."""
        return [toast.message for toast in self._shown]

    def detach(self) -> None:
        """Show nothing more."""
        self._unsubscribe()

    def show_message(self, message: Message) -> None:
        """Show `message`; the oldest goes when there are too many."""
        for toast in self._shown:
            if (toast.message.title, toast.message.hint) == (message.title, message.hint):
                toast.repeat()
                return
        while len(self._shown) >= MOST:
            self._shown[0].close()
        toast = Toast(message, self._theme, self._show_details, self._actions)
        toast.closed.connect(self._remove)
        self._shown.append(toast)
        self._layout.addWidget(toast)
        toast.show()  # a hidden one has no size
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, N802 - Qt's signature
        """Follow the window's size."""
        if event.type() == QEvent.Type.Resize and self._shown:
            self._place()
        return False

    def _show_details(self, message: Message) -> None:
        DetailsDialog(message, self._log_path, self.window()).show()

    def _remove(self, toast: Toast) -> None:
        if toast in self._shown:
            self._shown.remove(toast)
            self._layout.removeWidget(toast)
            toast.deleteLater()
        self._place()

    def _place(self) -> None:
        self.setVisible(bool(self._shown))
        self._layout.activate()
        size = self._layout.sizeHint()
        if self._shown:  # a wrapped label's height depends on its width, which the hint alone does not know
            size.setHeight(self._layout.heightForWidth(self._shown[0].width()))
        area = self._window.rect()
        self.setGeometry(
            area.right() - size.width() - 16, area.bottom() - size.height() - self._above() - 12,
            size.width(), size.height(),
        )  # fmt: skip
        self.raise_()


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label
