"""A test that leaves a thread, process, timer, Qt thread or window behind fails.

A plugin, so that it can be tested with `pytester` like any other. What a test found when it
began is no business of it; what is on its way out is given a grace period. Single shots
(`QTimer.singleShot`) are not seen: Qt tells nobody of them.
"""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import getCppPointer, isValid

# Helpers that one process keeps for good: Python's own, and tqdm's.
LASTING_PROCESSES = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
LASTING_THREADS = ("tqdm_monitor", "pytest_timeout", "TMonitor")


class Started:
    """Which timers and Qt threads were started; Qt itself keeps no list.

    A child in Qt's tree lives without its Python wrapper, so the wrapper is held to be able to ask it.
    """

    def __init__(self) -> None:
        self._loose: weakref.WeakSet[QObject] = weakref.WeakSet()
        self._children: list[QObject] = []

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Take note of each start from now on."""
        for kind in (QTimer, QThread):
            patch.setattr(kind, "start", self._noting(kind.start))

    def _noting(self, start: Callable[..., Any]) -> Callable[..., Any]:
        def noted(thing: QObject, *args: Any) -> Any:
            (self._loose.add if thing.parent() is None else self._children.append)(thing)
            return start(thing, *args)

        return noted

    def running(self) -> list[str]:
        """Names of what is still running; the rest is forgotten."""
        self._children = [c for c in self._children if isValid(c)]
        things = [t for t in (*self._loose, *self._children) if isValid(t)]
        timers = [f"timer {_named(t)}" for t in things if isinstance(t, QTimer) and t.isActive()]
        threads = [f"Qt thread {_named(t)}" for t in things if isinstance(t, QThread) and t.isRunning()]
        return timers + threads

    def forget(self) -> None:
        """Blame nobody after for what one test left running."""
        self._loose.clear()
        self._children.clear()


def _named(thing: QObject) -> str:
    return f"{type(thing).__name__} '{thing.objectName()}' of {type(thing.parent()).__name__}"


def threads() -> set[threading.Thread]:
    """Python's threads, less those that Python never drops (started by C) and the lasting ones."""
    return {
        thread
        for thread in threading.enumerate()
        if not isinstance(thread, threading._DummyThread) and not thread.name.startswith(LASTING_THREADS)
    }


def _children_of(pid: int) -> list[int]:
    """Direct children of a process, cheaply where the kernel lists them."""
    tasks = Path(f"/proc/{pid}/task")
    if not (tasks / str(pid) / "children").exists():
        return [child.pid for child in psutil.Process(pid).children()]
    found: list[int] = []
    for task in tasks.iterdir():
        with suppress(OSError):  # a thread that ended meanwhile; its children are another one's now
            found += map(int, (task / "children").read_text().split())
    return found


def processes(pid: int | None = None) -> set[int]:
    """Ids of all descendants."""
    try:
        children = _children_of(pid or os.getpid())
    except (OSError, psutil.Error):
        return set()
    return set(children).union(*map(processes, children))


def _is_lasting(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        command = " ".join(process.cmdline())
        return process.status() == psutil.STATUS_ZOMBIE or any(n in command for n in LASTING_PROCESSES)
    except psutil.Error:
        return True


def windows() -> set[str]:
    """Visible top-level widgets."""
    if not isinstance(QApplication.instance(), QApplication):
        return set()
    return {
        f"window {_named(w)} {getCppPointer(w)[0]:#x}"
        for w in QApplication.topLevelWidgets()
        if w.isVisible()
    }


class Snapshot:
    """What ran when a test began."""

    def __init__(self, started: Started) -> None:
        self._started = started
        # Twice: the kernel leaves children out while others end, and one left out would look new after the test.
        self._threads, self._processes, self._windows = threads(), processes() | processes(), windows()
        self._timers = set(started.running())

    def leaks(self) -> list[str]:
        """What runs now and did not then."""
        left = [f"thread {thread.name}" for thread in threads() - self._threads]
        left += [f"process {pid}" for pid in processes() - self._processes if not _is_lasting(pid)]
        left += sorted(set(self._started.running()) - self._timers)
        if QThreadPool.globalInstance().activeThreadCount():
            left.append("a task in Qt's thread pool")
        return left + sorted(windows() - self._windows)


def _settle() -> None:
    """Let Qt delete what it was told to delete."""
    if QCoreApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


def leaks_after(snapshot: Snapshot, grace_s: float) -> list[str]:
    """What is still left when those on their way out have had their time."""
    left = snapshot.leaks()
    until = time.monotonic() + grace_s
    if left:
        _settle()
        left = snapshot.leaks()
    if left:
        gc.collect()
    while left and time.monotonic() < until:
        _settle()
        time.sleep(0.02)
        left = snapshot.leaks()
    return left


@pytest.fixture(scope="session")
def started_in_qt() -> Iterator[Started]:
    started = Started()
    with pytest.MonkeyPatch.context() as patch:
        started.watch(patch)
        yield started


@pytest.fixture(scope="session")
def grace_s() -> float:
    """How long (s) something may take to end by itself after a test."""
    return 2.0


@pytest.fixture(autouse=True)
def leaves_nothing_behind(started_in_qt: Started, grace_s: float) -> Iterator[None]:
    """Fail the test in its teardown, naming what it left."""
    snapshot = Snapshot(started_in_qt)
    yield
    left = leaks_after(snapshot, grace_s)
    started_in_qt.forget()
    if left:
        pytest.fail("the test left behind: " + ", ".join(left), pytrace=False)
