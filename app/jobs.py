"""The bridge from running jobs to Qt: one thread reads their events, the window hears at most 20 a second."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Qt, Signal

from app.job_view import JobFollower, JobView, from_record
from app.notify import message_of
from core.jobs.events import Ended, Event
from core.jobs.process import JobProcess
from core.settings import Settings

if TYPE_CHECKING:  # it brings NumPy, which the window can open without
    from core.library.records import JobRecord

PERIOD_S = 0.05
log = logging.getLogger(__name__)


class Handle(Protocol):
    """A job's process, as `core.jobs.process.JobProcess` is one."""

    def poll(self) -> list[Event]:
        """The events since the last call; the last one ever is `Ended`."""

    def cancel(self) -> None:
        """Ask it to stop."""

    def close(self, patience_s: float = 5.0) -> None:
        """End it, by force if need be, and let go of everything."""


Start = Callable[[str, dict[str, Any]], Handle]


def process_starter(library: Path, settings: Callable[[], Settings]) -> Start:
    """What starts real jobs on `library`, under the settings of the moment."""
    return lambda kind, params: JobProcess(library, kind, params, settings())


class Jobs(QObject):
    """Every job of this window, live or over, newest last.

    Of one kind one runs at a time; another of the same kind waits for it, and one with the same parameters as
    one that waits is that one.

    Parameters
    ----------
    start
        Makes the process; called on the bridge's own thread.

    Signals
    -------
    changed(JobView)
        A job is new or has got on; at most 20 times a second for each.
    ended(JobView)
        A job is over.
    idle
        The last live job is over.
    """

    changed = Signal(object)
    ended = Signal(object)
    idle = Signal()
    _arrived = Signal()

    def __init__(self, start: Start) -> None:
        super().__init__()
        self._numbers = itertools.count(1)
        self._views: dict[int, JobView] = {}
        self._worker = _Worker(start, self._arrived.emit)
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def views(self) -> list[JobView]:
        """All jobs, oldest first."""
        return list(self._views.values())

    @property
    def running(self) -> list[JobView]:
        """The jobs that wait or run."""
        return [view for view in self._views.values() if view.live]

    def view(self, number: int) -> JobView:
        """The job `number` as it is now."""
        return self._views[number]

    def start(self, kind: str, params: Mapping[str, Any] | None = None) -> int:
        """Start a job, or have it wait for the one of its kind that runs; returns its number."""
        params = dict(params or {})
        for view in self.running:
            if (view.kind, view.state, dict(view.params)) == (kind, "waiting", params):
                return view.number
        view = JobView(next(self._numbers), kind, params, began=time.time())
        self._show(view)
        self._worker.ask("start", view)
        return view.number

    def cancel(self, number: int) -> None:
        """Ask a job to stop at its next boundary."""
        if self._views[number].live:
            self._worker.ask("cancel", number)

    def resume(self, number: int) -> int:
        """Start again, with the same parameters, what was stopped; it goes on from where it was.

        A job that keeps what it began under a name is told that name alone: all else is decided already.
        """
        view = self._views[number]
        named = "resume" in view.params
        return self.start(view.kind, {"name": view.params["name"], "resume": True} if named else view.params)

    def remember(self, records: Iterable[JobRecord]) -> None:
        """Add runs of earlier times (oldest first); runs that live in other windows are left out."""
        earlier = [
            from_record(r, next(self._numbers)) for r in records if r.state not in ("queued", "running")
        ]
        known = {view.job_id for view in self._views.values()}
        fresh = {view.number: view for view in earlier if view.job_id not in known}
        self._views = fresh | self._views
        for view in fresh.values():
            self.changed.emit(view)

    def stop_all(self, limit_s: float) -> None:
        """Ask every job to stop, and end by force what still runs after `limit_s`; `idle` tells when."""
        self._worker.ask("stop", time.monotonic() + limit_s)

    def close(self) -> None:
        """End everything now; no signal comes after this."""
        self._arrived.disconnect(self._take)
        self._worker.close()

    def _take(self) -> None:
        """Take over what the thread has read since the last time."""
        was_busy = bool(self.running)
        for view in self._worker.collect():
            self._show(view)
            if not view.live:
                self.ended.emit(view)
        if was_busy and not self.running:
            self.idle.emit()

    def _show(self, view: JobView) -> None:
        self._views[view.number] = view
        self.changed.emit(view)


