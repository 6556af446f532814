"""The buffer between the decoder's thread and the sound card's callback."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


class Ring:
    """Preallocated frames; one thread writes, one reads, neither ever waits for a lock.

    Each side only ever moves its own counter, and does so after the frames are in place; Python
    makes that assignment indivisible.

    Parameters
    ----------
    frames
        Capacity.
    """

    def __init__(self, frames: int) -> None:
        self._data: Samples = np.zeros((frames, 2), np.float32)
        self.capacity = frames
        self.written = 0
        """Frames written since `clear`."""
        self.read = 0
        """Frames read since `clear`."""

    @property
    def filled(self) -> int:
        """Frames that wait to be read."""
        return self.written - self.read

    @property
    def room(self) -> int:
        """Frames that can be written."""
        return self.capacity - self.filled

    def clear(self) -> None:
        """Forget everything; only while nobody reads or writes."""
        self.read = 0
        self.written = 0

    def write(self, block: Samples) -> int:
        """Append as much of `block` (frames, 2) as there is room for; returns the frames taken."""
        count = min(len(block), self.room)
        at = self.written % self.capacity
        first = min(count, self.capacity - at)
        self._data[at : at + first] = block[:first]
        self._data[: count - first] = block[first:count]
        self.written += count
        return count

    def read_into(self, out: Samples) -> int:
        """Fill the start of `out` (frames, 2); returns the frames given."""
        count = min(len(out), self.filled)
        at = self.read % self.capacity
        first = min(count, self.capacity - at)
        out[:first] = self._data[at : at + first]
        out[first:count] = self._data[: count - first]
        self.read += count
        return count

    def cut(self, frame: int, margin: int) -> bool:
        """Take back what was written from `frame` on, unless the reader is closer to it than `margin` frames.

        Only for the writer, or while it rests.
        """
        if frame > self.written or frame < self.read + margin:
            return False
        self.written = frame
        return True
