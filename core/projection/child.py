"""A method in a process of its own: it can be ended at any moment, and Python's lock is nobody else's meanwhile."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.projection.live import Live
from core.projection.methods import Task, method
from core.projection.plane import centred

POLL_S = 0.05
"""Between two looks at whether to stop."""
PICTURE_S = 0.1
"""Between two pictures."""

Watch = Callable[[int, int], None]
"""Hears steps done and steps in all (0: not known); may raise to stop."""


class MethodError(Exception):
    """A method met a bug; `args[0]` is the traceback."""


@dataclass(frozen=True)
class _Ready:
    """The method's libraries are loaded."""


@dataclass(frozen=True)
class _Step:
    """How far it is."""

    done: int
    total: int


@dataclass(frozen=True, eq=False)
class _Done:
    """It is finished."""

    points: NDArray[np.float32]


@dataclass(frozen=True)
class _Failed:
    """It met a bug; without details: memory ran out."""

    details: str


class Child:
    """A process that draws maps by one method. It begins to load at once, while neighbours are looked for.

    Raises
    ------
    UserError
        The system starts no more processes.
    """

    def __init__(self, name: str) -> None:
        context = multiprocessing.get_context("spawn")
        try:
            self._pipe, theirs = context.Pipe()
            with theirs:
                self._process = context.Process(
                    target=_main, args=(theirs, name), name=f"earmap-{name}", daemon=True
                )
                self._process.start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(
                f"The system starts no more processes: {reason}.", "Close other programs, then try again."
            ) from error
        self._ready = False

    def fit(self, task: Task, watch: Watch) -> NDArray[np.float32]:
        """(n, 2) positions.

        Raises
        ------
        UserError
            The process was ended from outside.
        MethodError, MemoryError
        """
        if not self._ready:
            self._next(watch, (0, 0))  # there is nothing else that it could say
            self._ready = True
        self._send(task)
        now = (0, 0)
        while True:
            event = self._next(watch, now)
            if isinstance(event, _Step):
                now = (event.done, event.total)
            elif isinstance(event, _Done):
                return event.points

    def _send(self, task: Task) -> None:
        try:
            self._pipe.send(task)
        except OSError as error:
            raise self._killed() from error

    def _next(self, watch: Watch, now: tuple[int, int]) -> object:
        """The next event; while there is none, `watch` is asked."""
        try:
            while not self._pipe.poll(POLL_S):
                watch(*now)
            watch(*now)
            event = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise self._killed() from error
        if isinstance(event, _Failed):
            raise MethodError(event.details) if event.details else MemoryError
        return event

    def _killed(self) -> UserError:
        self._process.join(5)
        return UserError(
            f"The process that draws the map was ended from outside (exit code {self._process.exitcode}).",
            "The map before it stands. Often the cause is too little memory.",
        )

    def close(self) -> None:
        """End the process, whatever it does."""
        self._pipe.close()
        self._process.terminate()
        self._process.join(1)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(5)
        self._process.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _main(pipe: Connection, name: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the job decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(OSError):  # whoever asked is gone
        try:
            module = importlib.import_module(method(name).module)
            module.warm()
            pipe.send(_Ready())
            while True:
                pipe.send(_Done(_fit(module.fit, pipe.recv(), pipe)))
        except MemoryError:
            pipe.send(_Failed(""))
        except Exception:  # noqa: BLE001 - told to the job, which raises it
            pipe.send(_Failed(traceback.format_exc()))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _fit(fit: Callable[..., NDArray[np.float32]], task: Task, pipe: Connection) -> NDArray[np.float32]:
    """What the method says, told and shown meanwhile."""
    live, seen = None, time.monotonic()
    if task.live is not None:
        with suppress(UserError):  # another job of the same map has ended and taken the pictures away
            live = Live(task.live)

    def tell(done: int, total: int, points: NDArray[np.float32]) -> None:
        nonlocal seen
        pipe.send(_Step(done, total))
        if live is not None and time.monotonic() - seen > PICTURE_S:
            live.write(centred(points))
            seen = time.monotonic()

    return fit(task, tell)
