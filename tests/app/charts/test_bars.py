"""A chart of bars under mouse and keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.charts.bar_drawing import Bar, Bars
from app.charts.bars import BarChart
from app.theme import Theme

BARS = Bars("column", "Title", "note", tuple(Bar(name, name, 0.5, tip=f"All about {name}") for name in "abc"))


@pytest.fixture
def chart(qapp: QApplication, qtbot: QtBot) -> BarChart:
    made = BarChart(Theme(qapp, "light"), BARS)
    qtbot.addWidget(made)
    made.resize(400, 200)
    made.show()
    return made


def at(chart: BarChart, place: int) -> QPoint:
    return chart.plot.layout_of_bars().rows[place].center().toPoint()


def test_a_click_picks_and_a_double_click_opens(chart: BarChart, qtbot: QtBot) -> None:
    with qtbot.waitSignal(chart.picked) as picked:
        qtbot.mouseClick(chart.plot, Qt.MouseButton.LeftButton, pos=at(chart, 1))
    assert picked.args == ["column", "b"]
    with qtbot.waitSignal(chart.opened) as opened:
        qtbot.mouseDClick(chart.plot, Qt.MouseButton.LeftButton, pos=at(chart, 1))
    assert opened.args == ["column", "b"]


def test_a_click_beside_the_bars_picks_nothing(chart: BarChart, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(chart.picked):
        qtbot.mouseClick(chart.plot, Qt.MouseButton.LeftButton, pos=QPoint(50, chart.plot.height() - 3))


def test_the_keyboard_goes_from_bar_to_bar_and_is_told_each(chart: BarChart, qtbot: QtBot) -> None:
    plot, visited = chart.plot, []
    chart.picked.connect(lambda _, key: visited.append(key))
    for key in (
        Qt.Key.Key_Down,
        Qt.Key.Key_Down,
        Qt.Key.Key_End,
        Qt.Key.Key_Down,
        Qt.Key.Key_Up,
        Qt.Key.Key_Home,
    ):
        qtbot.keyClick(plot, key)
    assert visited == ["a", "b", "c", "c", "b", "a"]
    assert plot.accessibleDescription() == "All about a"
    with qtbot.waitSignal(chart.opened):
        qtbot.keyClick(plot, Qt.Key.Key_Return)


def test_other_keys_are_left_to_the_page(chart: BarChart, qtbot: QtBot) -> None:
    heard: list[int] = []
    chart.keyPressEvent = lambda event: heard.append(event.key())  # type: ignore[method-assign] # the parent listens
    qtbot.keyClick(chart.plot, Qt.Key.Key_PageDown)
    assert heard == [Qt.Key.Key_PageDown]


def test_fewer_bars_take_less_room(chart: BarChart) -> None:
    before = chart.plot.sizeHint().height()
    chart.show_bars(Bars("column", "Title", "note", BARS.bars[:1]), "a")
    assert chart.plot.sizeHint().height() == before - 46
    assert chart.plot.accessibleDescription() == "All about a"
