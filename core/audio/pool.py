"""Decoding in worker processes: a file that crashes, hangs, lies or explodes costs that file only."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from multiprocessing.connection import wait
from types import TracebackType
from typing import Self

from core.audio.decode import Decoder, decode
from core.audio.handle import WorkerHandle
from core.audio.records import Event, Request
from core.audio.worker import Limits
from core.machine import processors

_LOOK_EVERY_S = 0.5
"""How often silent workers are looked at."""


def _rest() -> None:
    """Nothing to do while nothing happens."""


class DecodePool:
    """Decodes files side by side in processes of its own.

    Parameters
    ----------
    workers
        Processes; 0 for one on each processor. They start with the first request and are small
        (PyAV and NumPy, no torch).
    stall_limit_s
        A file that makes no progress for so many seconds is given up. Its length does not matter.
    longest_h
        Only so many hours from the start of a file are decoded.
    niceness
        At which the processes run, if this one is not nicer already (POSIX).
    memory_mb
        Address space that a file may take in its process (Linux).
    decoder
        What runs in the process for each file. Has to be picklable; tests put accidents here.
    """

    def __init__(
        self,
        workers: int = 0,
        stall_limit_s: float = 20.0,
        longest_h: float = 24.0,
        *,
        niceness: int = 10,
        memory_mb: int = 1024,
        decoder: Decoder = decode,
    ) -> None:
        limits = Limits(longest_h * 3600, stall_limit_s, memory_mb << 20, niceness)
        self._look_every_s = min(_LOOK_EVERY_S, stall_limit_s / 4)
        self._workers = [WorkerHandle(decoder, limits) for _ in range(workers or processors())]
        self._streaming = False

    def start(self) -> None:
        """Have the processes come up now, while the caller has something else to do.

        Raises
        ------
        UserError
            The worker processes cannot be started.
        """
        for worker in self._workers:
            worker.start()

    def stream(
        self, requests: Iterable[Request | None], idle: Callable[[], None] = _rest
    ) -> Generator[Event]:
        """Decode files as they are asked for; closing the generator gives up what has begun.

        Parameters
        ----------
        requests
            Pulled lazily, one whenever a worker is free, in the caller's thread: an iterator can
            change its mind about the order until then. None: nothing to read now; asked again as long
            as other files are being read.
        idle
            Called in the caller's thread whenever nothing has happened for half a second; may raise
            to end the stream, also while every file hangs.

        Yields
        ------
        For each request any number of windows, in order, then one `Finished` or `Failed`; those of
        different requests in turn. Samples are the caller's own. Decoding goes on while the caller
        works, but never more than a few windows ahead.

        Raises
        ------
        UserError
            The worker processes cannot be started.
        """
        if self._streaming:
            raise RuntimeError("a pool serves one stream at a time")
        self._streaming = True
        try:
            yield from self._stream(iter(requests), idle)
        finally:
            self._streaming = False
            for worker in self._workers:
                if worker.request is not None:
                    worker.stop()

    def _stream(self, requests: Iterator[Request | None], idle: Callable[[], None]) -> Iterator[Event]:
        while True:
            for worker in self._workers:
                if worker.request is None and (request := next(requests, None)) is not None:
                    worker.take(request)
            busy = [worker for worker in self._workers if worker.request is not None]
            if not busy:
                return
            yield from self._events(busy, idle)

    def _events(self, busy: list[WorkerHandle], idle: Callable[[], None]) -> Iterator[Event]:
        pipes = [worker.pipe for worker in busy if worker.pipe is not None]
        heard = wait(pipes, timeout=self._look_every_s)
        if not heard:
            idle()
        for worker in busy:
            if worker.pipe in heard and (event := worker.receive()) is not None:
                yield event
        for worker in busy:
            late = worker.give_up_if_late()
            if late is not None:
                yield late

    def close(self) -> None:
        """End all processes at once."""
        for worker in self._workers:
            worker.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
