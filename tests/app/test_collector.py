from __future__ import annotations

import gc
import weakref

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app import collector
from app.collector import Collector


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
