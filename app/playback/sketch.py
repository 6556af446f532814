"""The process that draws waveforms and lists sound cards, at low priority: playing never waits for it."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator
from functools import partial

import av
import numpy as np
from numpy.typing import NDArray

from app.playback.deadline import deadline, end_when_asked, load
from app.playback.protocol import EXIT_STUCK, Channel, Item, Message
from app.playback.source import frames, opened, stereo
from core.audio.records import UnusableError

BUCKETS = 800
"""Columns of a waveform."""

_EVERY_S = 0.15
"""How often an unfinished waveform is sent (s)."""

_NICE = 10


class Sketch:
    """Least and greatest sample of every stretch of a track, in memory that does not depend on its length.

    Starts with fine stretches and merges them in pairs whenever they become too many.
    """

    def __init__(self) -> None:
        self._span = 256
        self._pairs: NDArray[np.float32] = np.zeros((4 * BUCKETS, 2), np.float32)
        self._count = 0
        self._rest: NDArray[np.float32] = np.zeros(0, np.float32)
        self.samples = 0

    def add(self, wave: NDArray[np.float32]) -> None:
        """Append `wave` (samples,)."""
        self.samples += len(wave)
        self._rest = np.concatenate([self._rest, wave])
        while len(self._rest) >= self._span:
            take = min(len(self._rest) // self._span, len(self._pairs) - self._count)
            stretches = self._rest[: take * self._span].reshape(take, self._span)
            self._pairs[self._count : self._count + take, 0] = stretches.min(axis=1)
            self._pairs[self._count : self._count + take, 1] = stretches.max(axis=1)
            self._count += take
            self._rest = self._rest[take * self._span :]
            if self._count == len(self._pairs):
                self._merge()

    def _merge(self) -> None:
        half = self._count // 2
        self._pairs[:half, 0] = self._pairs[: 2 * half, 0].reshape(half, 2).min(axis=1)
        self._pairs[:half, 1] = self._pairs[: 2 * half, 1].reshape(half, 2).max(axis=1)
        self._count, self._span = half, 2 * self._span

    def peaks(self, total: int) -> NDArray[np.float32]:
        """(800, 2) least and greatest value; NaN where a track of `total` samples is not read yet."""
        result = np.full((BUCKETS, 2), np.nan, np.float32)
        edges = np.arange(BUCKETS + 1) * (max(total, self.samples, 1) / BUCKETS / self._span)
        first = edges[:-1].astype(int)
        after = np.maximum(edges[1:].astype(int), first + 1)
        if total <= self.samples:  # the whole track: what is less than a stretch counts with the one before
            first = np.minimum(first, max(self._count - 1, 0))
        for bucket in np.flatnonzero(first < self._count):
            pairs = self._pairs[first[bucket] : min(after[bucket], self._count)]
            result[bucket] = pairs[:, 0].min(), pairs[:, 1].max()
        return result


def sketches(path: bytes, every_s: float = _EVERY_S) -> Iterator[tuple[NDArray[np.float32] | None, bool]]:
    """Waveforms of `path` as it is read, and whether it is whole; None where there is nothing new to show.

    Raises
    ------
    UnusableError
        It cannot be read.
    """
    with opened(path) as source:
        declared = (source.container.duration or 0) / av.time_base
        sketch, due = Sketch(), time.monotonic() + every_s
        for block in stereo(frames(source)):
            sketch.add(block.samples.mean(axis=1, dtype=np.float32).clip(-1, 1))
            if time.monotonic() < due:
                yield None, False
                continue
            yield sketch.peaks(int(declared * block.rate)), False
            due = time.monotonic() + every_s
        yield sketch.peaks(sketch.samples), True


def _draw(channel: Channel, item: Item) -> None:
    """Send waveforms of one track until it is whole or another one is wanted."""
    try:
        for peaks, whole in sketches(item.path):
            if channel.pending():
                # Another `draw` takes this one's place; a list of devices does not.
                message = channel.receive(None)
                _obey(channel, message)
                if message["do"] == "draw":
                    return
            if peaks is not None:
                text = base64.b64encode(peaks.tobytes()).decode("ascii")
                channel.send(event="peaks", key=item.key, peaks=text, whole=whole)
    except UnusableError:
        return  # the player says so; a file without a waveform needs no second sentence


def _list_devices(channel: Channel) -> None:
    give_up = partial(os._exit, EXIT_STUCK)
    try:
        load(give_up)
        from app.playback.output import names, rescan
    except Exception:  # noqa: BLE001 - the import starts PortAudio; its error class comes with it
        channel.send(event="devices", names=[])
        return
    with deadline(give_up):
        rescan()
        found = names()
    channel.send(event="devices", names=found)


def _obey(channel: Channel, message: Message) -> None:
    if message["do"] == "draw":
        _draw(channel, Item.from_json(message["item"]))
    else:
        _list_devices(channel)


def run() -> None:
    """The process's life."""
    if hasattr(os, "nice"):
        os.nice(_NICE)
    end_when_asked()
    channel = Channel.over_standard_streams()
    while True:
        try:
            _obey(channel, channel.receive(None))
        except EOFError:
            return
