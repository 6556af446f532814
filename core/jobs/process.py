"""A job in a process of its own, so that a crash or an out-of-memory kill never takes the window with it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from core.errors import UserError
from core.jobs.events import Ended, Event, Progress
from core.settings import Settings

REPORTS_A_SECOND = 20
KILLED_HINT = "It can be started again and goes on from where it was. Often the cause is too little memory."


class JobProcess:
    """A running job as its owner sees it. Every method is quick; events wait in a pipe until they are polled.

    Parameters
    ----------
    library
        The library file.
    kind, params
        Which job, and its parameters.
    settings
        The settings it runs under.
    """

    def __init__(self, library: Path, kind: str, params: dict[str, Any], settings: Settings) -> None:
        context = multiprocessing.get_context("spawn")
        self.kind = kind
        self.params = params
        self.job_id = 0
        self._pipe, theirs = context.Pipe()
        self._ended = False
        self._process = context.Process(
            target=_main,
            args=(theirs, library, kind, params, settings.model_dump_json()),
            name=f"earmap-{kind}",
        )
        self._process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.is_alive()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid or 0

    def fileno(self) -> int:
        """For waiting until there are events."""
        return self._pipe.fileno()

    def cancel(self) -> None:
        """Ask the job to stop at its next boundary."""
        with contextlib.suppress(OSError):
            self._pipe.send("cancel")

    def poll(self, timeout: float = 0.0) -> list[Event]:
        """Events since the last call; the last one ever is `Ended`, also where the process was killed."""
        events: list[Event] = []
        while not self._ended and self._pipe.poll(0.0 if events else timeout):
            try:
                event: Event = self._pipe.recv()
            except (EOFError, OSError):
                event = self._killed()
            events.append(event)
            self.job_id = event.job_id or self.job_id
            self._ended = isinstance(event, Ended)
        return events

    def _killed(self) -> Ended:
        self._process.join(5)
        code = self._process.exitcode
        cause = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
        return Ended(
            self.job_id,
            "failed",
            title=f"The job's process was ended from outside ({cause}).",
            hint=KILLED_HINT,
        )

    def close(self, patience_s: float = 5.0) -> None:
        """Have the process end: ask, wait, then terminate it and what it started."""
        self.cancel()
        limit = time.monotonic() + patience_s
        while self._process.is_alive() and time.monotonic() < limit:
            self.poll(0.05)
            self._process.join(0.01)
        if self._process.is_alive():
            _end_tree(self.pid)
        self._process.join()
        self._process.close()
        self._pipe.close()


def _end_tree(pid: int) -> None:
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in [*parent.children(recursive=True), parent]:
            with contextlib.suppress(psutil.Error):
                process.kill()


class _Outbox:
    """Sends events, progress at most 20 times a second: a watcher is never flooded."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()
        self._last = 0.0

    def __call__(self, event: Event) -> None:
        now = time.monotonic()
        if isinstance(event, Progress):
            if now - self._last < 1 / REPORTS_A_SECOND:
                return
            self._last = now
        with self._lock, contextlib.suppress(OSError):
            self._pipe.send(event)


def _listen(pipe: Connection, cancelled: threading.Event) -> None:
    """Hear the owner's wishes; an owner that is gone wishes for an end."""
    with contextlib.suppress(OSError, EOFError):
        while pipe.recv() != "cancel":
            pass
    cancelled.set()


def lower_priority() -> None:
    """Give way to the window and the sound."""
    with contextlib.suppress(psutil.Error, OSError):
        psutil.Process().nice(10 if os.name == "posix" else psutil.BELOW_NORMAL_PRIORITY_CLASS)


def _main(pipe: Connection, library: Path, kind: str, params: dict[str, Any], settings: str) -> None:
    from core.jobs import runner
    from core.library.store import Library

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the owner decides
    lower_priority()
    cancelled, outbox = threading.Event(), _Outbox(pipe)
    threading.Thread(target=_listen, args=(pipe, cancelled), name="owner", daemon=True).start()
    try:
        job_type = runner.find(kind)
        with Library(library) as opened:
            job = job_type(job_type.Params.model_validate(params))
            runner.run(job, opened, Settings.model_validate_json(settings), outbox, cancelled)
    except UserError as error:
        outbox(Ended(0, "failed", title=error.title, hint=error.hint))
