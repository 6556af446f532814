from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from app.playback.deadline import deadline


def test_what_hangs_is_given_up() -> None:
    given_up = threading.Event()
    with deadline(given_up.set, 0.05):
        assert given_up.wait(10)


def test_what_comes_back_in_time_is_not() -> None:
    given_up = threading.Event()
    with deadline(given_up.set, 0.3):
        pass
    assert not given_up.wait(0.6)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals to ask with")
def test_a_process_that_is_asked_to_end_does_so_by_itself() -> None:
    code = (
        "import sys; from app.playback.deadline import end_when_asked; end_when_asked(); "
        "print('here', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
        child.terminate()
        assert child.wait(20) == 0
