"""Does anything else on the machine make the player stutter? Plays for a while under load and counts.

    python tests/bench/playback.py [--seconds 60] [--card virtual|default] [MUSIC...] [-- COMMAND...]

Without a command, two niced busy processes are the load, as many as an embed job has on two cores.
Prints one JSON document: underruns (the card's and the ring's), gaps in what came out of the virtual
card, the engine's and the window's processor time, the engine's memory and the longest pause of the
window's event loop.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import psutil
from PySide6.QtCore import QCoreApplication, QTimer

from app.player import Playable, Player
from tests.audio_files import tone, write
from tests.sound_card import RATE, SoundCard

BUSY = [sys.executable, "-c", "while True: sum(range(10000))"]


@contextlib.contextmanager
def load(command: list[str]) -> Iterator[None]:
    """Keep the machine busy."""
    commands = [command] if command else [["nice", "-n", "10", *BUSY]] * 2
    processes = [subprocess.Popen(c, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for c in commands]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def card(kind: str) -> Iterator[SoundCard | None]:
    """A virtual card in the environment, or the system's own."""
    if kind == "default":
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="earmap-bench-") as folder:
        virtual = SoundCard(Path(folder))
        virtual.plug()
        os.environ.update(virtual.environment)
        try:
            yield virtual
        finally:
            virtual.unplug()


def gaps(samples: np.ndarray) -> int:
    """Stretches of silence within a sound that has none."""
    loud = np.flatnonzero(np.abs(samples).max(axis=1) > 1e-4)
    inside = samples[loud[0] : loud[-1]] if len(loud) else samples[:0]
    period = 240  # 5 ms; the tone is never silent for so long
    quiet = np.abs(inside[: len(inside) // period * period]).reshape(-1, period * 2).max(axis=1) < 1e-3
    return int(np.count_nonzero(np.diff(quiet.astype(int), prepend=0) == 1))


class Watch:
    """Figures of one run."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._last = time.perf_counter()
        self.longest_pause_s = 0.0
        self.pss_mb: list[float] = []
        self.cpu_s = 0.0

    def beat(self) -> None:
        """Every 5 ms."""
        now = time.perf_counter()
        self.longest_pause_s = max(self.longest_pause_s, now - self._last)
        self._last = now

    def weigh(self) -> None:
        """Every second."""
        if self._player.engine_pid:
            process = psutil.Process(self._player.engine_pid)
            self.pss_mb.append(process.memory_full_info().pss / 2**20)
            times = process.cpu_times()
            self.cpu_s = times.user + times.system


def timer(interval_ms: int, slot: Any) -> QTimer:
    """A running timer."""
    result = QTimer(interval=interval_ms)
    result.timeout.connect(slot)
    result.start()
    return result


def run(
    queue: list[Playable], seconds: float, command: list[str], virtual: SoundCard | None
) -> dict[str, Any]:
    """Play `queue` under load."""
    app = QCoreApplication.instance() or QCoreApplication([])
    player = Player(volume=1.0)
    watch = Watch(player)
    failures: list[str] = []
    player.failed.connect(lambda playable, why: failures.append(f"{playable.title}: {why}"))
    player.play(queue)
    recording = virtual.recording() if virtual else contextlib.nullcontext()
    with recording as heard, load(command):
        kept = [timer(5, watch.beat), timer(1000, watch.weigh)]
        QTimer.singleShot(int(seconds * 1000), app.quit)
        app.exec()
        for one in kept:
            one.stop()
        found = gaps(heard.samples()) if heard is not None else None
    result = {
        "seconds": seconds, "underruns": player.underruns, "gaps": found, "state": player.state,
        "place_s": round(player.seconds, 2), "engine_cpu_s": round(watch.cpu_s, 2),
        "engine_pss_mb": [round(min(watch.pss_mb), 1), round(max(watch.pss_mb), 1)] if watch.pss_mb else None,
        "longest_window_pause_ms": round(watch.longest_pause_s * 1000, 1), "failures": failures,
        "load_average": os.getloadavg()[0],
    }  # fmt: skip
    player.close()
    return result


def main() -> None:
    """Print the figures."""
    arguments = [*sys.argv[1:], "--"]
    end = arguments.index("--")
    ours, command = arguments[:end], arguments[end + 1 : -1]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--card", choices=("virtual", "default"), default="virtual")
    parser.add_argument("music", nargs="*", type=Path)
    options = parser.parse_args(ours)
    with tempfile.TemporaryDirectory() as folder, card(options.card) as virtual:
        # A tone shows every gap; music does not, but is decoded as music is.
        files = options.music or [write(Path(folder) / "tone.ogg", tone(options.seconds + 10, RATE), RATE)]
        queue = [Playable(n, os.fsencode(file), file.name, "", None) for n, file in enumerate(files)]
        result = run(queue, options.seconds, command, virtual)
        if options.music:
            result["gaps"] = None
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
