"""What is played after what: through the queue, around it, or one track again and again."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from app.playback.protocol import Item
from app.playback.queue import Playable, Queue

Repeat = Literal["off", "all", "one"]
"""What follows by itself: nothing after the queue's end, the queue anew, or the same track anew."""

_AGAIN = 2
"""So often the engine knows a track to begin anew; what follows it comes next, for the case that it fails."""


class Turn(NamedTuple):
    """One playing of an entry: the same one is played in every lap, or again and again within one."""

    key: int
    lap: int
    again: int = 0


class Course:
    """The way through a queue.

    The engine plays a list, each of its items once and under a name of its own: an entry's next turn has
    another name than its present one, so that the decoder goes on into it as into any other track.

    Parameters
    ----------
    queue
        What is played; takes the next lap's order when that lap begins.
    names
        Where names for turns come from.
    repeat
        What follows by itself.
    """

    def __init__(self, queue: Queue, names: Iterable[int], repeat: Repeat = "off") -> None:
        self.queue, self.repeat = queue, repeat
        self.now: Turn | None = None
        """What sounds, or would if it were not paused."""
        self._free = iter(names)
        self._lap = 0
        self._orders: dict[int, list[int]] = {}
        self._names: dict[Turn, int] = {}
        self._told: dict[Turn, int] = {}

    @property
    def goes_on(self) -> bool:
        """Whether "next" finds something to play."""
        place = self.queue.place
        return place is not None and self.turn_from(place + 1) is not None

    def turn_from(self, place: int) -> Turn | None:
        """The first turn from `place` of the queue on that can be played; around it, where it goes on there."""
        entry = self.queue.playable_from(place)
        if entry is not None:
            return Turn(entry.key, self._lap)
        return next(self._later_laps(), None)

    def next_lap(self, count: int) -> list[Playable]:
        """The first `count` of what is played after the queue's end; none where it is not repeated."""
        turns = itertools.takewhile(lambda turn: turn.lap == self._lap + 1, self._later_laps())
        return [self.queue.named(turn.key).playable for turn in itertools.islice(turns, count)]

    def take(self, turn: Turn | None) -> bool:
        """It is this one's turn now; whether a lap began, for which the queue may be in another order."""
        around = turn is not None and turn.lap != self._lap
        if turn is not None and around:
            self.queue.arrange(self._order(turn.lap))
            self._lap = turn.lap
            self._orders = {lap: order for lap, order in self._orders.items() if lap > turn.lap}
        self.now, self.queue.key = turn, turn.key if turn else None
        return around

    def items(self, count: int) -> list[Item]:
        """What sounds and what follows it by itself, `count` at most, for the engine."""
        turns = [*itertools.islice(self._turns(), count)]
        told = {turn: self._names.get(turn) or next(self._free) for turn in turns}
        # What the engine says may have been said before it heard of these: its last list is remembered, too.
        self._names, self._told = {**self._told, **told}, told
        return [self.queue.named(turn.key)._replace(key=name).item() for turn, name in told.items()]

    def turn(self, name: int | None) -> Turn | None:
        """Which turn the engine means; None where that is long out of date."""
        turn = next((turn for turn, known in self._names.items() if known == name), None)
        return turn if turn is not None and self.queue.place_of(turn.key) is not None else None

    def _turns(self) -> Iterator[Turn]:
        """What sounds, and what follows it as far as it can be played."""
        now, queue = self.now, self.queue
        place = queue.place
        if now is None or place is None:
            return
        yield now
        times = range(1, _AGAIN + 1) if self.repeat == "one" else ()
        anew = (now._replace(again=now.again + time) for time in times)
        lap = (Turn(key, self._lap) for key in queue.keys_from(place + 1))
        turns = itertools.chain(anew, lap, self._later_laps())
        yield from (turn for turn in turns if turn.key not in queue.bad)

    def _later_laps(self) -> Iterator[Turn]:
        """What follows the queue's end: for ever, as long as there is anything that can be played."""
        bad = self.queue.bad
        if self.repeat != "all" or self.queue.playable_from(0) is None:
            return
        for lap in itertools.count(self._lap + 1):
            yield from (Turn(key, lap) for key in self._order(lap) if key not in bad)

    def _order(self, lap: int) -> list[int]:
        """The names of the queue's entries as that lap plays them; chance decides once."""
        queue = self.queue
        if not queue.shuffled:
            self._orders.clear()
            return queue.natural
        before = self._orders.get(lap - 1) or list(queue.keys_from(0))
        self._orders[lap] = queue.deal(self._orders.get(lap, ()), before[-1] if before else None)
        return self._orders[lap]
