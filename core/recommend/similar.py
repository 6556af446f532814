"""The Similar list: neighbours, filtered, with the versions of one recording folded into one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.recommend.catalogue import Catalogue
from core.recommend.neighbours import LESS_WEIGHT, Ranking, Rows, checked, prepare
from core.recommend.versions import TITLED_COSINE, same_recording, version_key


@dataclass(frozen=True, eq=False)
class Query:
    """What a person asks for; the fields are those of `neighbours`, and the filters.

    `scale`: (n,) from `core.recommend.hubs`, where lists are corrected for hubs; scores are cosines all the same.
    """

    seeds: NDArray[np.integer] | list[int]
    less: NDArray[np.integer] | list[int] | tuple[int, ...] = ()
    n: int = 10
    exclude: NDArray[np.bool_] | None = None
    exclude_artist: bool = False
    exclude_album: bool = False
    fold: bool = True
    scale: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Match:
    """A line of the list: a row, its score, and the versions that it stands for, best first."""

    row: int
    score: float
    versions: tuple[int, ...] = ()


@dataclass(frozen=True)
class Similar:
    """Best first.

    Parameters
    ----------
    seed_versions
        Rows left out as versions of a seed itself, best first.
    corrected
        How many matches are there only because of the scale; versions are not looked at for this.
    """

    matches: tuple[Match, ...]
    seed_versions: tuple[int, ...] = ()
    corrected: int = 0


def similar(unit: NDArray[np.float32], query: Query, catalogue: Catalogue | None = None) -> Similar:
    """The `query.n` best rows after filters and folding, fewer only where no more are left.

    Parameters
    ----------
    unit
        `(n, dim)` float32 from `unit_rows`.

    Raises
    ------
    ValueError
        No seed, or a row that is not there.
    """
    catalogue = catalogue or Catalogue()
    view, vector, hidden = prepare(unit, query.seeds, query.less, query.exclude)
    seeds = checked(query.seeds, len(view))
    if query.exclude_artist:
        _hide_same(hidden, catalogue.artist, seeds)
    if query.exclude_album:
        _hide_same(hidden, catalogue.album, seeds)
    ranking = Ranking(view, vector, hidden, query.scale, 1 - LESS_WEIGHT * (len(query.less) > 0))
    if not query.fold:
        found = ranking.best(query.n)
        pairs = zip(found.rows, ranking.plain(found), strict=True)
        result = Similar(tuple(Match(int(row), float(score)) for row, score in pairs))
    else:
        result = folded(_drawn(ranking, query.n), Folder(view, catalogue), seeds, query.n)
    return replace(result, corrected=ranking.beyond([match.score for match in result.matches]))


def _hide_same(hidden: NDArray[np.bool_], codes: NDArray[np.integer] | None, seeds: Rows) -> None:
    """Hide, in place, the rows whose known code is a seed's."""
    if codes is None:
        return
    for code in np.unique(codes[seeds]):
        if code >= 0:
            hidden |= codes == code


@dataclass(eq=False)
class Head:
    """The row that stands for its versions, with what comparing needs at hand."""

    row: int
    score: float
    key: str
    seconds: float
    artist: int
    vector: NDArray[np.float32]
    versions: list[int] = field(default_factory=list)


class Folder:
    """Sorts rows, best first, under the heads that they are versions of.

    Parameters
    ----------
    unit
        `(n, dim)` float32.
    """

    def __init__(self, unit: NDArray[np.float32], catalogue: Catalogue) -> None:
        self._unit, self._catalogue = unit, catalogue
        self._heads: list[Head] = []
        self._by_key: dict[str, list[Head]] = {}

    def add(self, row: int, score: float) -> Head | None:
        """A new head for the row; None where it went under another one."""
        head = self._head(row, score)
        for other in self._rivals(head.key):
            if self._same(head, other):
                other.versions.append(row)
                return None
        self._heads.append(head)
        self._by_key.setdefault(head.key, []).append(head)
        return head

    def doubles(self, rows: list[int]) -> list[int]:
        """Which of the rows are versions of a head, or of a row before them; the heads stay as they are."""
        trial = Folder(self._unit, self._catalogue)
        trial._heads = [replace(head, versions=[]) for head in self._heads]
        for head in trial._heads:
            trial._by_key.setdefault(head.key, []).append(head)
        return [row for row in rows if trial.add(row, 1.0) is None]

    def _rivals(self, key: str) -> list[Head]:
        """The heads whose title does not rule it out, the same title first, else best first."""
        return self._by_key.get(key, []) + self._by_key.get("", []) if key else self._heads

    def _same(self, one: Head, other: Head) -> bool:
        # The cheap half first: most tracks differ in length.
        if abs(one.seconds - other.seconds) > max(4.0, 0.03 * max(one.seconds, other.seconds)):
            return False
        cosine = float(one.vector @ other.vector)
        return cosine >= TITLED_COSINE and same_recording(
            cosine, (one.key, other.key), (one.seconds, other.seconds), (one.artist, other.artist)
        )

    def _head(self, row: int, score: float) -> Head:
        known = self._catalogue
        return Head(
            row,
            score,
            "" if known.titles is None else version_key(known.titles[row] or ""),
            float("nan") if known.seconds is None else float(known.seconds[row]),
            -1 if known.artist is None else int(known.artist[row]),
            self._unit[row],
        )


def _drawn(ranking: Ranking, n: int) -> Iterator[tuple[int, float]]:
    """Rows and scores, best first, ever more at a time: `n` heads seldom need many."""
    drawn, k = 0, 2 * n + 16
    while True:
        found = ranking.best(k)
        yield from zip(found.rows[drawn:].tolist(), ranking.plain(found)[drawn:].tolist(), strict=True)
        drawn = len(found.rows)
        if drawn >= ranking.available:
            return
        k *= 4


def folded(ranked: Iterable[tuple[int, float]], folder: Folder, seeds: Rows, n: int) -> Similar:
    """The first `n` heads of rows and scores that come best first; folding never shortens the list.

    A head's versions are those among the rows that rank before head `n + 1`.
    """
    of_seeds = [head for head in (folder.add(int(seed), 1.0) for seed in seeds) if head is not None]
    for head in of_seeds:
        head.versions.clear()  # two seeds may be versions of each other
    heads: list[Head] = []
    for row, score in ranked:
        if (fresh := folder.add(row, score)) is not None:
            heads.append(fresh)
        if len(heads) > n:
            break
    matches = tuple(Match(head.row, head.score, tuple(head.versions)) for head in heads[:n])
    return Similar(matches, tuple(row for head in of_seeds for row in head.versions))
