"""Blind listening: which rounds are asked, and what the answers say. NumPy alone, so that the window can do it.

A round plays a track (the query) and two candidates: the neighbour of one rank under each of two encoders. The rank,
the side and the order are drawn, so that nothing but the sound tells them apart; level differences are left as they
are on the records.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.library.records import ListeningRecord, Side

Group = tuple[int, ...]
"""A track, and after it the other versions of its recording that stand behind it."""
Ranked = Sequence[Group]
"""Neighbours, best first."""

FEWEST = 20
"""Tracks that both encoders must have listened to: with fewer, every list holds nearly all of them."""
_Z = 1.959963984540054
"""The normal's 97.5 % quantile."""
_SCORES = {"a": 1.0, "tie": 0.5, "b": 0.0}


@dataclass(frozen=True)
class Round:
    """One question.

    Parameters
    ----------
    query, track_a, track_b
        Ids of tracks; `track_a` is encoder a's.
    rank
        From 1: which neighbour of the two lists it is.
    left, first
        Whose candidate stands on the left, and whose is played first.
    """

    query: int
    track_a: int
    track_b: int
    rank: int
    left: Side
    first: Side


@dataclass(frozen=True)
class Drawn:
    """A round, and how many were passed over because both encoders chose the same recording."""

    round: Round
    identical: int


def queries(
    rng: np.random.Generator, tracks: NDArray[np.int64], heard: Mapping[int, int]
) -> NDArray[np.int64]:
    """All tracks in the order in which they are asked: those heard least often first, else at random.

    Parameters
    ----------
    tracks
        (n,) ids.
    heard
        How often each was a query already.
    """
    shuffled = rng.permutation(tracks)
    if not heard:
        return shuffled
    known = np.array(sorted(heard), np.int64)
    times = np.array([heard[int(track)] for track in known], np.int64)
    place = np.searchsorted(known, shuffled).clip(max=len(known) - 1)
    counts = np.where(known[place] == shuffled, times[place], 0)
    return shuffled[np.argsort(counts, kind="stable")]


def draw(
    rng: np.random.Generator, order: Iterable[int], nearest: Callable[[int], tuple[Ranked, Ranked]], depth: int
) -> Drawn:  # fmt: skip
    """Draw the next round.

    Parameters
    ----------
    order
        Queries to try, see `queries`.
    nearest
        A query's neighbours under encoder a and under encoder b.
    depth
        The rank is drawn from 1 to this.

    Raises
    ------
    UserError
        No query of `order` has two different candidates.
    """
    identical = empty = 0
    for query in order:
        place = int(rng.integers(depth))
        of_a, of_b = (ranked[place : place + 1] for ranked in nearest(query))
        if not of_a or not of_b:
            empty += 1
        elif same(of_a[0], of_b[0]):
            identical += 1
        else:
            left, first = _side(rng), _side(rng)
            return Drawn(Round(query, of_a[0][0], of_b[0][0], place + 1, left, first), identical)
    if identical:
        raise UserError(
            "These two encoders choose the same tracks.",
            f"{identical:,} rounds were drawn, and in each of them both candidates were one recording.",
        )
    if empty:
        raise UserError("No track has enough neighbours.", "Allow the same artist, or take only the nearest.")
    raise UserError("There is no track to ask about.", "The folders of your music cannot be reached now.")


def check(names: tuple[str, str], both: int) -> None:
    """Refuse what cannot be asked.

    Parameters
    ----------
    both
        How many tracks both encoders have listened to.

    Raises
    ------
    UserError
        The encoders are the same, or know too few tracks in common.
    """
    if names[0] == names[1]:
        raise UserError("These are the same encoder.", "Choose two different ones.")
    if both < FEWEST:
        raise UserError(
            f"Both encoders together have listened to {both:,} of your tracks only.",
            f"At least {FEWEST} are needed: choose each of them at the top of the window once, and let it listen.",
        )


def same(one: Group, other: Group) -> bool:
    """Whether two candidates are one recording."""
    return not set(one).isdisjoint(other)


