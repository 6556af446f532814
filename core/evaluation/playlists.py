"""The recommendation protocol: three tracks of a playlist ask for the others, each among 100 that do not belong.

Choi et al. (2022), section 4.4: a candidate's score is the sum over the queries of the cosine of standardised
embeddings (ItemKNN-CBF, no truncation), the program's own similarity (`core.recommend.standardise`). What is drawn
depends on the task alone, so that encoders are paired. No torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.evaluation.intervals import Floats, Interval, Scores, of_mean
from core.evaluation.tasks import Rows, Split, Task, split_hash
from core.recommend import measure, unit_rows

NEGATIVES = 100
TOP = 10
TIE = 1e-6
"""Scores closer than this are equal: float32 tells two copies of a track apart at random."""

_BLOCK = 256
_DENSE = 20
"""From this many times `NEGATIVES` on, drawing anew what came twice is quicker than shuffling everything."""


@dataclass(frozen=True)
class Rules:
    """What is kept with a result.

    Parameters
    ----------
    queries
        Tracks that ask.
    seeds
        Draws of queries and of tracks outside.
    shortest, longest
        Bounds on a playlist's tracks that are there; one has to be left to be found. `longest` 0: none.
    keep_trained
        Whether tracks that an encoder was trained on take part all the same.
    """

    queries: int = 3
    seeds: int = 5
    shortest: int = 4
    longest: int = 0
    keep_trained: bool = False


@dataclass(frozen=True, eq=False)
class Drawn:
    """Who asks for whom, among whom; a case is a track to be found.

    Parameters
    ----------
    pool
        Rows of the task's items that take part.
    queries
        (seeds x playlists, queries) numbers into `pool`.
    asks
        (cases,) the row of `queries`.
    wanted, outside
        (cases,) and (cases, 100) numbers into `pool`.
    playlists
        (cases,) the playlist's number in the task.
    """

    rules: Rules
    pool: Rows
    queries: Rows
    asks: Rows
    wanted: Rows
    outside: NDArray[np.int32]
    playlists: Rows
    excluded: int
    split: str
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PlaylistResult:
    """Figures over cases; intervals over playlists.

    Parameters
    ----------
    hit_rate, percentile, reciprocal
        HR@10 (chance 10 / 101); MPR, the mean of (rank - 1) / 100, lower is better (chance 0.5); MRR.
    hits, percentiles, reciprocals
        By playlist, to be paired with another encoder's over the same `Drawn`.
    playlists, cases
        How many playlists took part, and tracks to be found in all draws.
    excluded
        Tracks left out because an encoder was trained on them.
    """

    hit_rate: Interval
    percentile: Interval
    reciprocal: Interval
    hits: Scores
    percentiles: Scores
    reciprocals: Scores
    rules: Rules
    playlists: int
    cases: int
    excluded: int
    split: str
    notes: tuple[str, ...]


CHANCE_HIT_RATE = TOP / (NEGATIVES + 1)
CHANCE_PERCENTILE = 0.5


def draw(task: Task, rules: Rules | None = None, trained: NDArray[np.bool_] | None = None) -> Drawn:
    """Draw queries, tracks to be found and tracks outside, for every encoder alike.

    Parameters
    ----------
    task
        Of kind `playlists`; a track that comes twice in one counts once.
    trained
        (n,) the items that any of the encoders to be compared was trained on.

    Raises
    ------
    UserError
        No playlist is long enough with 100 tracks outside.
    """
    rules = rules or Rules()
    left = np.ones(len(task.items), np.bool_)
    if trained is not None and not rules.keep_trained:
        left = ~trained
    pool, number = np.flatnonzero(left), np.cumsum(left) - 1
    lists, notes = _eligible(task, rules, left, number)
    rng = np.random.default_rng([rules.seeds, rules.queries])
    queries, wanted, owners, outside = [], [], [], []
    for _ in range(rules.seeds):
        shuffled = [rng.permutation(rows) for _, rows in lists]
        queries += [rows[: rules.queries] for rows in shuffled]
        wanted += [rows[rules.queries :] for rows in shuffled]
        owners += [owner for owner, _ in lists]
    sizes = np.array([len(rows) for rows in wanted])
    members = [rows for _, rows in lists]
    for start, end in pairwise([*range(0, len(wanted), _BLOCK), len(wanted)]):
        own = [members[i % len(members)] for i in range(start, end)]
        outside.append(_outside(own, sizes[start:end], len(pool), rng))
    asking, sought = np.stack(queries), np.concatenate(wanted)
    return Drawn(
        rules=rules,
        pool=pool,
        queries=asking,
        asks=np.repeat(np.arange(len(wanted)), sizes),
        wanted=sought,
        outside=np.concatenate(outside),
        playlists=np.repeat(owners, sizes),
        excluded=len(task.items) - len(pool),
        split=split_hash(task, [Split(pool, asking.ravel(), sought, rules.seeds)]),
        notes=notes,
    )


def _eligible(
    task: Task, rules: Rules, left: NDArray[np.bool_], number: Rows
) -> tuple[list[tuple[int, Rows]], tuple[str, ...]]:
    """Playlists that take part, as numbers into the pool, and what is said of the others."""
    entries = np.unique(task.targets.astype(np.int64), axis=0)
    entries = entries[left[entries[:, 1]]]
    cuts = np.searchsorted(entries[:, 0], np.arange(1, len(task.names)))
    lists = list(enumerate(np.split(number[entries[:, 1]], cuts)))
    shortest, longest = max(rules.shortest, rules.queries + 1), rules.longest or len(task.items)
    fitting = [each for each in lists if shortest <= len(each[1]) <= longest]
    kept = [each for each in fitting if np.count_nonzero(left) - len(each[1]) >= NEGATIVES]
    if not kept:
        raise UserError(
            f"No playlist of {task.name} can be tested: it takes {shortest} of its tracks and {NEGATIVES} others "
            "outside it.",
            "Add more music or more playlists, or let tracks take part that the encoder was trained on.",
        )
    counted = (
        (
            len(lists) - len(fitting),
            f"with fewer than {shortest} tracks here, or more than {longest}, not asked",
        ),
        (len(fitting) - len(kept), f"with fewer than {NEGATIVES} tracks outside, not asked"),
    )
    return kept, (*task.missing, *(f"{n} playlist{'s' * (n > 1)} {why}." for n, why in counted if n))


def _outside(own: list[Rows], cases: Rows, pool: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """100 different tracks for each case, none of its playlist.

    Parameters
    ----------
    own
        The tracks of each playlist.
    cases
        (playlists,) how many tracks are to be found in each.

    Returns
    -------
    (cases, 100)
    """
    longest = max(map(len, own))
    # The k-th track outside comes after as many of the playlist's as have fewer than k outside before them.
    before = np.full((len(own), longest), pool, np.int32)
    for row, tracks in zip(before, own, strict=True):
        row[: len(tracks)] = np.sort(tracks) - np.arange(len(tracks))
    before = np.repeat(before, cases, 0)
    drawn = _different(np.repeat(pool - np.array([len(rows) for rows in own]), cases), rng)
    shift = np.zeros(drawn.shape, np.int32)
    for column in range(longest):
        shift += before[:, column, None] <= drawn
    return drawn + shift


def _different(among: Rows, rng: np.random.Generator) -> NDArray[np.int32]:
    """(rows,) how many there are -> (rows, 100) different numbers below that, every set as likely."""
    if among.min() < _DENSE * NEGATIVES:
        keys = rng.random((len(among), int(among.max())))
        keys[np.arange(keys.shape[1]) >= among[:, None]] = 2
        return np.argpartition(keys, NEGATIVES - 1, 1)[:, :NEGATIVES].astype(np.int32)
    drawn = rng.integers(0, among[:, None], (len(among), NEGATIVES), dtype=np.int32)
    while True:
        drawn.sort(1)
        rows, columns = np.nonzero(drawn[:, 1:] == drawn[:, :-1])
        if not len(rows):
            return drawn
        drawn[rows, columns] = rng.integers(0, among[rows], dtype=np.int32)


def unwatched() -> None:
    """Nobody wants to stop it."""


def ranks(drawn: Drawn, vectors: NDArray[np.float32], watch: Callable[[], None] = unwatched) -> Floats:
    """(n, dim) vectors of the task's items -> (cases,) ranks from 1 to 101; ties take the average."""
    chosen = vectors[drawn.pool]
    unit = unit_rows(chosen, measure(chosen))
    found = np.empty(len(drawn.wanted))
    edges = np.searchsorted(drawn.asks, np.arange(0, len(drawn.queries) + _BLOCK, _BLOCK))
    for block, (start, end) in enumerate(pairwise(edges)):
        watch()
        asking = drawn.queries[block * _BLOCK : (block + 1) * _BLOCK]
        scores = unit[asking].sum(1) @ unit.T  # (asking, pool)
        rows = drawn.asks[start:end] - block * _BLOCK
        ahead = (
            scores[rows[:, None], drawn.outside[start:end]] - scores[rows, drawn.wanted[start:end]][:, None]
        )
        found[start:end] = 1 + (ahead > TIE).sum(1) + (np.abs(ahead) <= TIE).sum(1) / 2
    return found


