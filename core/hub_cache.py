"""What hub correction needs of each track, kept beside the vectors: working it out takes 0.6 to 2 s at 100,000."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.files import atomic
from core.recommend.hubs import surroundings
from core.vectors import Snapshot

_SIMILARITY = 2
"""Counted up when similarity itself changes: what was measured under another is of no use."""
ANEW = 1.2
"""When there are so many times as many tracks, everybody's surroundings have changed."""


class HubCache:
    """Mean distances to the nearest (`core.recommend.hubs.surroundings`) of one encoder's tracks.

    Parameters
    ----------
    folder, name
        Where the vectors lie, and what their files are called.
    """

    def __init__(self, folder: Path, name: str) -> None:
        # Not below the vectors' own name: what bears that and is in no header is swept away.
        self._path = folder / f"hubs-{name}.npz"
        self._known: tuple[Snapshot, NDArray[np.int64], NDArray[np.float32]] | None = None

    def of(self, snapshot: Snapshot, files: NDArray[np.int64]) -> NDArray[np.float32]:
        """(n,) for the rows of a snapshot, 1 for those of which no file can be played (`files` is -1).

        New tracks are added, and when they have become many all are measured anew.
        """
        if self._known is None or self._known[0] is not snapshot or self._known[1] is not files:
            self._known = snapshot, files, self._follow(snapshot, np.flatnonzero(files >= 0))
        return self._known[2]

    def _follow(self, snapshot: Snapshot, own: NDArray[np.int64]) -> NDArray[np.float32]:
        ids, values, measured = self._read(snapshot)
        result = np.full(len(snapshot), np.nan, np.float32)
        rows = snapshot.rows(ids)
        result[rows[rows >= 0]] = values[rows >= 0]
        missing = own[np.isnan(result[own])]
        if len(own) > ANEW * measured:
            missing, measured = own, len(own)
        if len(missing):
            result[missing] = surroundings(snapshot.unit, missing, own)
            known = np.flatnonzero(~np.isnan(result))
            self._write(snapshot, known, result[known], measured)
        return np.nan_to_num(result, copy=False, nan=1.0)

    def _read(self, snapshot: Snapshot) -> tuple[NDArray[np.int64], NDArray[np.float32], int]:
        """Tracks, their values, and among how many they were measured; nothing where it is broken or foreign."""
        with (
            suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile),
            self._path.open("rb") as file,  # np.load itself leaves a broken one open
            np.load(file) as stored,
        ):
            ids, values, among = stored["ids"], stored["values"], stored["among"]
            sound = values.shape == ids.shape and values.dtype == np.float32 and bool((values > 0).all())
            if (
                sound
                and ids.dtype == np.int64
                and among.tolist()[1:] == [_measured_on(snapshot), _SIMILARITY]
            ):
                return ids, values, int(among[0])
        return np.empty(0, np.int64), np.empty(0, np.float32), 0

    def _write(
        self, snapshot: Snapshot, rows: NDArray[np.int64], values: NDArray[np.float32], among: int
    ) -> None:
        """Keep them; a full disk only means that they are measured again."""
        state = np.array([among, _measured_on(snapshot), _SIMILARITY])
        with suppress(OSError, UserError), atomic(self._path) as file:
            np.savez(file, ids=snapshot.ids[rows], values=values, among=state)


def _measured_on(snapshot: Snapshot) -> int:
    """What tells one standardisation from another; other statistics make other distances."""
    return 0 if snapshot.standardisation is None else snapshot.standardisation.n
