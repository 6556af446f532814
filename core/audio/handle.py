"""The pool's side of one worker process: start, ask, listen, replace after an accident."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from core.audio.decode import Decoder
from core.audio.records import Event, Failed, Finished, Kind, Request, Window
from core.audio.worker import Filled, Limits, Ready, Shared, serve
from core.errors import UserError

_START_S = 60.0
"""Time that a worker may take to start."""
_STARTS = 3
"""Attempts to start a worker before the computer is at fault and not a file."""
_GONE = (BrokenPipeError, ConnectionResetError)


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Let a process started within inherit a blocked SIGINT: Ctrl-C is the parent's to handle."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _accident(code: int | None) -> tuple[Kind, str]:
    """What the end of a process says about the file it was reading."""
    if code == -getattr(signal, "SIGKILL", 9):
        return "memory", "The system ended the decoder on this file, most likely because memory ran out."
    name = f"exit code {code}"
    if code is not None and code < 0:
        name = signal.strsignal(-code) or f"signal {-code}"
    return "crashed", f"The decoder crashed on this file ({name})."


class WorkerHandle:
    """One place of the pool: its process, which may be replaced, and its shared memory.

    Attributes
    ----------
    request
        The file being decoded, `None` while there is none.
    pipe
        To the process; `None` before the first file and after an accident.
    """

    def __init__(self, decoder: Decoder, limits: Limits) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._decoder, self._limits = decoder, limits
        self._shared = Shared(self._context)
        self._slots = self._shared.slots()
        self._process: SpawnProcess | None = None
        self._ready = False
        self._started_at = 0.0
        self._failed_starts = 0
        self.pipe: Connection | None = None
        self.request: Request | None = None

    def start(self) -> None:
        """Have the process come up, if it is not there."""
        if self.pipe is None:
            self._start()

    def take(self, request: Request) -> None:
        """Begin a file."""
        try:
            self._send(request)
        except _GONE:  # it died while it had nothing to do
            self.stop()
            self._send(request)
        self.request = request

    def _send(self, message: Request | int) -> None:
        pipe = self.pipe or self._start()
        pipe.send(message)

    def _start(self) -> Connection:
        self._shared.rest()
        self._ready, self._started_at = False, time.monotonic()
        tied = threading.current_thread() is threading.main_thread()
        try:
            ours, theirs = self._context.Pipe()
            process = self._context.Process(
                target=serve, args=(theirs, self._shared, self._decoder, self._limits, tied), daemon=True
            )
            with theirs, _interrupts_blocked():
                process.start()
        except OSError as error:  # too many processes or open files
            raise UserError(
                "The decoding process cannot be started.",
                f"The system says: {error.strerror or error}. Close other programs, then start again.",
            ) from error
        self.pipe, self._process = ours, process
        return ours

    def receive(self) -> Event | None:
        """Take one message that has arrived; `None` where it is none of the caller's business."""
        assert self.pipe is not None
        try:
            message: Ready | Filled | Finished | Failed = self.pipe.recv()
        except (EOFError, OSError):
            return self._died()
        if isinstance(message, Ready):
            self._ready, self._failed_starts = True, 0
            return None
        if isinstance(message, Filled):
            return self._window(message)
        self.request = None
        return message

    def _window(self, filled: Filled) -> Window:
        """Copy a window out of shared memory and hand the slot back (0.3 ms against 60 ms of decoding)."""
        samples = self._slots[filled.slot, : filled.size].copy()
        with contextlib.suppress(*_GONE):
            self._send(filled.slot)
        return Window(filled.key, filled.start, samples)

    def _died(self) -> Failed | None:
        """The process is gone: say which file it was, if there was one."""
        request = self.request
        if self._process is not None:
            self._process.join(1)  # its exit code comes a little after the end of its pipe
        code = self._process.exitcode if self._process is not None else None
        self.stop()
        if request is None:
            return None
        if not self._ready:
            self._restart(request, code)
            return None
        return Failed(request.key, *_accident(code))

    def _restart(self, request: Request, code: int | None) -> None:
        self._failed_starts += 1
        if self._failed_starts >= _STARTS:
            raise UserError(
                "The decoding process cannot be started.",
                f"It ended at once (exit code {code}); see the log.",
            )
        self.take(request)

    def _late(self) -> Failed | None:
        limit = self._limits.stall_s
        if self.request is None or self._shared.silent_s() <= limit:
            return None
        return Failed(self.request.key, "stalled", f"Decoding this file made no progress for {limit:g} s.")

    def give_up_if_late(self) -> Failed | None:
        """End the process, and name the file, if there was no progress for too long."""
        late = self._late()
        if late is not None:
            self.stop()
        elif self.request and not self._ready and time.monotonic() - self._started_at > _START_S:
            request = self.request
            self.stop()
            self._restart(request, None)
        return late

    def stop(self) -> None:
        """End the process at once, whatever it does; it only reads, so nothing can be lost."""
        process, pipe = self._process, self.pipe
        self._process = self.pipe = self.request = None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.join(5)
            if process.exitcode is not None:  # else it hangs in the kernel, on a dead network drive
                process.close()
