"""What is played, in which order; knows neither Qt nor the engine."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from app.playback.protocol import Item

T = TypeVar("T")


@dataclass(frozen=True)
class Playable:
    """Something to play.

    Parameters
    ----------
    track_id
        The track in the library.
    path
        Raw bytes.
    title, artist
        For a person.
    seconds
        Length of the track, where it is known (s).
    start_s, length_s
        An excerpt (s); `length_s` None: to the end.
    hidden
        A person judges it blindly: nothing that tells what it is may be shown, neither waveform nor length.
    """

    track_id: int
    path: bytes
    title: str
    artist: str
    seconds: float | None
    start_s: float = 0.0
    length_s: float | None = None
    hidden: bool = False


class Entry(NamedTuple):
    """A place in the queue; `key` is never used twice."""

    key: int
    playable: Playable

    def item(self) -> Item:
        """For the engine."""
        one = self.playable
        return Item(self.key, one.path, one.start_s, one.length_s)


class Queue:
    """Entries in the order in which they are played, and the one that sounds.

    Shuffled, it still knows in which order its entries would be played otherwise: the natural one.

    Parameters
    ----------
    keys
        Where names for new entries come from.
    chance
        Shuffles.
    playables
        What is in it from the beginning.
    fixed
        It has an order of its own (a radio, a path, an audition), and is never shuffled.
    """

    def __init__(
        self,
        keys: Iterable[int],
        chance: random.Random,
        playables: Sequence[Playable] = (),
        *,
        fixed: bool = False,
    ) -> None:
        self._keys = iter(keys)
        self._chance = chance
        self._entries: list[Entry] = []
        self._places: dict[int, int] | None = None
        self._natural: list[int] | None = None
        self.fixed = fixed
        self.shuffled = False
        """Whether what comes is in no order."""
        self.bad: set[int] = set()
        """Entries that cannot be played."""
        self.key: int | None = None
        """The entry that sounds, or would if it were not paused."""
        self.insert(0, playables)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def playables(self) -> list[Playable]:
        """All of them, played or not."""
        return [entry.playable for entry in self._entries]

    def at(self, place: int) -> Playable:
        """The one at `place`."""
        return self._entries[place].playable

    @property
    def place(self) -> int | None:
        """Where the entry that sounds is."""
        return None if self.key is None else self.place_of(self.key)

    @property
    def current(self) -> Playable | None:
        """What sounds."""
        place = self.place
        return None if place is None else self._entries[place].playable

    def place_of(self, key: int) -> int | None:
        """Where `key` is."""
        if self._places is None:
            self._places = {entry.key: place for place, entry in enumerate(self._entries)}
        return self._places.get(key)

    def named(self, key: int) -> Entry:
        """The entry `key`, which must be there."""
        place = self.place_of(key)
        assert place is not None
        return self._entries[place]

    def is_bad(self, place: int) -> bool:
        """Whether the entry at `place` could not be played."""
        return self._entries[place].key in self.bad

    @property
    def hopeless(self) -> bool:
        """Whether there are entries, and none of them can be played."""
        return bool(self._entries) and self.playable_from(0) is None

    def playable_from(self, place: int) -> Entry | None:
        """The first entry from `place` on that is not known to be bad."""
        rest = itertools.islice(self._entries, place, None)
        return next((entry for entry in rest if entry.key not in self.bad), None)

    def keys_from(self, place: int) -> Iterator[int]:
        """Names of the entries from `place` on."""
        return (entry.key for entry in itertools.islice(self._entries, place, None))

    @property
    def natural(self) -> list[int]:
        """Names of all entries, in the order in which they would be played if they were not shuffled."""
        return list(self.keys_from(0)) if self._natural is None else list(self._natural)

    # Changes

    def entry(self, playable: Playable) -> Entry:
        """A new entry, not in the queue yet."""
        return Entry(next(self._keys), playable)

    def insert(self, place: int, playables: Iterable[Playable]) -> None:
        """Put new entries before `place`."""
        entries = [self.entry(playable) for playable in playables]
        self._settle([entry.key for entry in entries], place)
        self._set(self._entries[:place] + entries + self._entries[place:])

    def add(self, playables: Iterable[Playable]) -> None:
        """Put new entries to the end; in a shuffled queue anywhere among what is still to come."""
        if not self.shuffled:
            self.insert(len(self), playables)
            return
        entries = [self.entry(playable) for playable in playables]
        self._natural = [*self.natural, *(entry.key for entry in entries)]
        ahead = self._ahead
        self._set(self._entries[:ahead] + mixed(self._entries[ahead:], entries, self._chance))

    def move(self, places: Iterable[int], to: int) -> int:
        """Bring the entries at `places`, in their order, before the one that is at `to` now.

        Returns
        -------
        Where the first of them is then.
        """
        moved = sorted(set(places))
        chosen = set(moved)
        taken = [self._entries[place] for place in moved]
        rest = [entry for place, entry in enumerate(self._entries) if place not in chosen]
        first = to - sum(place < to for place in moved)
        self._set(rest[:first] + taken + rest[first:])
        if self._natural is not None and not self.shuffled:  # what is put in order by hand stays so
            keys = [entry.key for entry in taken]
            self._natural = [key for key in self._natural if key not in set(keys)]
            self._settle(keys, first)
        return first

    def remove(self, places: Iterable[int]) -> None:
        """Take entries out; `key` may be one of them, and is nowhere then."""
        gone = set(places)
        keys = {self._entries[place].key for place in gone}
        if self._natural is not None:
            self._natural = [key for key in self._natural if key not in keys]
        self._set([entry for entry in self._entries if entry.key not in keys])

    # Chance

    def shuffle(self, first: int | None = None) -> None:
        """Shuffle what comes after what sounds; all where nothing does, but for `first`, which comes first."""
        self._natural, self.shuffled = self.natural, True
        if first is not None:
            self._entries.insert(0, self._entries.pop(first))
        ahead = self._ahead if first is None else 1
        rest = self._entries[ahead:]
        self._chance.shuffle(rest)
        self._set(self._entries[:ahead] + rest)

    def restore(self) -> None:
        """Put what comes after what sounds into its natural order."""
        ranks = {key: rank for rank, key in enumerate(self.natural)}
        ahead = self._ahead
        rest = sorted(self._entries[ahead:], key=lambda entry: ranks[entry.key])
        self._set(self._entries[:ahead] + rest)
        self.shuffled = False
        self._forget_nature()

    def deal(self, known: Sequence[int], last: int | None) -> list[int]:
        """All entries in another order of chance.

        Parameters
        ----------
        known
            An order that was dealt before: kept, less what is gone, and what is new is mixed in.
        last
            Played just before: not to be the first.
        """
        there = set(self.keys_from(0))
        kept = [key for key in known if key in there]
        order = mixed(kept, list(there.difference(kept)), self._chance)
        if len(order) > 1 and order[0] == last:
            other = self._chance.randrange(1, len(order))
            order[0], order[other] = order[other], order[0]
        return order

    def arrange(self, order: Sequence[int]) -> None:
        """Bring all entries into this order of their names."""
        natural = self.natural
        entries = {entry.key: entry for entry in self._entries}
        self._set([entries[key] for key in order])
        self._natural = natural
        if not self.shuffled:
            self._forget_nature()

    @property
    def _ahead(self) -> int:
        """Where what is still to come begins."""
        place = self.place
        return 0 if place is None else place + 1

    def _set(self, entries: list[Entry]) -> None:
        self._entries, self._places = entries, None

    def _settle(self, keys: list[int], place: int) -> None:
        """Let `keys` follow the entry before `place` in the natural order, too."""
        if self._natural is not None:
            after = self._natural.index(self._entries[place - 1].key) + 1 if place else 0
            self._natural[after:after] = keys

    def _forget_nature(self) -> None:
        """The natural order is the one in which they are, again."""
        if self._natural == list(self.keys_from(0)):
            self._natural = None


def mixed(order: Sequence[T], new: list[T], chance: random.Random) -> list[T]:
    """`order` with the `new` ones, shuffled, at places of chance."""
    chance.shuffle(new)
    total = len(order) + len(new)
    places = set(chance.sample(range(total), len(new)))
    old, fresh = iter(order), iter(new)
    return [next(fresh if place in places else old) for place in range(total)]
