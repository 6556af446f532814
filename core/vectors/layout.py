"""The files of one cache in one folder (`slug` is a hash of the key).

    slug.json      what is valid: key, dim, n, generations, standardisation, stamp
    slug.G.ids     (n,) int64, in the order of adding
    slug.G.raw     (n, dim) float32
    slug.G.unit    (n, dim) float32

Rows are only ever added behind the `n` that a header promises, and the header is replaced last, so
a reader, or a crash, sees the state before or the state after, and readers need no lock. Whatever
changes rows that are there writes files of a new generation.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np

from core.files import atomic
from core.recommend.standardise import Standardisation, unit_rows
from core.vectors.snapshot import Ids, Matrix, Snapshot

_FORMAT = "earmap vectors 2"


@dataclass(frozen=True)
class Header:
    """What the JSON file says; equal headers of one cache name the same rows."""

    key: str
    dim: int
    n: int = 0
    rows: int = 0  # generation of .ids and .raw
    unit: int = 0  # generation of .unit
    stamp: int = 0
    mean: list[float] | None = None
    std: list[float] | None = None
    measured_on: int = 0
    format: str = _FORMAT

    @property
    def standardisation(self) -> Standardisation | None:
        """The statistics as arrays."""
        if self.mean is None or self.std is None:
            return None
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        return Standardisation(mean, std, self.measured_on)

    def under(self, stats: Standardisation | None) -> Self:
        """The same with other statistics."""
        if stats is None:
            return replace(self, mean=None, std=None, measured_on=0)
        return replace(self, mean=stats.mean.tolist(), std=stats.std.tolist(), measured_on=stats.n)

    def sound(self) -> bool:
        """Whether the fields are of the kinds and sizes they should be."""
        counts = (self.n, self.rows, self.unit, self.stamp, self.measured_on)
        columns = [column for column in (self.mean, self.std) if column is not None]
        return (
            all(type(count) is int and count >= 0 for count in counts)
            and len(columns) != 1
            and all(len(c) == self.dim and all(type(x) is float for x in c) for c in columns)
        )


class Layout:
    """Names, opens, writes and sweeps the files of one cache; knows nothing of locks."""

    def __init__(self, folder: Path, key: str, dim: int) -> None:
        self.folder, self.none = folder, Header(key, dim)
        self.slug = hashlib.blake2b(key.encode(), digest_size=10).hexdigest()

    @property
    def lock(self) -> Path:
        """The file that writers take turns by."""
        return self.folder / f"{self.slug}.lock"

    @property
    def _json(self) -> Path:
        return self.folder / f"{self.slug}.json"

    def path(self, generation: int, part: str) -> Path:
        """A data file."""
        return self.folder / f"{self.slug}.{generation}.{part}"

    def header(self) -> Header:
        """What the file says; the empty header where it is missing, broken, or another cache's."""
        with suppress(OSError, ValueError, TypeError):
            header = Header(**json.loads(self._json.read_text("utf-8")))
            ours = (header.format, header.key, header.dim) == (_FORMAT, self.none.key, self.none.dim)
            if ours and header.sound():
                return header
        return self.none

    def commit(self, header: Header) -> None:
        """Make a header valid, then drop what no header names any more."""
        with atomic(self._json) as file:
            file.write(json.dumps(asdict(header)).encode())
        named = {self.path(generation, part) for part, generation, _ in _parts(header)}
        for path in self.folder.glob(f"{self.slug}.*.*"):
            if path not in named:
                # Windows keeps what a reader has mapped; a later commit tries again.
                with suppress(PermissionError):
                    path.unlink(missing_ok=True)

    def empty(self, header: Header) -> Snapshot:
        """No rows, with the header's statistics."""
        nothing = np.empty((0, header.dim), np.float32)
        return Snapshot(np.empty(0, np.int64), nothing, nothing, header.standardisation, header.stamp)

    def open(self, header: Header) -> Snapshot | None:
        """Map the files that a header names; None where one is missing or short."""
        n, dim, stats = header.n, header.dim, header.standardisation
        if n == 0:
            return self.empty(header)
        try:
            ids = np.memmap(self.path(header.rows, "ids"), np.int64, "r", shape=(n,))
            raw = np.memmap(self.path(header.rows, "raw"), np.float32, "r", shape=(n, dim))
            unit = np.memmap(self.path(header.unit, "unit"), np.float32, "r", shape=(n, dim))
        except (OSError, ValueError):
            return None
        # Plain views: the memmap subclass makes every operation slower.
        return Snapshot(np.asarray(ids), np.asarray(raw), np.asarray(unit), stats, header.stamp)

    def next_generation(self) -> int:
        """A number that no file carries, not even one that a crash left behind."""
        used = [path.name.split(".")[-2] for path in self.folder.glob(f"{self.slug}.*.*")]
        return max((int(number) for number in used if number.isdecimal()), default=0) + 1

    def write(self, header: Header, batches: Iterable[tuple[Ids, Matrix]]) -> Header:
        """Write batches behind the header's `n` rows, into new files where there are none; not yet valid."""
        stats, n = header.standardisation, header.n
        with ExitStack() as stack:
            files: list[BinaryIO] = []
            for part, generation, width in _parts(header):
                file = stack.enter_context(self.path(generation, part).open("r+b" if n else "xb"))
                file.seek(n * width)
                files.append(file)
            for ids, vectors in batches:
                for file, array in zip(files, (ids, vectors, unit_rows(vectors, stats)), strict=True):
                    file.write(np.ascontiguousarray(array).data)
                n += len(ids)
            for file in files:
                sync(file)
        return replace(header, n=n)


def _parts(header: Header) -> tuple[tuple[str, int, int], ...]:
    """Suffix, generation and bytes a row of the three files."""
    width = 4 * header.dim
    return ("ids", header.rows, 8), ("raw", header.rows, width), ("unit", header.unit, width)


def sync(file: BinaryIO) -> None:
    """Onto the disk, before a header says that it is there."""
    file.flush()
    os.fsync(file.fileno())
