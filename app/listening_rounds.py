"""A round of blind listening as it is drawn in a thread, and as it is played: with nothing that tells what it is."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from app import tracks
from app.census import Reader
from app.pairing import Both, Names, Pairing
from app.player import Playable
from core.errors import UserError
from core.evaluation import listening
from core.evaluation.listening import Round
from core.library.records import EncoderRecord, Row, Side

MOST_DRAWS = 300
"""Queries tried for a round; with so many in vain the encoders choose alike."""
PATIENCE_S = 20.0
"""A sitting follows the library's changes no sooner: looking for them takes most of a draw's time (s)."""
HIDDEN = 0
"""What the player knows a hidden track by: the number of none."""


@dataclass(frozen=True)
class Sitting:
    """What a person wants to judge.

    Parameters
    ----------
    names
        Of the two encoders.
    depth
        A candidate is drawn from so many nearest ones.
    other_artists
        Leave out the query's artist.
    """

    names: Names = ("", "")
    depth: int = 5
    other_artists: bool = False


@dataclass(frozen=True)
class Prepared:
    """A round with what is needed to play it, and to say afterwards what it was.

    `identical`: how many draws were passed over on the way to it.
    """

    sitting: Sitting
    encoders: tuple[EncoderRecord, EncoderRecord]
    round: Round
    query: Row
    a: Row
    b: Row
    identical: int

    def of(self, side: Side) -> Row:
        """Encoder a's candidate, or b's."""
        return self.a if side == "a" else self.b

    @property
    def shown(self) -> tuple[Side, Side]:
        """Whose candidate is called A, on the left, and whose B."""
        left = self.round.left
        return left, other(left)

    def excerpts(self, length_s: float) -> tuple[Playable, Playable, Playable]:
        """The query, A and B, a few seconds of each, with nothing that tells what they are."""
        rows = {"Track": self.query, "A": self.of(self.shown[0]), "B": self.of(self.shown[1])}
        query, left, right = (
            replace(
                tracks.playable(row, length_s), track_id=HIDDEN, title=name, artist="Blind listening",
                seconds=None, hidden=True,
            )
            for name, row in rows.items()
        )  # fmt: skip
        return query, left, right


class Drawer:
    """Draws rounds in threads, one at a time."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng, self._lock = rng, threading.Lock()
        self._pairing = Pairing(PATIENCE_S)

    def draw(self, sitting: Sitting, asked: Counter[int], avoid: frozenset[int], reader: Reader) -> Prepared:
        """The next round of a sitting.

        Parameters
        ----------
        asked
            Queries of this sitting that may not be stored yet.
        avoid
            Tracks that must not be asked about.

        Raises
        ------
        UserError
            See `core.evaluation.listening.draw` and `check`.
        """
        if sitting.names[0] == sitting.names[1]:
            listening.check(sitting.names, 0)
        heard = _heard(sitting.names, reader)
        for query, times in asked.items():
            heard[query] = max(heard[query], times)
        with self._lock, self._pairing.both(sitting.names, reader) as both:
            listening.check(sitting.names, len(both.tracks))
            shuffled = listening.queries(self._rng, both.tracks, heard)[: MOST_DRAWS + len(avoid)].tolist()
            order = [query for query in shuffled if query not in avoid][:MOST_DRAWS]
            drawn = listening.draw(self._rng, order, partial(_nearest, both, sitting), sitting.depth)
            wanted = drawn.round.query, drawn.round.track_a, drawn.round.track_b
            files = [both.neighbours[0].file(track) for track in wanted]
        rows = {row.track_id: row for row in reader.page(files)}
        if not rows.keys() >= set(wanted):
            raise UserError("The library changed while a round was drawn.", "Begin again.")
        seed, a, b = (rows[track] for track in wanted)
        return Prepared(sitting, both.encoders, drawn.round, seed, a, b, drawn.identical)


def _heard(names: Names, reader: Reader) -> Counter[int]:
    return Counter(record.query for record in reader.library.listening.all(names))


def _nearest(both: Both, sitting: Sitting, query: int) -> tuple[listening.Ranked, listening.Ranked]:
    one, another = both.near([query], sitting.depth, other_artists=sitting.other_artists)
    return [(m.track_id, *m.folded) for m in one], [(m.track_id, *m.folded) for m in another]


def other(side: Side) -> Side:
    """The other encoder."""
    return "b" if side == "a" else "a"
