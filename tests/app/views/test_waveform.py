"""Seconds that a person marks in a waveform, and seconds that are lit in it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.theme import Theme
from app.views.waveform import Waveform

LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier
Spans = list[tuple[float, float]]


@pytest.fixture
def waveform(qapp: QApplication, qtbot: QtBot) -> Waveform:
    """200 s in 400 pixels."""
    made = Waveform(Theme(qapp, "light"))
    qtbot.addWidget(made)
    made.resize(400, 44)
    made.set_track(200.0)
    made.show()
    return made


@pytest.fixture
def chosen(waveform: Waveform) -> Spans:
    spans: Spans = []
    waveform.span_chosen.connect(lambda first, last: spans.append((first, last)))
    return spans


def drag(waveform: Waveform, start: int, end: int, keys: Qt.KeyboardModifier = SHIFT) -> None:
    QTest.mousePress(waveform, LEFT, keys, QPoint(start, 20))
    QTest.mouseMove(waveform, QPoint(end, 20))
    QTest.mouseRelease(waveform, LEFT, keys, QPoint(end, 20))


@pytest.mark.parametrize(("start", "end"), [(100, 140), (140, 100)])
def test_a_drag_with_shift_marks_from_left_to_right(
    waveform: Waveform, chosen: Spans, qtbot: QtBot, start: int, end: int
) -> None:
    with qtbot.assertNotEmitted(waveform.seek_requested):
        drag(waveform, start, end)
    assert chosen == [(pytest.approx(50.0), pytest.approx(70.0))]
    assert waveform.span == chosen[0]


def test_a_click_with_shift_means_the_three_seconds_around_it(waveform: Waveform, chosen: Spans) -> None:
    drag(waveform, 100, 100)
    drag(waveform, 399, 399)
    assert chosen[0] == (pytest.approx(48.5), pytest.approx(51.5))
    assert chosen[1] == (pytest.approx(197.0), pytest.approx(200.0))  # never beyond the end


def test_without_shift_a_drag_seeks(waveform: Waveform, chosen: Spans, qtbot: QtBot) -> None:
    with qtbot.waitSignal(waveform.seek_requested):
        drag(waveform, 100, 140, Qt.KeyboardModifier.NoModifier)
    assert not chosen
    assert waveform.span is None


def test_keys_mark_too(waveform: Waveform, chosen: Spans) -> None:
    waveform.set_position(30.0)
    for _ in range(3):
        QTest.keyClick(waveform, Qt.Key.Key_Right, SHIFT)
    QTest.keyClick(waveform, Qt.Key.Key_Return)
    assert chosen == [(30.0, 35.0)]
    QTest.keyClick(waveform, Qt.Key.Key_Escape)
    assert waveform.span is None


def test_another_track_has_no_marks(waveform: Waveform, chosen: Spans) -> None:
    drag(waveform, 100, 140)
    waveform.set_lit([(1.0, 4.0)])
    waveform.set_track(100.0)
    assert (waveform.span, waveform.lit) == (None, ())


def test_one_that_only_shows_cannot_be_marked(qapp: QApplication, qtbot: QtBot) -> None:
    made = Waveform(Theme(qapp, "light"), markable=False)
    qtbot.addWidget(made)
    made.resize(400, 44)
    made.set_track(200.0)
    with qtbot.assertNotEmitted(made.span_chosen), qtbot.waitSignal(made.seek_requested):
        drag(made, 100, 140)


def test_lit_seconds_are_seen_in_both_themes(waveform: Waveform, qapp: QApplication) -> None:
    waveform.set_lit([(100.0, 103.0)])
    image = waveform.grab().toImage()
    ratio = image.width() / waveform.width()
    there, beside = (image.pixelColor(round(x * ratio), round(1 * ratio)) for x in (203, 260))
    assert there == QColor(Theme(qapp, "light").colours.accent)
    assert beside != there
