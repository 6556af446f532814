"""What a person asks of a list beside its sound, and a receipt of what each rule did."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from core.recommend.catalogue import Catalogue, Names
from core.recommend.neighbours import Rows

Hubness = Literal["none", "local"]
Mask = NDArray[np.bool_]
Years = tuple[int | None, int | None]
Lengths = tuple[float | None, float | None]

_SEVERAL = re.compile(r"\s*[;,/|\0]\s*")


@dataclass(frozen=True)
class Rules:
    """What must hold of every track of a list. A track of which a rule's matter is unknown does not meet it.

    Parameters
    ----------
    other_artists, other_albums
        Nothing by the artists, or of the albums, of the chosen tracks.
    years, seconds
        From the first to the last, both included; None at an end: no limit there. None: any.
    genres, labels
        At least one of them; case aside.
    folders
        Within one of them, however deep.
    fold
        One line for all versions of a recording.
    hubness
        "local": distances are told by the measure of each track's own surroundings, so that tracks that are
        near everything do not turn up everywhere (`core.recommend.hubs`).
    """

    other_artists: bool = False
    other_albums: bool = False
    years: Years | None = None
    seconds: Lengths | None = None
    genres: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    fold: bool = True
    hubness: Hubness = "none"

    def plain(self) -> dict[str, Any]:
        """As JSON holds it; what is as it always is is left out."""
        values = {key: value for key, value in asdict(self).items() if value != getattr(_PLAIN, key)}
        return {
            key: sorted(value)
            if isinstance(value, frozenset)
            else list(value)
            if isinstance(value, tuple)
            else value
            for key, value in values.items()
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """What `plain` gave.

        Raises
        ------
        ValueError
            It is nothing of the kind.
        """
        if not isinstance(plain, Mapping):
            raise ValueError("rules by name")
        given = dict(plain)
        if unknown := set(given) - {one.name for one in fields(cls)}:
            raise ValueError(f"unknown rules {sorted(unknown)}")
        for name in ("genres", "folders", "labels"):
            if name in given:
                given[name] = frozenset(_texts(given[name]))
        for name in ("years", "seconds"):
            if given.get(name) is not None:
                given[name] = _span(given[name])
        if not isinstance(given.get("fold", True), bool) or given.get("hubness", "none") not in (
            "none",
            "local",
        ):
            raise ValueError("fold or hubness")
        return cls(**given)


_PLAIN = Rules()


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("a list of texts")
    return value


def _span(value: object) -> tuple[Any, Any]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("two limits")
    if not all(one is None or (isinstance(one, int | float) and not isinstance(one, bool)) for one in value):
        raise ValueError("limits are numbers")
    return value[0], value[1]


@dataclass(eq=False)
class Sieve:
    """Rows that may not appear, and a line for each rule that hid some.

    Parameters
    ----------
    hidden
        `(n,)`, changed in place.
    """

    hidden: Mask
    lines: list[str] = field(default_factory=list)

    def drop(self, rows: Mask, rule: str, note: str = "") -> None:
        """Hide rows; the line counts those that nothing hid before."""
        count = int(np.count_nonzero(rows & ~self.hidden))
        self.hidden |= rows
        self.lines.append(f"{rule}: {tracks(count) if count else 'no track'} left out{note}.")

    def keep(self, rows: Mask, rule: str, unknown: Mask | None = None, what: str = "") -> None:
        """Hide all other rows; `unknown` are those of which nothing is known in this matter."""
        count = 0 if unknown is None else int(np.count_nonzero(unknown & ~self.hidden))
        self.drop(~rows, rule, f", {count} of them without {what}" if count else "")

    def apply(self, rules: Rules, known: Catalogue, seeds: Rows) -> None:
        """Hide what the rules forbid."""
        if rules.other_artists:
            self._others(known.artist, seeds, "Other artists", "artist")
        if rules.other_albums:
            self._others(known.album, seeds, "Other albums", "album")
        if rules.years is not None:
            self._within(known.year, rules.years, f"Years {_range(*rules.years)}", "a year")
        if rules.seconds is not None:
            low, high = rules.seconds
            self._within(known.seconds, rules.seconds, f"Length {_range(low, high, clock)}", "a known length")
        if rules.genres:
            wanted = {genre.casefold() for genre in rules.genres}
            self._named(known.genre, lambda text: _is_genre(text, wanted), "Genre", rules.genres, "a genre")
        if rules.folders:
            names = {folder.rstrip("/\\") for folder in rules.folders}
            below = tuple(folder + slash for folder in names for slash in "/\\")
            self._named(
                known.folder,
                lambda text: text in names or text.startswith(below),
                "Folder",
                rules.folders,
                "a folder",
            )
        if rules.labels:
            self._labelled(known, rules.labels)

    def _others(self, codes: NDArray[np.integer] | None, seeds: Rows, rule: str, what: str) -> None:
        own = np.empty(0, np.int64) if codes is None else np.unique(codes[seeds])
        own = own[own >= 0]
        if codes is None or not own.size:
            self.lines.append(f"{rule}: the chosen tracks name no {what}, so nothing could be left out.")
        else:
            self.drop(np.isin(codes, own), rule)

    def _within(
        self,
        values: NDArray[np.floating] | None,
        span: tuple[float | None, float | None],
        rule: str,
        what: str,
    ) -> None:
        if values is None:
            values = np.full(len(self.hidden), np.nan)
        low = -np.inf if span[0] is None else span[0]
        high = np.inf if span[1] is None else span[1]
        self.keep((values >= low) & (values <= high), rule, np.isnan(values), what)

    def _named(
        self, names: Names | None, fits: Callable[[str], bool], rule: str, wanted: Collection[str], what: str
    ) -> None:
        names = names or Names(np.full(len(self.hidden), -1), ())
        # One place more, False, for code -1.
        right = np.array([*map(fits, names.texts), False])
        self.keep(right[names.codes], f"{rule} {_listed(wanted)}", names.codes < 0, what)

    def _labelled(self, known: Catalogue, wanted: Collection[str]) -> None:
        folded = {label.casefold() for label in wanted}
        rows = np.zeros(len(self.hidden), np.bool_)
        for label, places in (known.labels or {}).items():
            if label.casefold() in folded:
                rows[places] = True
        self.keep(rows, f"Label {_listed(wanted)}")


def tracks(count: int) -> str:
    """Some tracks."""
    return "1 track" if count == 1 else f"{count:,} tracks"


def clock(seconds: float) -> str:
    """2:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _range(low: float | None, high: float | None, show: Callable[[float], str] = str) -> str:
    if low is None:
        return "any" if high is None else f"up to {show(high)}"
    return f"from {show(low)}" if high is None else f"{show(low)} to {show(high)}"


def _listed(wanted: Collection[str]) -> str:
    return " or ".join(sorted(wanted))


def _is_genre(text: str, wanted: Collection[str]) -> bool:
    whole = text.casefold()
    return whole in wanted or not {part for part in _SEVERAL.split(whole) if part}.isdisjoint(wanted)
