"""Memory that the processor's allocator gives back to the system and asks for again a moment later."""

from __future__ import annotations

import ctypes
import sys

# Of glibc's malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
NEVER = 2**31 - 1
SPARE = 64 << 20
"""Bytes asked for beyond what is needed, so that the next piece fits although it has to be aligned."""


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, for its next allocation; whether that can be had here.

    A step's activations are tens of megabytes each. glibc hands such pieces back to the system at once, and the
    system fills each of their pages with zeros when they are asked for again: a fifth of a step's time at width
    0.25, measured. The process then stays as large as it has been at its peak.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    wishes = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, NEVER), (M_TOP_PAD, SPARE))
    return mallopt is not None and all(mallopt(*wish) == 1 for wish in wishes)
