"""The breath of colour behind few points."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.map.cloud import COARSE, SIDE, cloud
from app.map.points import Points
from app.map.scene import Scene
from app.theme import Theme


def pixels(image: QImage) -> NDArray[np.int64]:
    return (
        np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).astype(np.int64)
    )


def groups(n: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 8, n)
    middle = rng.uniform(-0.8, 0.8, (8, 2))[group]
    x, y = (middle + 0.08 * rng.standard_normal((n, 2))).clip(-1, 1).T.astype(np.float32)
    return x, y, rng.integers(0, 255, (8, 3)).astype(np.uint8)[group]


@pytest.mark.parametrize("n", [300, 10_000])
def test_a_coarse_cloud_looks_like_a_fine_one(n: int) -> None:
    fine, coarse = (cloud(*groups(n), 0.3, side) for side in (SIDE, COARSE))
    assert (fine.width(), coarse.width()) == (SIDE, COARSE)
    smooth = Qt.TransformationMode.SmoothTransformation
    wide = coarse.scaled(SIDE, SIDE, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
    assert pixels(fine)[..., 3].max() > 50
    apart = np.abs(pixels(wide) - pixels(fine))
    assert np.quantile(apart, 0.99) <= 4, "of 255"
    assert apart.max() <= 10


def test_it_is_coarse_only_while_points_move(qapp: QApplication) -> None:
    colours = Theme(qapp, "light").colours
    x, y, _ = groups(300)
    scene = Scene()
    scene.set_points(Points.build(np.stack([x, y], axis=1)))
    widths = []
    for moving in (None, scene.points.x * np.float32(0.5), None):
        scene.move(moving, None if moving is None else scene.points.y)
        behind = scene.cloud(colours)
        assert behind is not None
        widths.append(behind.width())
    assert widths == [SIDE, COARSE, SIDE]
