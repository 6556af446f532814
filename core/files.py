"""Writing files so that a reader sees the old one or the new one, never a half."""

from __future__ import annotations

import errno
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from core.errors import UserError

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


def unwritable(path: Path, error: OSError) -> UserError:
    """The sentence for a file that could not be written."""
    if error.errno in _FULL:
        return UserError(f"There is no room to write {path}.", "Free some space, or choose another place.")
    if error.errno in _DENIED:
        return UserError(f"{path} cannot be written: no permission.", "Choose another place.")
    reason = error.strerror or str(error)
    return UserError(f"{path} cannot be written: {reason}.", "Choose another place.")


def replace(source: Path, target: Path) -> None:
    """Rename over `target`, waiting a little where Windows has it open."""
    for _ in range(20):
        try:
            source.replace(target)
            return
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(0.05)
    source.replace(target)


@contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that takes the place of `path` when the block ends well.

    Behind a symbolic link the file that it points to is replaced. When the block raises,
    `path` is what it was before.

    Raises
    ------
    UserError
        The place is not writable, full, or taken by something that is not a file.
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    # A name of its own length: the target's may already be as long as the file system allows.
    fresh = target.with_name(f".{uuid.uuid4().hex[:12]}.new")
    try:
        if target.exists() and not target.is_file():
            raise UserError(f"{path} is not a file.", "Choose another name.")
        with fresh.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        replace(fresh, target)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):  # it is there only after a failure, and what failed has been said
            fresh.unlink()
