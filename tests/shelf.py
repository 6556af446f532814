"""A folder of real files without sound, and the library that knows it: what jobs do to it, less the decoding.

A file's content stands for its audio: `A` is whole, `P...` gives a part, `F...` fails, nothing at all is
skipped. Its identity is its content, so copies are one track.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np

from core import paths
from core.library.records import Candidate, Counts, EncoderRecord, Read, Row
from core.library.store import Library
from tests.library_tools import PLAN, scan

DIM = 4


def encoder(library: Library, name: str = "mfcc", dim: int = DIM) -> EncoderRecord:
    """An encoder without weights."""
    return library.encoders.add(
        name=name, strategy="mfcc", config={}, dim=dim, track_dim=dim, front_end="1", weights_hash=name, card={},
        file="",
    )  # fmt: skip


def vector(content: str) -> np.ndarray:
    """A vector (DIM,) of its own for each content."""
    return np.random.default_rng(list(content.encode())).standard_normal(DIM).astype(np.float32)


class Shelf:
    """Files below a folder, and their library."""

    def __init__(self, library: Library, folder: Path) -> None:
        self.library, self.folder = library, folder
        self.encoder = encoder(library)
        self.clock = 1_700_000_000_000_000_000

    def write(self, name: str | bytes, content: str) -> Path:
        """Write a file with a time of its own."""
        path = self.folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        self.clock += 10**9
        os.utime(path, ns=(self.clock, self.clock))
        return path

    def scan(self, *folders: Path) -> None:
        """What the scan job does: all of the shelf by default."""
        scan(self.library, *(folders or [self.folder]))

    def candidates(self, limit: int = 1000, busy: tuple[int, ...] = ()) -> list[Candidate]:
        return self.library.files.candidates(self.encoder.id, PLAN, limit, busy)

    def outcome(self, candidate: Candidate) -> Read:
        """What reading a file gives."""
        try:
            content = Path(os.fsdecode(candidate.path)).read_text()
        except OSError:
            return Read(candidate.file_id, "missing", "It is gone.")
        if not content:
            return Read(candidate.file_id, "skipped", "It is empty.")
        if content.startswith("F"):
            return Read(candidate.file_id, "failed", "No sound could be decoded.")
        if candidate.identity == content and candidate.has_vector:
            return Read(candidate.file_id, "unchanged", identity=content)
        state: Literal["partial", "ok"] = "partial" if content.startswith("P") else "ok"
        return Read(
            candidate.file_id, state, identity=content, seconds=1.0, vector=vector(content), n_segments=1
        )

    def embed(self, limit: int = 1000) -> int:
        """One fetch of the embed job; how many files it read."""
        found = self.candidates(limit)
        self.record(*map(self.outcome, found))
        return len(found)

    def record(self, *reads: Read) -> None:
        self.library.files.record(reads, self.encoder.id, PLAN, "cpu", "float32")

    def both(self) -> None:
        """Scan, then embed until nothing is left."""
        self.scan()
        while self.embed():
            pass

    def counts(self) -> Counts:
        return self.library.files.counts(self.encoder.id, PLAN)

    def order(self, query: str = "", *sort: tuple[str, bool], root: int | None = None) -> list[int]:
        return [int(key) for key in self.library.rows.order(self.encoder.id, PLAN, query, sort, root)]

    def rows(self, query: str = "", *sort: tuple[str, bool]) -> list[Row]:
        """The table's rows."""
        return self.library.rows.page(self.encoder.id, PLAN, self.order(query, *sort))

    def row(self, name: str | bytes) -> Row:
        """The row of a file of the shelf, shown or not."""
        key = self.library.rows.find(paths.raw(self.folder / os.fsdecode(name)))
        assert key is not None
        return self.library.rows.page(self.encoder.id, PLAN, [key])[0]

    def shown(self) -> dict[str, str]:
        """File names below the folder in the table, with their states."""
        return {
            os.fsdecode(os.path.relpath(row.path, os.fsencode(self.folder))): row.state for row in self.rows()
        }

    def vectors(self) -> set[int]:
        """Tracks that have a vector."""
        return set(self.library.vectors.after(self.encoder.id, PLAN, 0)[1].tolist())
