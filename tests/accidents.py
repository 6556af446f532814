"""Decoders that go wrong on purpose, for pools of tests: what happens is in the file's name.

`python -m tests.accidents FOLDER` decodes a folder and prints the workers' process numbers, for tests
that kill a whole program.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from core.audio.decode import WINDOW, decode
from core.audio.pool import DecodePool
from core.audio.records import Event, Failed, Request, Window
from core.audio.source import Alive


def _spin() -> None:
    while True:
        pass


def _hold_gil() -> None:
    ctypes.PyDLL(None).sleep(3600)  # a call that keeps the interpreter's lock, as a bad extension would


ACCIDENTS: dict[bytes, Callable[[], Any]] = {
    b"abort": os.abort,
    b"segfault": lambda: ctypes.string_at(0),
    b"exit": lambda: os._exit(3),
    b"bug": lambda: 1 // 0,
    b"killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    b"sleep": lambda: time.sleep(3600),
    b"spin": _spin,
    b"gil": _hold_gil,
}


def careless(request: Request, longest_s: float, alive: Alive) -> Iterator[Event]:
    """`decode`, but for the accident that the file's name begins with."""
    name = os.path.basename(request.path)  # noqa: PTH119 - pathlib knows no bytes
    word = name.split(b".")[0].split(b" ")[0]
    if word == b"bomb":
        yield _bomb(request)
    elif word == b"endless":
        yield from _endless(request, alive)
    elif word == b"modules":
        yield Failed(request.key, "unreadable", " ".join(sorted(sys.modules)))
    else:
        if word in ACCIDENTS:
            ACCIDENTS[word]()
        yield from decode(request, longest_s, alive)


def _bomb(request: Request) -> Failed:
    try:
        hoard = [np.zeros(1 << 24, np.float64) for _ in range(64)]  # 8 GB
    except MemoryError:
        return Failed(request.key, "memory", "stopped")
    return Failed(request.key, "unreadable", f"took {len(hoard)} blocks")


def _endless(request: Request, alive: Alive) -> Iterator[Event]:
    """Windows without end; how many so far is written beside the file."""
    count = Path(os.fsdecode(request.path) + ".count")
    for index in range(10**6):
        count.write_text(str(index))
        yield Window(request.key, index * WINDOW, np.zeros(WINDOW, np.float32))
        alive()


class Unloadable:
    """A decoder that ends the process that tries to load it."""

    def __call__(self, request: Request, longest_s: float, alive: Alive) -> Iterator[Event]:
        return iter(())

    def __reduce__(self) -> tuple[Callable[[int], None], tuple[int]]:
        return os._exit, (9,)


def main() -> None:
    """Decode the files of a folder, slowly, and say who does it."""
    paths = sorted(os.fsencode(path) for path in Path(sys.argv[1]).iterdir())
    with DecodePool(2, 3600, decoder=careless) as pool:
        for event in pool.stream(Request(key, path) for key, path in enumerate(paths)):
            children = [child.pid for child in psutil.Process().children()]
            sys.stdout.write(f"{event.key} {' '.join(map(str, children))}\n")
            sys.stdout.flush()
            time.sleep(0.05)


if __name__ == "__main__":
    main()
