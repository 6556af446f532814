"""What is known of the rows beside their vectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray


class Titles(Protocol):
    """A text for each row, however it is kept."""

    def __getitem__(self, row: int, /) -> str: ...


@dataclass(frozen=True, eq=False)
class Names:
    """A column of texts: `codes` `(n,)` into `texts`; -1 unknown."""

    codes: NDArray[np.integer]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[str]) -> Self:
        """Each text once; "" is unknown."""
        numbers: dict[str, int] = {"": -1}
        codes = np.fromiter((numbers.setdefault(value, len(numbers) - 1) for value in values), np.int64)
        return cls(codes, tuple(text for text in numbers if text))


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Columns beside the vectors; any may be missing.

    Parameters
    ----------
    artist, album
        `(n,)` integer codes; -1 unknown, which equals nothing.
    seconds
        `(n,)` lengths; NaN unknown.
    titles
        `n` titles, only read for rows that may be shown; "" unknown.
    year
        `(n,)` years; NaN unknown.
    genre, folder
        As the tags and the disk name them.
    labels
        The rows of each label.
    """

    artist: NDArray[np.integer] | None = None
    album: NDArray[np.integer] | None = None
    seconds: NDArray[np.floating] | None = None
    titles: Titles | None = None
    year: NDArray[np.floating] | None = None
    genre: Names | None = None
    folder: Names | None = None
    labels: Mapping[str, NDArray[np.int64]] | None = None
