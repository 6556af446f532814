"""Opening a file without being caught: a pipe, a device or a loop of links is seen before it is opened."""

from __future__ import annotations

import errno
import io
import os
import stat
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from core.audio.records import UnusableError

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
# Without waiting for a writer, without taking the terminal, not inherited; Windows has none of them.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOINHERIT", 0)
)


class AudioFile(io.FileIO):
    """A file for FFmpeg to read, which never raises within FFmpeg's own calls.

    Attributes
    ----------
    failure
        What the disk said when a read failed; to FFmpeg that looks like the end of the file.
    """

    failure: OSError | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        """Read; nothing where that fails."""
        try:
            return super().read(size) or b""
        except OSError as error:
            self.failure = error
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position; a negative number where there is none, as FFmpeg has it."""
        try:
            return super().seek(offset, whence)
        except OSError:
            return -errno.EINVAL

    @property
    def length(self) -> int:
        """Bytes of the file."""
        return os.fstat(self.fileno()).st_size

    def check(self) -> None:
        """Raise what the disk said, if a read has failed."""
        if self.failure is not None:
            raise self.failure


class Excerpt(AudioFile):
    """Stretches of a file, one behind the other, as if they were all of it.

    Parameters
    ----------
    file
        Stays open, and is not to be read from otherwise in the meantime.
    stretches
        First byte and byte behind the last of each.
    """

    def __init__(self, file: AudioFile, stretches: Sequence[tuple[int, int]]) -> None:
        super().__init__(file.fileno(), closefd=False)
        self._begins = [begin for begin, _ in stretches]
        self._ends = list(accumulate(end - begin for begin, end in stretches))  # in the excerpt
        self._at = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes, or to the end of a stretch; nothing where that fails."""
        index = bisect_right(self._ends, self._at)
        if index == len(self._ends):
            return b""
        left = self._ends[index] - self._at
        stretch = self._ends[index] - (self._ends[index - 1] if index else 0)
        super().seek(self._begins[index] + stretch - left)
        data = super().read(left if size is None or size < 0 else min(size, left))
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position of the excerpt; a negative number where there is none."""
        at = offset + {os.SEEK_CUR: self._at, os.SEEK_END: self.length}.get(whence, 0)
        if at < 0:
            return -errno.EINVAL
        self._at = at
        return at

    def tell(self) -> int:
        """The position in the excerpt."""
        return self._at

    @property
    def length(self) -> int:
        """Bytes of the excerpt."""
        return self._ends[-1]


def unusable(path: bytes, error: OSError) -> UnusableError:
    """The sentence for a file that the operating system does not give."""
    if error.errno == errno.ELOOP:
        return UnusableError("not-regular", "This link leads round in a circle.")
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        if os.path.islink(path):  # noqa: PTH114 - pathlib knows no bytes
            return UnusableError("missing", "This link points to a file that does not exist.")
        return UnusableError("missing", "The file is no longer there.")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return UnusableError("unreadable", "There is no permission to read this file.")
    if error.errno == errno.ENXIO:
        return UnusableError("not-regular", "This is not a file but a socket or a device.")
    return UnusableError("unreadable", f"The file could not be read: {error.strerror or error}.")


def _require_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise UnusableError("not-regular", f"This is not a file but {what}.")


def open_regular(path: bytes) -> AudioFile:
    """Open a regular file for reading, unbuffered.

    Raises
    ------
    UnusableError
        It is missing, no regular file, not readable, or empty.
    """
    try:
        _require_regular(os.stat(path).st_mode)  # noqa: PTH116 - pathlib knows no bytes
        file = AudioFile(os.open(path, _FLAGS), closefd=True)
    except OSError as error:
        raise unusable(path, error) from error
    except ValueError as error:  # a NUL byte in the path
        raise UnusableError("missing", "No file can have this name.") from error
    try:
        status = os.fstat(file.fileno())
        _require_regular(status.st_mode)  # it may have been exchanged since
        if not status.st_size:
            raise UnusableError("empty", "The file is empty (0 bytes).")
    except UnusableError:
        file.close()
        raise
    return file
