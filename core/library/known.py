"""What is known of many tracks, in columns: a list of a million records would be too heavy. Knows no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.library.facet_columns import UNKNOWN, Ids
from core.library.records import Fact

NOTHING = -(2**62)
"""Stands for no number at all."""
MICRO = 1_000_000
"""Lengths are whole microseconds on their way."""

_BETWEEN = 0x1F
"""The unit separator, which no text of a column has in it."""


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of texts in one buffer, each from its start to its end.

    A list of a million is gone through by each of Python's garbage collections, which takes 30 ms.
    """

    utf8: NDArray[np.uint8]
    starts: Ids
    ends: Ids

    @classmethod
    def of_joined(cls, joined: bytes) -> Self:
        """Texts between unit separators: one more than there are of these."""
        utf8 = np.frombuffer(joined, np.uint8)
        between = np.flatnonzero(utf8 == _BETWEEN)
        return cls(utf8, np.append(0, between + 1), np.append(between, len(utf8)))

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """As many as are given, at least one."""
        return cls.of_joined(
            "\x1f".join(text.replace("\x1f", " ") for text in texts).encode("utf-8", "replace")
        )

    @classmethod
    def joined(cls, columns: Sequence[Texts]) -> Self:
        """One after the other."""
        if not columns:
            return cls(np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.int64))
        above = np.cumsum([0, *(len(one.utf8) for one in columns[:-1])])
        starts, ends = (
            np.concatenate([getattr(one, side) + base for one, base in zip(columns, above, strict=True)])
            for side in ("starts", "ends")
        )
        return cls(np.concatenate([one.utf8 for one in columns]), starts, ends)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, row: int) -> str:
        return self.utf8[self.starts[row] : self.ends[row]].tobytes().decode("utf-8", "replace")

    def strings(self) -> list[str]:
        """All of a column as `of_joined` made it."""
        return self.utf8.tobytes().decode("utf-8", "replace").split("\x1f")

    def take(self, rows: Ids) -> Texts:
        """(m,) the texts of these rows, "" for -1."""
        known = rows >= 0
        if not len(self):
            return Texts(self.utf8, np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64))
        return Texts(
            self.utf8, np.where(known, self.starts[rows], 0), np.where(known, self.ends[rows], 0)
        )  # fmt: skip


class Coder:
    """Numbers for texts as they come, part by part; "" is `UNKNOWN`."""

    def __init__(self) -> None:
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._parts: list[Ids] = []

    def add(self, strings: Sequence[str]) -> None:
        """The next rows. Looked up without a loop of Python's: a million take a tenth of a second."""
        self._parts.append(np.fromiter(map(self._numbers.__getitem__, strings), np.int64, len(strings)))

    def column(self, order: Ids, *, folded: bool = False) -> Coded:
        """All rows, in that order; `folded`: names that differ in case alone are one."""
        names = [name.casefold() if folded else name for name in self._numbers]
        known: dict[str, int] = {"": UNKNOWN}
        table = np.fromiter((known.setdefault(name, len(known) - 1) for name in names), np.int64, len(names))
        codes = table[np.concatenate(self._parts)][order] if self._parts else np.empty(0, np.int64)
        return Coded(codes, tuple(name for name in known if name))


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows of a query: (n,) of each column of whole numbers, and `n` of each column of texts."""

    numbers: tuple[Ids, ...]
    texts: tuple[Texts, ...]


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of names: (n,) `codes` into `values`, `UNKNOWN` for none."""

    codes: Ids
    values: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Known:
    """What filters and folding ask of tracks that can be played now, a column each.

    Parameters
    ----------
    tracks, files
        (n,) ids, ascending, and (n,) the file that stands for each.
    artist, album
        Case aside. Two albums of one name by two artists are two albums; a compilation shares its album artist or its
        folder.
    seconds, year
        (n,) NaN where nothing, or nought, is said.
    """

    tracks: Ids
    files: Ids
    titles: Texts
    artist: Coded
    album: Coded
    genre: Coded
    folder: Coded
    seconds: NDArray[np.float64]
    year: NDArray[np.float64]

    @classmethod
    def of(cls, parts: Iterable[Part]) -> Self:
        """Put together what comes in parts: of each track its columns in the order that `_part` has them in."""
        numbers, titles, coders = [], [], [Coder() for _ in range(4)]
        for part in parts:
            numbers.append(part.numbers)
            titles.append(part.texts[0])
            for coder, column in zip(coders, part.texts[1:], strict=True):
                coder.add(column.strings())
        empty = np.empty(0, np.int64)
        found = [np.concatenate(column) for column in zip(*numbers, strict=True)] or [empty] * 4
        order = np.argsort(found[0], kind="stable")
        tracks, files, micros, years = (column[order] for column in found)
        # A title is told as it is, and a genre or a folder is chosen by its name.
        artist, album = (coder.column(order, folded=True) for coder in coders[:2])
        genre, folder = (coder.column(order) for coder in coders[2:])
        return cls(
            tracks, files, Texts.joined(titles).take(order), artist, album, genre, folder,
            _floats(micros) / MICRO, _floats(years),
        )  # fmt: skip

    @classmethod
    def of_facts(cls, facts: Mapping[int, Fact]) -> Self:
        """The same of records, by track."""
        return cls.of(_part(facts) for _ in range(bool(facts)))


def album_of(fact: Fact) -> str:
    """What tells its album from others; "" where it has none."""
    return f"{fact.album_artist or fact.folder}\n{fact.album}" if fact.album else ""


def _part(facts: Mapping[int, Fact]) -> Part:
    found = facts.values()
    micros = (NOTHING if fact.seconds is None else round(MICRO * fact.seconds) for fact in found)
    years = (NOTHING if fact.year is None else fact.year for fact in found)
    numbers = (iter(facts), (fact.file_id for fact in found), micros, years)
    texts = (
        [fact.title for fact in found], [fact.artist for fact in found], [album_of(fact) for fact in found],
        [fact.genre for fact in found], [fact.folder for fact in found],
    )  # fmt: skip
    return Part(tuple(np.fromiter(column, np.int64) for column in numbers), tuple(map(Texts.of, texts)))


def _floats(numbers: Ids) -> NDArray[np.float64]:
    return np.where((numbers == NOTHING) | (numbers == 0), np.nan, numbers)
