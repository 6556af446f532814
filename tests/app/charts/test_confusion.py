"""A confusion matrix of any number of classes: where cells lie, what they say, how one is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.charts.confusion import ConfusionChart
from app.charts.confusion_drawing import Grid, Matrix, draw
from app.theme import LIGHT, Theme

SMALL = Matrix(("Rock", "Jazz", "Folk"), np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]]))


def matrix(n: int) -> Matrix:
    counts = np.random.default_rng(n).integers(0, 5, (n, n)) + 20 * np.eye(n, dtype=np.int64)
    return Matrix(tuple(f"Class {place}" for place in range(n)), counts)


@pytest.fixture
def chart(qapp: QApplication, qtbot: QtBot) -> ConfusionChart:
    made = ConfusionChart(Theme(qapp, "light"))
    qtbot.addWidget(made)
    made.resize(420, 320)
    made.show_matrix(SMALL)
    made.show()
    return made


@pytest.mark.parametrize("n", [2, 3, 11, 37, 60, 120])
@pytest.mark.parametrize("size", [(420, 260), (900, 700)])
def test_every_cell_lies_inside_and_is_found_again(qapp: QApplication, n: int, size: tuple[int, int]) -> None:
    rect = QRectF(0, 0, *size)
    grid = Grid(matrix(n), rect, QFont())
    for cell in ((0, 0), (0, n - 1), (n - 1, 0), (n // 2, n - 1)):
        place = grid.cell(cell)
        assert rect.contains(place)
        assert grid.cell_at(place.center()) == cell
    assert grid.cell_at(rect.bottomRight()) is None
    assert not grid.named or grid.tall >= 10.5
    assert grid.named == (n <= (11 if size[0] < 900 else 37))
    assert min(grid.wide, grid.tall) >= 1


def test_right_answers_and_mistakes_have_colours_of_their_own(qapp: QApplication) -> None:
    image = QImage(420, 320, QImage.Format.Format_RGB32)
    image.fill(QColor(LIGHT.surface))
    painter = QPainter(image)
    grid = Grid(SMALL, QRectF(0, 0, 420, 320), QFont())
    draw(painter, grid, LIGHT)
    painter.end()

    def colour(row: int, column: int) -> QColor:
        corner = grid.cell((row, column)).topLeft().toPoint() + QPoint(4, 4)
        return image.pixelColor(corner)

    assert colour(0, 0).blue() > colour(0, 0).red() + 40
    assert colour(0, 1).red() > colour(0, 1).blue() + 40
    assert colour(1, 1).lightness() < colour(0, 0).lightness()  # 90 % against 80 %
    assert colour(0, 2) == QColor(LIGHT.sunken)


def test_a_cell_in_words() -> None:
    assert SMALL.told((0, 1)) == "Rock was called Jazz 2 times: 20 % of the answers about Rock."
    assert SMALL.told((1, 0)) == "Jazz was called Rock once: 10 % of the answers about Jazz."
    assert SMALL.told((1, 1)) == "Jazz was recognised 9 times: 90 % of the answers about Jazz."
    assert SMALL.told((2, 2)) == "Folk was never recognised."
    assert SMALL.told((0, 2)) == "Rock was never called Folk."


def test_a_click_chooses_and_a_double_click_opens(chart: ConfusionChart, qtbot: QtBot) -> None:
    where = chart.grid().cell((1, 0)).center().toPoint()
    with qtbot.waitSignal(chart.picked) as picked:
        qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=where)
    assert picked.args == [(1, 0)]
    with qtbot.waitSignal(chart.opened):
        qtbot.mouseDClick(chart, Qt.MouseButton.LeftButton, pos=where)


def test_the_keyboard_goes_everywhere_and_stops_at_the_edges(chart: ConfusionChart, qtbot: QtBot) -> None:
    key, visited = Qt.Key, []
    chart.picked.connect(visited.append)
    for one in (
        key.Key_Right,
        key.Key_Right,
        key.Key_Down,
        key.Key_End,
        key.Key_Down,
        key.Key_Left,
        key.Key_Home,
        key.Key_Up,
    ):
        qtbot.keyClick(chart, one)
    assert visited == [(0, 0), (0, 1), (1, 1), (2, 2), (2, 2), (2, 1), (0, 0), (0, 0)]
    assert chart.accessibleDescription() == SMALL.told((0, 0))
    with qtbot.waitSignal(chart.opened):
        qtbot.keyClick(chart, key.Key_Return)


def test_the_pointer_tells_where_it_is(chart: ConfusionChart, qtbot: QtBot) -> None:
    with qtbot.waitSignal(chart.pointed) as pointed:
        qtbot.mouseMove(chart, chart.grid().cell((0, 1)).center().toPoint())
    assert pointed.args == [(0, 1)]


def test_a_cell_stays_chosen_while_the_classes_are_the_same(chart: ConfusionChart) -> None:
    chart.choose((0, 1))
    chart.show_matrix(Matrix(SMALL.names, SMALL.counts + 1))
    assert chart.chosen == (0, 1)
    chart.show_matrix(matrix(2))
    assert chart.chosen is None


@pytest.mark.parametrize("n", [0, 2, 60])
def test_any_size_is_painted(chart: ConfusionChart, qtbot: QtBot, n: int) -> None:
    chart.show_matrix(matrix(n))
    chart.resize(230, 180)
    assert not chart.grab().isNull()
