"""The only way from the GUI thread to disk, SQL and anything slow: a few threads and a signal back.

`background.run(library.roots.all, self.show_roots)`; `background.run(look, self.show, latest="neighbours")`.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from shiboken6 import isValid

T = TypeVar("T")
log = logging.getLogger(__name__)

CALM_MS = 100
"""What nobody waits for begins when nothing else has run for so long, or hardly longer."""


SOON_MS = 8
"""What a newer question may replace begins so much later: the window paints first what a click has done, which takes
twice as long at a million tracks while a thread works, and the last of several questions alone is put."""


@dataclass(frozen=True, eq=False)
class _Task:
    """What is called with the result, and the name under which a newer task makes it stale."""

    then: Callable[[Any], None] | None
    failed: Callable[[BaseException], None]
    latest: str
    number: int

    def wanted(self) -> bool:
        """Whether the receiver still exists in Qt."""
        receiver = getattr(self.then, "__self__", None)
        return not isinstance(receiver, QObject) or isValid(receiver)


class Background(QObject):
    """Runs functions off the GUI thread and hands their results back to it.

    Parameters
    ----------
    failed
        Called, on the GUI thread, with an exception that no caller asked for.
    threads
        How many run at once.
    """

    _done = Signal(object, object, object)

    def __init__(self, failed: Callable[[BaseException], None], threads: int = 3) -> None:
        super().__init__()
        self._failed = failed
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._busy = 0
        self._patient: deque[tuple[Callable[[], Any], _Task]] = deque()
        self._next: dict[str, tuple[Callable[[], Any], _Task]] = {}
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._begin_next)
        self._calm = QTimer(self)
        self._calm.setInterval(CALM_MS)
        self._calm.timeout.connect(self._begin_patient)
        self._closed = False
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        fn: Callable[[], T],
        then: Callable[[T], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
        latest: str = "",
        *,
        patient: bool = False,
    ) -> None:
        """Call `fn` in a thread, then `then(result)` on the GUI thread.

        Parameters
        ----------
        fn
            Must not touch a widget.
        then
            Not called if the object it is a method of is gone by then.
        failed
            Called on the GUI thread with what `fn` raised; the program's door for errors if missing.
        latest
            A name: of all tasks with one name only the newest is delivered, and one that has not
            begun when a newer one comes is not run at all. It begins when the window has been painted.
        patient
            Nobody waits for it: it begins after a moment in which nothing else runs, since whatever runs beside a
            query slows it down.
        """
        with self._lock:
            if self._closed:
                return
            number = self._numbers.get(latest, 0) + 1
            self._numbers[latest] = number
            task = _Task(then, failed or self._failed, latest, number)
            if not patient and not latest:
                self._begin(fn, task)
                return
            if patient:
                self._patient.append((fn, task))
            else:
                self._next.pop(latest, None)
                self._next[latest] = fn, task
        if patient:
            self._calm.start()
        elif not self._soon.isActive():  # else a mouse that asks with every move would put it off for ever
            self._soon.start()

    def close(self) -> None:
        """Drop what is patient or stands in a queue, wait for the rest; nothing is delivered after this."""
        self._calm.stop()
        self._soon.stop()
        with self._lock:
            self._closed = True
        wait(self._begin_next())
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin(self, fn: Callable[[], Any], task: _Task) -> Future[None]:
        """With the lock held."""
        self._busy += 1
        return self._pool.submit(self._run, fn, task)

    def _run(self, fn: Callable[[], Any], task: _Task) -> None:
        try:
            self._work(fn, task)
        finally:
            with self._lock:
                self._busy -= 1

    def _begin_next(self) -> list[Future[None]]:
        with self._lock:
            waiting, self._next = list(self._next.values()), {}
            return [self._begin(fn, task) for fn, task in waiting]

    def _begin_patient(self) -> None:
        with self._lock:
            if not self._busy and not self._next and self._patient:
                self._begin(*self._patient.popleft())
            if not self._patient:
                self._calm.stop()

    def _stale(self, task: _Task) -> bool:
        with self._lock:
            return bool(task.latest) and self._numbers[task.latest] != task.number

    def _work(self, fn: Callable[[], Any], task: _Task) -> None:
        if self._stale(task):
            return
        try:
            result = fn()
        except Exception as error:  # the thread's only door: `failed` tells the person
            log.debug("background task failed", exc_info=True)
            self._hand_back(task, None, error)
        else:
            self._hand_back(task, result, None)

    def _hand_back(self, task: _Task, result: object, error: Exception | None) -> None:
        if not self._closed:
            self._done.emit(task, result, error)

    def _deliver(self, task: _Task, result: object, error: Exception | None) -> None:
        if self._closed or self._stale(task) or not task.wanted():
            return
        if error is not None:
            task.failed(error)
        elif task.then is not None:
            task.then(result)