def shared(one: Ranked, other: Ranked) -> tuple[tuple[int, int], ...]:
    """Places of the recordings that both lists hold, each once, in the order of the first list."""
    place = {track: row for row, group in reversed(list(enumerate(other))) for track in group}
    pairs: list[tuple[int, int]] = []
    taken: set[int] = set()
    for row, group in enumerate(one):
        found = min((place[track] for track in group if track in place), default=-1)
        if found >= 0 and found not in taken:
            taken.add(found)
            pairs.append((row, found))
    return tuple(pairs)


@dataclass(frozen=True)
class WinRate:
    """How often encoder a's candidate was found to fit better.

    Parameters
    ----------
    mean, low, high
        Mean over queries, a tie counting half, and its 95 % interval; NaN where nothing was answered.
    rounds, queries
        Answered rounds, and the different tracks they asked about.
    a, b, ties, skipped
        Answers; a skipped round is not among `rounds`.
    """

    mean: float
    low: float
    high: float
    rounds: int
    queries: int
    a: int
    b: int
    ties: int
    skipped: int

    @property
    def tie(self) -> bool:
        """Nothing is shown either way."""
        return not (self.low > 0.5 or self.high < 0.5)


def win_rate(records: Iterable[ListeningRecord]) -> WinRate:
    """The win rate of encoder a over rounds of one pair of encoders, all turned the same way.

    Answers to one query are not independent, so a query counts once, with the mean of its answers. The interval is
    Wilson's (1927, JASA 22; Brown, Cai and DasGupta 2001, equation 4) with the queries as trials. A score in [0, 1]
    with mean p varies by p (1 - p) at most, and by less where there are ties: with these the interval is wider than
    it need be, never narrower.
    """
    scores: dict[int, list[float]] = {}
    counts: Counter[str] = Counter()
    for record in records:
        counts[record.choice] += 1
        if record.choice in _SCORES:
            scores.setdefault(record.query, []).append(_SCORES[record.choice])
    mean = float(np.mean([np.mean(several) for several in scores.values()])) if scores else math.nan
    low, high = wilson(mean, len(scores))
    rounds = sum(map(len, scores.values()))
    return WinRate(
        mean, low, high, rounds, len(scores), counts["a"], counts["b"], counts["tie"], counts["skip"]
    )


def wilson(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of `n` trials; NaN where there are none."""
    if n == 0:
        return math.nan, math.nan
    stretch = 1 + _Z**2 / n
    centre = (share + _Z**2 / (2 * n)) / stretch
    reach = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / stretch
    return min(max(centre - reach, 0.0), share), max(
        min(centre + reach, 1.0), share
    )  # less rounding at 0 and 1


@dataclass(frozen=True)
class PairResult:
    """What was found of two encoders; `rate` is the first one's.

    `weights`: rounds of encoders that only bore the same names are another pair.
    """

    names: tuple[str, str]
    weights: tuple[str, str]
    rate: WinRate
    records: tuple[ListeningRecord, ...]


def by_pair(records: Iterable[ListeningRecord]) -> tuple[PairResult, ...]:
    """Rounds sorted by pairs of encoders, whichever way round they were asked; most rounds first."""
    pairs: dict[tuple[tuple[str, str], tuple[str, str]], list[ListeningRecord]] = {}
    for record in records:
        named = (record.encoder_a, record.weights_a), (record.encoder_b, record.weights_b)
        if named[0] > named[1]:
            record, named = record.turned(), named[::-1]  # noqa: PLW2901 - the same round, turned
        pairs.setdefault(named, []).append(record)
    results = [
        PairResult((a[0], b[0]), (a[1], b[1]), win_rate(found), tuple(found))
        for (a, b), found in pairs.items()
    ]
    return tuple(sorted(results, key=lambda result: (-result.rate.rounds, result.names)))


def _side(rng: np.random.Generator) -> Side:
    return "a" if rng.integers(2) else "b"
