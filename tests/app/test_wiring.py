from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QMessageBox, QSpinBox
from pytestqt.qtbot import QtBot

from app.context import Context
from app.job_view import JobView
from app.main_window import MainWindow, Parts
from app.notify import Message
from app.theme import DARK
from app.views.preferences import Preferences
from app.wiring import Building, Wiring
from core.jobs.events import Ended
from core.library.store import Library
from core.settings import Settings, load, settings_file
from tests.file_dialogs import choose


class Plain:
    """The least that can stand in the window's places."""

    def __init__(self, remembered: str) -> None:
        self.parts = Parts(
            QLabel("table"),
            QLabel("similar"),
            QLabel("player"),
            QLabel("train"),
            QLabel("compare"),
            QLabel("map"),
            QLabel("queue"),
            QLabel("2 queued"),
        )
        self.remembered = remembered
        self.settings: list[Settings] = []
        self.closed = False

    def apply(self, settings: Settings) -> None:
        self.settings.append(settings)

    def library_state(self) -> str:
        return self.remembered

    def close(self) -> None:
        self.closed = True


class Made:
    """A wiring over plain views."""

    def __init__(self, context: Context, window: MainWindow, music: list[bytes]) -> None:
        self.furniture: Plain | None = None
        self.wiring = Wiring(context, window, "columns", music, self._furnish)

    def _furnish(self, wiring: Wiring, library: Library, remembered: str) -> Building:
        assert isinstance(library, Library)
        yield
        self.furniture = Plain(remembered)
        return self.furniture


@pytest.fixture
def made(context: Context, window: MainWindow, qtbot: QtBot) -> Iterator[Made]:
    """Open, and ready."""
    one = Made(context, window, [])
    one.wiring.open_library()
    qtbot.waitUntil(lambda: one.furniture is not None, timeout=20_000)
    yield one
    one.wiring.close()


class Slow(Made):
    """Views in many steps."""

    def __init__(self, context: Context, window: MainWindow, steps: int) -> None:
        super().__init__(context, window, [])
        self.steps, self.done, self.gone = steps, 0, False

    def _furnish(self, wiring: Wiring, library: Library, remembered: str) -> Building:
        try:
            while self.done < self.steps:
                self.done += 1
                yield
        finally:
            self.gone = True
        return Plain(remembered)


def test_the_event_loop_runs_between_two_steps_of_making_the_views(
    context: Context, window: MainWindow, qtbot: QtBot
) -> None:
    one = Slow(context, window, 200)
    seen: set[int] = set()
    looking = QTimer(interval=0)
    looking.timeout.connect(lambda: seen.add(one.done))
    looking.start()
    one.wiring.open_library()
    qtbot.waitUntil(lambda: one.wiring._furniture is not None, timeout=20_000)
    looking.stop()
    assert len(seen) > 150
    assert one.wiring._furniture is not None
    assert one.wiring._furniture.parts.library.isVisible()
    one.wiring.close()


def test_a_window_closed_while_its_views_are_made_makes_no_more_of_them(
    context: Context, window: MainWindow, qtbot: QtBot
) -> None:
    one = Slow(context, window, 10**9)
    one.wiring.open_library()
    qtbot.waitUntil(lambda: one.done > 3, timeout=20_000)
    one.wiring.close()
    reached = one.done
    qtbot.wait(50)
    assert (one.done, one.gone, one.wiring._furniture) == (reached, True, None)


def kinds(context: Context) -> list[str]:
    return [view.kind for view in context.jobs.views]


def test_the_library_is_opened_while_the_window_lives(
    context: Context, window: MainWindow, made: Made, tmp_path: Path
) -> None:
    assert (tmp_path / "library.earmap").is_file()
    assert made.furniture is not None
    assert made.furniture.parts.library.isVisible()
    assert made.furniture.remembered == "columns"


