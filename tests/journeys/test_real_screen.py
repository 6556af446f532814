"""The program as a person starts it: the command, a real X server, the system's own libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.screen import Screen


@pytest.fixture
def earmap(screen: Screen, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The window's process."""
    with subprocess.Popen(
        [sys.executable, "-m", "app"], env=os.environ | screen.environment, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_the_window_opens_and_closes_when_told(
    earmap: subprocess.Popen[str], screen: Screen, own_folders: Path, tmp_path: Path
) -> None:
    assert screen.colours(tmp_path / "window.png") > 10  # more than one flat grey
    earmap.terminate()
    _, said = earmap.communicate(timeout=15)
    assert earmap.returncode == 0
    assert "Traceback" not in said
    assert "Could not load the Qt platform plugin" not in said
    assert (own_folders / "data" / "library.earmap").exists()
