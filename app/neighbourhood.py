"""The questions behind the Similar panel, as they are put to the library in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

from app.census import Reader
from core.errors import UserError
from core.library.records import PlaylistRecord, Row
from core.recommend.moments import MomentPair
from core.recommend.radio import Spacing
from core.recommend.rules import Rules

if TYPE_CHECKING:  # SQLAlchemy is imported by the thread that first reads
    from core.answers import Found, Similar
    from core.neighbours import Neighbours
    from core.recommend.hubs import Effect

T = TypeVar("T")
Mode = Literal["similar", "path", "radio", "moment"]
USABLE = ("embedded", "partial")
MOST_HURRIED = 3
"""Of several selected tracks that wait, so many jump the queue."""
MOST_MEASURED = 20_000
"""Tracks up to which the effect of hub correction is measured while a person waits."""
ANY, SPACED = Rules(), Spacing()
RADIO_N = 30
"""Tracks of a radio that are known ahead."""


@dataclass(frozen=True)
class Wish:
    """What a person asks for.

    Parameters
    ----------
    mode
        Neighbours of the seeds; a path through them; a radio from them; or where some seconds turn up.
    seeds
        Ids of the selected files; of a path its stops, in order; of a moment the one that it is in.
    more, less
        Ids of files that neighbours shall be nearer to, or farther from.
    n
        How many tracks.
    rules
        What may be among them.
    spacing, played
        Of a radio: room between tracks of one artist or album, and the tracks (not files) that came before.
    span
        Of a moment: from this second to that.
    moments
        Whether each neighbour shall come with the second at which it is most like the first seed.
    """

    mode: Mode = "similar"
    seeds: tuple[int, ...] = ()
    more: tuple[int, ...] = ()
    less: tuple[int, ...] = ()
    n: int = 10
    rules: Rules = ANY
    spacing: Spacing = SPACED
    played: tuple[int, ...] = ()
    span: tuple[float, float] | None = None
    moments: bool = False


@dataclass(frozen=True)
class Neighbour:
    """A line of the answer: `versions` other recordings of it are folded under it.

    `start_s`, `seconds`: the moment of it that is meant, where one is.
    """

    row: Row
    score: float
    versions: int
    start_s: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Answer:
    """Neighbours of a wish, or none and why.

    Parameters
    ----------
    seeds
        What was asked for, as far as it is still there.
    compared
        How many tracks have a vector.
    receipt
        What each rule did, a sentence each.
    unheard
        Why the question about a moment could not be put.
    unstored
        Whether that is because no vectors of single moments are stored.
    heard
        Of a moment: when the seconds begin that stand for it, of those that were listened to.
    """

    wish: Wish
    seeds: tuple[Row, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    compared: int = 0
    receipt: tuple[str, ...] = ()
    unheard: str = ""
    unstored: bool = False
    heard: tuple[float, ...] = ()

    @property
    def folded(self) -> int:
        """How many versions are not shown on lines of their own."""
        return sum(neighbour.versions for neighbour in self.neighbours)

    @property
    def waiting(self) -> bool:
        """Whether none of the seeds has been listened to, and one will be."""
        states = {row.state for row in self.seeds}
        return "pending" in states and not states & set(USABLE)


@dataclass(frozen=True)
class Why:
    """Which seconds of two tracks are alike: `first` of the seed, `second` of the neighbour; or why nobody knows."""

    first: Row
    second: Row
    pairs: tuple[MomentPair, ...] = ()
    unknown: str = ""
    unstored: bool = False


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
        empty = Answer(wish, tuple(rows[key] for key in wish.seeds if key in rows))
        with self._lock:
            neighbours = self._of(reader)
            if neighbours is None:
                return empty
            neighbours.refresh()
            known = replace(empty, compared=len(neighbours))
            answer = _answer(neighbours, known, rows, reader) if len(neighbours) else known
        if answer.waiting:
            for row in [row for row in answer.seeds if row.state == "pending"][:MOST_HURRIED]:
                reader.library.files.prioritise(row.file_id)
        return answer

    def why(self, first: Row, second: Row, reader: Reader) -> Why:
        """In a thread: which seconds of two tracks are alike."""

        def ask(neighbours: Neighbours) -> tuple[MomentPair, ...]:
            assert first.track_id is not None
            assert second.track_id is not None
            return neighbours.why(first.track_id, second.track_id)

        try:
            return Why(first, second, self._with(ask, reader) or ())
        except UserError as error:
            missing = any(not _stored(row.track_id, reader) for row in (first, second))
            return Why(first, second, (), error.title, missing)

    def hub_effect(self, reader: Reader) -> Effect | None:
        """In a thread: what hub correction does here; None where that is unknown, or would take long to find out."""

        def ask(neighbours: Neighbours) -> Effect | None:
            return neighbours.hub_effect() if len(neighbours) <= MOST_MEASURED else None

        return self._with(ask, reader)

    def _with(self, question: Callable[[Neighbours], T], reader: Reader) -> T | None:
        with self._lock:
            neighbours = self._of(reader)
            return None if neighbours is None else question(neighbours)

    def _of(self, reader: Reader) -> Neighbours | None:
        from core.neighbours import Neighbours

        if reader.encoder is None:
            return None
        under = (reader.library, reader.encoder_id, reader.plan)
        if self._neighbours is None or self._under != under:
            self._neighbours, self._under = Neighbours(reader.library, reader.encoder, reader.plan), under
        return self._neighbours


def _answer(neighbours: Neighbours, empty: Answer, rows: dict[int, Row], reader: Reader) -> Answer:
    wish = empty.wish
    seeds = _tracks(rows, wish.seeds)
    if not seeds or (wish.mode == "path" and len(seeds) < 2):
        return empty
    if wish.mode == "moment":
        return _moment(neighbours, empty, seeds[0], reader)
    found = _found(neighbours, wish, seeds, rows)
    listed = with_rows(found.matches, reader)
    if wish.moments and wish.mode != "path":
        listed = tuple(_at_its_best(neighbours, seeds[0], one) for one in listed)
    return replace(empty, neighbours=listed, receipt=found.receipt)


def _found(neighbours: Neighbours, wish: Wish, seeds: list[int], rows: dict[int, Row]) -> Found:
    if wish.mode == "path":
        a, *between, b = seeds
        return neighbours.path(a, b, wish.n, between, wish.rules)
    if wish.mode == "radio":
        return neighbours.radio(seeds, RADIO_N, wish.spacing, wish.rules, wish.played)
    more, less = _tracks(rows, wish.more), _tracks(rows, wish.less)
    return neighbours.ask(seeds, more, less, wish.n, wish.rules)


def _moment(neighbours: Neighbours, empty: Answer, track: int, reader: Reader) -> Answer:
    span, n = empty.wish.span, empty.wish.n
    if span is None:
        return empty
    try:
        found = neighbours.moment(track, *span, n, empty.wish.rules)
        heard = neighbours.heard(track, *span)
    except UserError as error:
        unheard = " ".join(filter(None, (error.title, error.hint)))
        return replace(empty, unheard=unheard, unstored=not _stored(track, reader))
    return replace(empty, neighbours=with_rows(found.matches, reader), receipt=found.receipt, heard=heard)


def _stored(track_id: int | None, reader: Reader) -> bool:
    """Whether the vectors of a track's single moments are stored."""
    if track_id is None:
        return False
    segments = reader.library.vectors.segments(track_id, reader.encoder_id, reader.plan)
    return segments is not None and len(segments) > 0


