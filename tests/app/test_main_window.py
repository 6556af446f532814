from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app import remembered
from app.context import Context
from app.interrupts import closing_on_interrupt
from app.main_window import MainWindow, Parts, WindowState
from app.views.encoder_switch import EncoderChoice
from core.settings import config_dir

SIZES = [(1280, 800), (1920, 1080), (3840, 2160)]


@pytest.fixture
def parts(window: MainWindow) -> Parts:
    made = Parts(QLabel("table"), QLabel("neighbours"), QLabel("player"), QLabel("train"), QLabel("compare"),
                 QLabel("map"), QLabel("queue"), QLabel("2 queued"))  # fmt: skip
    list(window.placing(made))
    return made


def test_the_places_are_filled_in_several_turns(window: MainWindow) -> None:
    parts = Parts(*(QLabel(str(number)) for number in range(8)))
    filled = [sum(part.window() is window for part in vars(parts).values()) for _ in window.placing(parts)]
    assert filled == [1, 5, 6, 7, 8]


def test_every_part_has_its_place(window: MainWindow, parts: Parts) -> None:
    def where(widget: QWidget) -> QRect:
        return QRect(widget.mapTo(window, widget.rect().topLeft()), widget.size())

    assert all(part.isVisible() for part in (parts.library, parts.similar, parts.player))
    assert where(parts.similar).left() > where(parts.library).right()
    assert where(parts.player).top() > where(parts.library).bottom()
    assert where(parts.player).width() > 0.9 * window.width()
    assert where(window.encoder).bottom() < where(parts.library).top()


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_off_at_any_size(size: tuple[int, int], window: MainWindow, parts: Parts) -> None:
    window.resize(*size)
    for widget in (parts.library, parts.similar, parts.player, window.encoder, window.jobs_button):
        inside = QRect(widget.mapTo(window, widget.rect().topLeft()), widget.size())
        assert window.rect().contains(inside), widget
        assert widget.width() >= widget.minimumSizeHint().width()
    for button in window.findChildren(QToolButton):
        if button.isVisible() and button.text():
            assert button.width() >= button.sizeHint().width(), button.text()


def test_the_window_fits_a_small_screen(window: MainWindow, parts: Parts) -> None:
    hint = window.minimumSizeHint()
    assert hint.width() <= 1280
    assert hint.height() <= 800


def test_navigation_shows_pages_and_where_one_is(window: MainWindow, parts: Parts, qtbot: QtBot) -> None:
    buttons = {b.text().strip(): b for b in window.findChildren(QToolButton) if b.isCheckable()}
    qtbot.mouseClick(buttons["Activity"], Qt.MouseButton.LeftButton)
    assert window.activity.isVisible()
    assert not parts.library.isVisible()
    assert buttons["Activity"].isChecked()
    assert not buttons["Library"].isChecked()
    qtbot.mouseClick(buttons["Library"], Qt.MouseButton.LeftButton)
    assert parts.library.isVisible()
    qtbot.mouseClick(buttons["Map"], Qt.MouseButton.LeftButton)
    assert parts.map.isVisible()
    assert not parts.library.isVisible()


def test_an_empty_library_offers_a_place_to_drop_and_a_button(
    window: MainWindow, parts: Parts, qtbot: QtBot
) -> None:
    window.show_start(True)
    assert window.start.isVisible()
    assert not parts.library.isVisible()
    button = window.start.findChild(QPushButton)
    assert button is not None
    with qtbot.waitSignal(window.actions_table["add-folder"].triggered):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    window.show_start(False)
    assert parts.library.isVisible()


def test_similar_can_be_hidden_and_comes_back(window: MainWindow, parts: Parts) -> None:
    window.actions_table["similar"].trigger()
    assert not parts.similar.isVisible()
    window.actions_table["similar"].trigger()
    assert parts.similar.isVisible()


def test_the_queue_gets_two_fifths_of_the_side_at_first_and_then_what_a_person_gives_it(
    window: MainWindow, parts: Parts, qtbot: QtBot
) -> None:
    window.resize(1280, 1000)
    window.restore(WindowState())
    with qtbot.waitExposed(window):
        window.show()
    toggle = window.actions_table["queue"].trigger
    toggle()
    qtbot.waitUntil(lambda: abs(3 * window.queue.height() - 2 * window.similar.height()) < 30)
    window.resizeDocks([window.similar, window.queue], [300, 100], Qt.Orientation.Vertical)
    qtbot.waitUntil(lambda: window.similar.height() > 2 * window.queue.height())
    toggle()
    toggle()
    qtbot.wait(50)
    assert window.similar.height() > 2 * window.queue.height()
    assert parts.queue_head.isVisible()


