"""A job in a process of its own, so that a crash or an out-of-memory kill never takes the window with it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from core.errors import UserError
from core.jobs.events import BUG_HINT, BUG_TITLE, Ended, Event, Progress
from core.settings import Settings

REPORTS_A_SECOND = 20
ORPHAN_S = 10.0
"""A job whose owner is gone has so long to reach a boundary, store what is finished and end."""
CROWDED_HINT = "Close other programs, then try again."
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

    Raises
    ------
    UserError
        The system starts no more processes.
    """

    def __init__(self, library: Path, kind: str, params: dict[str, Any], settings: Settings) -> None:
        context = multiprocessing.get_context("spawn")
        self.kind = kind
        self.params = params
        self.job_id = 0
        self._ended = self._closed = False
        try:
            self._pipe, theirs = context.Pipe()
            arguments = (theirs, library, kind, params, settings.model_dump_json())
            self._process = context.Process(target=_main, args=arguments, name=f"earmap-{kind}")
            with theirs:
                self._process.start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(f"The system starts no more processes: {reason}.", CROWDED_HINT) from error

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return not self._closed and self._process.is_alive()

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
        while not (self._ended or self._closed):
            try:
                if not self._pipe.poll(0.0 if events else timeout):
                    break
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
        cause = (signal.strsignal(-code) if code is not None and code < 0 else "") or f"exit code {code}"
        return Ended(
            self.job_id,
            "failed",
            title=f"The job's process was ended from outside ({cause}).",
            hint=KILLED_HINT,
        )

    def close(self, patience_s: float = 5.0) -> None:
        """Have the process end: ask, wait, then end it and what it started by force."""
        if self._closed:
            return
        self.cancel()
        limit = time.monotonic() + patience_s
        while self._process.is_alive() and time.monotonic() < limit:
            self.poll(0.05)  # a pipe that nobody reads would keep it from ending
            self._process.join(0.02)
        if self._process.is_alive():
            _end_tree(self.pid)
        self._process.join(5)
        if self._process.exitcode is not None:  # else it hangs in the kernel, on a dead network drive
            self._process.close()
        self._pipe.close()
        self._closed = True


def _end_tree(pid: int) -> None:
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in [*parent.children(recursive=True), parent]:
            with contextlib.suppress(psutil.Error):
                process.kill()


class _Outbox:
    """Sends events; progress within a stage at most 20 times a second, so that a watcher is never flooded.

    What was held back goes ahead of the next event of another kind: the last progress is never lost.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()
        self._sent_at = 0.0
        self._stage = ""
        self._held: Progress | None = None

    def __call__(self, event: Event) -> None:
        now = time.monotonic()
        with self._lock:
            if not isinstance(event, Progress):
                if self._held is not None:
                    self._send(self._held)
            elif event.stage == self._stage and now - self._sent_at < 1 / REPORTS_A_SECOND:
                self._held = event
                return
            else:
                self._stage, self._sent_at = event.stage, now
            self._held = None
            self._send(event)

    def _send(self, event: Event) -> None:
        with contextlib.suppress(OSError):  # the owner is gone: see `_listen`
            self._pipe.send(event)


def _listen(pipe: Connection, cancelled: threading.Event) -> None:
    """Hear the owner's wish to stop. An owner that is gone wishes for it, and waits for nobody."""
    with contextlib.suppress(OSError, EOFError):
        while True:
            pipe.recv()
            cancelled.set()
    cancelled.set()
    time.sleep(ORPHAN_S)
    os._exit(1)


def lower_priority() -> None:
    """Give way to the window and the sound."""
    with contextlib.suppress(psutil.Error, OSError):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            psutil.Process().nice(10)


def _main(pipe: Connection, library: Path, kind: str, params: dict[str, Any], settings: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the owner decides
    lower_priority()
    cancelled, outbox = threading.Event(), _Outbox(pipe)
    threading.Thread(target=_listen, args=(pipe, cancelled), name="owner", daemon=True).start()
    try:
        _run(outbox, cancelled, library, kind, params, settings)
    except UserError as error:
        outbox(Ended(0, "failed", title=error.title, hint=error.hint))
    except Exception:  # noqa: BLE001 - a job that cannot even begin is told like one that fails
        outbox(Ended(0, "failed", title=BUG_TITLE, hint=BUG_HINT, details=traceback.format_exc()))


def _run(
    outbox: _Outbox,
    cancelled: threading.Event,
    library: Path,
    kind: str,
    params: dict[str, Any],
    settings: str,
) -> None:
    from core.jobs import runner
    from core.library.store import Library

    job_type = runner.find(kind)
    with Library(library) as opened:
        job = job_type(job_type.Params.model_validate(params))
        runner.run(job, opened, Settings.model_validate_json(settings), outbox, cancelled)
