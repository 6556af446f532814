"""The guards themselves: each kind of leak fails the test that made it, and nothing else does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core import settings
from tests.guards import Snapshot, Started

ROOT = Path(__file__).parent.parent

LEAKY = """
import subprocess, sys, threading, time
import pytest
from PySide6.QtCore import QObject, QThread, QTimer, qWarning
from PySide6.QtWidgets import QWidget

kept = []

@pytest.fixture(scope="session")
def grace_s():
    return 0.4

@pytest.fixture(scope="session", autouse=True)
def tidy():
    yield
    for thing in kept:
        getattr(thing, "kill", lambda: None)()
        getattr(thing, "wait", lambda: None)()

def test_leaks_thread():
    threading.Thread(target=time.sleep, args=(8,), daemon=True, name="left").start()

def test_leaks_process():
    kept.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"]))

def test_leaks_grandchild():
    script = "import subprocess; subprocess.run(['sleep', '2'])"
    kept.append(subprocess.Popen([sys.executable, "-c", script]))
    time.sleep(0.3)

def test_leaks_timer(qapp):
    timer = QTimer()
    timer.start(50)
    kept.append(timer)

def test_leaks_timer_of_a_parent(qapp):
    parent = QObject()
    QTimer(parent).start(50)
    kept.append(parent)

class Sleeper(QThread):
    def run(self):
        time.sleep(2)

def test_leaks_qt_thread(qapp):
    kept.append(Sleeper())
    kept[-1].start()

def test_leaks_window(qapp):
    kept.append(QWidget())
    kept[-1].show()

def test_fine_when_it_ends_soon(qapp):
    threading.Thread(target=time.sleep, args=(0.2,)).start()
    timer = QTimer()
    timer.setSingleShot(True)
    timer.start(100)
    kept.append(timer)
    QTimer().start(10)

def test_fine_when_cleaned_up(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    thread = threading.Thread(target=time.sleep, args=(0.05,))
    thread.start()
    thread.join()

def test_qt_warning_fails(qapp):
    qWarning("something is wrong")

def test_platform_noise_is_fine(qapp):
    qWarning("This plugin does not support propagateSizeHints()")
"""


@pytest.fixture
def leaky(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.RunResult:
    """One run of the leaky tests under the project's own settings."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyprojecttoml((ROOT / "pyproject.toml").read_text("utf-8"))
    pytester.makepyfile(test_leaky=LEAKY)
    return pytester.runpytest_subprocess("-p", "tests.guards", "-p", "no:cacheprovider", "test_leaky.py")


def test_each_leak_fails_its_test_and_only_it(leaky: pytest.RunResult) -> None:
    leaky.assert_outcomes(passed=10, failed=1, errors=7)
    leaky.stdout.fnmatch_lines_random(
        [
            "*test left behind: thread left*",
            "*test left behind: process *",
            "*test left behind: process *, process *",
            "*test left behind: timer QTimer '' of NoneType*",
            "*test left behind: timer QTimer '' of QObject*",
            "*test left behind: Qt thread Sleeper*",
            "*test left behind: window QWidget*",
            "FAILED test_leaky.py::test_qt_warning_fails*",
        ]
    )


def test_guard_is_cheap(qtbot: QtBot) -> None:
    started = Started()
    begin = time.process_time()
    for _ in range(20):
        assert Snapshot(started).leaks() == []
    assert (time.process_time() - begin) / 20 < 0.01


def test_own_folders(own_folders: Path, tmp_path: Path) -> None:
    assert settings.config_dir() == own_folders / "config"
    assert settings.default_library().parent == own_folders / "data"
    assert not own_folders.exists()
    assert tmp_path not in own_folders.parents
