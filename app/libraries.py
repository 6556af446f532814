"""Other libraries than the one at hand: where that cannot be opened, and whenever somebody keeps several."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal
from PySide6.QtWidgets import QFileDialog

from app.context import Context
from app.dialogs import ask
from app.main_window import MainWindow
from app.notify import message_of
from core.errors import DamagedError

SUFFIX = "earmap"
SHUT = "The library could not be opened."
NEED_A_LIBRARY = ("add-folder", "try-bundled", "remove-bundled")

Launch = Callable[[Path], bool]


def launch(library: Path) -> bool:
    """Open a window of its own for a library file; whether that began."""
    started, _ = QProcess.startDetached(sys.executable, ["-m", "app", "--library", str(library)], "")
    return started


class Libraries(QObject):
    """Says in the window why its library is shut, and opens others.

    Parameters
    ----------
    launch
        Opens a window for another library.

    Signals
    -------
    again
        The same library is to be opened once more.
    """

    again = Signal()

    def __init__(self, context: Context, window: MainWindow, launch: Launch = launch) -> None:
        super().__init__(window)
        self._context, self._window, self._launch = context, window, launch
        window.refused.again.connect(self.again)
        window.refused.anew.connect(self._set_aside)
        window.refused.elsewhere.connect(self.choose)
        window.actions_table["open-library"].triggered.connect(self.choose)

    def refuse(self, error: BaseException) -> None:
        """Show why the library could not be opened, and the ways on."""
        message = message_of(error)
        for name in NEED_A_LIBRARY:
            self._window.actions_table.forbid(name, SHUT)
        # By its name it is ours: a file that somebody named by mistake stays where it is.
        ours = self._context.library.path.suffix == f".{SUFFIX}"
        self._window.show_refused(message, damaged=ours and isinstance(error, DamagedError))
        if message.details:  # of a fault of ours there is more to tell than the page says
            self._context.notifier.post(message)

    def choose(self) -> None:
        """Ask for a library file, or the name of a new one."""
        dialog = QFileDialog(self._window, "Open a library, or name a new one")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # nothing is
        dialog.setLabelText(QFileDialog.DialogLabel.Accept, "Open")
        dialog.setNameFilters([f"Libraries (*.{SUFFIX})", "All files (*)"])
        dialog.setDefaultSuffix(SUFFIX)
        dialog.setDirectory(str(self._context.library.path.parent))
        ask(dialog, lambda chosen: self._open(Path(os.fsdecode(chosen[0]))))

    def _open(self, path: Path) -> None:
        """In a window of its own; this one goes if it has no library to show."""
        shut = not self._context.library.is_open
        if path == self._context.library.path.absolute() and not shut:
            self._context.notifier.info("This library is the one that is open here.")
        elif not self._launch(path):
            self._context.notifier.warning("No second window could be opened.", f"earmap --library {path}")
        elif shut:
            self._window.close()

    def _set_aside(self) -> None:
        self._context.background.run(partial(_set_aside, self._context.library.path), self._begin_anew)

    def _begin_anew(self, aside: Path) -> None:
        hint = f"What was there is kept as {aside}."
        self._context.notifier.info("Your library begins anew.", hint)
        self.again.emit()


def _set_aside(path: Path) -> Path:
    from core.library.health import set_aside  # it brings SQLAlchemy

    return set_aside(path)
