"""A window opened, used a little and closed, in a process that notes what its main thread touches.

`python -m tests.app.window_probe LIBRARY` prints one JSON document; the library holds more than 200 tracks.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

BEGAN = time.monotonic()
CODE = (".py", ".pyc", ".so", ".qss")  # what an import or a theme reads


class Notes:
    """What the main thread does once the window is on the screen."""

    def __init__(self) -> None:
        self.shown: float | None = None
        self.early: list[str] = []
        self.touched: list[str] = []
        self.found: list[int] = []
        self.statements = -1  # no SQL was watched

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        """Python tells here of every file that is opened and every database."""
        if self.shown is None or threading.current_thread() is not threading.main_thread():
            return
        if (
            (event == "open" and not str(args[0]).endswith(CODE))
            or event.startswith("sqlite3")
            or event in ("os.listdir", "os.scandir", "subprocess.Popen")
        ):
            self.touched.append(f"{event} {args[0]!r}")

    def watch_sql(self) -> None:
        """Be told of every statement from now on; for when SQLAlchemy is loaded."""
        from sqlalchemy import Engine, event

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if threading.current_thread() is threading.main_thread():
                self.touched.append(statement)
            self.statements += 1

        event.listen(Engine, "before_cursor_execute", note)

    def window_seen(self) -> None:
        """The window is on the screen now."""
        self.shown = time.monotonic() - BEGAN
        self.early = sorted(sys.modules)


def main(library: Path) -> None:
    """Open, use, close, tell."""
    notes = Notes()
    sys.addaudithook(notes.audit)
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QLineEdit

    from app import startup
    from app.main_window import MainWindow

    app: QApplication = startup.application()

    def find() -> None:
        windows = [w for w in app.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible()]
        if windows and notes.shown is None:
            notes.window_seen()
        if (
            notes.statements < 0
            and "sqlalchemy.engine.base" in sys.modules
            and "core.library.store" in sys.modules
        ):
            notes.statements = 0
            notes.watch_sql()
        tables = [w for w in app.allWidgets() if type(w).__name__ == "TrackTable" and w.isVisible()]
        if windows and tables and tables[0].model().rowCount() > 200:  # type: ignore[attr-defined] # a table
            use(windows[0], tables[0])
        else:
            QTimer.singleShot(20, find)

    def use(window: MainWindow, table: Any) -> None:
        actions = window.actions_table
        search = next(line for line in window.findChildren(QLineEdit) if line.isVisible())
        steps = [
            lambda: table.selectRow(3),
            lambda: table.horizontalHeader().sectionClicked.emit(2),
            lambda: search.setText("river"),
            lambda: notes.found.append(table.model().rowCount()),
            table.scrollToBottom,
            actions["play"].trigger,
            actions["view-activity"].trigger,
            actions["theme-dark"].trigger,
            actions["preferences"].trigger,
            window.close,
        ]
        for number, step in enumerate(steps):
            QTimer.singleShot(400 * (number + 1), window, step)

    QTimer.singleShot(0, find)
    code = startup.open_window(library)
    print(json.dumps({"code": code, "modules": sorted(sys.modules), **vars(notes)}))  # noqa: T201 - its result


if __name__ == "__main__":
    main(Path(sys.argv[1]))
