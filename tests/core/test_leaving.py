"""A quick end loses nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def ended(body: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run some lines, then `leave(7)`, then `print("the ordinary way")`, in a process whose end would be noticed."""
    code = (
        "import atexit, sys, threading, time\nfrom core.leaving import leave\n"
        "class Noisy:\n    def __del__(self):\n        print('taken apart')\n"
        f"noisy = Noisy()\n{body}\nleave(7)\nprint('the ordinary way')\n"
    )
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=ROOT, text=True, check=False, timeout=60, stdout=stdout, stderr=subprocess.PIPE
    )


def test_what_was_written_and_what_was_registered_is_done_and_nothing_is_taken_apart() -> None:
    done = ended("atexit.register(print, 'registered')\nprint('written')\nprint('said', file=sys.stderr)")
    assert (done.returncode, done.stdout, done.stderr) == (7, "written\nregistered\n", "said\n")


def test_a_thread_at_work_is_waited_for() -> None:
    done = ended("threading.Thread(target=lambda: (time.sleep(0.5), print('worked'))).start()")
    assert done.returncode == 0
    assert done.stdout.splitlines() == ["the ordinary way", "worked", "taken apart"]


def test_a_thread_that_nobody_waits_for_holds_nothing_up() -> None:
    assert ended("threading.Thread(target=time.sleep, args=(50,), daemon=True).start()").returncode == 7


def test_without_streams() -> None:
    assert ended("sys.stdout = sys.stderr = None").returncode == 7


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_an_output_that_cannot_be_written_is_told_as_ever() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = ended("print('written')", stdout=full)
    finally:
        os.close(full)
    assert done.returncode not in (0, 7)
    assert "No space left" in done.stderr
