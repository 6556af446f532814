from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from app import logs
from app.main_window import MainWindow
from app.notify import Message, Notifier, hooked
from app.views.toasts import MOST, DetailsDialog, Toast
from core.errors import Cancelled, UserError


def test_a_user_error_is_told_as_it_is(notifier: Notifier, messages: list[Message]) -> None:
    notifier.error(UserError("The drive is full.", "Free some space."))
    assert messages == [Message("error", "The drive is full.", "Free some space.")]


def test_a_fault_of_ours_comes_with_its_traceback(notifier: Notifier, messages: list[Message]) -> None:
    try:
        {}["nothing"]
    except KeyError as error:
        notifier.error(error)
    (message,) = messages
    assert "KeyError: 'nothing'" in message.details
    assert "nothing" not in message.title


def test_a_cancellation_is_no_error(notifier: Notifier, messages: list[Message]) -> None:
    notifier.error(Cancelled())
    assert messages == []


def test_what_is_said_before_anybody_listens_is_not_lost() -> None:
    notifier, told = Notifier(), []
    notifier.info("Early")
    stop = notifier.subscribe(told.append)
    notifier.info("Later")
    stop()
    notifier.info("Too late")
    assert [message.title for message in told] == ["Early", "Later"]


def test_uncaught_exceptions_of_any_thread_are_told(notifier: Notifier, messages: list[Message]) -> None:
    before = sys.excepthook, threading.excepthook
    with hooked(notifier):
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        sys.excepthook(ValueError, ValueError("here"), None)
    assert "ZeroDivisionError" in messages[0].details
    assert "ValueError: here" in messages[1].details
    assert (sys.excepthook, threading.excepthook) == before


def test_messages_of_another_thread_appear_in_the_window(
    window: MainWindow, notifier: Notifier, qtbot: QtBot
) -> None:
    thread = threading.Thread(target=lambda: notifier.warning("The drive is slow."))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: [m.title for m in window.toasts.messages] == ["The drive is slow."])
    toast = window.toasts.findChild(Toast)
    assert toast is not None
    assert toast.isVisible()
    assert window.rect().contains(window.toasts.geometry())
    assert toast.height() > 30


def test_the_same_message_again_is_counted_and_many_push_the_oldest_out(
    window: MainWindow, notifier: Notifier, qtbot: QtBot
) -> None:
    for _ in range(3):
        notifier.warning("Again")
    qtbot.waitUntil(lambda: any(t.times == 3 for t in window.toasts.findChildren(Toast)))
    for number in range(MOST):
        notifier.warning(f"Number {number}")
    wanted = [f"Number {number}" for number in range(MOST)]
    qtbot.waitUntil(lambda: [m.title for m in window.toasts.messages] == wanted)


def test_a_toast_goes_when_it_is_closed(window: MainWindow, notifier: Notifier, qtbot: QtBot) -> None:
    notifier.error(UserError("Gone wrong."))
    qtbot.waitUntil(lambda: bool(window.toasts.messages))
    toast = window.toasts.findChild(Toast)
    assert toast is not None
    qtbot.mouseClick(toast.findChild(QToolButton), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.toasts.messages)
    assert not window.toasts.isVisible()


def test_details_can_be_copied_and_name_the_log(
    window: MainWindow, notifier: Notifier, qtbot: QtBot, tmp_path: Path
) -> None:
    notifier.error(RuntimeError("inside"))
    qtbot.waitUntil(lambda: bool(window.toasts.messages))
    toast = window.toasts.findChild(Toast)
    assert toast is not None
    qtbot.mouseClick(toast.findChild(QPushButton), Qt.MouseButton.LeftButton)
    dialog = window.findChild(DetailsDialog)
    assert dialog is not None
    assert not dialog.isModal()
    qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    copied = QApplication.clipboard().text()
    assert "RuntimeError: inside" in copied
    assert str(tmp_path / "log" / "earmap.log") in copied
    dialog.close()


@pytest.mark.parametrize("writable", [True, False])
def test_messages_reach_the_log_file(tmp_path: Path, writable: bool) -> None:
    path = tmp_path / "log" / "earmap.log"
    if not writable:
        path.parent.write_text("a file where the folder should be")
    with logs.logging_to(path):
        Notifier().error(RuntimeError("for the log"))
    assert not writable or "RuntimeError: for the log" in path.read_text("utf-8")
