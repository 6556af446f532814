"""The decoder's thread: keeps the ring full, and moves on into the next item while one still sounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from app.playback.chain import Chain
from app.playback.facts import Facts
from app.playback.protocol import Item, ReplayGain
from app.playback.ring import Ring, Samples
from app.playback.source import Block, blocks, excerpt
from core.audio.records import UnusableError


@dataclass(frozen=True)
class Mark:
    """From `frame` of the ring on, `item` is heard, beginning at `seconds` of its file."""

    frame: int
    item: Item
    seconds: float
    facts: Facts
    end: Samples
    """The end of the item before, where this one fades into it."""

    @property
    def key(self) -> int:
        """The item's name."""
        return self.item.key


@dataclass(frozen=True)
class Sound:
    """How tracks are played.

    Parameters
    ----------
    crossfade_s
        How long a track's end and the next one's beginning overlap (s); 0: not at all.
    replaygain
        Whether the loudness that tags tell is evened out, track by track or album by album.
    """

    crossfade_s: float = 0.0
    replaygain: ReplayGain = "off"


@dataclass(frozen=True)
class _Cue:
    """Where to start: `item` (None: nothing follows) at `seconds`, over the end of the track before."""

    item: Item | None
    seconds: float
    end: Samples


_NOTHING: Samples = np.zeros((0, 2), np.float32)


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
        self._cue: _Cue | None = None
        self._marks: list[Mark] = []
        self._skipped: set[int] = set()
        self._generation = 0
        self._chain = Chain(rate, 0.0)
        self._origin = 0
        self._closing = False
        self.sound = Sound()
        """Holds from the next cue on."""
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
            pairs = enumerate(pairwise(keys), 1)
            wrong = next((i for i, (key, after) in pairs if self._follower_key(key) != after), len(keys))
            if wrong < len(keys):
                mark = self._marks[wrong]
                if not self._ring.cut(mark.frame, self._rate // 5):
                    return False
                del self._marks[wrong:]
                self._go_on_after(keys[wrong - 1], mark.end)
            elif keys and self.ended:
                self._go_on_after(keys[-1])
            return True

    def halt(self) -> None:
        """Decode no further, and let go of the file."""
        with self._wake:
            self._generation += 1
            self._cue = None
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

    def _restart(self, item: Item | None, seconds: float, end: Samples = _NOTHING) -> None:
        self.halt()
        self._cue = _Cue(item, seconds, end)
        self.ended = False

    def _go_on_after(self, key: int, end: Samples = _NOTHING) -> None:
        """Decode what follows `key` now; at the queue's end nothing but its own end."""
        follower = self._follower(key)
        if follower is not None or len(end):
            self._restart(follower, follower.start_s if follower else 0.0, end)
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
                cue, generation = self._cue, self._generation
                self._cue = None
                self._chain = Chain(self._rate, self.sound.crossfade_s, cue.end)
                self._origin = self._ring.written
            self._feed(cue, generation)

    def _feed(self, cue: _Cue, generation: int) -> None:
        """Write the cue's item and what follows it, until the queue's end or another cue."""
        item, seconds = cue.item, cue.seconds
        if item is None:
            self._finish(generation)
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
            last = self._marks[-1].key if self._marks else item.key
            if (not self._marks or last != item.key) and self._wanted(item):
                self._skipped.add(item.key)
            follower = self._follower(last)
        if follower is None:
            self._finish(generation)
        return follower

    def _wanted(self, item: Item) -> bool:
        """Whether `item` is still what follows the last one that was written."""
        return not self._marks or self._follower_key(self._marks[-1].key) == item.key

    def _finish(self, generation: int) -> None:
        """The queue's end, unless the queue has grown meanwhile."""
        if not self._put(self._chain.flush(), generation):
            return
        with self._wake:
            if self._generation != generation:
                return
            if self._marks:
                self._go_on_after(self._marks[-1].key)
            else:
                self.halt()

    def _write_item(self, item: Item, seconds: float, generation: int) -> None:
        """Write one item, or as much of it as there is before another cue."""
        gain = None
        for block in _stream(item, seconds):
            if gain is None and len(block.samples):
                certain = self._begin(item, seconds, block, generation)
                if certain is None or not self._put(certain, generation):
                    return
                gain = np.float32(block.facts.gain(self.sound.replaygain))
            samples = block.samples
            if gain is not None:
                samples = self._chain.push(samples if gain == 1 else samples * gain, block.rate)
            if not self._put(samples, generation):
                return

    def _begin(self, item: Item, seconds: float, block: Block, generation: int) -> Samples | None:
        """Mark where `item` begins; what that makes certain, None where it is not wanted any more."""
        with self._wake:
            if self._generation != generation or not self._wanted(item):
                return None
            certain, frame = self._chain.begin(block.rate, overlap=self._fades(item, block.facts))
            self._marks.append(Mark(self._origin + frame, item, seconds, block.facts, self._chain.tail))
            return certain

    def _fades(self, item: Item, facts: Facts) -> bool:
        """Whether `item` is faded into: not at the start, not as an excerpt, within an album or when it begins anew."""
        if not self._marks or not self.sound.crossfade_s:
            return False
        before = self._marks[-1]
        whole = before.item.length_s is None and item.length_s is None
        return whole and item.path != before.item.path and not facts.follows(before.facts)

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
