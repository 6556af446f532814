"""From the command to the window: the services, the window at once, then the library and what shows it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app import collector, logs, remembered
from app.background import Background
from app.checkup import Checkup
from app.context import Context
from app.interrupts import closing_on_interrupt
from app.jobs import Jobs, process_starter
from app.library_door import LibraryDoor
from app.main_window import MainWindow
from app.notify import Notifier, hooked
from app.theme import Theme
from app.views.check_dialog import CheckDialog
from app.wiring import Wiring
from core import settings as settings_module

SWITCH_S = 0.0005
"""How long a thread of Python may keep the window's waiting. A table's row is painted in dozens of calls, each of which
waits so long while a thread works: at Python's own 5 ms a million tracks stopped the window for 0.6 s, now 0.2 s."""


def application() -> QApplication:
    """The running application, or a new one."""
    sys.setswitchinterval(SWITCH_S)
    running = QApplication.instance()
    app = running if isinstance(running, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("earmap")
    app.setApplicationDisplayName("Earmap")
    app.setDesktopFileName("earmap")
    return app


def make_context(app: QApplication, library: Path, notifier: Notifier, log_path: Path) -> Context:
    """The services that live as long as the window."""
    settings, note = settings_module.load()
    if note:
        notifier.warning(note)
    holder: list[Context] = []
    context = Context(
        library=LibraryDoor(library),
        settings=settings,
        theme=Theme(app, settings.window.theme),
        notifier=notifier,
        background=Background(notifier.error),
        jobs=Jobs(process_starter(library, lambda: holder[0].settings)),
        log_path=log_path,
    )
    holder.append(context)
    app.setWindowIcon(context.theme.icon("earmap"))
    return context


class Program:
    """The window and everything behind it, from the first sight to an orderly end.

    Parameters
    ----------
    music
        Raw paths to add at once.
    demo
        Show the bundled music.
    """

    def __init__(self, context: Context, music: Sequence[bytes] = (), demo: bool = False) -> None:
        self.context = context
        state, library_state = remembered.load()
        self.window = MainWindow(context)
        self.window.restore(state)
        self.checkup = Checkup(context, context.library.path)
        self.window.actions_table["check"].triggered.connect(self._show_check)
        self.wiring = Wiring(context, self.window, library_state, music, demo=demo)

    def show(self) -> None:
        """Show the window; the library is opened once it is on the screen."""
        collector.hold()
        self.window.show()
        QTimer.singleShot(0, self.wiring.open_library)
        self.checkup.start()

    def _show_check(self) -> None:
        CheckDialog(self.checkup, self.context.theme, self.window).show()

    def end(self) -> None:
        """Stop everything and remember how the window was."""
        state, library_state = self.window.state(), self.wiring.library_state()
        self.checkup.close()
        self.context.jobs.close()
        # Before the session gives Python its collector back, which would delete widgets in a reader's thread.
        self.context.background.close()
        self.wiring.close()
        collector.release()
        self.context.library.close()
        remembered.save(state, library_state)


def open_window(library: Path | None = None, music: Sequence[bytes] = (), demo: bool = False) -> int:
    """Run the window until it is closed; returns the exit code."""
    app = application()
    log_path, notifier = logs.log_file(), Notifier()
    with contextlib.ExitStack() as stack:
        stack.enter_context(logs.logging_to(log_path))
        stack.enter_context(hooked(notifier))
        file = library or settings_module.default_library()
        program = Program(make_context(app, file, notifier, log_path), music, demo)
        stack.callback(program.end)
        stack.enter_context(closing_on_interrupt(program.window.close))
        program.window.closed.connect(app.quit)
        program.show()
        return app.exec()
