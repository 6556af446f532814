"""A run's curves in TensorBoard's format, for those who want them there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.record_writer import RecordWriter
from tensorboardX.summary import scalar

from core.files import unwritable

FLUSH_S = 2.0
"""TensorBoard looks every 30 s; more often would only wear the disk."""

_GROUPS = {"val": "validation", "share": "time"}
_HEALTH = {"alignment", "uniformity", "effective_rank", "logit_std", "knn_album"}


class Board:
    """An event file in a folder. One that cannot be written is said once, and never stops a run.

    It is written by this very thread: tensorboardX's `SummaryWriter` has a thread with a short queue, at which a
    run would wait for ever once the disk is full.

    Parameters
    ----------
    folder
        Of the run; every time that it goes on, another file is added.
    warn
        Told once, in a sentence, that there will be no more.
    resumed_at
        The step that a run goes on from: TensorBoard no longer shows what earlier files say of later ones.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None], resumed_at: int | None = None) -> None:
        self._folder, self._warn, self._flushed = folder, warn, 0.0
        self._writer: RecordWriter | None = None
        # TensorBoard reads a folder's files in order of their names.
        seconds, fraction = divmod(time.time_ns(), 10**9)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._writer = RecordWriter(str(folder / f"events.out.tfevents.{seconds:010}.{fraction:09}"))
        except OSError as error:
            self._give_up(error)
        self._write([Event(wall_time=time.time(), file_version="brain.Event:2")])
        if resumed_at is not None:
            start = SessionLog(status=SessionLog.START)
            self._write([Event(wall_time=time.time(), step=resumed_at + 1, session_log=start)])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def log(self, points: Iterable[tuple[int, str, float]]) -> None:
        """Add (step, metric, value), as `library.runs.log` takes them."""
        now = time.time()
        self._write(
            [
                Event(wall_time=now, step=step, summary=scalar(tag(metric), value))
                for step, metric, value in points
            ]
        )

    def close(self) -> None:
        """Write what is left, and let go of the file."""
        self._flushed = 0.0
        self._write([])
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _write(self, events: list[Event]) -> None:
        if self._writer is None:
            return
        try:
            for event in events:
                self._writer.write(event.SerializeToString())
            if time.monotonic() > self._flushed + FLUSH_S:
                self._writer.flush()
                self._flushed = time.monotonic()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(OSError):  # it tries to write what is left
                writer.close()
        self._warn(f"The curves are no longer written for TensorBoard. {unwritable(self._folder, error)}")


def tag(metric: str) -> str:
    """A metric with its group: "train/loss", "validation/val_loss", "health/effective_rank", "time/share_data"."""
    group = "health" if metric in _HEALTH else _GROUPS.get(metric.partition("_")[0], "train")
    return f"{group}/{metric}"