def evaluate(
    drawn: Drawn, vectors: NDArray[np.float32], watch: Callable[[], None] = unwatched
) -> PlaylistResult:
    """Judge (n, dim) vectors of the task's items; those that were excluded are not looked at.

    `watch` is called now and then, and may raise to stop.
    """
    found = ranks(drawn, vectors, watch)
    hits = _by_playlist(drawn, found <= TOP)
    percentiles = _by_playlist(drawn, (found - 1) / NEGATIVES)
    reciprocals = _by_playlist(drawn, 1 / found)
    return PlaylistResult(
        hit_rate=of_mean(hits),
        percentile=of_mean(percentiles),
        reciprocal=of_mean(reciprocals),
        hits=hits,
        percentiles=percentiles,
        reciprocals=reciprocals,
        rules=drawn.rules,
        playlists=len(hits.groups),
        cases=len(found),
        excluded=drawn.excluded,
        split=drawn.split,
        notes=drawn.notes,
    )


def _by_playlist(drawn: Drawn, values: NDArray[Any]) -> Scores:
    """A playlist is what is asked: its cases and draws are summed."""
    groups, rows = np.unique(drawn.playlists, return_inverse=True)
    totals = np.bincount(rows, values).astype(np.float64)
    return Scores(totals, np.bincount(rows).astype(np.float64), groups)
