"""What this machine has: processors, and which versions of which packages."""

from __future__ import annotations

import contextlib
import os
import time
from importlib.metadata import PackageNotFoundError, version

import psutil

LOOK_S = 2.0


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


CROWDED = 0.4
"""Share of the processors that others take, from which on a person is told."""


class OtherPrograms:
    """How much of the processors is taken by programs that are not this process or its children."""

    def __init__(self) -> None:
        self._before = self._look()
        self._share = 0.0

    def share(self) -> float:
        """0 to 1, over the last seconds; looks anew every `LOOK_S`."""
        if time.monotonic() - self._before[0] < LOOK_S:
            return self._share
        now = self._look()
        seconds, busy, own = (new - old for new, old in zip(now, self._before, strict=True))
        self._share = min(max((busy - max(own, 0.0)) / (seconds * (psutil.cpu_count() or 1)), 0.0), 1.0)
        self._before = now
        return self._share

    @staticmethod
    def _look() -> tuple[float, float, float]:
        """Clock, time of all processors that was not idle, and that of this process and its children (s)."""
        times, own = psutil.cpu_times(), 0.0
        idle = times.idle + getattr(times, "iowait", 0.0)
        # A guest's time is in its host process's already.
        busy = sum(times) - idle - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        me = psutil.Process()
        with contextlib.suppress(psutil.Error):
            for process in (me, *me.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    spent = process.cpu_times()
                    own += spent.user + spent.system
        return time.monotonic(), busy, own


def version_of(package: str) -> str:
    """A package's version; empty where it is not installed, as Earmap itself where it runs out of its source."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
