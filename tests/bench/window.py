"""The real window on a large synthetic library: time to the first sight and to the first rows, and the event
loop's longest gaps while a person scrolls, sorts, searches, selects, and walks over the map.

    python -m tests.bench.window [--tracks 100000] [--library FILE] [--only gaps]

A gap is the time between two ticks of a 10 ms timer, less those 10 ms. Other programs on the machine add to it, but not
to the two figures beside it: "work" is the GUI thread's processor time between two ticks; "held" is that and what the
thread was kept waiting in between, by Python's lock or the disk, but no longer than the program's other threads worked
(what it waited for a processor, as Linux counts it, is taken off). A gap on a quiet machine lies between the two.
`--only gaps` goes through what is done once: opening, select all, the map's first sight, zoom, pointing, click, lasso.
`--only drawing` lets a job draw the map twice, with nobody touching anything: the first time, and in a warm process.
Needs a display (Xvfb will do) or QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # nothing may be imported before the clock runs
    from app.views.library import LibraryView
    from app.views.map.map_view import MapView
    from app.views.map.stage import Stage
    from app.views.similar import SimilarPanel

BEGAN = time.perf_counter()
TICK_MS = 10
FRAME_MS = 16
"""A gap that is longer is counted: a frame of a screen is missed."""


@dataclass(frozen=True)
class Clocks:
    """What has passed (s): time, the thread's own work, the whole process's work, waiting for a processor."""

    time: float
    own: float
    all: float
    queued: float

    @classmethod
    def now(cls) -> Clocks:
        """Of this thread; without Linux's figures nothing counts as waiting for a processor."""
        told = Path("/proc/thread-self/schedstat")
        queued = int(told.read_text("ascii").split()[1]) / 1e9 if told.exists() else 0.0
        return cls(time.perf_counter(), time.thread_time(), time.process_time(), queued)

    def since(self, before: Clocks) -> tuple[float, float, float]:
        """Gap, work and held between two ticks (ms)."""
        past, own = self.time - before.time - TICK_MS / 1000, self.own - before.own
        waited = past - own - (self.queued - before.queued)
        others = self.all - before.all - own
        return 1000 * max(past, 0.0), 1000 * own, 1000 * (own + max(min(waited, others), 0.0))


class Gaps:
    """Watches the event loop; each tick is (gap, work, held)."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.ticks: list[tuple[float, float, float]] = []
        self._last = Clocks.now()
        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = Clocks.now()
        self.ticks.append(now.since(self._last))
        self._last = now

    @contextmanager
    def during(self, what: str) -> Iterator[None]:
        """Print the gaps of the block."""
        start, began = len(self.ticks), time.perf_counter()
        yield
        ticks = self.ticks[start:] or [(0.0, 0.0, 0.0)]
        took = time.perf_counter() - began
        gap, work, held = (max(column) for column in zip(*ticks, strict=True))
        p99 = sorted(ticks)[min(len(ticks) * 99 // 100, len(ticks) - 1)][0]
        late = sum(tick[0] > FRAME_MS for tick in ticks)
        print(
            f"{what:38} longest gap {gap:6.1f} ms   99 % {p99:6.1f} ms   most work {work:6.1f}   held {held:6.1f} ms   "
            f"{took:6.2f} s  {len(ticks):5} ticks, {late} late",
            flush=True,
        )


def wait(done: Callable[[], bool], limit_s: float = 60.0) -> None:
    """Let the event loop run until `done`."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop, end = QEventLoop(), time.perf_counter() + limit_s
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: loop.quit() if done() or time.perf_counter() > end else None)
    timer.start()
    loop.exec()
    timer.stop()
    if time.perf_counter() > end:
        raise TimeoutError


def pause(seconds: float) -> None:
    """Let the event loop run for a while."""
    end = time.perf_counter() + seconds
    wait(lambda: time.perf_counter() >= end)


