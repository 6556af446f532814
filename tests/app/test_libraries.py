from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.context import Context
from app.libraries import Libraries
from app.main_window import MainWindow
from app.notify import Message
from core.errors import DamagedError, UserError
from tests.file_dialogs import choose

IN_BACKGROUND = Callable[[Callable[[], object]], object]


class Launched:
    """Instead of windows: what would have been opened."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.works = True

    def __call__(self, path: Path) -> bool:
        self.paths.append(path)
        return self.works


@pytest.fixture
def launched() -> Launched:
    return Launched()


@pytest.fixture
def libraries(context: Context, window: MainWindow, launched: Launched) -> Libraries:
    return Libraries(context, window, launched)


def shown(window: MainWindow) -> list[str]:
    return [label.text() for label in window.refused.findChildren(QLabel) if label.isVisible()]


def test_it_says_why_and_only_what_is_damaged_can_be_set_aside(
    libraries: Libraries, window: MainWindow, messages: list[Message], qtbot: QtBot
) -> None:
    window.show_view("view-map")
    libraries.refuse(UserError("The disk is asleep.", "Wake it."))
    assert {"The disk is asleep.", "Wake it."} <= set(shown(window))
    assert not window.refused.begin_anew.isVisible()
    assert not window.actions_table["add-folder"].isEnabled()
    assert "could not be opened" in window.actions_table["add-folder"].toolTip()
    libraries.refuse(DamagedError("It is broken."))
    assert window.refused.begin_anew.isVisible()
    assert messages == []  # the page says it
    with qtbot.waitSignal(libraries.again):
        window.refused.try_again.click()


def test_a_file_that_is_not_called_a_library_stays_where_it_is(
    context: Context, libraries: Libraries, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context.library, "path", Path("song.mp3"))
    libraries.refuse(DamagedError("It is no library."))
    assert not window.refused.begin_anew.isVisible()
    assert window.refused.use_another.isVisible()


def test_a_fault_of_the_program_has_its_report(
    libraries: Libraries, window: MainWindow, messages: list[Message]
) -> None:
    libraries.refuse(ZeroDivisionError("of ours"))
    assert "ZeroDivisionError" in messages[0].details
    assert any("Something went wrong" in text for text in shown(window))


def test_another_library_takes_the_place_of_one_that_is_shut(
    libraries: Libraries, window: MainWindow, launched: Launched, tmp_path: Path, qtbot: QtBot
) -> None:
    libraries.refuse(UserError("The disk is asleep."))
    window.refused.use_another.click()
    with qtbot.waitSignal(window.closed):
        choose(window, tmp_path / "jazz.earmap")
    assert launched.paths == [tmp_path / "jazz.earmap"]


def test_another_library_opens_beside_one_that_is_open(
    libraries: Libraries,
    context: Context,
    window: MainWindow,
    launched: Launched,
    messages: list[Message],
    in_background: IN_BACKGROUND,
    tmp_path: Path,
) -> None:
    in_background(context.library)
    window.actions_table["open-library"].trigger()
    choose(window, tmp_path / "library.earmap")
    assert (launched.paths, messages[0].level) == ([], "info")
    window.actions_table["open-library"].trigger()
    choose(window, tmp_path / "jazz.earmap")
    assert launched.paths == [tmp_path / "jazz.earmap"]
    assert window.isVisible()
    launched.works = False
    window.actions_table["open-library"].trigger()
    choose(window, tmp_path / "jazz.earmap")
    assert "No second window" in messages[-1].title
    assert "--library" in messages[-1].hint


def test_the_title_names_a_library_that_is_not_the_usual_one(
    window: MainWindow, context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    assert window.windowTitle() == "library — Earmap"
    monkeypatch.setenv("EARMAP_DATA_DIR", str(tmp_path))  # it is the usual one now
    usual = MainWindow(context)
    qtbot.addWidget(usual)
    assert usual.windowTitle() == "Earmap"
    usual.toasts.detach()
