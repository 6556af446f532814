"""Two encoders' neighbours of the same tracks, among the tracks that both have listened to; read in threads."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.census import Reader
from app.neighbourhood import USABLE, Neighbour, with_rows
from core.evaluation import listening
from core.library.records import EncoderRecord, Row

if TYPE_CHECKING:  # SQLAlchemy is imported by the thread that first reads
    from core.neighbours import Neighbours, Similar

Names = tuple[str, str]
KEPT = 4
"""Encoders whose vectors stay mapped."""


@dataclass(frozen=True, eq=False)
class Both:
    """The two as they stand.

    Parameters
    ----------
    encoders
        Left and right, or a and b.
    neighbours
        Of each.
    hidden
        Of each, (n,) the rows that only it has; these never appear.
    tracks
        (n,) what both have listened to and can be played now.
    made_of
        What this follows from.
    """

    encoders: tuple[EncoderRecord, EncoderRecord]
    neighbours: tuple[Neighbours, Neighbours]
    hidden: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    tracks: NDArray[np.int64]
    made_of: tuple[object, ...]

    def still(
        self, encoders: tuple[EncoderRecord, EncoderRecord], neighbours: tuple[Neighbours, Neighbours]
    ) -> bool:  # fmt: skip
        """Whether these are the ones, as they were."""
        now = (neighbours[0].snapshot, neighbours[1].snapshot, neighbours[0].files)
        return encoders == self.encoders and all(a is b for a, b in zip(now, self.made_of, strict=True))

    def near(
        self, seeds: Sequence[int], n: int, *, other_artists: bool = False, other_albums: bool = False,
        fold: bool = True,
    ) -> tuple[list[Similar], list[Similar]]:  # fmt: skip
        """The `n` nearest of some tracks under each."""
        one, other = (
            neighbours.similar(
                seeds, n=n, exclude_artist=other_artists, exclude_album=other_albums, fold=fold, hidden=hidden
            )
            for neighbours, hidden in zip(self.neighbours, self.hidden, strict=True)
        )
        return one, other


class Pairing:
    """Keeps what was opened; used in threads, one at a time.

    Parameters
    ----------
    patience_s
        How long an answer may rest on the library as it was (s).
    """

    def __init__(self, patience_s: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._patience_s = patience_s
        self._known: OrderedDict[tuple[object, int, str], Neighbours] = OrderedDict()
        self._refreshed: dict[tuple[object, int, str], float] = {}
        self._both: Both | None = None

    @contextmanager
    def both(self, names: Names, reader: Reader) -> Iterator[Both]:
        """The two encoders of these names.

        Raises
        ------
        UserError
            One of them has left the library.
        """
        one, other = (reader.library.encoders.get(name) for name in names)
        with self._lock:
            left, right = self._of(one, reader), self._of(other, reader)
            if self._both is None or not self._both.still((one, other), (left, right)):
                self._both = _both((one, other), (left, right))
            yield self._both

    def _of(self, encoder: EncoderRecord, reader: Reader) -> Neighbours:
        from core.neighbours import Neighbours

        under = (reader.library, encoder.id, reader.plan)
        if under not in self._known:
            self._known[under] = Neighbours(reader.library, encoder, reader.plan)
            while len(self._known) > KEPT:
                self._refreshed.pop(self._known.popitem(last=False)[0])
        self._known.move_to_end(under)
        if time.monotonic() - self._refreshed.get(under, -math.inf) >= self._patience_s:
            self._known[under].refresh()
            self._refreshed[under] = time.monotonic()
        return self._known[under]


def _both(encoders: tuple[EncoderRecord, EncoderRecord], neighbours: tuple[Neighbours, Neighbours]) -> Both:
    left, right = (one.snapshot for one in neighbours)
    hidden = right.rows(left.ids) < 0, left.rows(right.ids) < 0
    tracks = left.ids[(neighbours[0].files >= 0) & ~hidden[0]]
    return Both(encoders, neighbours, hidden, tracks, (left, right, neighbours[0].files))


@dataclass(frozen=True)
class Question:
    """What a person wants beside each other; as `app.neighbourhood.Wish`, under two encoders."""

    seeds: tuple[int, ...] = ()
    names: Names = ("", "")
    n: int = 10
    other_artists: bool = False
    other_albums: bool = False


@dataclass(frozen=True)
class Beside:
    """The answer.

    Parameters
    ----------
    seeds
        Rows of what was selected.
    left, right
        Neighbours under each, best first.
    links
        Places in both lists of the recordings that both hold.
    compared
        How many tracks the neighbours were chosen from.
    only
        How many tracks only the left encoder, only the right one, has listened to.
    refusal
        Why there are none.
    """

    question: Question
    seeds: tuple[Row, ...] = ()
    left: tuple[Neighbour, ...] = ()
    right: tuple[Neighbour, ...] = ()
    links: tuple[tuple[int, int], ...] = ()
    compared: int = 0
    only: tuple[int, int] = (0, 0)
    refusal: str = ""

    @property
    def chance(self) -> float:
        """How many of two lists that were drawn blindly are expected in both."""
        return len(self.left) * len(self.right) / self.compared if self.compared else 0.0


def beside(pairing: Pairing, question: Question, reader: Reader) -> Beside:
    """In a thread: the answer to a question, with everything that is shown of it."""
    rows = {row.file_id: row for row in reader.page(question.seeds)} if question.seeds else {}
    seeds = tuple(rows[key] for key in question.seeds if key in rows)
    names = question.names
    if not seeds or not all(names):
        return Beside(question, seeds)
    if names[0] == names[1]:
        return Beside(question, seeds, refusal="These are the same encoder. Choose two different ones.")
    tracks = [row.track_id for row in seeds if row.track_id is not None]
    with pairing.both(names, reader) as both:
        known = [track for track in tracks if all(one.has(track) for one in both.neighbours)]
        if not known:
            return Beside(question, seeds, refusal=_unknown(both, tracks, seeds))
        found = both.near(
            known, question.n, other_artists=question.other_artists, other_albums=question.other_albums
        )
        compared = len(both.tracks) - sum(both.neighbours[0].file(track) >= 0 for track in set(known))
        only = int(both.hidden[0].sum()), int(both.hidden[1].sum())
    of_left, of_right = ([(one.track_id, *one.folded) for one in side] for side in found)
    links = listening.shared(of_left, of_right)
    left, right = (with_rows(side, reader) for side in found)
    if len(left) != len(found[0]) or len(right) != len(found[1]):  # a file left the library meanwhile
        links = listening.shared(*([(one.row.track_id or 0,) for one in side] for side in (left, right)))
    return Beside(question, seeds, left, right, links, compared, only)


def _unknown(both: Both, tracks: Sequence[int], seeds: Sequence[Row]) -> str:
    """Why the seeds have no neighbours."""
    if not tracks and all(row.state not in USABLE for row in seeds):
        return "This track has not been listened to yet."
    lacking = [
        encoder.name
        for encoder, one in zip(both.encoders, both.neighbours, strict=True)
        if not any(one.has(track) for track in tracks)
    ]
    if not lacking:
        return "None of these tracks has been listened to by both encoders."
    names = " and ".join(lacking)
    return (
        f"{names} has not listened to this track yet. Choose it at the top of the window once, and it will."
    )
