"""The decoder's thread: keeps the ring full, and moves on into the next item while one still sounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import av
import numpy as np

from app.playback.protocol import Item
from app.playback.ring import Ring, Samples
from app.playback.source import Block, blocks, excerpt
from core.audio.records import UnusableError


@dataclass(frozen=True)
class Mark:
    """From `frame` of the ring on, the item `key` is heard, beginning at `seconds` of its file."""

    frame: int
    key: int
    seconds: float


class Resampler:
    """One continuous signal from the file's rate to the card's; files that follow each other may share it.

    Parameters
    ----------
    rate_in, rate_out
        Frames a second.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self.rate_in = rate_in
        self._ratio = rate_out / rate_in
        self._taken = 0
        self._filter = None if rate_in == rate_out else av.AudioResampler("flt", "stereo", rate_out)

    @property
    def owed(self) -> int:
        """Frames (at the card's rate) that all input so far comes to, those still in the filter included."""
        return round(self._taken * self._ratio)

    def push(self, samples: Samples) -> Samples:
        """(frames, 2) in, about `frames` x ratio out."""
        self._taken += len(samples)
        if self._filter is None or not len(samples):
            return samples
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), "flt", "stereo")
        frame.sample_rate = self.rate_in
        return self._collect(frame)

    def flush(self) -> Samples:
        """What is still in the filter; the end of the signal."""
        return np.zeros((0, 2), np.float32) if self._filter is None else self._collect(None)

    def _collect(self, frame: av.AudioFrame | None) -> Samples:
        frames = self._filter.resample(frame) if self._filter else []
        parts = [part.to_ndarray().reshape(-1, 2) for part in frames]
        return np.concatenate(parts) if parts else np.zeros((0, 2), np.float32)


def _stream(item: Item, seconds: float) -> Iterator[Block]:
    """What is to be heard of `item` from `seconds` of its file on."""
    source = blocks(item.path, seconds)
    return source if item.length_s is None else excerpt(source, item.length_s)


