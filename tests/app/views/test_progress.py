"""Bars that tell how far something is."""

from __future__ import annotations

from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.views.progress import Progress


class Canvas(QWidget):
    """Counts how often it is painted."""

    painted = 0

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        self.painted += 1


def test_a_step_does_not_paint_the_window_at_once(qtbot: QtBot) -> None:
    window, canvas, bar = QWidget(), Canvas(), Progress()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    layout.addWidget(canvas)
    layout.addWidget(bar)
    window.resize(300, 200)
    with qtbot.waitExposed(window):
        window.show()
    bar.show_share(0, 10)
    qtbot.waitUntil(lambda: canvas.painted > 0)
    qtbot.wait(50)
    before, empty = canvas.painted, bar.grab().toImage()
    canvas.update()
    for step in range(1, 8):
        bar.show_share(step, 10)
    assert canvas.painted == before
    qtbot.waitUntil(lambda: canvas.painted > before)
    qtbot.wait(50)
    assert canvas.painted == before + 1
    assert bar.value() == 7
    assert bar.grab().toImage() != empty
    assert not bar.isTextVisible()


def test_nobody_knows_of_how_much(qtbot: QtBot) -> None:
    bar = Progress()
    qtbot.addWidget(bar)
    bar.show_share(5, 0)
    assert (bar.minimum(), bar.maximum()) == (0, 0)
    bar.show_share(3, 4)
    assert (bar.value(), bar.maximum()) == (3, 4)
