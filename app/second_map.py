"""A second encoder's map beside the window's, and what the two say of the tracks that both have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal

from app.census import Reader
from app.drawing import Drawing
from app.mapping import Mapping
from core.library.facet_columns import Ids, places_of
from core.library.records import EncoderRecord, Row

if TYPE_CHECKING:  # it brings SciPy, in the thread that first needs it
    from core.projection.compare import Compared

MOST_MOVED = 100


@dataclass(frozen=True)
class Moved:
    """A track that lies elsewhere: `overlap` is the share of its neighbours on one map that it keeps on the other."""

    row: Row
    moved: float
    overlap: float


@dataclass(frozen=True, eq=False)
class Beside:
    """Two maps of the same tracks.

    Parameters
    ----------
    drawings
        Left and right.
    compared
        The tracks that both have.
    moved
        Those that lie farthest from themselves, the farthest first.
    """

    drawings: tuple[Drawing, Drawing]
    compared: Compared
    moved: tuple[Moved, ...]

    def overlap(self, tracks: Ids) -> NDArray[np.float64]:
        """(n,) the share of neighbours that each of these tracks keeps; NaN where only one map has it."""
        places, there = places_of(self.compared.tracks, tracks)
        if not len(self.compared.tracks):
            return np.full(len(tracks), np.nan)
        return np.where(there, self.compared.overlap[places].astype(np.float64), np.nan)


class SecondMap(Mapping):
    """The map of an encoder that a person has chosen, while the window goes by another.

    Parameters
    ----------
    first
        The window's map.

    Signals
    -------
    compared_changed
        `beside` is another one.
    """

    compared_changed = Signal()

    def __init__(self, first: Mapping) -> None:
        self._chosen = ""
        super().__init__(first.session, first.context)
        self._first = first
        self.beside: Beside | None = None
        first.drawn.connect(self._compare)
        self.drawn.connect(self._compare)

    @property
    def encoder(self) -> EncoderRecord | None:
        """The one that was chosen; where it has gone, none."""
        return next((record for record in self.session.encoders if record.name == self._chosen), None)

    @property
    def chosen(self) -> str:
        """Its name."""
        return self._chosen

    def choose(self, name: str) -> None:
        """Show this encoder's map."""
        if name != self._chosen:
            self._chosen = name
            self.onto = "" if self._first.encoder is None else self._first.encoder.name
            self._other_map()

    def watch(self, on: bool) -> None:
        """As of any map; both are compared again when it is shown."""
        super().watch(on)
        self._compare()

    def _compare(self) -> None:
        one, other = self._first.drawing, self.drawing
        if (
            not self._watching
            or one is None
            or other is None
            or not (one.settled and other.settled and self.own)
        ):
            if self.beside is not None:
                self.beside = None
                self.compared_changed.emit()
            return
        if self.beside is None or self.beside.drawings != (one, other):
            self.ask(partial(_compared, one, other), self._take_compared, latest="two maps")

    def _take_compared(self, beside: Beside) -> None:
        if beside.drawings == (self._first.drawing, self.drawing):
            self.beside = beside
            self.compared_changed.emit()


def _compared(one: Drawing, other: Drawing, reader: Reader) -> Beside:
    """In a thread: what two maps say, and who has moved most."""
    from core.library.projections import Points
    from core.projection.compare import compare

    compared = compare(Points(one.tracks, one.xy), Points(other.tracks, other.xy))
    most = compared.moved_most(MOST_MOVED)
    files = one.files[one.rows_of(compared.tracks[most])].tolist()
    rows = {row.file_id: row for row in reader.page(files)}
    told = zip(files, compared.moved[most].tolist(), compared.overlap[most].tolist(), strict=True)
    moved = tuple(Moved(rows[key], far, share) for key, far, share in told if key in rows)
    return Beside((one, other), compared, moved)
