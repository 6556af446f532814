"""What a person at a terminal sees of a job, and what a pipe does not."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core import progress
from core.jobs.events import Ended, Progress, Skipped
from tests.library_tools import write_tones


def on_a_terminal(command: list[str]) -> tuple[int, str]:
    """Run a command whose standard error is a terminal; its exit code and what it drew."""
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 140))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave, text=True)
    os.close(slave)
    drawn = b""
    while True:
        ready, _, _ = select.select([master], [], [], 0.2)
        try:
            drawn += os.read(master, 65536) if ready else b""
        except OSError:  # the other end is closed
            break
        if not ready and process.poll() is not None:
            break
    process.communicate(timeout=30)
    os.close(master)
    return process.returncode, drawn.decode("utf-8", "replace")


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = write_tones(tmp_path / "m", 60, seconds=1.0)
    (folder / "bad \x1b[31m.mp3").write_text("no music " * 50)
    return folder


def test_a_bar_with_rate_and_device_on_a_terminal(music: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "core.cli", "add", str(music), "--library", str(tmp_path / "a.earmap")]
    code, drawn = on_a_terminal(command)
    assert code == 0
    assert "Looking for music" in drawn
    assert re.search(r"Listening to the music: +\d+%\|.*\d+/61 .*tracks_per_s=", drawn)
    assert "device=cpu float32" in drawn.replace("'", "")
    assert "bad \\x1b[31m.mp3: " in drawn
    assert "\x1b[31m" not in drawn


def test_a_pipe_gets_no_bar_but_what_was_passed_over(music: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "core.cli", "add", str(music), "--library", str(tmp_path / "a.earmap")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert "bad \\x1b[31m.mp3: " in line


def test_a_terminal_that_is_gone_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

        def write(self, *_: str) -> int:
            raise BrokenPipeError

        flush = fileno = write

    monkeypatch.setattr(sys, "stderr", Gone())
    terminal = progress.Terminal(quiet=False)
    for event in (Progress(1, "stage", 1, 2), Skipped(1, "item", "reason"), Ended(1, "completed")):
        terminal(event)
    terminal.close()
    monkeypatch.setattr(sys, "stderr", None)
    progress.Terminal(quiet=False)(Progress(1, "stage", 1, 2))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本", "plain é 日本"),
        ("\x1b[31m\x00\n\t", "\\x1b[31m\\x00\\n\\t"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("lone \udcff", "lone \\udcff"),
        ("back\\slash", "back\\slash"),
    ],
)
def test_text_that_any_terminal_takes(text: str, shown: str) -> None:
    assert progress.printable(text) == shown
    assert progress.printable(shown) == shown
    assert progress.printable_lines(f"one\n{text.replace(chr(10), '')}").count("\n") == 1


def test_the_first_ctrl_c_asks_and_the_second_ends() -> None:
    cancelled = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    with progress._ctrl_c(cancelled):
        os.kill(os.getpid(), signal.SIGTERM)
        limit = time.monotonic() + 5
        while not cancelled.is_set() and time.monotonic() < limit:
            time.sleep(0.01)
        assert cancelled.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == before
