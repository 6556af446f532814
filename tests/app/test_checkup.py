from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.checkup import Checkup, findings
from app.context import Context
from app.notify import Message
from app.theme import Theme
from app.views.check_dialog import CheckDialog
from core import selftest, settings
from core.selftest import Finding

PATIENCE_MS = 60_000


@pytest.fixture
def checkup(context: Context, tmp_path: Path) -> Iterator[Checkup]:
    """The self-test, soon; the slow part counts as done."""
    selftest.news([], quick=False)
    made = Checkup(context, tmp_path / "library.earmap", delay_ms=10)
    yield made
    made.close()


def test_what_is_wrong_is_told_once_in_a_sentence_with_a_way_on(
    checkup: Checkup, context: Context, messages: list[Message], qtbot: QtBot
) -> None:
    checkup.start()  # no sound card and no encoder here
    qtbot.waitUntil(lambda: bool(messages), timeout=PATIENCE_MS)
    assert [(message.level, message.action) for message in messages] == [("warning", "check")]
    assert "There is more to see (1)." in messages[0].hint
    heard: list[list[Finding]] = []
    checkup.run(heard.append, quick=True)
    qtbot.waitUntil(lambda: bool(heard), timeout=PATIENCE_MS)
    assert {one.name for one in heard[0] if one.state == "problem"} == {"encoder", "sound"}
    assert selftest.news(heard[0], quick=True) == []
    assert len(messages) == 1


def test_settings_that_the_window_has_told_are_told_no_more_but_stand_in_the_list(
    checkup: Checkup, messages: list[Message], qtbot: QtBot
) -> None:
    settings.config_dir().mkdir(parents=True, exist_ok=True)
    settings.settings_file().write_text("{")
    heard: list[list[Finding]] = []
    checkup.run(heard.append, quick=True)
    checkup.start()
    qtbot.waitUntil(lambda: bool(messages) and bool(heard), timeout=PATIENCE_MS)
    assert {one.name for one in heard[0] if one.state == "note"} == {"preferences"}
    assert "There is more to see (1)." in messages[0].hint  # sound and encoder, as ever
    assert "preferences" not in selftest.remembered()["told"]


def test_what_the_page_of_a_shut_library_says_is_not_told_once_more(
    checkup: Checkup, context: Context, messages: list[Message], tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "library.earmap").write_bytes(b"no library" * 100)
    checkup.start()
    qtbot.waitUntil(lambda: bool(messages), timeout=PATIENCE_MS)
    assert "There is more to see (1)." in messages[0].hint  # sound and encoder, as ever
    assert "library" not in selftest.remembered()["told"]


def test_it_waits_until_no_job_runs(
    checkup: Checkup, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(context.jobs), "running", property(lambda _: [object()]))
    checkup._look()
    assert checkup._wait.isActive()
    assert checkup._process is None


def test_closing_ends_the_process_at_once(checkup: Checkup, qtbot: QtBot) -> None:
    heard: list[list[Finding]] = []
    checkup.run(heard.append, quick=True)
    process = checkup._process
    assert process is not None
    qtbot.waitUntil(lambda: process.processId() > 0, timeout=10_000)
    number = int(process.processId())
    checkup.close()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
    assert heard == []


def test_what_is_no_document_finds_nothing() -> None:
    assert findings("") == []
    assert findings("[]") == []
    assert findings('{"findings": [{"name": "a"}]}') == []
    entry = {"name": "a", "state": "ok", "sentence": "Well.", "hint": ""}
    assert findings(json.dumps({"findings": [entry]})) == [Finding("a", "ok", "Well.")]


def test_the_dialog_shows_every_finding_and_copies_them(
    checkup: Checkup, context: Context, qtbot: QtBot
) -> None:
    theme: Theme = context.theme
    dialog = CheckDialog(checkup, theme)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.waiting.isHidden()
    found = [
        Finding("memory", "ok", "8 GB of memory are free."),
        Finding("sound", "problem", "Nothing can be heard.", "Mend."),
    ]  # fmt: skip
    dialog.show_findings(found)
    assert dialog.verdict.text() == "One thing is wrong."
    assert dialog.waiting.isHidden()
    dialog._copy()
    from PySide6.QtWidgets import QApplication

    assert QApplication.clipboard().text().splitlines()[1] == "problem: Nothing can be heard. Mend."
    dialog.show_findings(found[:1])
    assert dialog.verdict.text() == "All is well."
    dialog.show_findings([])
    assert "could not be run" in dialog.verdict.text()
