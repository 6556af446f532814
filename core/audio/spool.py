"""One track's 16-bit samples until it is known that they are whole: in memory, or in a file without a name."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.audio.clips import Int16, quantise
from core.audio.records import Samples
from core.files import unwritable

IN_MEMORY = 8 << 20
"""Bytes above which a track waits on the disk, so that memory does not depend on its length."""
_PIECE = 1 << 20


class Spool:
    """Takes windows, gives them back in one go; what it keeps on the disk vanishes with the process.

    Attributes
    ----------
    samples, clipped
        So far: how many, and how many of them were beyond full scale.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(folder))  # noqa: SIM115 - `close` does
        self.samples = self.clipped = 0

    def write(self, samples: Samples) -> None:
        """Take the next window `(n,)`.

        Raises
        ------
        UserError
            No room on the disk.
        """
        data, clipped = quantise(samples)
        try:
            self._file.write(data.astype("<i2", copy=False).data)
        except OSError as error:
            raise unwritable(self._folder, error) from error
        self.samples += data.size
        self.clipped += clipped

    def pieces(self) -> Iterator[Int16]:
        """Everything, in pieces `(n,)`."""
        self._file.seek(0)
        while data := self._file.read(_PIECE):
            yield np.frombuffer(data, "<i2")

    def close(self) -> None:
        """Forget it."""
        self._file.close()