def test_a_library_that_cannot_be_opened_is_set_aside_and_begun_anew(
    context: Context, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "library.earmap"
    path.write_bytes(b"this is no database" * 100)
    one = Made(context, window, [b"/dropped"])
    one.wiring.open_library()
    qtbot.waitUntil(window.refused.isVisible, timeout=20_000)
    assert one.furniture is None
    window.refused.begin_anew.click()
    qtbot.waitUntil(lambda: one.wiring._furniture is not None, timeout=20_000)
    assert path.with_name("library.damaged-1.earmap").read_bytes() == b"this is no database" * 100
    assert window.actions_table["add-folder"].isEnabled()
    assert not window.refused.isVisible()
    qtbot.waitUntil(lambda: len(kinds(context)) == 2, timeout=20_000)  # what was dropped is not forgotten
    context.jobs.stop_all(0)
    qtbot.waitUntil(lambda: not context.jobs.running, timeout=20_000)
    one.wiring.close()


def test_music_of_the_command_line_is_added_once_the_library_is_open(
    context: Context, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    raw = os.fsencode(tmp_path) + b"/\xff"
    one = Made(context, window, [raw])
    one.wiring.open_library()
    window.add_wanted.emit([b"/dropped"])
    assert kinds(context) == []
    qtbot.waitUntil(lambda: len(kinds(context)) == 2, timeout=20_000)
    scan, embed = context.jobs.views
    assert scan.params["paths"] == [raw.decode("utf-8", "surrogateescape"), "/dropped"]
    assert (embed.kind, embed.params["follow"], embed.params["encoder"]) == ("embed", True, "mfcc")
    context.jobs.stop_all(0)
    qtbot.waitUntil(lambda: not context.jobs.running, timeout=20_000)


def test_a_chosen_folder_is_added(
    context: Context, window: MainWindow, made: Made, qtbot: QtBot, tmp_path: Path
) -> None:
    window.actions_table["add-folder"].trigger()
    (tmp_path / "Café").mkdir()
    choose(window, tmp_path / "Café")
    assert context.jobs.views[0].params["paths"] == [str(tmp_path / "Café")]
    context.jobs.stop_all(0)
    qtbot.waitUntil(lambda: not context.jobs.running, timeout=20_000)


def ended(context: Context, kind: str, outcome: str, **fields: object) -> None:
    """As if a job had ended."""
    event = Ended(1, outcome, **fields)  # type: ignore[arg-type] # as given
    context.jobs.ended.emit(
        JobView(
            9,
            kind,
            {},
            event.outcome,
            1,
            result=event.result,
            title=event.title,
            hint=event.hint,
            details=event.details,
        )
    )


@pytest.mark.parametrize(
    ("kind", "outcome", "fields", "level", "words"),
    [
        ("scan", "completed", {"result": {"found": 0}}, "warning", "No music was found"),
        (
            "scan",
            "failed",
            {"title": "There is nothing at /x.", "hint": "Is it there?"},
            "error",
            "nothing at /x",
        ),
        ("embed", "completed", {"result": {"read": 458, "failed_now": 12}}, "done", "458 tracks"),
        ("embed", "failed", {"title": "A bug.", "details": "Traceback"}, "error", "A bug."),
    ],
)
def test_the_end_of_a_job_is_told(
    kind: str, outcome: str, fields: dict[str, object], level: str, words: str,
    context: Context, made: Made, messages: list[Message],
) -> None:  # fmt: skip
    ended(context, kind, outcome, **fields)
    assert [(message.level, words in message.title) for message in messages] == [(level, True)]
    assert messages[0].details == fields.get("details", "")


def test_what_a_person_stopped_is_not_told_again(
    context: Context, made: Made, messages: list[Message]
) -> None:
    ended(context, "embed", "cancelled", title="Stopped.")
    ended(context, "scan", "completed", result={"found": 3})
    ended(context, "embed", "completed", result={"read": 0})
    assert messages == []


def test_after_a_scan_what_is_pending_is_listened_to(
    context: Context, made: Made, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "a.mp3").write_bytes(b"x")
    context.jobs.start("scan", {"paths": [str(tmp_path / "music")]})
    qtbot.waitUntil(lambda: "embed" in kinds(context), timeout=30_000)
    context.jobs.stop_all(0)
    qtbot.waitUntil(lambda: not context.jobs.running, timeout=20_000)


def test_settings_hold_at_once_and_are_stored(
    context: Context, window: MainWindow, made: Made, qtbot: QtBot
) -> None:
    window.actions_table["theme-dark"].trigger()
    assert context.theme.colours is DARK
    assert made.furniture is not None
    assert made.furniture.settings[-1].window.theme == "dark"
    qtbot.waitUntil(settings_file().is_file)
    qtbot.waitUntil(lambda: load()[0].window.theme == "dark")
    for volume in (0.1, 0.2, 0.3, 0.4):
        made.wiring.change("player", volume=volume)
    qtbot.waitUntil(lambda: json.loads(settings_file().read_text()).get("player") == {"volume": 0.4})


def test_preferences_open_once_and_follow_the_menus(
    context: Context, window: MainWindow, made: Made, qtbot: QtBot
) -> None:
    made.wiring.offer("player.device", [("", "Default"), ("Loud", "Loud")])
    window.actions_table["preferences"].trigger()
    window.actions_table["preferences"].trigger()
    (dialog,) = window.findChildren(Preferences)
    workers = dialog.forms["audio"].findChild(QSpinBox, "workers")
    assert workers is not None
    workers.setValue(3)
    assert context.settings.audio.workers == 3
    made.wiring.change("window", theme="dark")
    assert dialog.settings.window.theme == "dark"
    assert dialog.forms["window"].value.theme == "dark"
    dialog.close()
    qtbot.waitUntil(lambda: not window.findChildren(Preferences))
    window.actions_table["preferences"].trigger()
    assert len(window.findChildren(Preferences)) == 1
    window.findChildren(Preferences)[0].close()


def test_about_names_version_and_licence(window: MainWindow, made: Made, qtbot: QtBot) -> None:
    window.actions_table["about"].trigger()
    boxes: Callable[[], list[QMessageBox]] = lambda: window.findChildren(QMessageBox)  # noqa: E731 - asked again and again
    qtbot.waitUntil(lambda: bool(boxes()))
    assert boxes()[0].text().startswith("Earmap 0")
    assert "General Public License" in boxes()[0].informativeText()
    boxes()[0].close()


def test_encoders_that_are_dropped_are_imported_and_the_rest_is_music(
    context: Context, window: MainWindow, made: Made, qtbot: QtBot
) -> None:
    window.add_wanted.emit([b"/gift.safetensors"])
    assert kinds(context) == ["import_encoder"]
    assert context.jobs.views[0].params["path"] == "/gift.safetensors"
    window.add_wanted.emit([b"/music", b"/other\xff.safetensors"])
    assert kinds(context) == ["import_encoder", "import_encoder", "scan", "embed"]
    assert context.jobs.views[1].params["path"] == "/other\udcff.safetensors"
    assert context.jobs.views[2].params["paths"] == ["/music"]
    context.jobs.stop_all(0)
    qtbot.waitUntil(lambda: not context.jobs.running, timeout=20_000)