def _at_its_best(neighbours: Neighbours, seed: int, one: Neighbour) -> Neighbour:
    """With the second at which it is most like the seed; as it is where nothing is known of single moments."""
    if one.row.track_id is None:
        return one
    try:
        pairs = neighbours.why(seed, one.row.track_id, 1)
    except UserError:
        return one
    return replace(one, start_s=pairs[0].start_b, seconds=pairs[0].seconds) if pairs else one


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
    return tuple(
        Neighbour(rows[one.file_id], one.score, len(one.folded), one.start_s, one.seconds) for one in there
    )


def keep(answer: Answer, name: str, reader: Reader) -> PlaylistRecord:
    """In a thread: a list as a playlist, with the question that it answers where that can be asked again."""
    from core.asking import Request

    wish = answer.wish
    listed = [one.row.track_id for one in answer.neighbours if one.row.track_id is not None]
    if reader.encoder is None:
        return reader.library.playlists.create(name, listed)
    asked = [*wish.seeds, *wish.more, *wish.less]
    rows = {row.file_id: row for row in reader.page(asked)}
    seeds, more, less = (tuple(_tracks(rows, ids)) for ids in (wish.seeds, wish.more, wish.less))
    path = wish.mode == "path"
    request = Request(
        wish.mode, reader.encoder.name, reader.plan, (seeds[0], seeds[-1]) if path else seeds, len(listed),
        more, less, seeds[1:-1] if path else (), wish.spacing, wish.rules,
        wish.span if wish.mode == "moment" else None,
    )  # fmt: skip
    return reader.library.playlists.create(name, listed, wish.mode, request.rule())
