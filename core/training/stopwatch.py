"""How long the parts of a step take, on a device that works behind the program's back too."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # torch has no types here


class Stopwatch:
    """Seconds by name. On CUDA events are recorded, so that measuring makes nothing wait."""

    def __init__(self, device: str) -> None:
        self._cuda = device.startswith("cuda")
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._events: list[tuple[str, torch.cuda.Event, torch.cuda.Event]] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Measure what happens inside."""
        if self._cuda:
            start, end = _event(), _event()
            start.record()
            yield
            end.record()
            self._events.append((name, start, end))
            return
        began = time.perf_counter()
        yield
        self._seconds[name] += time.perf_counter() - began

    def read(self) -> dict[str, float]:
        """Seconds by name since the last reading; 0 for a name that was not measured."""
        for name, start, end in self._events:
            end.synchronize()
            self._seconds[name] += start.elapsed_time(end) / 1000
        seconds, self._seconds = self._seconds, defaultdict(float)
        self._events.clear()
        return seconds
