"""A lasso takes what is inside, and only that."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPolygonF
from PySide6.QtWidgets import QApplication

from app.map.camera import Camera
from app.map.gather import inside
from app.map.points import Points

SIZE = (800.0, 600.0)


@pytest.fixture
def points(qapp: QApplication) -> Points:
    return Points.build(np.random.default_rng(5).uniform(-1, 1, (20_000, 2)))


def test_a_circle_takes_what_is_nearer_than_its_radius(points: Points) -> None:
    camera = Camera(0.1, -0.2, 350)
    angles = np.linspace(0, 2 * np.pi, 240)
    outline = [QPointF(420 + 150 * np.cos(a), 280 + 150 * np.sin(a)) for a in angles]
    rows = inside(points, outline, camera, SIZE)
    places = points.places
    x = (points.x[places] - camera.x) * camera.scale + 400
    y = (points.y[places] - camera.y) * camera.scale + 300
    far = np.hypot(x - 420, y - 280)
    assert np.isin(np.flatnonzero(far < 148.5), rows).all()
    assert far[rows].max() < 151.5
    assert (np.diff(rows) > 0).all()


def test_what_is_filtered_out_is_not_taken(points: Points) -> None:
    box = [QPointF(0, 0), QPointF(800, 0), QPointF(800, 600), QPointF(0, 600)]
    camera = Camera(0, 0, 200)
    on = np.zeros(len(points.x), np.bool_)
    on[:50] = True
    assert len(inside(points, box, camera, SIZE)) == 20_000
    assert len(inside(points, box, camera, SIZE, on)) == 50


def test_a_scribble_that_crosses_itself_has_no_holes(points: Points) -> None:
    twice = [QPointF(200 + 90 * np.cos(a), 300 + 90 * np.sin(a)) for a in np.linspace(0, 4 * np.pi, 200)]
    once = twice[:100]
    camera = Camera(0, 0, 300)
    assert len(inside(points, twice, camera, SIZE)) == pytest.approx(
        len(inside(points, once, camera, SIZE)), rel=0.05
    )


@pytest.mark.parametrize("outline", [[], [(1, 1)], [(1, 1), (90, 90)], [(5, 5), (5, 5), (5, 5)]])
def test_no_outline_takes_nothing(points: Points, outline: list[tuple[float, float]]) -> None:
    found = inside(points, [QPointF(*spot) for spot in outline], Camera(0, 0, 20), SIZE)
    assert len(found) == 0


@pytest.fixture(scope="module")
def crowd() -> Points:
    """So many that cells are taken whole where they are not few in a large picture."""
    return Points.build(np.random.default_rng(6).normal(0, 0.3, (300_000, 2)).clip(-1, 1))


def on_screen(points: Points, camera: Camera) -> NDArray[np.float64]:
    """(n, 2) where each row is seen."""
    xy = np.stack([points.x, points.y], axis=1)[points.places].astype(np.float64)
    result: NDArray[np.float64] = (xy - (camera.x, camera.y)) * camera.scale + (SIZE[0] / 2, SIZE[1] / 2)
    return result


def looked_up(points: Points, outline: list[QPointF], camera: Camera) -> NDArray[np.int64]:
    """What is inside, each point looked up in a picture of the outline, without a grid."""
    polygon = QPolygonF(outline)
    box = polygon.boundingRect()
    image = QImage(int(box.width()) + 4, int(box.height()) + 4, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("white"))
    painter.drawPolygon(polygon.translated(1 - box.left(), 1 - box.top()), Qt.FillRule.WindingFill)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    left, top = camera.to_map(box.left(), box.top(), SIZE)
    scale, one = np.float32(camera.scale), np.float32(1)
    column = np.floor((points.x - np.float32(left)) * scale + one)[points.places]
    row = np.floor((points.y - np.float32(top)) * scale + one)[points.places]
    there = (column > 0) & (column < image.width() - 1) & (row > 0) & (row < image.height() - 1)
    rows = np.flatnonzero(there)
    white = pixels[row[rows].astype(int), column[rows].astype(int)] == 0xFFFFFFFF
    return rows[white]


def winding(
    spots: NDArray[np.float64], outline: list[QPointF]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(n,) how often the outline goes round each spot, and how far (pixels) the nearest part of it is."""
    corners = np.array([(p.x(), p.y()) for p in outline])
    turns, far = np.zeros(len(spots), np.int64), np.full(len(spots), np.inf)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        side = (b[0] - a[0]) * (spots[:, 1] - a[1]) - (b[1] - a[1]) * (spots[:, 0] - a[0])
        turns += ((a[1] <= spots[:, 1]) & (spots[:, 1] < b[1]) & (side > 0)).astype(np.int64)
        turns -= ((b[1] <= spots[:, 1]) & (spots[:, 1] < a[1]) & (side < 0)).astype(np.int64)
        along = np.clip(((spots - a) @ (b - a)) / max(float((b - a) @ (b - a)), 1e-12), 0, 1)
        far = np.minimum(far, np.hypot(*(spots - a - along[:, None] * (b - a)).T))
    return turns, far


@pytest.mark.parametrize("seed", range(24))
def test_any_outline_takes_what_it_goes_round_and_each_point_that_its_pixels_hold(
    crowd: Points, seed: int, qapp: QApplication
) -> None:
    """Near and far views, stars that cross themselves, corners and edges that run through points."""
    rng = np.random.default_rng(seed)
    camera = Camera(*rng.uniform(-0.4, 0.4, 2), 10 ** rng.uniform(1.5, 3.5))
    spots = on_screen(crowd, camera)
    corners = rng.uniform((-100, -100), (900, 700), (rng.integers(3, 25), 2))
    corners[::3] = spots[rng.integers(0, len(spots), len(corners[::3]))].clip(-1000, 1000)
    outline = [QPointF(*corner) for corner in corners.tolist()]
    rows = inside(crowd, outline, camera, SIZE)
    assert np.array_equal(rows, looked_up(crowd, outline, camera))
    some = np.arange(0, crowd.n, 60)
    turns, far = winding(spots[some], outline)
    clear = some[far > 1.5]
    assert np.array_equal(np.isin(clear, rows), turns[far > 1.5] != 0)


def test_points_on_a_grid_and_edges_along_it(qapp: QApplication) -> None:
    lattice = np.stack(np.meshgrid(np.arange(-100, 101), np.arange(-100, 101)), axis=-1).reshape(-1, 2)
    points, camera = Points.build(lattice / 100), Camera(0, 0, 200)
    # Each step of the lattice is two pixels: the edges run through points, all of them in cells of their own.
    square = [QPointF(300, 200), QPointF(500, 200), QPointF(500, 400), QPointF(300, 400)]
    rows = inside(points, square, camera, SIZE)
    assert rows.tolist() == looked_up(points, square, camera).tolist()
    assert 99 * 99 <= len(rows) <= 101 * 101


def test_cells_taken_whole_give_up_what_is_filtered_out(crowd: Points, qapp: QApplication) -> None:
    box = [QPointF(10, 10), QPointF(700, 10), QPointF(700, 500), QPointF(10, 500)]
    camera, on = Camera(0, 0, 280), np.arange(len(crowd.x)) % 3 > 0
    every = inside(crowd, box, camera, SIZE)
    kept = inside(crowd, box, camera, SIZE, on)
    assert len(every) > 200_000
    assert np.array_equal(kept, every[on[crowd.places[every]]])
