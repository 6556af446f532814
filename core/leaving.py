"""The end of a process that has nothing more to do."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from contextlib import suppress


def leave(code: int) -> None:
    """End this process now, when all that is left is Python taking apart what torch has loaded (0.4 s or more).

    What was registered for the end runs, and the streams are flushed. Returns, so that the process may end in the
    ordinary way, where a thread is still at work or the output cannot be written.
    """
    others = (thread for thread in threading.enumerate() if thread is not threading.current_thread())
    if any(not thread.daemon for thread in others):
        return
    atexit._run_exitfuncs()  # noqa: SLF001 - its only name; each runs once, whoever calls it
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # there is none, as under a service
            try:
                stream.flush()
            except (OSError, ValueError):
                return
    os._exit(code)
