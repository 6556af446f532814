"""What JACK's client library leaves behind when a process is killed at the wrong moment.

PortAudio, as Debian and others build it, asks JACK first whether a server runs. JACK 2's library then opens a small
database in shared memory, `/dev/shm/jack_db-UID`, one for all programs of a user, whose locks are in that memory too. A
process that is killed between taking and giving back such a lock leaves it taken, and from then on every program that
starts PortAudio waits for ever, until the computer is started anew (seen with 1.9.21). Without a server the database
says nothing that anybody needs.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

SHARED = Path("/dev/shm")  # noqa: S108 - JACK's own place, not one for temporary files
SOCKETS = Path("/proc/net/unix")


def set_aside(shared: Path = SHARED, sockets: Path = SOCKETS) -> bool:
    """Take the database of this user's JACK clients away if no server runs; the next client makes it anew.

    A client that has it open keeps what it has. Called wherever PortAudio is about to start.

    Parameters
    ----------
    shared
        Where JACK keeps its files.
    sockets
        The kernel's list of sockets: a server that runs has one in `shared`.

    Returns
    -------
    bool
        Whether there was one to take away.
    """
    if sys.platform != "linux":
        return False
    database = shared / f"jack_db-{os.getuid()}"
    aside = shared / f"{database.name}.{os.getpid()}.old"
    if not database.is_dir() or _served(shared, sockets):
        return False
    try:
        database.rename(aside)  # at once, so that nobody opens half of it
    except OSError:  # another process was quicker, or it is not ours
        return False
    shutil.rmtree(aside, ignore_errors=True)
    return True


def _served(shared: Path, sockets: Path) -> bool:
    """Whether somebody listens on a socket of JACK's; where the kernel does not tell, a server is assumed."""
    with suppress(OSError):
        return f"{shared}/jack_" in sockets.read_text("utf-8", "replace")
    return True