def exercise(gaps: Gaps, view: LibraryView, panel: SimilarPanel) -> None:
    """What a person does."""
    table, model = view.table, view.model
    bar = table.verticalScrollBar()
    with gaps.during("scrolling, a page every 15 ms"):
        for step in range(200):
            bar.setValue(step * table.viewport().height())
            pause(0.015)
    with gaps.during("scrolling, dragging the bar"):
        for step in range(150):
            bar.setValue(bar.maximum() * (step * 37 % 150) // 150)
            pause(0.02)
    answers: list[bool] = []
    model.ordered.connect(lambda: answers.append(True))
    for what in ("year", "title", "length", "added", "state", "artist"):
        with gaps.during(f"sorting by {what}"):
            answers.clear()
            table.header.set_sort(((what, True),))
            wait(lambda: bool(answers) and model.row_at(0) is not None)
            pause(0.1)
    with gaps.during("typing a search, letter by letter"):
        for end in range(1, len("harbour year:1970..1990") + 1):
            view.search.setText("harbour year:1970..1990"[:end])
            pause(0.12)
        wait(lambda: model.query == "harbour year:1970..1990" and model.row_at(0) is not None)
        pause(0.5)
    with gaps.during("search that finds nothing, and back"):
        view.search_for("nothing-is-called-so")
        wait(lambda: not len(model.ids))
        view.search_for("")
        wait(lambda: len(model.ids) > 0)
        pause(0.3)
    neighbours(gaps, view, panel)


def neighbours(gaps: Gaps, view: LibraryView, panel: SimilarPanel) -> None:
    """What a person does with Similar."""
    table = view.table
    table.selectRow(3)
    pause(0.3)
    if not any(row.state in ("embedded", "partial") for row in view._session.rows):
        print("no vectors in this library: neighbours are left out")
        return
    table.clearSelection()
    pause(0.1)
    with gaps.during("first neighbours (cache is built)"):
        table.selectRow(3)
        wait(lambda: bool(panel.neighbours))
        pause(0.2)
    with gaps.during("selecting 60 tracks, one after another"):
        for row in range(4, 64):
            table.selectRow(row)
            pause(0.05)
    select_all(gaps, view)
    with gaps.during("sort what is selected, select one"):
        table.header.set_sort((("album", False),))
        pause(1.5)
        table.selectRow(0)
        pause(0.5)


def select_all(gaps: Gaps, view: LibraryView) -> None:
    """Ctrl+A."""
    with gaps.during("select all"):
        view.table.selectAll()
        pause(0.5)


def on_the_map(gaps: Gaps, map_view: MapView, panel: SimilarPanel, show: Callable[[], None]) -> None:
    """What a person does on the map; how long each answer takes is in the block's seconds, pauses taken off."""
    from PySide6.QtCore import QPointF, Qt

    stage, canvas = map_view.stages[0], map_view.stages[0].canvas
    plain = Qt.KeyboardModifier.NoModifier
    with gaps.during("map: first sight"):
        show()
        wait(lambda: canvas.points.n > 0, 300)
        wait(lambda: stage.scheme is not None, 300)
        pause(0.5)
    print(f"points on the map: {canvas.points.n:,}")
    with gaps.during("map: zooming in and out, 60 steps"):
        for step in range(60):
            canvas.zoom(1.2 if step < 30 else 1 / 1.2, QPointF(canvas.width() / 3, canvas.height() / 2), ms=0)
            pause(0.03)
    with gaps.during("map: panning, 60 steps"):
        for step in range(60):
            canvas.pan(12 if step < 30 else -12, 5)
            pause(0.03)
    canvas.fit(ms=0)
    pause(0.3)
    with gaps.during("map: pointing for the first time"):
        canvas.point_at(QPointF(canvas.width() / 2, canvas.height() / 2))
        pause(0.5)
    with gaps.during("map: pointing, 100 places"):
        for step in range(100):
            canvas.point_at(QPointF(canvas.width() * (step + 1) / 102, canvas.height() / 2))
            pause(0.01)
        canvas.leave_point()
    panel_before = panel.neighbours
    with gaps.during("map: a click, and its neighbours"):
        spot = canvas.spot(canvas.points.n // 2)
        canvas.click(QPointF(*(spot or (canvas.width() / 2, canvas.height() / 2))), plain)
        wait(lambda: panel.neighbours != panel_before, 300)
    with gaps.during("map: a lasso round a quarter"):
        w, h = canvas.width() / 2, canvas.height() / 2
        canvas.gather([QPointF(0, 0), QPointF(w, 0), QPointF(w, h), QPointF(0, h)], plain)
        wait(lambda: len(stage.chosen) > 1)
        pause(0.5)


def colours(gaps: Gaps, map_view: MapView) -> None:
    """What a person lets the map show."""
    stage = map_view.stages[0]
    for column in ("genre", "year", "artist", "trust"):
        with gaps.during(f"map: coloured by {column}"):
            map_view.colour_by(column)
            wait(partial(_coloured, stage, column), 300)
            pause(0.5)
    with gaps.during("map: highlighting what a search finds"):
        map_view.tools.search.setText("harbour")
        wait(lambda: bool(stage.found))
        pause(0.5)


def drawn(gaps: Gaps, map_view: MapView, show: Callable[[], None]) -> None:
    """The map is laid out anew, its partial pictures shown."""
    stage, mapping = map_view.stages[0], map_view._mapping
    show()
    wait(lambda: stage.canvas.points.n > 0 and stage.scheme is not None, 300)
    pause(2.0)
    for what in ("cold", "warm"):
        before = stage.drawing
        with gaps.during(f"a job draws the map anew, {what}"):
            mapping.draw(anew=True)
            wait(lambda was=before: mapping.job is None and stage.drawing is not was, 300)
            pause(1.0)


def _coloured(stage: Stage, column: str) -> bool:
    return stage.scheme is not None and stage.scheme.info.name == column


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tracks", type=int, default=100_000)
    options.add_argument(
        "--library", type=Path, help="a library file, made by an earlier run or another program"
    )
    options.add_argument("--only", choices=("table", "map", "gaps", "drawing"))
    wishes = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("EARMAP_CONFIG_DIR", folder)
        # The one that has listened to the synthetic library: any other would begin to read its files.
        os.environ.setdefault("EARMAP_EMBEDDING__ENCODER", "mfcc")
        file = wishes.library or Path(folder) / "library.earmap"
        if not file.exists():
            from tests.synthetic import Mix, draw, fill

            fill(file, mix := Mix(wishes.tracks, folders=3))
            draw(file, mix)
            print(f"made a library of {wishes.tracks:,} tracks")
            # Its own process, so that the time to the first sight has nothing imported beforehand.
            os.execv(
                sys.executable,
                [sys.executable, "-m", "tests.bench.window", "--library", str(keep(file)), *sys.argv[1:]],
            )
        measure(file, wishes.only)


def keep(file: Path) -> Path:
    """Move the library where the next process finds it."""
    place = Path(tempfile.mkdtemp(prefix="earmap-bench-")) / file.name
    for part in file.parent.glob(f"{file.name}*"):
        part.rename(place.with_name(part.name))
    return place


def measure(file: Path, only: str | None) -> None:
    """Open the window on `file` and use it."""
    from app import startup
    from app.notify import Notifier

    app = startup.application()
    program = startup.Program(startup.make_context(app, file, Notifier(), file.with_suffix(".log")))
    gaps = Gaps()
    with gaps.during("opening"):
        program.show()
        app.processEvents()
        print(
            f"window visible after {time.perf_counter() - BEGAN:.2f} s (with Python's start: add about 0.02 s)"
        )
        wait(lambda: program.wiring._furniture is not None, 300)
        furniture = program.wiring._furniture
        view, panel = furniture.parts.library, furniture.parts.similar
        wait(lambda: view.model.row_at(0) is not None, 300)
        print(f"first rows after {time.perf_counter() - BEGAN:.2f} s: {len(view.model.ids):,} tracks")
        pause(1.0)
    if only == "drawing":
        drawn(gaps, furniture.parts.map, lambda: program.window.show_view("view-map"))
    elif only == "gaps":
        select_all(gaps, view)
        view.table.selectRow(0)
        pause(0.5)
    elif only != "map":
        exercise(gaps, view, panel)
    if only not in ("table", "drawing"):
        on_the_map(gaps, furniture.parts.map, panel, lambda: program.window.show_view("view-map"))
    if only not in ("table", "gaps", "drawing"):
        colours(gaps, furniture.parts.map)
    told = Path("/proc/self/status").read_text("utf-8").splitlines()
    print(*(line for line in told if line.startswith(("VmHWM", "VmRSS"))))
    print("torch imported:", "torch" in sys.modules)
    program.window.close()
    app.processEvents()
    program.end()


if __name__ == "__main__":
    main()
