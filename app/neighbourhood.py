"""The question behind the Similar panel, as it is put to the library in a thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.census import Reader
from core.library.records import Row

if TYPE_CHECKING:  # SQLAlchemy is imported by the thread that first reads
    from core.neighbours import Neighbours, Similar

USABLE = ("embedded", "partial")
MOST_HURRIED = 3
"""Of several selected tracks that wait, so many jump the queue."""


@dataclass(frozen=True)
class Wish:
    """What a person asks for.

    Parameters
    ----------
    seeds
        Ids of the selected files.
    more, less
        Ids of files that the result shall be nearer to, or farther from.
    n
        How many neighbours.
    other_artists, other_albums
        Leave out those of the seeds.
    fold
        One line for all versions of a recording.
    """

    seeds: tuple[int, ...] = ()
    more: tuple[int, ...] = ()
    less: tuple[int, ...] = ()
    n: int = 10
    other_artists: bool = False
    other_albums: bool = False
    fold: bool = True


@dataclass(frozen=True)
class Neighbour:
    """A line of the answer: `versions` other recordings of it are folded under it."""

    row: Row
    score: float
    versions: int


@dataclass(frozen=True)
class Answer:
    """Neighbours of a wish, or none and why: `compared` is how many tracks have a vector."""

    wish: Wish
    seeds: tuple[Row, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    compared: int = 0

    @property
    def folded(self) -> int:
        """How many versions are not shown on lines of their own."""
        return sum(neighbour.versions for neighbour in self.neighbours)

    @property
    def waiting(self) -> bool:
        """Whether none of the seeds has been listened to, and one will be."""
        states = {row.state for row in self.seeds}
        return "pending" in states and not states & set(USABLE)


class Neighbourhood:
    """Answers wishes under the encoder of the moment; used in threads, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under: tuple[object, int, str] | None = None
        self._neighbours: Neighbours | None = None

    def answer(self, wish: Wish, reader: Reader) -> Answer:
        """In a thread: the neighbours, with everything that is shown of them."""
        asked = [*wish.seeds, *wish.more, *wish.less]
        rows = {row.file_id: row for row in reader.page(asked)} if asked else {}
        seeds = tuple(rows[key] for key in wish.seeds if key in rows)
        with self._lock:
            neighbours = self._of(reader)
            if neighbours is None:
                return Answer(wish, seeds)
            neighbours.refresh()
            found = _similar(neighbours, wish, rows) if len(neighbours) else []
            compared = len(neighbours)
        answer = Answer(wish, seeds, with_rows(found, reader), compared)
        if answer.waiting:
            for row in [row for row in seeds if row.state == "pending"][:MOST_HURRIED]:
                reader.library.files.prioritise(row.file_id)
        return answer

    def _of(self, reader: Reader) -> Neighbours | None:
        from core.neighbours import Neighbours

        if reader.encoder is None:
            return None
        under = (reader.library, reader.encoder_id, reader.plan)
        if self._neighbours is None or self._under != under:
            self._neighbours, self._under = Neighbours(reader.library, reader.encoder, reader.plan), under
        return self._neighbours


def _similar(neighbours: Neighbours, wish: Wish, rows: dict[int, Row]) -> list[Similar]:
    seeds = _tracks(rows, (*wish.seeds, *wish.more))
    if not _tracks(rows, wish.seeds):
        return []
    return neighbours.similar(
        seeds, _tracks(rows, wish.less), wish.n, exclude_artist=wish.other_artists,
        exclude_album=wish.other_albums, fold=wish.fold,
    )  # fmt: skip


def _tracks(rows: dict[int, Row], file_ids: Sequence[int]) -> list[int]:
    """The tracks of files that have a vector."""
    found = (rows.get(key) for key in file_ids)
    return [
        row.track_id for row in found if row is not None and row.track_id is not None and row.state in USABLE
    ]


def with_rows(found: Sequence[Similar], reader: Reader) -> tuple[Neighbour, ...]:
    """Neighbours with what is shown of them; those whose file is gone are left out."""
    rows = {row.file_id: row for row in reader.page([one.file_id for one in found])} if found else {}
    there = (one for one in found if one.file_id in rows)
    return tuple(Neighbour(rows[one.file_id], one.score, len(one.folded)) for one in there)
