"""Two encoders beside each other and blind listening on a large library: how long a question waits, and the event
loop's longest gaps meanwhile.

    python -m tests.bench.listening [--tracks 100000]

See `tests.bench.window` for what a gap and "work" are.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.window import Gaps, pause, wait
from tests.synthetic import Mix
from tests.two_encoders import fill_both

if TYPE_CHECKING:
    from app.furniture import Furnished


def exercise(gaps: Gaps, furniture: Furnished) -> None:
    """What a person does."""
    from app.listening import Listening
    from app.listening_rounds import Sitting
    from app.views.compare.blind_round import BlindListening
    from app.views.compare.side_by_side import SideBySide

    session, player = furniture.session, furniture.player
    side = SideBySide(session, player)
    side.resize(744, 600)
    with gaps.during("side by side, first answer"):
        side.show()
        session.select([1000])
        wait(lambda: bool(side.answer.left))
    waits = []
    with gaps.during("side by side, 20 selections"):
        for number in range(20):
            began = time.perf_counter()
            session.select([2000 + 37 * number])
            wait(lambda number=number: side.answer.question.seeds == (2000 + 37 * number,))
            waits.append(1e3 * (time.perf_counter() - began))
    print(f"an answer after {median(waits):.0f} ms (median), {max(waits):.0f} ms (longest)")
    side.close()
    listening = Listening(session)
    page = BlindListening(listening, player)
    page.resize(744, 600)
    page.show()
    with gaps.during("first round"):
        page.begin(Sitting(("mfcc", "second")))
        wait(lambda: page.prepared is not None)
    waits, missing = [], 0
    with gaps.during("30 rounds, one each half second"):
        for _ in range(30):
            page.skip()
            missing += page.prepared is None
            wait(lambda: page.prepared is not None)
            pause(0.5)
    print(f"rounds that were not there at once: {missing} of 30")
    with gaps.during("30 rounds as fast as they come"):
        for _ in range(30):
            began = time.perf_counter()
            page.skip()
            wait(lambda: page.prepared is not None)
            waits.append(1e3 * (time.perf_counter() - began))
    print(f"a round after {median(waits):.0f} ms (median), {max(waits):.0f} ms (longest)")
    page.finish()
    page.close()


def measure(file: Path) -> None:
    """Open the window on `file` and listen."""
    from PySide6.QtWidgets import QApplication

    from app import startup
    from app.furniture import Furnished
    from app.main_window import MainWindow
    from app.notify import Notifier
    from app.wiring import Wiring

    app = QApplication(sys.argv[:1])
    context = startup.make_context(app, file, Notifier(), file.parent / "log.txt")
    window = MainWindow(context)
    window.resize(1280, 800)
    window.show()
    wiring = Wiring(context, window)
    wiring.open_library()
    wait(lambda: isinstance(wiring._furniture, Furnished))
    furniture = wiring._furniture
    assert isinstance(furniture, Furnished)
    wait(lambda: len(furniture.session.encoders) == 2)
    pause(2.0)
    exercise(Gaps(), furniture)
    wiring.close()
    context.jobs.close()
    context.background.close()
    context.library.close()
    window.close()


def main() -> None:
    """Fill a library and measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tracks", type=int, default=100_000)
    wishes = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("EARMAP_CONFIG_DIR", folder)
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        file = Path(folder) / "library.earmap"
        fill_both(file, Mix(wishes.tracks))
        measure(file)


if __name__ == "__main__":
    main()
