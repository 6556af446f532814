"""What is played, in which order; knows neither Qt nor the engine."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.playback.protocol import Item


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

    Parameters
    ----------
    keys
        Where names for new entries come from.
    """

    def __init__(self, keys: Iterable[int], playables: Sequence[Playable] = ()) -> None:
        self._keys = iter(keys)
        self._entries: list[Entry] = []
        self._places: dict[int, int] | None = None
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

    def is_bad(self, place: int) -> bool:
        """Whether the entry at `place` could not be played."""
        return self._entries[place].key in self.bad

    def playable_from(self, place: int) -> Entry | None:
        """The first entry from `place` on that is not known to be bad."""
        rest = itertools.islice(self._entries, place, None)
        return next((entry for entry in rest if entry.key not in self.bad), None)

    def items(self, key: int, count: int) -> list[Item]:
        """The entry `key` and what follows it, `count` at most."""
        place = self.place_of(key) or 0
        return [e.item() for e in self._entries[place : place + count] if e.key not in self.bad]

    # Changes

    def entry(self, playable: Playable) -> Entry:
        """A new entry, not in the queue yet."""
        return Entry(next(self._keys), playable)

    def insert(self, place: int, playables: Iterable[Playable]) -> None:
        """Put new entries before `place`."""
        self._entries[place:place] = map(self.entry, playables)
        self._places = None

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
        self._entries = rest[:first] + taken + rest[first:]
        self._places = None
        return first

    def remove(self, places: Iterable[int]) -> None:
        """Take entries out; `key` may be one of them, and is nowhere then."""
        gone = set(places)
        self._entries = [entry for place, entry in enumerate(self._entries) if place not in gone]
        self._places = None
