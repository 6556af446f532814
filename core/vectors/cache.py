"""The vector cache: one encoder's vectors of a library, shared by processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import filelock
import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.files import unwritable
from core.recommend.standardise import Standardisation, chunks, unit_rows
from core.vectors.layout import Header, Layout, sync
from core.vectors.snapshot import Ids, Matrix, Snapshot

_LONGEST_TURN_S = 120.0


class VectorCache:
    """One encoder's vectors of a library.

    Any number of processes and threads may read; those that write take turns by a lock file.

    Parameters
    ----------
    folder
        Made when first written to.
    key
        Says exactly which vectors these are (library, weights' hash, plan, front-end).
    dim
        Width of a row.
    """

    def __init__(self, folder: Path, key: str, dim: int) -> None:
        self._files = Layout(Path(folder), key, dim)
        self._dim = dim
        self._opened: tuple[Header, Snapshot] | None = None

    @property
    def name(self) -> str:
        """What the files of this cache begin with."""
        return self._files.slug

    def read(self) -> Snapshot:
        """The current state; empty, with stamp 0, where there is none or it is broken or foreign.

        Maps files and reads none of them, so ten rows and a million take the same time. The same
        object comes back as long as nothing has changed.
        """
        header, snapshot = self._current()
        self._opened = (header, snapshot)
        return snapshot

    def put(self, ids: Ids, vectors: Matrix, stamp: int | None = None) -> None:
        """Add a batch; an id that is there already gets its new vector.

        Adding costs what the batch costs; replacing writes all rows anew.

        Parameters
        ----------
        ids
            `(k,)`, each once.
        vectors
            `(k, dim)`.
        stamp
            A number to find again in `Snapshot.stamp`, such as the last database row included;
            None leaves the one that is there.

        Raises
        ------
        UserError
            No room, no permission, or another program has been writing for two minutes.
        """
        ids, vectors = self._checked(ids, vectors)
        with self._writing():
            header, now = self._current()
            header = replace(header, stamp=header.stamp if stamp is None else stamp)
            rows = now.rows(ids)
            old = np.flatnonzero(rows >= 0)
            changed = old[(now.raw[rows[old]] != vectors[old]).any(axis=1)]
            fresh = np.sort(np.concatenate((np.flatnonzero(rows < 0), changed)))
            batch = (ids[fresh], vectors[fresh])
            if len(changed) or not len(now):
                self._write_anew(header, [*_without(now, ids[changed]), batch])
            elif len(fresh) or header.stamp != now.stamp:
                self._files.commit(self._files.write(header, [batch]))

    def remove(self, ids: NDArray[np.int64] | list[int], stamp: int | None = None) -> None:
        """Drop rows; ids that are not there are passed over. What stays is written anew."""
        gone = np.asarray(ids, np.int64)
        with self._writing():
            header, now = self._current()
            header = replace(header, stamp=header.stamp if stamp is None else stamp)
            if (now.rows(gone) >= 0).any():
                self._write_anew(header, _without(now, gone))
            elif header.stamp != now.stamp:
                self._files.commit(header)

    def rebuild(
        self,
        batches: Iterable[tuple[Ids, Matrix]],
        standardisation: Standardisation | None = None,
        stamp: int = 0,
    ) -> None:
        """Forget everything and write these `(ids, vectors)` batches, in bounded memory."""
        with self._writing():
            header = replace(self._files.none.under(standardisation), stamp=stamp)
            self._write_anew(header, (self._checked(ids, vectors) for ids, vectors in batches))

    def restandardise(self, standardisation: Standardisation | None) -> None:
        """Make the unit rows again under other statistics, in bounded memory."""
        with self._writing():
            header, now = self._current()
            header = replace(header.under(standardisation), unit=self._files.next_generation())
            if len(now):
                with self._files.path(header.unit, "unit").open("xb") as file:
                    for part in chunks(len(now)):
                        file.write(unit_rows(now.raw[part], standardisation).data)
                    sync(file)
            self._files.commit(header)

    def _current(self) -> tuple[Header, Snapshot]:
        """Header and arrays that belong together."""
        for _ in range(20):
            header = self._files.header()
            if self._opened is not None and self._opened[0] == header:
                return self._opened
            snapshot = self._files.open(header)
            if snapshot is not None:
                return header, snapshot
            if self._files.header() == header:
                break  # truly broken; else a writer swept the files away between the two steps
        return self._files.none, self._files.empty(self._files.none)

    def _write_anew(self, header: Header, batches: Iterable[tuple[Ids, Matrix]]) -> None:
        """All rows into files of a new generation."""
        generation = self._files.next_generation()
        header = replace(header, n=0, rows=generation, unit=generation)
        self._files.commit(self._files.write(header, batches))

    def _checked(self, ids: Ids, vectors: Matrix) -> tuple[Ids, Matrix]:
        """The batch as contiguous arrays of the right types.

        Raises
        ------
        ValueError
            Wrong shapes, an id twice, or a number that is not finite.
        """
        ids, vectors = np.asarray(ids, np.int64), np.ascontiguousarray(vectors, np.float32)
        if ids.ndim != 1 or vectors.shape != (len(ids), self._dim):
            raise ValueError(f"{ids.shape} ids and {vectors.shape} vectors, not (k,) and (k, {self._dim})")
        if len(np.unique(ids)) != len(ids):
            raise ValueError("an id twice in one batch")
        if not np.isfinite(vectors).all():
            raise ValueError("vectors must be finite")
        return ids, vectors

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock; what the disk refuses becomes a sentence."""
        folder = self._files.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self._files.lock, timeout=_LONGEST_TURN_S).acquire(poll_interval=0.01):
                yield
        except filelock.Timeout as error:
            hint = "Wait until it is done, or close it."
            raise UserError("Another program is writing to this library.", hint) from error
        except OSError as error:
            raise unwritable(folder, error) from error


def _without(snapshot: Snapshot, gone: Ids) -> Iterator[tuple[Ids, Matrix]]:
    """All rows but some, in chunks."""
    for part in chunks(len(snapshot)):
        ids = snapshot.ids[part]
        kept = ~np.isin(ids, gone)
        yield ids[kept], snapshot.raw[part][kept]
