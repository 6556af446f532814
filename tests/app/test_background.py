from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from app.background import CALM_MS, SOON_MS, Background
from app.context import Context
from app.library_door import LibraryDoor
from core.errors import UserError


class Receiver(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.got: list[object] = []
        self.threads: list[str] = []

    def take(self, value: object) -> None:
        self.got.append(value)
        self.threads.append(threading.current_thread().name)


@pytest.fixture
def receiver(qtbot: QtBot) -> Receiver:
    return Receiver()


def test_work_is_done_elsewhere_and_its_result_arrives_here(
    context: Context, receiver: Receiver, qtbot: QtBot
) -> None:
    context.background.run(lambda: threading.current_thread().name, receiver.take)
    qtbot.waitUntil(lambda: bool(receiver.got))
    assert str(receiver.got[0]).startswith("reader")
    assert receiver.threads == [threading.main_thread().name]


def test_errors_come_to_whoever_asked_else_to_the_door(receiver: Receiver, qtbot: QtBot) -> None:
    fallback = Receiver()
    background = Background(fallback.take)

    def fail() -> None:
        raise UserError("No")

    background.run(fail, receiver.take, failed=receiver.take)
    background.run(fail, receiver.take)
    qtbot.waitUntil(lambda: len(receiver.got) == len(fallback.got) == 1)
    assert isinstance(receiver.got[0], UserError)
    background.close()


def test_only_the_newest_of_a_name_is_delivered_and_stale_ones_are_not_even_begun(
    receiver: Receiver, qtbot: QtBot
) -> None:
    background, gate, begun = Background(receiver.take, threads=1), threading.Event(), list[int]()

    def work(number: int) -> int:
        begun.append(number)
        return number

    background.run(lambda: gate.wait(10))
    for turn in range(2):  # the last of a turn goes to stand in the threads' queue
        for number in range(4):
            background.run(partial(work, 10 * turn + number), receiver.take, latest="look")
        qtbot.wait(3 * SOON_MS)
    background.run(lambda: "other", receiver.take)
    gate.set()
    qtbot.waitUntil(lambda: len(receiver.got) == 2)
    assert receiver.got == [13, "other"]
    assert begun == [13]
    background.close()


def test_a_question_begins_when_the_window_has_been_painted(receiver: Receiver, qtbot: QtBot) -> None:
    background, order, painting = Background(receiver.take), list[str](), threading.Event()

    class Slow(QWidget):
        def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802 - Qt's name
            order.append("painted")
            painting.wait(5 * SOON_MS / 1000)

    widget = Slow()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitUntil(lambda: bool(order))
    qtbot.wait(3 * SOON_MS)
    order.clear()
    widget.update()
    background.run(lambda: order.append("asked"), receiver.take, latest="look")
    qtbot.waitUntil(lambda: bool(receiver.got))
    assert order[0] == "painted"
    assert order.count("asked") == 1
    background.close()


def test_questions_begin_while_others_of_their_name_follow(receiver: Receiver, qtbot: QtBot) -> None:
    background, begun, mouse = Background(receiver.take), list[str](), QTimer(interval=SOON_MS // 2)
    mouse.timeout.connect(lambda: background.run(lambda: begun.append("row"), receiver.take, latest="hover"))
    mouse.start()
    qtbot.waitUntil(lambda: len(begun) > 3)
    mouse.stop()
    background.close()


def test_what_waits_for_the_paint_is_still_done_at_the_end(receiver: Receiver) -> None:
    background, done = Background(receiver.take, threads=1), list[str]()
    background.run(lambda: done.append("an older one"), latest="settings")
    background.run(lambda: done.append("stored"), latest="settings")
    background.close()
    assert done == ["stored"]


def test_nothing_is_delivered_to_what_is_gone_or_after_the_end(receiver: Receiver, qtbot: QtBot) -> None:
    background, gate, witness = Background(receiver.take, threads=2), threading.Event(), Receiver()
    background.run(lambda: gate.wait(10), receiver.take)
    background.run(lambda: gate.wait(10), witness.take)
    got = receiver.got
    delete(receiver)
    gate.set()
    qtbot.waitUntil(lambda: witness.got == [True])
    assert got == []
    background.run(lambda: "late", witness.take)
    background.close()
    background.run(lambda: "too late", witness.take)
    qtbot.wait(50)
    assert witness.got == [True]


def test_the_library_refuses_the_gui_thread(tmp_path: Path) -> None:
    door = LibraryDoor(tmp_path / "library.earmap")
    with pytest.raises(RuntimeError, match="GUI thread"):
        door()
    assert not (tmp_path / "library.earmap").exists()


def test_the_library_is_opened_once_for_all_threads(tmp_path: Path) -> None:
    door, opened = LibraryDoor(tmp_path / "library.earmap"), list[object]()
    threads = [threading.Thread(target=lambda: opened.append(door())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    assert len(set(map(id, opened))) == 1
    door.close()


def test_what_is_patient_begins_when_nothing_else_runs(receiver: Receiver, qtbot: QtBot) -> None:
    background, gate, begun = Background(receiver.take), threading.Event(), list[str]()
    background.run(lambda: begun.append("patient"), receiver.take, patient=True)
    background.run(lambda: begun.append("patient, too"), receiver.take, patient=True)
    background.run(gate.wait)
    background.run(lambda: begun.append("at once"), receiver.take)
    qtbot.waitUntil(lambda: len(receiver.got) == 1)
    qtbot.wait(3 * CALM_MS)
    assert begun == ["at once"]
    gate.set()
    qtbot.waitUntil(lambda: len(receiver.got) == 3)
    assert begun == ["at once", "patient", "patient, too"]
    background.close()


def test_what_is_patient_goes_on_after_a_failure_and_is_dropped_when_all_ends(
    receiver: Receiver, qtbot: QtBot
) -> None:
    background, begun = Background(receiver.take, threads=1), list[str]()

    def fail() -> None:
        raise UserError("No")

    background.run(fail)
    background.run(lambda: begun.append("after"), receiver.take, patient=True)
    qtbot.waitUntil(lambda: len(receiver.got) == 2)
    assert begun == ["after"]
    background.run(lambda: begun.append("never"), patient=True)
    background.close()
    qtbot.wait(2 * CALM_MS)
    assert begun == ["after"]