class _Worker:
    """The thread that starts processes, reads their pipes and stops them; touches Qt by `notify` alone."""

    def __init__(self, start: Start, notify: Callable[[], None]) -> None:
        self._start, self._notify = start, notify
        self._asked: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._news: dict[int, JobView] = {}
        self._waiting: list[JobFollower] = []
        self._live: dict[int, tuple[JobFollower, Handle]] = {}
        self._limit: float | None = None
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)
        self._thread.start()

    def ask(self, what: str, about: Any) -> None:
        """Leave a wish: `start` a view, `cancel` a number, `stop` by a time, `close`."""
        self._asked.put((what, about))

    def collect(self) -> list[JobView]:
        """The newest snapshot of each job that got on."""
        with self._lock:
            news, self._news = self._news, {}
        return list(news.values())

    def close(self) -> None:
        """End all processes and the thread."""
        self.ask("close", None)
        self._thread.join()

    def _loop(self) -> None:
        while True:
            try:
                what, about = self._asked.get(timeout=PERIOD_S if self._live else None)
            except queue.Empty:
                self._read_all()
                continue
            if what == "close":
                break
            self._grant(what, about)
            self._begin_waiting()
        for _, handle in self._live.values():
            handle.close(0.0)

    def _grant(self, what: str, about: Any) -> None:
        if what == "start":
            self._waiting.append(JobFollower(about))
        elif what == "cancel":
            self._cancel(about)
        elif what == "stop":
            self._limit = about
            for number in [*self._live, *(follower.view.number for follower in self._waiting)]:
                self._cancel(number)

    def _cancel(self, number: int) -> None:
        if number in self._live:
            follower, handle = self._live[number]
            if follower.view.job_id:
                handle.cancel()
                self._tell(follower.set_state("stopping", time.time()))
            else:  # still loading: it has done nothing that could be lost
                self._end_by_force(number, "Stopped before it began.")
        for follower in [f for f in self._waiting if f.view.number == number]:
            self._waiting.remove(follower)
            self._tell(follower.apply(Ended(0, "cancelled", title="Stopped before it began."), time.time()))

    def _begin_waiting(self) -> None:
        for follower in list(self._waiting):
            if all(live.view.kind != follower.view.kind for live, _ in self._live.values()):
                self._waiting.remove(follower)
                self._begin(follower)

    def _begin(self, follower: JobFollower) -> None:
        view = follower.view
        try:
            handle = self._start(view.kind, dict(view.params))
        except Exception as error:  # no process at all: told as this job's failure, and the thread lives on
            log.exception("job %s could not be started", view.kind)
            told = message_of(error)
            ended = Ended(0, "failed", title=told.title, hint=told.hint, details=told.details)
            self._tell(follower.apply(ended, time.time()))
        else:
            self._live[view.number] = follower, handle
            self._tell(follower.set_state("running", time.time()))

    def _read_all(self) -> None:
        overdue = self._limit is not None and time.monotonic() > self._limit
        for number, (follower, handle) in list(self._live.items()):
            if events := handle.poll():
                for event in events:
                    follower.apply(event, time.time())
                self._tell(follower.snapshot())
            if not follower.view.live or overdue:
                self._let_go(number, follower, handle)
        self._begin_waiting()

    def _let_go(self, number: int, follower: JobFollower, handle: Handle) -> None:
        """Clear away a job that is over, or whose time to stop is."""
        if follower.view.live:
            self._end_by_force(number, "Stopped.", "It did not stop by itself in time. It can be resumed.")
        else:
            del self._live[number]
            handle.close()

    def _end_by_force(self, number: int, title: str, hint: str = "") -> None:
        follower, handle = self._live.pop(number)
        handle.close(0.0)
        ended = Ended(follower.view.job_id, "cancelled", title=title, hint=hint)
        self._tell(follower.apply(ended, time.time()))

    def _tell(self, view: JobView) -> None:
        with self._lock:
            quiet = not self._news
            self._news[view.number] = view
        if quiet:
            self._notify()
