"""The self-test in the window: once it is quiet, in a process of its own; one sentence where something is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess, QTimer
from shiboken6 import isValid

from app.context import Context
from app.notify import Message

if TYPE_CHECKING:  # it brings what the window can open without
    from core.selftest import Finding

FIRST_LOOK_MS = 8000
"""After the start: the window, and what a person does first, have the machine to themselves."""
QUIET_MS = 10_000
"""Between two looks whether all jobs are over."""
KILL_MS = 2000

TOLD_BY_THE_WINDOW = frozenset({"preferences"})
TOLD_WHERE_THE_TABLE_WOULD_BE = frozenset({"data", "library"})
"""Of a library that cannot be opened."""

Then = Callable[["list[Finding]"], None]


class Checkup(QObject):
    """Runs `earmap check` and tells what is new of it.

    Parameters
    ----------
    library
        The library file, whose folder is looked at.
    delay_ms
        Before the first look.
    """

    def __init__(self, context: Context, library: Path, delay_ms: int = FIRST_LOOK_MS) -> None:
        super().__init__()
        self._context, self._library = context, library
        self._process: QProcess | None = None
        self._quick = False
        self._then: list[Then] = []
        self._wait = QTimer(self, singleShot=True, interval=delay_ms)
        self._wait.timeout.connect(self._look)

    def start(self) -> None:
        """Look a while from now, and tell what is wrong."""
        self._wait.start()

    def run(self, then: Then, *, quick: bool) -> None:
        """Look now; `then` gets what was found, nothing where that cannot be read. One look at a time."""
        self._then.append(then)
        if self._process is not None and self._quick and not quick:
            self._kill()
        if self._process is None:
            self._begin(quick)

    def close(self) -> None:
        """End it, by force if need be."""
        self._wait.stop()
        self._then.clear()
        self._kill()

    # -- by itself

    def _look(self) -> None:
        if self._context.jobs.running:  # what a person waits for comes first
            self._wait.start(QUIET_MS)
        else:
            self._context.background.run(_is_known, self._look_quietly)

    def _look_quietly(self, known: bool) -> None:
        self.run(partial(self._note, known), quick=known)

    def _note(self, quick: bool, found: list[Finding]) -> None:
        known = TOLD_BY_THE_WINDOW
        if not self._context.library.is_open:
            known |= TOLD_WHERE_THE_TABLE_WOULD_BE
        if found := [one for one in found if one.name not in known]:
            self._context.background.run(partial(_news, found, quick), self._tell)

    def _tell(self, fresh: list[Finding]) -> None:
        if fresh:
            first = fresh[0]
            more = f" There is more to see ({len(fresh) - 1})." if len(fresh) > 1 else ""
            message = Message("warning", first.sentence, f"{first.hint}{more}".strip(), action="check")
            self._context.notifier.post(message)

    # -- the process

    def _begin(self, quick: bool) -> None:
        process = self._process = QProcess(self)
        self._quick = quick
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._failed)
        words = ["-m", "core.cli", "check", "--gentle", "--json", "--library", str(self._library)]
        process.start(sys.executable, [*words, *(["--quick"] if quick else [])])

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.finished.disconnect(self._ended)
            process.errorOccurred.disconnect(self._failed)
            process.kill()
            process.waitForFinished(KILL_MS)
            process.deleteLater()

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # `finished` never comes
            self._ended()

    def _ended(self) -> None:
        process, self._process = self._process, None
        assert process is not None
        text = bytes(process.readAllStandardOutput().data()).decode("utf-8", "replace")
        process.deleteLater()
        waiting, self._then = self._then, []
        found = findings(text)
        for then in waiting:
            receiver = getattr(then, "__self__", None)
            if not isinstance(receiver, QObject) or isValid(receiver):  # a dialog that was closed meanwhile
                then(found)


def findings(text: str) -> list[Finding]:
    """What `earmap check --json` printed; empty where it is no such document."""
    from core.selftest import Finding  # see the top; by now it is there

    try:
        return [Finding(**entry) for entry in json.loads(text)["findings"]]
    except (ValueError, TypeError, KeyError):
        return []


def _is_known() -> bool:
    """In a thread: whether all was looked at already with what is installed now."""
    from core import selftest

    return bool(selftest.remembered().get("stamp") == selftest.stamp())


def _news(found: list[Finding], quick: bool) -> list[Finding]:
    """In a thread: what was not told before."""
    from core import selftest

    return selftest.news(found, quick=quick)
