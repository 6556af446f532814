from __future__ import annotations

import gc
import weakref

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app import collector
from app.collector import MANY, Collector


class Ring:
    """Something that only a collection frees."""

    def __init__(self) -> None:
        self.itself = self


def test_garbage_goes_by_the_timer_and_not_by_itself(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "YOUNG_MS", 50)
    parent = QObject()
    mine = Collector(parent)
    mine.start()
    try:
        assert not gc.isenabled()
        gone = weakref.ref(Ring())
        assert gone() is not None
        qtbot.waitUntil(lambda: gone() is None)
    finally:
        mine.close()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_what_grew_old_is_looked_at_now_and_then(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "YOUNG_MS", 30)
    monkeypatch.setattr(collector, "FULL_EVERY", 5)
    parent = QObject()
    mine = Collector(parent)
    mine.start()
    try:
        ring = Ring()
        gc.collect(1)  # what is held now counts as old
        gone = weakref.ref(ring)
        del ring
        gc.collect(1)
        assert gone() is not None
        qtbot.waitUntil(lambda: gone() is None)
    finally:
        mine.close()


def test_where_much_grew_old_it_is_put_out_of_sight(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "YOUNG_MS", 20)
    monkeypatch.setattr(collector, "FULL_EVERY", 3)
    monkeypatch.setattr(collector, "OLD", 2000)
    full: list[int] = []
    parent = QObject()
    mine = Collector(parent)
    mine.start()
    try:
        crowd: list[list[None]] = [[] for _ in range(5000)]
        frozen = gc.get_freeze_count()
        gc.callbacks.append(lambda phase, told: full.append(told["generation"]) if phase == "start" else None)
        qtbot.waitUntil(lambda: gc.get_freeze_count() > frozen + len(crowd))
        assert 2 not in full
        qtbot.waitUntil(lambda: 2 in full)  # the next time there is little to look through
    finally:
        gc.callbacks.pop()
        mine.close()


def test_nothing_is_collected_while_the_window_is_made() -> None:
    collector.hold()
    try:
        assert not gc.isenabled()
    finally:
        collector.release()
    assert gc.isenabled()


def test_a_crowd_that_stays_is_not_looked_through(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "YOUNG_MS", 20)
    monkeypatch.setattr(collector, "PATIENCE", 2)
    collected: list[str] = []
    parent = QObject()
    mine = Collector(parent)
    mine.start()
    try:
        gc.collect()
        frozen = gc.get_freeze_count()
        gc.callbacks.append(lambda phase, _: collected.append(phase))
        crowd: list[list[None]] = [[] for _ in range(2 * MANY)]
        qtbot.waitUntil(lambda: gc.get_freeze_count() > frozen + len(crowd))
        assert not collected
        qtbot.waitUntil(lambda: "stop" in collected)  # what comes after it is collected as ever
    finally:
        gc.callbacks.pop()
        mine.close()
