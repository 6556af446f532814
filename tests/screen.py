"""A real X server on a screen that is not there, for tests of the program as a person starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

# Prints once most of the screen has been painted; a screen without windows is black.
_LOOK = """
import sys, time
from PySide6.QtGui import QGuiApplication
app = QGuiApplication(sys.argv[:1])
until = time.monotonic() + float(sys.argv[1])
while time.monotonic() < until:
    image = app.primaryScreen().grabWindow(0).toImage()
    points = [(x, y) for x in range(0, image.width(), 16) for y in range(0, image.height(), 16)]
    painted = sum(image.pixelColor(x, y).lightness() > 8 for x, y in points)
    if painted > 0.3 * len(points):
        colours = {image.pixelColor(x, y).rgb() for x, y in points}
        image.save(sys.argv[2])
        print(len(colours))
        sys.exit(0)
    time.sleep(0.05)
sys.exit("nothing was painted")
"""


@dataclass(frozen=True)
class Screen:
    """An X server of 1280 x 800."""

    display: str

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs in its environment to open its window there."""
        return {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb", "WAYLAND_DISPLAY": ""}

    def colours(self, picture: Path, within_s: float = 20.0) -> int:
        """Wait for a window; how many colours it shows. What was seen is kept as `picture`."""
        look = subprocess.run(
            [sys.executable, "-c", _LOOK, str(within_s), str(picture)],
            env=os.environ | self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert look.returncode == 0, look.stderr
        return int(look.stdout)


@pytest.fixture
def screen() -> Iterator[Screen]:
    """A screen of one's own."""
    ours, theirs = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=(theirs,), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs)
    with os.fdopen(ours) as number, server:
        yield Screen(f":{number.readline().strip()}")
        server.terminate()
