"""Calls into a sound driver, which may never come back."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core import jack

PATIENCE_S = 4.0
"""A driver that takes longer to open or close a card hangs (s)."""

LOADING_S = 20.0
"""The same for loading PortAudio, which reads much from disk on a busy machine (s)."""


@contextmanager
def deadline(give_up: Callable[[], None], patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Call `give_up` if what is done in here hangs.

    A call into a driver cannot be broken off, so that only the process's end helps.
    """
    timer = threading.Timer(patience_s, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def load(give_up: Callable[[], None]) -> None:
    """Load PortAudio, which looks at the machine's sound while it does; `app.playback.output` may be imported then.

    Raises
    ------
    Exception
        Whatever it raises where it is missing or fails.
    """
    if "sounddevice" in sys.modules:
        return
    with deadline(give_up, LOADING_S):
        jack.set_aside()
        importlib.import_module("sounddevice")


def end_when_asked() -> None:
    """Let SIGTERM end the process between two calls into a driver, never within one: locks are given back."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))