class Feeder(threading.Thread):
    """Decodes the queue into a ring.

    Parameters
    ----------
    ring, rate
        Where to, at how many frames a second.
    decoding
        Called with an item's key before its file is opened, with None when no file is open: if the
        process dies, this says which file did it.
    failed
        Called with an item's key and a sentence.
    """

    def __init__(
        self,
        ring: Ring,
        rate: int,
        decoding: Callable[[int | None], None],
        failed: Callable[[int, str], None],
    ) -> None:
        super().__init__(name="decoder", daemon=True)
        self._ring = ring
        self._rate = rate
        self._decoding = decoding
        self._failed = failed
        self._wake = threading.Condition(threading.RLock())
        self._items: Sequence[Item] = ()
        self._cue: tuple[Item, float] | None = None
        self._marks: list[Mark] = []
        self._skipped: set[int] = set()
        self._now: int | None = None
        self._generation = 0
        self._resampler: Resampler | None = None
        self._origin = 0
        self._closing = False
        self.ended = False
        """Everything there is has been written to the ring."""

    def cue(self, items: Sequence[Item], item: Item, seconds: float) -> None:
        """Start over with `item` at `seconds`; the ring must be at rest."""
        with self._wake:
            self._items = items
            self._skipped.clear()
            self._ring.clear()
            self._marks.clear()
            self._restart(item, seconds)

    def edit(self, items: Sequence[Item]) -> bool:
        """Take over a changed queue without touching what is heard now.

        Returns
        -------
        False where something wrong has been decoded that cannot be taken back any more.
        """
        with self._wake:
            self._items = items
            keys = [mark.key for mark in self._marks]
            if self._now is not None and self._now not in keys:
                keys.append(self._now)
            pairs = enumerate(pairwise(keys), 1)
            wrong = next((i for i, (key, after) in pairs if self._follower_key(key) != after), len(keys))
            if wrong < len(self._marks):
                if not self._ring.cut(self._marks[wrong].frame, self._rate // 5):
                    return False
                del self._marks[wrong:]
            if keys and (wrong < len(keys) or self.ended):
                self._go_on_after(keys[wrong - 1])
            return True

    def halt(self) -> None:
        """Decode no further, and let go of the file."""
        with self._wake:
            self._generation += 1
            self._cue = None
            self._now = None
            self.ended = True
            self._wake.notify_all()

    def heard(self, frame: int) -> tuple[int, float] | None:
        """The item that sounds at `frame` of the ring, and the second of its file; drops older marks."""
        with self._wake:
            while len(self._marks) > 1 and self._marks[1].frame <= frame:
                del self._marks[0]
            if not self._marks:
                return None
            mark = self._marks[0]
            return mark.key, mark.seconds + max(frame - mark.frame, 0) / self._rate

    def close(self) -> None:
        """End the thread soon."""
        with self._wake:
            self._closing = True
            self._generation += 1
            self._wake.notify_all()

    def _restart(self, item: Item, seconds: float) -> None:
        self.halt()
        self._cue = (item, seconds)
        self.ended = False

    def _go_on_after(self, key: int) -> None:
        """Decode what follows `key` now; nothing, at the queue's end."""
        follower = self._follower(key)
        if follower is not None:
            self._restart(follower, follower.start_s)
        else:
            self.halt()

    def _follower(self, key: int) -> Item | None:
        keys = [item.key for item in self._items]
        index = keys.index(key) + 1 if key in keys else len(keys)
        return next((item for item in self._items[index:] if item.key not in self._skipped), None)

    def _follower_key(self, key: int) -> int | None:
        follower = self._follower(key)
        return follower.key if follower else None

    def run(self) -> None:
        """Decode from cue to cue."""
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closing or self._cue is not None)
                if self._closing or self._cue is None:
                    return
                (item, seconds), generation = self._cue, self._generation
                self._cue = None
                self._now = item.key
            self._feed(item, seconds, generation)

    def _feed(self, item: Item | None, seconds: float, generation: int) -> None:
        """Write `item` and what follows it, until the queue's end or another cue."""
        self._resampler = None
        while item is not None:
            self._decoding(item.key)
            try:
                self._write_item(item, seconds, generation)
            except UnusableError as problem:
                if self._generation == generation:
                    self._failed(item.key, problem.reason)
            item = self._next(item, generation)
            seconds = item.start_s if item else 0.0
        if not self._closing:
            self._decoding(None)

    def _next(self, item: Item, generation: int) -> Item | None:
        """What follows `item`; None at the queue's end, and when another cue has come."""
        with self._wake:
            if self._generation != generation:
                return None
            if not self._marks or self._marks[-1].key != item.key:
                self._skipped.add(item.key)
            follower = self._follower(item.key)
            self._now = follower.key if follower else item.key
        if follower is None:
            self._finish(item.key, generation)
        return follower

    def _finish(self, key: int, generation: int) -> None:
        """The queue's end, unless the queue has grown meanwhile."""
        if self._resampler and not self._put(self._resampler.flush(), generation):
            return
        with self._wake:
            if self._generation == generation:
                self._go_on_after(key)

    def _write_item(self, item: Item, seconds: float, generation: int) -> None:
        """Write one item, or as much of it as there is before another cue."""
        marked = False
        for block in _stream(item, seconds):
            samples = block.samples
            if len(samples):
                resampler = self._join(block.rate, generation)
                if not marked:
                    marked = self._mark(item.key, seconds, resampler, generation)
                samples = resampler.push(samples)
            if not self._put(samples, generation):
                return

    def _join(self, rate: int, generation: int) -> Resampler:
        """A resampler for `rate`: that of the item before where it fits, so that the signal is one."""
        if self._resampler is None or self._resampler.rate_in != rate:
            if self._resampler is not None:
                self._put(self._resampler.flush(), generation)
            self._resampler = Resampler(rate, self._rate)
            self._origin = self._ring.written
        return self._resampler

    def _mark(self, key: int, seconds: float, resampler: Resampler, generation: int) -> bool:
        with self._wake:
            if self._generation == generation:
                self._marks.append(Mark(self._origin + resampler.owed, key, seconds))
        return True

    def _put(self, samples: Samples, generation: int) -> bool:
        """Write when there is room; False when another cue has come."""
        while True:
            with self._wake:
                if self._generation != generation:
                    return False
                samples = samples[self._ring.write(samples) :]
                if not len(samples):
                    return True
                self._wake.wait(0.1)
