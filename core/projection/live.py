"""A picture that grows while a map settles: positions in a file that one process writes and others read.

Layout, little endian: magic (8 bytes), version (int64), n (int64), tracks (n int64), points (n, 2 float32), version
again. While a picture is being written the first version is odd; a reader that meets that, or two versions, looks
again. The file is there only while a job draws; one that a killed job left behind is replaced by the next.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.files import atomic, unwritable
from core.library.store import Library

_MAGIC = b"EARMAP-1"
_HEAD = 24
_ATTEMPTS = 5
_PAUSE_S = 0.002


@dataclass(frozen=True, eq=False)
class Picture:
    """How far a map is. A higher `version` is a later picture of the same tracks.

    Parameters
    ----------
    tracks
        (n,) ids.
    points
        (n, 2), centred, at a mean square distance of 1 from there, turned about as the finished map will be.
    """

    version: int
    tracks: NDArray[np.int64]
    points: NDArray[np.float32]


class Live:
    """Writes pictures into a file that is there already, which one `shown` made; any process may.

    Raises
    ------
    UserError
        It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            whole = np.memmap(path, np.uint8, "r+")
        except (OSError, ValueError) as error:
            raise unwritable(path, error if isinstance(error, OSError) else OSError(str(error))) from error
        n = int(whole[16:_HEAD].view("<i8")[0])
        self._head = whole[8:16].view("<i8")
        self._points = whole[_HEAD + 8 * n : _HEAD + 16 * n].view("<f4").reshape(n, 2)
        self._tail = whole[_HEAD + 16 * n :].view("<i8")

    @staticmethod
    def path(library: Library, encoder_id: int, plan: str, method: str = "umap") -> Path:
        """Where the pictures of a map are while it is drawn."""
        return library.sidecar("maps") / f"{library.uid:x}-{encoder_id}-{plan}-{method}.live"

    def write(self, points: NDArray[np.float32]) -> None:
        """Show (n, 2) points instead of the last ones."""
        version = int(self._tail[0])
        self._head[0] = version + 1
        self._points[:] = points
        self._tail[0] = version + 2
        self._head[0] = version + 2


@contextmanager
def shown(path: Path, tracks: NDArray[np.int64], points: NDArray[np.float32]) -> Iterator[None]:
    """Show a first picture, which others may write over; when the block ends, nothing is shown any more.

    Parameters
    ----------
    path
        From `Live.path`.
    tracks, points
        (n,) and (n, 2).

    Raises
    ------
    UserError
        No room or no permission.
    """
    try:
        with atomic(path) as file:
            file.write(_MAGIC + np.array([2, len(tracks)], "<i8").tobytes())
            file.write(np.asarray(tracks, "<i8").tobytes() + np.asarray(points, "<f4").tobytes())
            file.write(np.array([2], "<i8").tobytes())
        yield
    finally:
        with suppress(OSError):  # Windows keeps what is being read; the next job replaces it
            path.unlink(missing_ok=True)


def read(path: Path) -> Picture | None:
    """The newest whole picture; None where nothing is being drawn, or the file is damaged."""
    for _ in range(_ATTEMPTS):
        with suppress(OSError, ValueError, IndexError):  # too short, for one
            whole, version = _read(path)
            if whole[:8] != _MAGIC:
                return None
            first, n = (int(number) for number in np.frombuffer(whole[8:_HEAD], "<i8"))
            last = int(np.frombuffer(whole[-8:], "<i8")[0])
            if len(whole) == _HEAD + 16 * n + 8 and first == last == version:
                tracks = np.frombuffer(whole, "<i8", n, _HEAD).astype(np.int64)
                points = np.frombuffer(whole, "<f4", 2 * n, _HEAD + 8 * n).astype(np.float32).reshape(n, 2)
                return Picture(first, tracks, points)
        if not path.exists():
            return None
        time.sleep(_PAUSE_S)
    return None


def _read(path: Path) -> tuple[bytes, int]:
    """All of the file, and the version that it bears afterwards."""
    with path.open("rb", buffering=0) as file:
        whole = file.read()
        file.seek(8)
        return whole, int(np.frombuffer(file.read(8), "<i8")[0])