def test_the_window_comes_back_as_it_was(
    window: MainWindow, parts: Parts, context: Context, qtbot: QtBot
) -> None:
    window.resize(1100, 640)
    window.show_view("view-activity")
    window.actions_table["similar"].trigger()
    remembered.save(window.state(), "columns")
    assert (config_dir() / "window.ini").is_file()
    state, library = remembered.load()
    assert library == "columns"
    second = MainWindow(context)
    qtbot.addWidget(second)
    second.restore(state)
    list(second.placing(Parts(*(QWidget() for _ in range(8)))))
    with qtbot.waitExposed(second):
        second.show()
    assert second.height() == 640  # the width is cut to this platform's screen
    assert second.activity.isVisible()
    assert not second.similar.isVisible()
    assert not second.actions_table["similar"].isChecked()
    second.toasts.detach()


@pytest.mark.parametrize(
    "broken", [b"", b"[General]\ngeometry=nonsense\nview=view-nothing\n", b"\xff\xfe\x00"]
)
def test_a_broken_memory_costs_nothing_but_the_memory(broken: bytes, window: MainWindow) -> None:
    config_dir().mkdir(parents=True)
    (config_dir() / "window.ini").write_bytes(broken)
    state, _ = remembered.load()
    window.restore(state)
    assert window.pages.currentIndex() == 0
    screen = QGuiApplication.primaryScreen().availableGeometry()
    assert window.width() <= max(screen.width(), window.minimumWidth())
    assert window.height() <= screen.height()


def test_it_opens_on_the_screen_that_there_is(window: MainWindow) -> None:
    window.restore(WindowState())
    assert window.width() <= max(window.screen().availableSize().width(), window.minimumWidth())


def test_the_encoder_switch_tells_only_of_a_persons_choice(window: MainWindow, qtbot: QtBot) -> None:
    switch = window.encoder
    assert not switch.combo.isEnabled()
    assert "add music" in switch.combo.toolTip()
    choices = [
        EncoderChoice("mfcc", "Timbre (MFCC)"),
        EncoderChoice("random", "Untrained", "Learned nothing."),
    ]
    with qtbot.assertNotEmitted(switch.chosen):
        switch.set_choices(choices, "random")
    assert switch.current == "random"
    with qtbot.waitSignal(switch.chosen) as caught:
        qtbot.keyClick(switch.combo, Qt.Key.Key_Up)
    assert caught.args == ["mfcc"]


def test_the_switch_keeps_what_has_not_listened_apart(window: MainWindow, qtbot: QtBot) -> None:
    switch = window.encoder
    choices = [
        EncoderChoice("earmap-2", "Earmap 2", "Learned.", unheard=True),
        EncoderChoice("mfcc", "Timbre (MFCC)"),
        EncoderChoice("self", "Self", unheard=True),
    ]
    switch.set_choices(choices, "mfcc")
    combo = switch.combo
    lines = [combo.itemText(row) for row in range(combo.count())]
    assert lines == ["Timbre (MFCC)", "", "Earmap 2 · not listened with yet", "Self · not listened with yet"]
    assert "it listens to your music" in combo.itemData(2, Qt.ItemDataRole.ToolTipRole)
    with qtbot.waitSignal(switch.chosen) as caught:
        qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert caught.args == ["earmap-2"], "the line between them is no choice"
    switch.set_choices(choices, "earmap-2")
    assert combo.currentText() == "Earmap 2", "it is about to listen"


def test_closing_waits_for_the_jobs_to_stop(
    window: MainWindow, context: Context, qtbot: QtBot, tmp_path: Path
) -> None:
    closed: list[bool] = []
    window.closed.connect(lambda: closed.append(True))
    context.jobs.start("scan", {"paths": [str(tmp_path)]})
    window.close()
    assert window.isVisible()
    assert not closed
    qtbot.waitUntil(lambda: bool(closed), timeout=20_000)
    assert not window.isVisible()
    assert not context.jobs.running


def test_a_second_try_does_not_wait(
    window: MainWindow, context: Context, qtbot: QtBot, tmp_path: Path
) -> None:
    context.jobs.start("scan", {"paths": [str(tmp_path)]})
    context.jobs.start("scan", {})
    window.close()
    assert window.isVisible()
    with qtbot.waitSignal(window.closed):
        window.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_the_terminal_closes_the_window(
    number: signal.Signals, window: MainWindow, qtbot: QtBot
) -> None:
    before = signal.getsignal(number)
    with closing_on_interrupt(window.close):
        began = time.monotonic()
        with qtbot.waitSignal(window.closed, timeout=5_000):
            signal.raise_signal(number)
    assert time.monotonic() - began < 2
    assert signal.getsignal(number) is before
