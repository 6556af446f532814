"""What this machine has: processors, and which versions of which packages."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def version_of(package: str) -> str:
    """A package's version; empty where it is not installed, as Earmap itself where it runs out of its source."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
