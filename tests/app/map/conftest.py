"""A canvas on the screen, with points that lie where a test can tell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.map.canvas import MapCanvas
from app.map.points import Points
from app.theme import Theme

GRID = np.array([(x, y) for y in range(5) for x in range(5)], np.float64)
"""Row 5 * y + x lies at (x, y), y pointing up."""


@pytest.fixture
def canvas(qapp: QApplication, qtbot: QtBot) -> Iterator[MapCanvas]:
    """Twenty-five points in a square, all in view."""
    made = MapCanvas(Theme(qapp, "light"))
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.set_points(Points.build(GRID))
    with qtbot.waitActive(made):
        made.show()
    made.setFocus()
    yield made
    made.hide()


def at(canvas: MapCanvas, row: int) -> QPoint:
    """The pixel a row's dot is at."""
    spot = canvas.spot(row)
    assert spot is not None
    return QPoint(round(spot[0]), round(spot[1]))
