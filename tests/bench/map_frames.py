"""Frames of the map's canvas beside those of pyqtgraph's `ScatterPlotItem`, in one run, in a window of 1200 x 800.

    python -m tests.bench.map_frames [--points 10000 100000 1000000] [--frames 40] [--own] [--cpu]

Each figure is the median and the 95th percentile of one act with the repaint that shows it (ms). pyqtgraph draws all
points in one colour, the canvas each in its category's: so it is asked for less. What pyqtgraph has no name for is left
out. With `QT_QPA_PLATFORM=offscreen` no screen is needed.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication

from app.map.camera import Camera
from app.map.canvas import MapCanvas
from app.map.palette import CATEGORIES, categorical
from app.map.points import Points
from app.theme import Theme

WIDTH, HEIGHT = 1200, 800
Act = Callable[[int], None]


@dataclass(frozen=True)
class Figure:
    """Median and 95th percentile (ms)."""

    median: float
    late: float

    def __str__(self) -> str:
        return f"{self.median:8.2f} /{self.late:8.2f}"


def measured(act: Act, frames: int, clock: Callable[[], float] = time.perf_counter) -> Figure:
    """Time so many calls, after two that warm what can be warmed."""
    act(0)
    act(1)
    taken = []
    for frame in range(2, frames + 2):
        start = clock()
        act(frame)
        taken.append((clock() - start) * 1e3)
    return Figure(float(np.median(taken)), float(np.quantile(taken, 0.95)))


def clusters(n: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """(n, 2) positions in forty clouds of different width, and a category for each."""
    rng = np.random.default_rng(seed)
    which = rng.choice(40, n, p=rng.dirichlet(np.full(40, 1.5)))
    middles, widths = rng.normal(size=(40, 2)) * (1.6, 1.0), rng.uniform(0.05, 0.3, (40, 1))
    return middles[which] + rng.normal(size=(n, 2)) * widths[which], (which % CATEGORIES).astype(np.uint8)


def canvas_acts(canvas: MapCanvas, categories: NDArray[np.uint8]) -> Iterator[tuple[str, Act]]:
    """What is done to the canvas, one after the other."""
    rng, whole, n = np.random.default_rng(1), canvas.whole(), canvas.points.n
    spots = [QPointF(*spot) for spot in rng.uniform((0, 0), (WIDTH, HEIGHT), (64, 2)).tolist()]

    def anew(camera: Camera) -> None:
        canvas.set_camera(camera)
        canvas.repaint()

    def around(camera: Camera) -> Act:
        """All is drawn anew: the map moves by parts of a pixel."""
        return lambda frame: anew(camera.panned(5 * np.sin(frame), 5 * np.cos(frame)))

    def dragged(frame: int) -> None:
        canvas.pan(5 if frame % 16 < 8 else -5, 3 if frame % 16 < 8 else -3)
        canvas.repaint()

    def hovered(frame: int) -> None:
        canvas.point_at(spots[frame % 64])
        canvas.repaint()

    def recoloured(frame: int) -> None:
        canvas.set_colours(np.roll(categories, frame), categorical())
        canvas.repaint()

    def selected(frame: int) -> None:
        canvas.set_selection(np.arange(frame, n, 10))
        canvas.repaint()

    yield "all in view", around(whole)
    yield "all in view, dragged", dragged
    canvas.set_camera(whole)
    yield "zoom sweep", lambda frame: anew(whole.zoomed(1.15 ** (frame % 40), (500, 400), (WIDTH, HEIGHT)))
    for share in (0.25, 0.05):
        near = Camera(whole.x, whole.y, whole.scale / share**0.5)
        yield f"{share:.0%} of the map in view", around(near)
    canvas.set_camera(whole)
    yield "hover", hovered
    yield "hover, looked up alone", lambda frame: canvas.point_at(spots[frame % 64])
    angles = np.linspace(0, 2 * np.pi, 150)
    loop = [QPointF(600 + 260 * np.cos(a), 400 + 260 * np.sin(a)) for a in angles]
    yield "lasso", lambda _: canvas.gather(loop, Qt.KeyboardModifier.NoModifier)
    yield "other colours", recoloured
    yield "select a tenth", selected
    canvas.set_selection([])
    yield from morph_acts(canvas)


def morph_acts(canvas: MapCanvas) -> Iterator[tuple[str, Act]]:
    """A step on the way to another map."""
    points, scene = canvas.points, canvas.scene
    ways = points.x[::-1].copy(), points.y[::-1].copy()

    def step(frame: int) -> None:
        share = np.float32(frame % 40 / 40)
        scene.move(points.x + (ways[0] - points.x) * share, points.y + (ways[1] - points.y) * share)
        canvas.repaint()

    yield "a step of a morph", step
    scene.move(None, None)


def scatter_acts(n: int, xy: NDArray[np.float64], app: QApplication) -> Iterator[tuple[str, Act]]:
    """The same done to pyqtgraph."""
    plot = pyqtgraph.PlotWidget()
    plot.resize(WIDTH, HEIGHT)
    item = pyqtgraph.ScatterPlotItem(xy[:, 0], xy[:, 1], size=4, pen=None, brush="#0a71b1")
    plot.addItem(item)
    plot.show()
    app.processEvents()
    box = plot.getViewBox()
    box.disableAutoRange()
    whole = box.viewRect()
    repaint = plot.viewport().repaint

    def look(share: float, frame: int, wander: float = 0.002) -> None:
        wide, high = whole.width() * share, whole.height() * share
        x = whole.center().x() + wander * np.sin(frame) * whole.width()
        y = whole.center().y() + wander * np.cos(frame) * whole.height()
        box.setRange(QRectF(x - wide / 2, y - high / 2, wide, high), padding=0)
        repaint()

    def hovered(frame: int) -> None:
        rng = np.random.default_rng(frame)
        item.pointsAt(QPointF(*xy[rng.integers(n)].tolist()))

    def recoloured(frame: int) -> None:
        item.setBrush(("#0a71b1", "#c9690c")[frame % 2])
        repaint()

    def step(frame: int) -> None:
        turned = xy * (1 - frame % 40 / 40) + xy[::-1] * (frame % 40 / 40)
        item.setData(turned[:, 0], turned[:, 1])
        repaint()

    yield "all in view", lambda frame: look(1.0, frame)
    yield "zoom sweep", lambda frame: look(1.15 ** -(frame % 40), frame)
    yield "25% of the map in view", lambda frame: look(0.5, frame)
    yield "5% of the map in view", lambda frame: look(0.05**0.5, frame)
    look(1.0, 0)
    yield "hover, looked up alone", hovered
    yield "other colours", recoloured
    yield "a step of a morph", step
    plot.close()


def own(n: int, frames: int, app: QApplication, clock: Callable[[], float]) -> dict[str, Figure]:
    """The canvas's figures."""
    xy, categories = clusters(n)
    start = time.perf_counter()
    points = Points.build(xy)
    built = (time.perf_counter() - start) * 1e3
    canvas = MapCanvas(Theme(app, "light"))
    canvas.resize(WIDTH, HEIGHT)
    canvas.set_points(points)
    canvas.set_colours(categories, categorical())
    canvas.show()
    app.processEvents()
    result = {"sorted, in a thread": Figure(built, built)}
    result |= {name: measured(act, frames, clock) for name, act in canvas_acts(canvas, categories)}
    canvas.close()
    return result


def main() -> None:
    """Print a table for each number of points."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--own", action="store_true", help="the canvas alone")
    parser.add_argument(
        "--cpu", action="store_true", help="the thread's time, for a machine that is not idle"
    )
    given = parser.parse_args()
    clock = time.thread_time if given.cpu else time.perf_counter
    app = QApplication([])
    for n in given.points:
        ours = own(n, given.frames, app, clock)
        few = max(given.frames // (1 if n < 500_000 else 8), 4)
        acts = () if given.own else scatter_acts(n, clusters(n)[0], app)
        theirs = {name: measured(act, few, clock) for name, act in acts}
        print(f"\n{n:,} points: median / 95th percentile (ms)")
        print(f"{'':28}{'canvas':>18}{'ScatterPlotItem':>20}")
        for name, figure in ours.items():
            print(f"{name:28}{figure}{theirs.get(name, '')!s:>20}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nlargest memory of the process: {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
