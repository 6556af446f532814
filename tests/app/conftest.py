"""The window's services for tests: all real, on folders of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.context import Context
from app.main_window import MainWindow
from app.notify import Message, Notifier
from app.startup import make_context


@pytest.fixture
def notifier() -> Notifier:
    return Notifier()


@pytest.fixture
def messages(notifier: Notifier) -> Iterator[list[Message]]:
    """All that was told to the person."""
    told: list[Message] = []
    unsubscribe = notifier.subscribe(told.append)
    yield told
    unsubscribe()


@pytest.fixture
def context(qapp: QApplication, qtbot: QtBot, tmp_path: Path, notifier: Notifier) -> Iterator[Context]:
    """Services on a library that does not exist yet."""
    made = make_context(qapp, tmp_path / "library.earmap", notifier, tmp_path / "log" / "earmap.log")
    yield made
    made.jobs.close()
    made.background.close()
    made.library.close()


@pytest.fixture
def in_background(qtbot: QtBot, context: Context) -> Callable[[Callable[[], object]], object]:
    """Call something in the background and wait for its result."""

    def call(fn: Callable[[], object]) -> object:
        results: list[object] = []
        context.background.run(fn, results.append)
        qtbot.waitUntil(lambda: bool(results), timeout=20_000)
        return results[0]

    return call


@pytest.fixture
def window(context: Context, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window with empty places, on the screen and active."""
    made = MainWindow(context)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    with qtbot.waitActive(made):
        made.show()
    yield made
    made.toasts.detach()
