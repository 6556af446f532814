"""What the window's process loads, and what it does on its own thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAVY = {"torch", "torchaudio", "sklearn", "umap", "numba", "librosa", "scipy"}

PROBE = """
import json, sys, threading, time
began = time.monotonic()
from pathlib import Path
from PySide6.QtCore import QTimer
from app import startup

touched, shown = [], []
STDLIB = tuple(p for p in sys.path if p)

def audit(event, args):
    if threading.current_thread() is not threading.main_thread() or not shown:
        return
    if event == "open" and not str(args[0]).endswith((".py", ".pyc", ".so", ".qss")) or event.startswith("sqlite3"):
        touched.append(f"{event} {args[0]!r}")

sys.addaudithook(audit)
app = startup.application()
from app.main_window import MainWindow
show = MainWindow.showEvent

def show_event(self, event):
    shown.append(time.monotonic() - began)
    early.extend(sys.modules)
    show(self, event)

early = []
MainWindow.showEvent = show_event
window = []

def look():
    window.extend(w for w in app.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible())
    full = window and window[0].library_page.currentWidget() is not window[0]._opening
    if full:
        QTimer.singleShot(1500, window[0].close)
    else:
        QTimer.singleShot(50, look)

QTimer.singleShot(50, look)
code = startup.open_window(Path(sys.argv[1]))
print(json.dumps({"code": code, "shown": shown[0], "modules": sorted(sys.modules), "early": early, "touched": touched}))
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The window opened on a fresh library in a process of its own, and closed again."""
    folder = tmp_path_factory.mktemp("imports")
    homes = {f"EARMAP_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "LOG")}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, folder / "library.earmap"],
        env={**os.environ, **homes}, capture_output=True, text=True, timeout=90, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_the_window_opens_and_closes(opened: dict[str, Any]) -> None:
    assert opened["code"] == 0


def test_the_windows_process_loads_nothing_heavy(opened: dict[str, Any]) -> None:
    assert HEAVY.isdisjoint(opened["modules"])
    assert "app.views.library" in opened["modules"]  # it was all there, not half


def test_the_database_is_not_loaded_before_the_window_is_seen(opened: dict[str, Any]) -> None:
    assert {"numpy", "sqlalchemy", "alembic", "av", "sounddevice"}.isdisjoint(opened["early"])
    assert "sqlalchemy" in opened["modules"]


def test_no_file_and_no_sql_is_touched_on_the_gui_thread(opened: dict[str, Any]) -> None:
    assert opened["touched"] == []
