"""The canvas as a person uses it: mouse, wheel, keyboard, lasso; and what it tells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QInputDevice, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.map.canvas import MapCanvas
from app.map.palette import OTHER, categorical
from app.map.points import Points
from app.theme import DARK
from tests.app.map.conftest import GRID, at

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Key = Qt.Key


def drag(canvas: MapCanvas, way: Sequence[QPoint], modifiers: Qt.KeyboardModifier = NONE) -> None:
    QTest.mousePress(canvas, LEFT, modifiers, way[0])
    for spot in way[1:]:
        QTest.mouseMove(canvas, spot)
        QApplication.processEvents()
    QTest.mouseRelease(canvas, LEFT, modifiers, way[-1])


def turn(canvas: MapCanvas, where: QPoint, notches: float) -> None:
    spot = QPointF(where)
    event = QWheelEvent(
        spot, canvas.mapToGlobal(spot), QPoint(), QPoint(0, round(120 * notches)), Qt.MouseButton.NoButton,
        NONE, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)


def still(qtbot: QtBot, canvas: MapCanvas) -> None:
    """Wait for the camera."""
    qtbot.waitUntil(lambda: canvas._flight.state() == canvas._flight.State.Stopped)


def test_a_click_tells_the_row_and_a_click_on_nothing_clears(canvas: MapCanvas, qtbot: QtBot) -> None:
    for row in (0, 7, 24):
        with qtbot.waitSignal(canvas.clicked) as told:
            QTest.mouseClick(canvas, LEFT, Qt.KeyboardModifier.ControlModifier, at(canvas, row))
        assert told.args == [row, Qt.KeyboardModifier.ControlModifier]
    with qtbot.waitSignal(canvas.cleared), qtbot.assertNotEmitted(canvas.clicked):
        QTest.mouseClick(canvas, LEFT, NONE, (at(canvas, 0) + at(canvas, 6)) / 2)


def test_a_double_click_opens_a_point_and_goes_nearer_elsewhere(canvas: MapCanvas, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.opened) as told:
        QTest.mouseDClick(canvas, LEFT, NONE, at(canvas, 11))
    assert told.args == [11]
    before = canvas.camera.scale
    QTest.mouseDClick(canvas, LEFT, NONE, (at(canvas, 0) + at(canvas, 6)) / 2)
    still(qtbot, canvas)
    assert canvas.camera.scale == pytest.approx(2 * before)


def test_pointing_tells_the_row_once_and_where_its_dot_is(canvas: MapCanvas) -> None:
    told: list[tuple[int, QPoint]] = []
    canvas.hovered.connect(lambda row, spot: told.append((row, spot)))
    here = at(canvas, 12)
    for offset in (QPoint(0, 0), QPoint(2, 1), QPoint(-3, 2)):
        QTest.mouseMove(canvas, here + offset)
        QApplication.processEvents()
    QTest.mouseMove(canvas, (here + at(canvas, 18)) / 2)
    QApplication.processEvents()
    assert [row for row, _ in told] == [12, -1]
    assert told[0][1] == here


def test_dragging_moves_the_map_with_the_pointer(canvas: MapCanvas, qtbot: QtBot) -> None:
    before = at(canvas, 12)
    with qtbot.waitSignal(canvas.camera_changed), qtbot.assertNotEmitted(canvas.clicked):
        drag(canvas, [before, before + QPoint(20, 5), before + QPoint(80, -30)])
    assert at(canvas, 12) == before + QPoint(80, -30)


def test_the_wheel_zooms_about_the_pointer(canvas: MapCanvas, qtbot: QtBot) -> None:
    here, scale = at(canvas, 6), canvas.camera.scale
    for _ in range(4):
        turn(canvas, here, 1)  # quicker than it flies
    still(qtbot, canvas)
    assert canvas.camera.scale == pytest.approx(scale * 1.25**4)
    assert (at(canvas, 6) - here).manhattanLength() <= 3
    turn(canvas, here, -40)
    still(qtbot, canvas)
    assert canvas.camera.scale == pytest.approx(canvas.whole().scale * 0.4)


def test_a_lasso_gathers_what_it_goes_around(canvas: MapCanvas, qtbot: QtBot) -> None:
    canvas.set_tool("lasso")
    a, b, c = (at(canvas, row) for row in (6, 8, 16))
    out = QPoint(15, -15)
    way = [a - QPoint(15, -15), b + QPoint(15, 15), b + out, c + QPoint(0, -15), c - QPoint(15, 15)]
    steps = [p + (q - p) * s / 5 for p, q in zip(way, way[1:] + way[:1], strict=True) for s in range(5)]
    with qtbot.waitSignal(canvas.gathered) as told:
        drag(canvas, steps)
    rows, modifiers = told.args
    assert set(rows.tolist()) >= {6, 7, 8}
    assert not set(rows.tolist()) & {0, 4, 13, 18, 24}
    assert modifiers == NONE


def test_shift_and_dragging_gathers_by_a_rectangle(canvas: MapCanvas, qtbot: QtBot) -> None:
    shift, out = Qt.KeyboardModifier.ShiftModifier, QPoint(12, 12)
    start, end = at(canvas, 16) - out, at(canvas, 8) + out
    with qtbot.waitSignal(canvas.gathered) as told:
        drag(canvas, [start, (start + end) / 2, end], shift)
    assert told.args[0].tolist() == [6, 7, 8, 11, 12, 13, 16, 17, 18]
    assert told.args[1] == shift


def test_escape_gives_up_a_lasso_first_and_then_the_selection(canvas: MapCanvas, qtbot: QtBot) -> None:
    canvas.set_tool("rectangle")
    QTest.mousePress(canvas, LEFT, NONE, QPoint(10, 10))
    QTest.mouseMove(canvas, QPoint(300, 300))
    QApplication.processEvents()
    with qtbot.assertNotEmitted(canvas.cleared), qtbot.assertNotEmitted(canvas.gathered):
        QTest.keyClick(canvas, Key.Key_Escape)
        QTest.mouseRelease(canvas, LEFT, NONE, QPoint(300, 300))
    with qtbot.waitSignal(canvas.cleared):
        QTest.keyClick(canvas, Key.Key_Escape)


def test_points_that_are_filtered_out_are_not_there(canvas: MapCanvas, qtbot: QtBot) -> None:
    canvas.set_colours(np.where(np.arange(25) % 2, OTHER, 3).astype(np.uint8), categorical())
    canvas.set_alpha_off([OTHER])
    assert canvas.row_at(at(canvas, 12)) == 12
    assert canvas.row_at(at(canvas, 7)) == -1
    canvas.set_tool("rectangle")
    with qtbot.waitSignal(canvas.gathered) as told:
        drag(canvas, [QPoint(1, 1), QPoint(350, 250), QPoint(699, 499)])
    assert told.args[0].tolist() == list(range(0, 25, 2))
    canvas.set_alpha_off([])
    assert canvas.row_at(at(canvas, 7)) == 7


# -- the keyboard


def test_arrows_pan_and_plus_minus_zoom_and_home_fits(canvas: MapCanvas, qtbot: QtBot) -> None:
    start = canvas.camera
    for key, way in ((Key.Key_Right, (1, 0)), (Key.Key_Up, (0, -1))):
        before = canvas.camera
        QTest.keyClick(canvas, key)
        still(qtbot, canvas)
        moved = np.sign([canvas.camera.x - before.x, canvas.camera.y - before.y])
        assert moved.tolist() == list(way)
    QTest.keyClick(canvas, Key.Key_Plus)
    still(qtbot, canvas)
    assert canvas.camera.scale == pytest.approx(start.scale * 1.5)
    QTest.keyClick(canvas, Key.Key_Minus)
    QTest.keyClick(canvas, Key.Key_0)
    still(qtbot, canvas)
    assert canvas.camera == start


def test_enter_begins_a_walk_arrows_go_on_and_enter_chooses(canvas: MapCanvas, qtbot: QtBot) -> None:
    QTest.keyClick(canvas, Key.Key_Return)
    assert canvas.focused_row == 12  # nearest to the middle
    for key, row in ((Key.Key_Right, 13), (Key.Key_Up, 18), (Key.Key_Left, 17), (Key.Key_Down, 12)):
        QTest.keyClick(canvas, key)
        assert canvas.focused_row == row
    with qtbot.waitSignal(canvas.clicked) as told:
        QTest.keyClick(canvas, Key.Key_Enter)
    assert told.args == [12, NONE]
    with qtbot.assertNotEmitted(canvas.cleared):
        QTest.keyClick(canvas, Key.Key_Escape)
    assert canvas.focused_row == -1


def test_a_walk_ends_at_the_edge_and_follows_out_of_view(canvas: MapCanvas, qtbot: QtBot) -> None:
    canvas.centre_on(12, ms=0)
    canvas.zoom(2, ms=0)
    QTest.keyClick(canvas, Key.Key_Return)
    for _ in range(6):
        QTest.keyClick(canvas, Key.Key_Right)
        still(qtbot, canvas)
    assert canvas.focused_row == 14
    assert canvas.rect().contains(at(canvas, canvas.focused_row))


def test_tab_goes_through_the_points_and_then_on(canvas: MapCanvas) -> None:
    assert not canvas._keys.tab(forward=True)  # no walk: Tab leaves at once
    QTest.keyClick(canvas, Key.Key_Return)
    seen = [canvas.focused_row]
    while canvas.focusNextPrevChild(True) and len(seen) < 40:
        if canvas.focused_row < 0:
            break
        seen.append(canvas.focused_row)
    assert sorted(seen) == list(range(25))


def test_a_screen_reader_hears_what_the_keyboard_is_at(canvas: MapCanvas) -> None:
    assert canvas.accessibleName() == "Map of 25 points"
    canvas.set_titles(lambda rows: None)  # the answer comes later
    QTest.keyClick(canvas, Key.Key_Return)
    assert canvas.accessibleDescription() == "Point 13"
    canvas.titles_ready([12], ["Harbour Song"])
    assert canvas.accessibleDescription() == "Harbour Song"
    QTest.keyClick(canvas, Key.Key_Escape)
    assert not canvas.accessibleDescription()


# -- what it shows


def test_titles_are_asked_for_once_and_only_when_there_are_few(canvas: MapCanvas) -> None:
    asked: list[int] = []

    def titles(rows: list[int]) -> list[str]:
        asked.extend(rows)
        return [f"Track {row}" for row in rows]

    canvas.set_titles(titles)
    canvas.grab()
    canvas.grab()
    assert sorted(asked) == list(range(25))
    asked.clear()
    canvas.set_points(Points.build(np.random.default_rng(0).normal(size=(3000, 2))))
    canvas.grab()
    assert asked == []


def ink(canvas: MapCanvas) -> int:
    """How many pixels differ from the ground, once all words are there."""
    canvas.grab()
    while canvas.words.behind:
        canvas.grab()
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32)
    return int((pixels != pixels[0]).sum())


def test_titles_regions_lines_and_rings_are_painted(canvas: MapCanvas) -> None:
    bare = ink(canvas)
    canvas.set_regions([(1.5, 1.5, "Slow Rain", 3.0), (3.5, 3.5, "Brass", 1.0)])
    named = ink(canvas)
    canvas.set_lines(0, [24, 20])
    lined = ink(canvas)
    canvas.set_titles(lambda rows: [f"Track {row}" for row in rows])
    titled = ink(canvas)
    assert bare + 200 < named < lined - 400
    assert titled > lined + 300
    canvas.set_lines(-1)
    canvas.set_regions([])
    canvas.set_titles(None)
    assert ink(canvas) == bare
    before = canvas.grab().toImage()
    canvas.set_selection([3])
    assert canvas.grab().toImage() != before


def test_the_view_of_all_stays_one_when_the_widget_grows(canvas: MapCanvas) -> None:
    canvas.resize(900, 640)
    assert canvas.camera == canvas.whole()
    canvas.zoom(2, ms=0)
    near = canvas.camera
    canvas.resize(1000, 640)
    assert canvas.camera == near


def test_another_theme_is_another_picture(canvas: MapCanvas) -> None:
    canvas.theme.set_mode("dark")
    image = canvas.grab().toImage()
    assert image.pixelColor(1, 1).name() == DARK.sunken
    canvas.theme.set_mode("light")


def test_centre_on_brings_a_point_to_the_middle(canvas: MapCanvas, qtbot: QtBot) -> None:
    canvas.centre_on(24)
    still(qtbot, canvas)
    assert (at(canvas, 24) - canvas.rect().center()).manhattanLength() <= 2
    canvas.centre_on(999)  # no such row: nothing happens


# -- on the way to another map


def test_points_go_to_another_map_and_are_found_there(canvas: MapCanvas, qtbot: QtBot) -> None:
    turned = GRID[:, ::-1] * (1, -1) + (0, 4)
    before = [at(canvas, row) for row in range(25)]
    canvas.set_selection([3])
    canvas.morph_to(turned, ms=200)
    first = canvas.scene.moving
    assert first is not None or canvas._morph.running
    qtbot.waitUntil(lambda: not canvas._morph.running)
    assert canvas.scene.moving is None
    assert canvas.scene.selection.tolist() == [3]
    assert at(canvas, 4) == before[0]  # (4, 0) has become (0, 0)
    assert canvas.row_at(before[0]) == 4


def test_a_morph_begins_where_the_points_were(canvas: MapCanvas) -> None:
    before = np.array([canvas.spot(row) for row in range(25)])
    canvas.set_camera(canvas.camera)  # no longer the view of all, which would fly along
    canvas.morph_to(GRID * 1.4 + 0.3, ms=10_000)
    assert canvas._morph.running
    assert canvas.scene.moving is not None
    x, y = canvas.scene.moving
    places = canvas.points.places
    now = [canvas.camera.to_screen(float(x[p]), float(y[p]), canvas.extent()) for p in places]
    np.testing.assert_allclose(now, before, atol=1.5)
    canvas.set_points(Points.build(GRID[:9]))  # another map comes in between
    assert canvas.scene.moving is None
    assert canvas.points.n == 9


def test_maps_of_other_rows_cannot_be_gone_to(canvas: MapCanvas) -> None:
    with pytest.raises(ValueError, match="24 positions for 25 points"):
        canvas.morph_to(GRID[:24])


def test_without_animations_everything_is_there_at_once(canvas: MapCanvas) -> None:
    canvas.morph_to(GRID * 2, ms=0)
    canvas.fit(ms=0)
    assert canvas.scene.moving is None
    canvas.hide()
    canvas.centre_on(0)
    assert canvas.camera.x == pytest.approx(canvas.points.at(0)[0])  # type: ignore[index] # it is there


# -- the overview, and files


def test_the_overview_shows_itself_when_needed_and_moves_the_view(canvas: MapCanvas) -> None:
    canvas.resize(900, 700)
    overview = canvas.minimap
    assert not overview.isVisible()
    canvas.zoom(3, ms=0)
    assert overview.isVisible()
    assert canvas.rect().contains(overview.geometry())
    canvas.centre_on(12, ms=0)
    target = canvas.points.at(24)
    assert target is not None
    x, y = overview.camera().to_screen(*target, overview._extent())
    middle = overview.rect().center()
    QTest.mousePress(overview, LEFT, NONE, middle)
    QTest.mouseMove(overview, QPoint(round(x), round(y)))
    QTest.mouseRelease(overview, LEFT, NONE, QPoint(round(x), round(y)))
    assert (canvas.camera.x, canvas.camera.y) == pytest.approx(target, abs=0.05)
    overview.set_wanted(False)
    assert not overview.isVisible()


def test_a_picture_shows_what_is_in_view_at_any_size(canvas: MapCanvas) -> None:
    image = canvas.picture(QSize(350, 250), 2.0)
    assert (image.width(), image.height()) == (700, 500)
    whole = canvas.grab().toImage()
    spot = at(canvas, 6)
    assert image.pixelColor(spot) == whole.pixelColor(spot)
    assert image.pixelColor(2, 2) == whole.pixelColor(2, 2)


def test_a_drawing_has_a_circle_for_each_point_and_words_that_can_be_searched(canvas: MapCanvas) -> None:
    canvas.set_regions([(2.0, 2.0, "Slow Rain", 1.0)])
    text = canvas.drawing(QSize(700, 500)).decode()
    assert text.count("<circle") >= 25 or text.count("<ellipse") >= 25
    assert "Slow Rain" in text


def test_a_canvas_without_points_is_quiet(qapp: QApplication, qtbot: QtBot, canvas: MapCanvas) -> None:
    canvas.set_points(Points.build(np.empty((0, 2))))
    canvas.set_colours([], categorical())
    canvas.set_highlight([])
    canvas.fit()
    for key in (Key.Key_Return, Key.Key_Left, Key.Key_Plus, Key.Key_Home):
        QTest.keyClick(canvas, key)
    QTest.mouseClick(canvas, LEFT, NONE, QPoint(50, 50))
    assert canvas.row_at(QPoint(10, 10)) == -1
    assert canvas.accessibleName() == "Map without points"
    assert not canvas.grab().isNull()


# -- fingers


def test_two_fingers_on_a_screen_zoom_about_their_middle(canvas: MapCanvas) -> None:
    canvas.move(120, 80)  # so that the screen's corner is not the widget's
    assert canvas.mapToGlobal(QPoint()) != QPoint()
    device, scale, held = QTest.createTouchDevice(), canvas.camera.scale, at(canvas, 12)
    left, right = QPoint(20, 0), QPoint(-20, 0)
    QTest.touchEvent(canvas, device).press(0, held + left).press(1, held + right).commit()
    for wide in range(3, 12):
        QTest.touchEvent(canvas, device).move(0, held + left * wide).move(1, held + right * wide).commit()
        QApplication.processEvents()
    QTest.touchEvent(canvas, device).release(0, held + left * 11).release(1, held + right * 11).commit()
    QApplication.processEvents()
    assert canvas.camera.scale > 2 * scale
    assert (at(canvas, 12) - held).manhattanLength() < 12
    assert canvas.focused_row == -1


def test_fingers_on_a_touchpad_zoom_and_pan(canvas: MapCanvas) -> None:
    pad = QPointingDevice(
        "pad", 7, QInputDevice.DeviceType.TouchPad, QPointingDevice.PointerType.Finger,
        QInputDevice.Capability.Position, 2, 1,
    )  # fmt: skip
    here = QPointF(at(canvas, 12))
    for kind, value in (
        (Qt.NativeGestureType.ZoomNativeGesture, 0.5),
        (Qt.NativeGestureType.RotateNativeGesture, 9.0),
    ):
        event = QNativeGestureEvent(kind, pad, 2, here, here, canvas.mapToGlobal(here), value, QPointF())
        QApplication.sendEvent(canvas, event)
    assert canvas.camera.scale == pytest.approx(1.5 * canvas.whole().scale)
    before = at(canvas, 12)
    event = QWheelEvent(
        here, canvas.mapToGlobal(here), QPoint(30, -12), QPoint(60, -24), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.ScrollUpdate, False, Qt.MouseEventSource.MouseEventNotSynthesized, pad,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)
    assert at(canvas, 12) - before == QPoint(30, -12)


class _Large(np.ndarray[tuple[int, ...], np.dtype[np.int64]]):
    """Rows that may not be gone through one by one."""

    def tolist(self) -> list[int]:
        raise AssertionError("a large selection became a list")


def test_a_large_selection_is_not_gone_through_for_each_frame(canvas: MapCanvas) -> None:
    canvas.scene.selection = np.arange(1000).view(_Large)
    assert not canvas.showing().told().rings
