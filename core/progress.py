"""A job watched from a terminal: a bar with rate and time left on standard error, Ctrl-C cancels."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from tqdm import tqdm

from core.errors import Cancelled, UserError
from core.jobs import runner
from core.jobs.events import Ended, Event, Progress, Skipped
from core.library.store import Library
from core.settings import Settings

SHOWN_METRICS = (
    "tracks_per_s", "device", "decode_x", "encode_x", "loss", "val_accuracy", "pairs_per_s", "task", "encoder",
    "probe",
)  # fmt: skip


class JobFailedError(Exception):
    """A job met a bug of ours; `args[0]` is the traceback."""


class Terminal:
    """Shows events as a bar; one line a skipped item. When nobody reads any more, the job goes on."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: tqdm[Any] | None = None
        self._stage = ""
        self._closed = sys.stderr is None  # as under a service, or with `2>&-`

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if self._closed:
            return
        try:
            self._show(event)
        except (OSError, ValueError):  # a pipe or a terminal that is gone
            self._closed, self._bar = True, None

    def _show(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Skipped) and not self._quiet:
            tqdm.write(printable(f"{event.item}: {event.reason}"), file=sys.stderr)
        elif isinstance(event, Ended):
            self.close()

    def _progress(self, event: Progress) -> None:
        if event.stage != self._stage or self._bar is None:
            self.close()
            self._stage = event.stage
            # Jobs of few seconds need no bar; a pipe gets none.
            self._bar = tqdm(
                desc=event.stage, unit="", disable=self._quiet or None, file=sys.stderr, mininterval=0.2
            )
        self._bar.total = event.total or None
        self._bar.set_postfix(
            {k: event.metrics[k] for k in SHOWN_METRICS if k in event.metrics}, refresh=False
        )
        self._bar.update(event.done - self._bar.n)

    def close(self) -> None:
        """Leave the last state of the bar on the screen."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def printable(text: str) -> str:
    """Text that any terminal takes: control characters and undecodable bytes shown as escapes."""
    safe = text.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in safe)


def printable_lines(text: str) -> str:
    """`printable`, line by line."""
    return "\n".join(printable(line) for line in text.split("\n"))


@contextmanager
def _ctrl_c(cancelled: threading.Event) -> Iterator[None]:
    """The first Ctrl-C (or a polite kill) asks the job to stop, the second ends the program."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if cancelled.is_set():
            raise KeyboardInterrupt
        cancelled.set()

    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        signals.append(signal.SIGBREAK)
    before = [signal.signal(number, stop) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def run(
    library: Library, settings: Settings, kind: str, params: dict[str, Any], *, quiet: bool
) -> dict[str, Any]:
    """Run a job here and now.

    Returns
    -------
    The job's result.

    Raises
    ------
    UserError, Cancelled, JobFailedError
        As the job ended.
    """
    cancelled = threading.Event()
    terminal = Terminal(quiet=quiet)
    try:
        with _ctrl_c(cancelled):
            job_type = runner.find(kind)
            job = job_type(job_type.Params.model_validate(params))
            ended = runner.run(job, library, settings, terminal, cancelled)
    finally:
        terminal.close()
    if ended.outcome == "cancelled":
        raise Cancelled
    if ended.outcome == "failed":
        raise JobFailedError(ended.details) if ended.details else UserError(ended.title, ended.hint)
    return ended.result
