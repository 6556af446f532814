"""The Compare view in the real window with many results: the event loop's longest gaps while a person looks around.

    python -m tests.bench.compare_view [--tasks 12] [--tracks 2000] [--classes 60]

See `tests.bench.window` for what a gap and "work" are.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from tests import synthetic_evaluations
from tests.bench.window import Gaps, pause, wait
from tests.evaluation_results import ENCODERS, Shelf, add_playlists, spec
from tests.synthetic import Mix, fill

if TYPE_CHECKING:
    from app.furniture import Furnished

MORE = {f"{strategy}-{run}": strategy for strategy in ("self", "adjacent", "same-track") for run in (2, 3)}


def fill_results(file: Path, tasks: int, tracks: int, classes: int) -> int:
    """Results of 13 encoders in so many tasks, and both probes; how many."""
    shelf, encoders = Shelf(), ENCODERS | MORE
    ids = range(1, tracks + 1)
    for task in range(tasks):
        names = tuple(f"Class {number}" for number in range(classes if task == 0 else 10))
        values = {"spec": spec("csv", f"/data/{task}.csv"), "names": names}
        synthetic_evaluations.add_classes(shelf, ids, encoders, task=f"Task {task}", **values)
    add_playlists(shelf, encoders)
    synthetic_evaluations.add_report(shelf, tracks, encoders)
    synthetic_evaluations.fill(file, shelf)
    return len(shelf.records)


def exercise(gaps: Gaps, furniture: Furnished) -> None:
    """What a person does."""
    view = furniture.compare
    with gaps.during("results read and put side by side"):
        wait(lambda: furniture.evaluation.comparison is not None, 120)
    charts = view.page("charts")
    with gaps.during("charts made"):
        wait(lambda: bool(charts.charts) and charts.ready)  # type: ignore[attr-defined] # the charts' page
        pause(0.5)
    with gaps.during("filters"):
        for probe in (1, 2, 0):
            view.tools.probe.setCurrentIndex(probe)
            pause(0.4)
    with gaps.during("scrolling the charts"):
        bar = charts.area.verticalScrollBar()  # type: ignore[attr-defined] # as above
        for step in range(60):
            bar.setValue(bar.maximum() * (step % 20) // 20)
            pause(0.03)
    with gaps.during("the table, sorted by each column"):
        view.show_page("table")
        pause(0.5)
        header = view.page("table").table.horizontalHeader()  # type: ignore[attr-defined] # the table's page
        for column in range(10):
            header.setSortIndicator(column, Qt.SortOrder.DescendingOrder)
            pause(0.1)
    with gaps.during("one result, its cells"):
        view.show_page("result")
        confusion = view.page("result").confusion  # type: ignore[attr-defined] # the result's page
        wait(lambda: bool(confusion.chart.matrix.names))
        for step in range(40):
            confusion.chart.choose((step % 10, (step * 3) % 10))
            pause(0.05)
    with gaps.during("one result after the other"):
        encoder = view.page("result").encoder  # type: ignore[attr-defined] # as above
        for place in range(encoder.count()):
            encoder.setCurrentIndex(place)
            pause(0.15)
    for name in ("report", "directions"):
        with gaps.during(f"page {name}"):
            view.show_page(name)
            pause(2.5)
    with gaps.during("the dialog"):
        view.run()
        pause(2.0)
    with gaps.during("switching the theme"):
        for mode in ("dark", "light"):
            furniture.evaluation.context.theme.set_mode(mode)  # type: ignore[arg-type] # both are modes
            pause(0.7)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    for name, default in (("tasks", 12), ("tracks", 2000), ("classes", 60)):
        options.add_argument(f"--{name}", type=int, default=default)
    wishes = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("EARMAP_CONFIG_DIR", folder)
        file = Path(folder) / "library.earmap"
        fill(file, Mix(wishes.tracks, failed=0, partial=0, skipped=0))
        print(fill_results(file, wishes.tasks, wishes.tracks, wishes.classes), "results")
        measure(file)


def measure(file: Path) -> None:
    """Open the window on `file` and use its Compare view."""
    from app import startup
    from app.furniture import Furnished
    from app.notify import Notifier

    app = startup.application()
    program = startup.Program(startup.make_context(app, file, Notifier(), file.with_suffix(".log")))
    program.show()
    wait(lambda: isinstance(program.wiring._furniture, Furnished))
    furniture = program.wiring._furniture
    assert isinstance(furniture, Furnished)
    gaps = Gaps()
    wait(lambda: furniture.session.census is not None)
    with gaps.during("showing the view"):
        program.window.show_view("view-compare")
        pause(0.3)
    exercise(gaps, furniture)
    program.window.close()
    app.processEvents()
    program.end()


if __name__ == "__main__":
    main()
