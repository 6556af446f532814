"""The player's queue as the rest of the window knows it: what is in it, and in which order it is played."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject, Signal

from app.playback.course import Course, Repeat
from app.playback.queue import Playable, Queue


class QueuePlayer(QObject):
    """The part of a player that knows what follows what; how it sounds is its heir's concern.

    Parameters
    ----------
    seed
        Of the chance that shuffles; None: another every time.
    """

    queue_changed = Signal()
    modes_changed = Signal()
    """`shuffle` or `repeat` is another."""

    def __init__(self, parent: QObject | None = None, *, seed: int | None = None) -> None:
        super().__init__(parent)
        self._keys = itertools.count(1)
        self._chance = random.Random(seed)  # noqa: S311 - shuffles music
        self._shuffle = False
        self._repeat: Repeat = "off"
        self._auditioning = False
        self._course = self._course_of(self._queue_of())

    # What is so

    @property
    def current(self) -> Playable | None:
        """What sounds, or would if it were not paused."""
        return self._queue.current

    @property
    def index(self) -> int | None:
        """The place of `current` in the queue."""
        return self._queue.place

    @property
    def queue(self) -> list[Playable]:
        """Everything in the queue, played or not."""
        return self._queue.playables

    @property
    def length(self) -> int:
        """How many items the queue has."""
        return len(self._queue)

    @property
    def goes_on(self) -> bool:
        """Whether there is something that `next` would play."""
        return self._course.goes_on

    @property
    def shuffle(self) -> bool:
        """Whether what comes is in no order; the queue shows in which."""
        return self._shuffle

    @property
    def repeat(self) -> Repeat:
        """What follows by itself at the end of a track or of the queue."""
        return self._repeat

    def next_round(self, count: int) -> list[Playable]:
        """The first `count` of what comes after the queue's end; none where it is not repeated."""
        return self._course.next_lap(count)

    @property
    def auditioning(self) -> bool:
        """Whether the queue is an audition: played once, whatever is repeated else."""
        return self._auditioning

    @property
    def fixed(self) -> bool:
        """Whether the queue has an order of its own (a radio, a path, an audition), which is not shuffled."""
        return self._queue.fixed

    def at(self, index: int) -> Playable:
        """The queue's item `index`."""
        return self._queue.at(index)

    def is_bad(self, index: int) -> bool:
        """Whether the queue's item `index` could not be played."""
        return self._queue.is_bad(index)

    # What can be asked for

    def append(self, playables: Sequence[Playable]) -> None:
        """Add to the queue's end, or, shuffled, to what comes; what sounds goes on."""
        self._queue.add(playables)
        self._edited()

    def play_next(self, playables: Sequence[Playable]) -> None:
        """Put them after what sounds, which goes on."""
        index = self.index
        self._queue.insert(0 if index is None else index + 1, playables)
        self._edited()

    def move(self, indices: Iterable[int], to: int) -> int:
        """Bring items of the queue before the one at `to` (its length: to the end); where they begin then."""
        first = self._queue.move(indices, to)
        self._edited()
        return first

    def remove(self, *indices: int) -> None:
        """Take items out of the queue; if the one that sounds is among them, what follows it does."""
        gone, queue, index = set(indices), self._queue, self._queue.place
        queue.remove(gone)
        self.queue_changed.emit()
        if index is not None and index in gone:
            self._jump(index - sum(place < index for place in gone), keep_state=True)
        else:
            self._top_up()

    def clear_ahead(self) -> None:
        """Take out everything after what sounds."""
        index = self.index
        self.remove(*range(0 if index is None else index + 1, len(self._queue)))

    def set_modes(self, *, shuffle: bool | None = None, repeat: Repeat | None = None) -> None:
        """Shuffle or not, repeat what, from now on; a queue with an order of its own keeps it.

        Shuffling concerns what comes after what sounds. Without it the rest is in its own order again.
        """
        before = self._shuffle, self._repeat
        self._shuffle = self._shuffle if shuffle is None else shuffle
        self._repeat = repeat or self._repeat
        if (self._shuffle, self._repeat) == before:
            return
        if self._obey_modes():
            self.queue_changed.emit()
        self._top_up()
        self.modes_changed.emit()

    # How it is done

    @property
    def _queue(self) -> Queue:
        return self._course.queue

    def _queue_of(self, playables: Sequence[Playable] = (), *, fixed: bool = False) -> Queue:
        return Queue(self._keys, self._chance, playables, fixed=fixed)

    def _course_of(self, queue: Queue) -> Course:
        return Course(queue, self._keys, "off" if self._auditioning else self._repeat)

    def _new_course(self, playables: Sequence[Playable], first: int | None, *, fixed: bool) -> int:
        """Another queue, shuffled if that is wanted; where its `first` is then (None: any may be first)."""
        queue = self._queue_of(playables, fixed=fixed)
        shuffled = self._shuffle and not fixed
        if shuffled:
            queue.shuffle(first if first in range(len(queue)) else None)
        self._course = self._course_of(queue)
        self.queue_changed.emit()
        return 0 if shuffled or first is None else first

    def _obey_modes(self) -> bool:
        """Let the queue go by the modes; whether its order is another."""
        queue = self._queue
        self._course.repeat = "off" if self._auditioning else self._repeat
        if queue.fixed or queue.shuffled == self._shuffle:
            return False
        if self._shuffle:
            queue.shuffle()
        else:
            queue.restore()
        return True

    def _edited(self) -> None:
        self.queue_changed.emit()
        self._top_up()

    def _jump(self, index: int, *, keep_state: bool = False) -> None:
        """Play the queue from `index` on, or fall silent where there is nothing."""
        raise NotImplementedError

    def _top_up(self) -> None:
        """What follows has changed."""
        raise NotImplementedError
