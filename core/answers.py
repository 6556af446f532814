"""Lists that answer a person's question, each with its receipt: what was compared, and what every rule did.

Pure functions over a `Stock`; `core.neighbours.Neighbours` keeps one up to date and is what to call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from core.recommend import radio as radios
from core.recommend.catalogue import Catalogue
from core.recommend.moments import SEGMENT_S, Moments
from core.recommend.neighbours import Rows, checked, query_vector
from core.recommend.path import Way, steps, way
from core.recommend.radio import Queue, Spacing
from core.recommend.rules import Rules, Sieve, clock, tracks
from core.recommend.similar import Folder, Match, Query, folded, similar
from core.recommend.similar import Similar as Ranked
from core.vectors import Snapshot

Tracks = Sequence[int]
Starts = Callable[[Sequence[int], Sequence[int], Sequence[int]], list[float]]


@dataclass(frozen=True)
class Similar:
    """A track of a list: the file that stands for it, its score, and other versions of the recording.

    `score` is the cosine to what was asked for (less half of what was unwanted); on a path, to the track before.
    `start_s`, `seconds`: the moment of it that is meant, where one is.
    """

    track_id: int
    file_id: int
    score: float
    folded: tuple[int, ...]
    start_s: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Found:
    """A list, best or first first, and in `receipt` what led to it, a sentence each; empty, it says why."""

    matches: tuple[Similar, ...]
    receipt: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Stock:
    """What lists are made of: vectors, what is known of them, and which file stands for each, (n,), -1 for none.

    `encoder`: its title. `scale`: what hub correction needs, (n,), worked out when it is first asked for.
    """

    snapshot: Snapshot
    catalogue: Catalogue
    files: NDArray[np.int64]
    encoder: str
    scale: Callable[[], NDArray[np.float32]]

    def match(self, row: int, score: float, versions: Sequence[int] = ()) -> Similar:
        """A line of a list."""
        ids = self.snapshot.ids
        return Similar(
            int(ids[row]), int(self.files[row]), float(score), tuple(int(ids[v]) for v in versions)
        )

    def title(self, row: int) -> str:
        """What to call a row in a sentence."""
        titles = self.catalogue.titles
        return (titles[row] if titles is not None else "") or f"track {self.snapshot.ids[row]}"


@dataclass(eq=False)
class _Question:
    """Rows that were asked for, and what there is to say so far."""

    stock: Stock
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        there = int(np.count_nonzero(self.stock.files >= 0))
        self.lines.append(f"{tracks(there)} compared, as {self.stock.encoder} hears them.")

    def rows(self, ids: Tracks, what: str) -> Rows:
        """Distinct rows of tracks, in order; those without a vector are told of."""
        rows = self.stock.snapshot.rows(list(dict.fromkeys(ids)))
        missing = int(np.count_nonzero(rows < 0))
        if missing and len(rows) == 1:
            self.lines.append(f"{what} has no vector under {self.stock.encoder} yet.")
        elif missing:
            self.lines.append(
                f"{missing} of {len(rows)}: {what.lower()} without a vector yet say nothing here."
            )
        return rows[rows >= 0]

    def sieve(
        self, rules: Rules, seeds: Rows, own: Rows, silent: NDArray[np.bool_] | None = None
    ) -> NDArray[np.bool_]:
        """(n,) what may not appear: all `own` rows, what cannot be played, what the rules forbid.

        `silent`: (n,) rows without stored moments, where these are asked for.
        """
        hidden = self.stock.files < 0
        hidden[own] = True
        sieve = Sieve(hidden, self.lines)
        if silent is not None and (silent & ~hidden).any():
            sieve.drop(silent, "Without stored moments")
        sieve.apply(rules, self.stock.catalogue, seeds)
        return hidden

    def empty(self, reason: str) -> Found:
        """Nothing, and why: that comes first."""
        return Found((), (reason, *self.lines))

    def count(self, got: int, wanted: int) -> None:
        """Whether the list is as long as was asked."""
        if not got:
            return  # the reason why comes first
        if got >= wanted:
            self.lines.append(f"All {wanted} that were asked for.")
        else:
            self.lines.append(f"Only {got} of the {wanted} that were asked for: no more are left.")


def ask(stock: Stock, seeds: Tracks, more: Tracks, less: Tracks, n: int, rules: Rules) -> Found:
    """The `n` tracks most like the seeds and `more`, and least like `less` (Rocchio), under the rules."""
    question = _Question(stock)
    wanted = question.rows(seeds, "The chosen track" if len(set(seeds)) == 1 else "Chosen tracks")
    if not len(wanted):
        return question.empty(
            "None of the chosen tracks has been listened to yet." if seeds else "Choose a track."
        )
    liked, away = question.rows(more, "Wanted tracks"), question.rows(less, "Unwanted tracks")
    asked = np.unique(np.concatenate((wanted, liked)))
    away = np.setdiff1d(away, asked)
    if len(liked):
        question.lines.append(f"More like {tracks(len(liked))}: counted as chosen.")
    if len(away):
        question.lines.append(f"Less like {tracks(len(away))}: that likeness counts half, against.")
    hidden = question.sieve(rules, asked, np.concatenate((asked, away)))
    found = _ranked(stock, asked, away, n, hidden, rules, question)
    matches = tuple(stock.match(one.row, one.score, one.versions) for one in found.matches)
    question.count(len(matches), n)
    return Found(matches, tuple(question.lines)) if matches else question.empty(_NOTHING)


_NOTHING = "No track is left under these rules."


def _ranked(
    stock: Stock,
    asked: Rows,
    away: Rows,
    n: int,
    hidden: NDArray[np.bool_],
    rules: Rules,
    question: _Question,
) -> Ranked:
    scale = stock.scale() if rules.hubness == "local" else None
    query = Query(asked, away, n, hidden, fold=rules.fold, scale=scale)
    found = similar(stock.snapshot.unit, query, stock.catalogue)
    if scale is not None and found.matches:
        question.lines.append(_corrected(found.corrected, len(found.matches)))
    _tell_folding(question, found)
    return found


def _corrected(new: int, of: int) -> str:
    return f"Hubs corrected: {new} of these {of} would not be here without."


def _tell_folding(question: _Question, found: Ranked) -> None:
    parts = []
    if under := sum(len(one.versions) for one in found.matches):
        parts.append(f"{under} under the lines shown")
    if found.seed_versions:
        parts.append(f"{len(found.seed_versions)} left out as versions of what was chosen")
    if parts:
        question.lines.append(f"Versions of one recording folded: {', '.join(parts)}.")


def path(stock: Stock, a: int, b: int, n: int, waypoints: Tracks, rules: Rules) -> Found:
    """`n` tracks from A to B, both included, in even steps, through the waypoints in their order."""
    question = _Question(stock)
    asked = list(dict.fromkeys([a, *waypoints, b]))
    if a == b:
        return question.empty("A path leads from one track to another: choose two different ones.")
    if len(asked) < len(waypoints) + 2:
        question.lines.append("A track that was named twice is passed once.")
        asked = [a, *(one for one in asked if one not in (a, b)), b]
    missing = [one for one in asked if one not in (a, b) and stock.snapshot.rows([one])[0] < 0]
    if missing:
        question.lines.append(f"{tracks(len(missing))} on the way without a vector yet: passed over.")
    ends = stock.snapshot.rows([a, b])
    if (ends < 0).any():
        return question.empty(
            "Both ends of a path must have been listened to; one of these has no vector yet."
        )
    stops = stock.snapshot.rows([one for one in asked if one not in missing])
    hidden = question.sieve(rules, stops, stops)
    scale = stock.scale() if rules.hubness == "local" else None
    lead = partial(way, stock.snapshot.unit, stops.tolist(), n, hidden, stock.catalogue, fold=rules.fold)
    found = lead(scale=scale)
    if scale is not None:
        new = len(set(found.rows) - set(lead().rows))
        question.lines.append(_corrected(new, len(found.rows)))
    _tell_way(question, found, ends, max(n, len(stops)))
    likeness = [1.0, *steps(stock.snapshot.unit, found.rows)]
    matches = tuple(stock.match(row, score) for row, score in zip(found.rows, likeness, strict=True))
    return Found(matches, tuple(question.lines))


def _tell_way(question: _Question, found: Way, ends: Rows, n: int) -> None:
    stock = question.stock
    if found.folded:
        question.lines.append(f"Versions of one recording folded: {found.folded} passed over.")
    each = steps(stock.snapshot.unit, found.rows)
    direct = float(steps(stock.snapshot.unit, ends.tolist())[0])
    question.lines.append(
        f"From {stock.title(int(ends[0]))} to {stock.title(int(ends[1]))}, {direct:.2f} alike: "
        f"steps of {each.min():.2f} to {each.max():.2f}, {each.mean():.2f} in the mean."
    )
    question.count(len(found.rows), n)


def radio(stock: Stock, seeds: Tracks, n: int, spacing: Spacing, rules: Rules, played: Tracks) -> Found:
    """The next `n` tracks of a queue near the seeds that goes on after `played` (in order, the last one last)."""
    question = _Question(stock)
    wanted = question.rows(seeds, "The chosen track" if len(set(seeds)) == 1 else "Chosen tracks")
    if not len(wanted):
        return question.empty(
            "None of the chosen tracks has been listened to yet." if seeds else "Choose a track."
        )
    before = stock.snapshot.rows(list(played))
    before = before[before >= 0]
    history = before if len(before) else wanted
    hidden = question.sieve(rules, wanted, np.concatenate((wanted, before)))
    unit = np.asarray(stock.snapshot.unit)
    query = query_vector(unit, checked(wanted, len(unit)), np.empty(0, np.int64))
    found = radios.queue(
        unit, query, hidden, stock.catalogue, n, spacing, history.tolist(),
        stock.scale() if rules.hubness == "local" else None, fold=rules.fold,
    )  # fmt: skip
    if rules.hubness == "local":
        question.lines.append("Hubs corrected.")
    matches = tuple(stock.match(*pair) for pair in zip(found.rows, found.scores, strict=True))
    _tell_queue(question, found, spacing)
    question.count(len(matches), n)
    return Found(matches, tuple(question.lines)) if matches else question.empty(_NOTHING)


def _nameless(known: Catalogue, found: Queue) -> int:
    """How many tracks of a queue name no artist: their spacing cannot be kept."""
    rows = list(found.rows)
    return len(rows) if known.artist is None else int(np.count_nonzero(known.artist[rows] < 0))


def _tell_queue(question: _Question, found: Queue, spacing: Spacing) -> None:
    stock = question.stock
    if found.folded:
        question.lines.append(f"Versions of one recording folded: {found.folded} passed over.")
    for name, wanted, relaxed in (
        ("artist", spacing.artist, found.artist),
        ("album or folder", spacing.album, found.album),
    ):
        if not wanted:
            continue
        rule = f"{tracks(wanted).replace(' ', ' other ', 1)} between two of one {name}"
        relaxing = f"relaxed for {relaxed}, where nothing else was left" if relaxed else "kept throughout"
        nameless = _nameless(stock.catalogue, found) if name == "artist" else 0
        relaxing += f" ({tracks(nameless)} without an artist aside)" if nameless else ""
        question.lines.append(f"Spacing, {rule}: {relaxing}.")


def moment(
    stock: Stock, track: int, heard: Sequence[float], nearest: Moments, starts: Starts, n: int, rules: Rules
) -> Found:
    """Where some seconds of a track turn up: the best moment of each of `n` tracks, under the rules.

    Parameters
    ----------
    heard
        When the segments begin that stand for the seconds.
    nearest
        The best moment of every track.
    starts
        When segments begin, in seconds: of files (k,), which segment of each, and of how many.
    """
    question = _Question(stock)
    question.lines.append(f"Heard for this: {SEGMENT_S:.0f} s from {', '.join(map(clock, heard))}.")
    wanted = question.rows([track], "The chosen track")
    rows = stock.snapshot.rows(nearest.tracks)
    silent = np.ones(len(stock.files), np.bool_)
    silent[rows[rows >= 0]] = False
    if not np.setdiff1d(rows[rows >= 0], wanted).size:
        return question.empty("No moments of any other track are stored.")
    hidden = question.sieve(rules, wanted, wanted, silent)
    if rules.hubness == "local":
        question.lines.append(
            "Hubs are not corrected for a moment: they are measured on whole tracks, not on their seconds."
        )
    there = np.flatnonzero(rows >= 0)
    there = there[~hidden[rows[there]]]
    ranked = zip(rows[there].tolist(), nearest.scores[there].tolist(), strict=True)
    if rules.fold:
        found = folded(ranked, Folder(np.asarray(stock.snapshot.unit), stock.catalogue), wanted, n)
        _tell_folding(question, found)
    else:
        found = Ranked(tuple(Match(*pair) for pair in islice(ranked, n)))
    if not found.matches:
        return question.empty(_NOTHING)
    place_of = dict(zip(rows[there].tolist(), there.tolist(), strict=True))
    at = [place_of[one.row] for one in found.matches]
    matches = [stock.match(one.row, one.score, one.versions) for one in found.matches]
    begin = starts([one.file_id for one in matches], nearest.places[at].tolist(), nearest.counts[at].tolist())
    question.count(len(matches), n)
    return Found(
        tuple(
            replace(one, start_s=start, seconds=SEGMENT_S) for one, start in zip(matches, begin, strict=True)
        ),
        tuple(question.lines),
    )
