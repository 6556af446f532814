"""A lasso takes what is inside, and only that."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
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
