from __future__ import annotations

import resource
import subprocess
import sys

import pytest
import torch

from core.training.memory import keep_freed_memory

LARGE = 64 << 20
"""Bytes: larger than what glibc would ever keep of itself."""


def pages_asked_for() -> int:
    """Page faults while a large tensor is made, filled and freed a few times over."""
    for _ in range(12):  # until there is a piece into which it fits, however it is aligned
        torch.zeros(LARGE, dtype=torch.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        torch.zeros(LARGE, dtype=torch.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator is tuned")
def test_what_was_freed_is_not_asked_for_again() -> None:
    """In a process of its own, as training has: a heap that hundreds of tests have used is no measure."""
    asked = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import kept; print(kept())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(asked.stdout) < LARGE // resource.getpagesize() // 10


def kept() -> int:
    assert keep_freed_memory()
    return pages_asked_for()


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()
