"""The decoding process: takes requests from a pipe, puts windows into shared memory, dies with its parent.

Imports nothing but PyAV and NumPy, so that a worker is small and starts quickly.
"""

from __future__ import annotations

import ctypes
import math
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from core.audio.decode import WINDOW, Decoder
from core.audio.records import Request, Window

_PR_SET_PDEATHSIG = 1
SLOTS = 3
"""Windows (1.9 MB each) that a worker may be ahead of its consumer."""


@dataclass(frozen=True)
class Ready:
    """The worker has started."""


@dataclass(frozen=True)
class Filled:
    """A window lies in shared memory."""

    key: int
    start: int
    slot: int
    size: int


@dataclass(frozen=True)
class Limits:
    """What a worker may take.

    Attributes
    ----------
    longest_s
        Seconds of a file that are decoded.
    stall_s
        Seconds without progress after which a file is given up.
    memory
        Bytes of address space beyond what the started worker has (where the system can limit it).
    niceness
        At which the process runs, if its parent is not nicer already (POSIX).
    """

    longest_s: float
    stall_s: float
    memory: int
    niceness: int


class Shared:
    """Memory of the pool and one worker: when it last got on, and its windows.

    Anonymous (no name in the file system), so nothing is left behind however the processes end.
    """

    def __init__(self, context: SpawnContext) -> None:
        self._clock: Any = context.RawArray("d", [math.inf])
        self._windows: Any = context.RawArray("f", SLOTS * WINDOW)

    def slots(self) -> npt.NDArray[np.float32]:
        """The windows, `(SLOTS, WINDOW)`."""
        return np.frombuffer(self._windows, np.float32).reshape(SLOTS, WINDOW)

    def beat(self) -> None:
        """Note that there is progress."""
        self._clock[0] = time.monotonic()

    def rest(self) -> None:
        """Note that the worker waits for somebody else, and cannot be late."""
        self._clock[0] = math.inf

    def silent_s(self) -> float:
        """Seconds since the last progress; not positive while the worker rests."""
        return time.monotonic() - float(self._clock[0])


def _end_with_parent() -> None:
    """End this process as soon as its parent is gone, also while FFmpeg is busy or stuck."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _tie_to_thread() -> None:
    """Have Linux kill this process with the thread that started it, also while Python's lock is held."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        parent = multiprocessing.parent_process()
        if parent is not None and os.getppid() != parent.pid:  # it has died meanwhile
            os._exit(1)


def _limit_memory(extra: int) -> None:
    """Make a decompression bomb fail in this process before it harms others (Linux)."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    statm = Path("/proc/self/statm")
    if statm.exists():
        size = int(statm.read_text().split()[0]) * resource.getpagesize() + extra
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (size if hard < 0 else min(size, hard), hard))


def _settle(limits: Limits, *, tied: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if tied:
        _tie_to_thread()
    if hasattr(os, "nice"):
        os.nice(max(0, limits.niceness - os.nice(0)))
    av.logging.set_level(None)
    _limit_memory(limits.memory)


def serve(pipe: Connection, shared: Shared, decode: Decoder, limits: Limits, tied: bool) -> None:
    """Decode one request after the other until the pipe is closed.

    Parameters
    ----------
    tied
        The thread that started this process lives as long as the program.
    """
    _settle(limits, tied=tied)
    slots, free = shared.slots(), deque(range(SLOTS))
    pipe.send(Ready())
    while True:
        shared.rest()
        try:
            message: Request | int = pipe.recv()
            if isinstance(message, int):
                free.append(message)
                continue
            _work(message, pipe, shared, decode, limits, slots, free)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def _work(
    request: Request,
    pipe: Connection,
    shared: Shared,
    decode: Decoder,
    limits: Limits,
    slots: npt.NDArray[np.float32],
    free: deque[int],
) -> None:
    """Decode one file; wait wherever there is no free slot."""
    shared.beat()
    for event in decode(request, limits.longest_s, shared.beat):
        if not isinstance(event, Window):
            pipe.send(event)
            continue
        while not free:
            shared.rest()
            free.append(pipe.recv())
        shared.beat()
        slot, size = free.popleft(), event.samples.size
        slots[slot, :size] = event.samples
        pipe.send(Filled(event.key, event.start, slot, size))
