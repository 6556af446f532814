"""One door for errors and messages, from any thread; knows no Qt.

Whoever shows messages subscribes; what is posted before anybody does is kept for the first one.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from core.errors import Cancelled, UserError

Level = Literal["info", "done", "warning", "error"]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """Something a person should know.

    Parameters
    ----------
    title
        One sentence.
    hint
        What can be done about it, or more about it.
    details
        For a bug report: the traceback.
    action
        Name of an action of the window that is a way on; offered as a button.
    """

    level: Level
    title: str
    hint: str = ""
    details: str = ""
    action: str = ""


Listener = Callable[[Message], None]


def message_of(error: BaseException) -> Message:
    """Word `error` for a person: a UserError as it is, all else as a fault of the program."""
    if isinstance(error, UserError):
        return Message("error", error.title, error.hint)
    details = "".join(traceback.format_exception(error))
    return Message(
        "error", "Something went wrong inside Earmap.",
        "This is a fault of the program, not yours. Your music and your library are safe.", details,
    )  # fmt: skip


class Notifier:
    """Passes messages on to its subscribers; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._early: deque[Message] = deque(maxlen=20)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener`, in the poster's thread, with every message; returns what ends this."""
        with self._lock:
            self._listeners.append(listener)
            early = list(self._early)
            self._early.clear()
        for message in early:
            listener(message)
        return lambda: self._forget(listener)

    def post(self, message: Message) -> None:
        """Tell every subscriber."""
        with self._lock:
            listeners = list(self._listeners)
            if not listeners:
                self._early.append(message)
        level = logging.ERROR if message.level == "error" else logging.INFO
        log.log(
            level, "%s %s\n%s" if message.details else "%s %s%s", message.title, message.hint, message.details
        )
        for listener in listeners:
            listener(message)

    def info(self, title: str, hint: str = "") -> None:
        """Something happened."""
        self.post(Message("info", title, hint))

    def done(self, title: str, hint: str = "") -> None:
        """Something that was asked for is finished."""
        self.post(Message("done", title, hint))

    def warning(self, title: str, hint: str = "") -> None:
        """Something is not as it should be, and the program goes on."""
        self.post(Message("warning", title, hint))

    def error(self, error: BaseException) -> None:
        """Something failed; a cancellation is no failure."""
        if not isinstance(error, Cancelled):
            self.post(message_of(error))

    def _forget(self, listener: Listener) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)


@contextmanager
def hooked(notifier: Notifier) -> Iterator[None]:
    """Send what nobody caught, in any thread, to `notifier` while the block runs."""
    before, before_threads = sys.excepthook, threading.excepthook

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            before(kind, error, trace)
        else:
            notifier.error(error.with_traceback(trace))

    def uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            notifier.error(args.exc_value)

    sys.excepthook, threading.excepthook = uncaught, uncaught_in_thread
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = before, before_threads
