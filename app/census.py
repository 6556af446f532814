"""What is read of the library in threads: with whose eyes, what is new, and the figures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core import bundled
from core.bundled import Bundled
from core.library.records import Counts, EncoderRecord, RootRecord, Row

if TYPE_CHECKING:  # SQLAlchemy is imported by the thread that first reads, so that the window opens before
    from core.library.store import Library

Ids = NDArray[np.int64]
NOTHING: Ids = np.empty(0, np.int64)


@dataclass(frozen=True)
class Census:
    """The library in figures: each music folder with its counts."""

    roots: tuple[tuple[RootRecord, Counts], ...] = ()

    @property
    def total(self) -> Counts:
        """All folders together."""
        fields = Counts.__dataclass_fields__
        return Counts(**{name: sum(getattr(counts, name) for _, counts in self.roots) for name in fields})

    @property
    def empty(self) -> bool:
        """No folder was ever added."""
        return not self.roots

    @property
    def problems(self) -> int:
        """Files that gave nothing, or only a part."""
        return self.total.failed + self.total.skipped + self.total.partial


@dataclass(frozen=True, eq=False)
class Change:
    """What came into the library since the last look: the files that are new or different."""

    revision: int
    file_ids: Ids = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, eq=False)
class News:
    """What one look at the library found; None: not looked at, or as before. `shipped` came with the program.

    `wish` numbers the recounts asked for: figures of an earlier one are out of date. `counted_s`: what they took.
    """

    wish: int
    encoders: tuple[EncoderRecord, ...]
    shipped: tuple[Bundled, ...] = ()
    change: Change | None = None
    census: Census | None = None
    counted_s: float = 0.0


@dataclass(frozen=True, eq=False)
class Reader:
    """What a thread reads with: the open library, and whose vectors count (encoder 0: nobody's)."""

    library: Library
    encoder: EncoderRecord | None
    plan: str

    @property
    def encoder_id(self) -> int:
        """0 while there is no encoder: every track is pending then."""
        return 0 if self.encoder is None else self.encoder.id

    def page(self, file_ids: Sequence[int]) -> list[Row]:
        """The rows of some files; those that are gone are left out."""
        return self.library.rows.page(self.encoder_id, self.plan, file_ids)


def reader_of(library: Library, encoder: EncoderRecord | None, segments: int) -> Reader:
    """In a thread: a reader under that encoder and so many segments a track."""
    from core.library.store import plan_name  # see the top

    return Reader(library, encoder, plan_name(segments))


def look(wish: int, since: int, wanted: str, due: bool, must: bool, reader: Reader) -> News:
    """In a thread: what is new since a revision; figures only where they are due."""
    library = reader.library
    revision, encoders = library.rows.revision(), tuple(library.encoders.all())
    shipped = bundled.available()
    changed = revision != since
    change, census, counted_s = None, None, 0.0
    if changed:
        change = Change(revision, library.rows.changed_since(since) if since >= 0 else NOTHING)
    if due and (changed or must):
        began = time.monotonic()
        census = _count(replace(reader, encoder=bundled.in_use(encoders, shipped, wanted)))
        counted_s = time.monotonic() - began
    return News(wish, encoders, shipped, change, census, counted_s)


def _count(reader: Reader) -> Census:
    files = reader.library.files
    roots = [root for root in reader.library.roots.all() if root.kind == "music"]
    return Census(tuple((root, files.counts(reader.encoder_id, reader.plan, root.id)) for root in roots))
