"""The first minute with the bundled music: one button, then neighbours and the map; one click, and it is gone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.demo import OWN_MUSIC
from app.notify import Message, Notifier
from app.startup import Program, make_context
from app.views.folders import BUNDLED
from app.views.map.map_view import MapView
from app.views.rows_delegate import TWO_LINES
from app.views.similar import SimilarPanel
from core import bundled_music
from tests.audio_files import write_tone

pytestmark = pytest.mark.timeout(240)
PATIENCE_MS = 120_000


@pytest.fixture
def music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What comes with the program here: eight tones, in a folder that nobody may write to."""
    folder = tmp_path / "installed" / "music"
    folder.mkdir(parents=True)
    names = [bundled_music.FIRST, *(f"tone-{number}.opus" for number in range(7))]
    for number, name in enumerate(names):
        tags = {"title": name.removesuffix(".opus"), "artist": "Sine", "genre": ("Low", "High")[number % 2]}
        write_tone(folder / name, 4.0, frequency=300 + 200 * number, channels=1, tags=tags)
    (folder / bundled_music.CREDITS).write_text(json.dumps([]))
    folder.chmod(0o555)
    monkeypatch.setenv("EARMAP_MUSIC_DIR", str(folder))
    yield folder
    folder.chmod(0o755)


def opened(qapp: QApplication, library: Path, *, demo: bool) -> Iterator[SimpleNamespace]:
    notifier = Notifier()
    told: list[Message] = []
    notifier.subscribe(told.append)
    context = make_context(qapp, library, notifier, library.parent / "log" / "earmap.log")
    made = Program(context, demo=demo)
    made.window.resize(1280, 800)
    made.show()
    yield SimpleNamespace(window=made.window, wiring=made.wiring, context=context, told=told)
    made.window.close()
    made.end()
    made.window.deleteLater()


@pytest.fixture
def program(qapp: QApplication, tmp_path: Path) -> Iterator[SimpleNamespace]:
    yield from opened(qapp, tmp_path / "library.earmap", demo=False)


@pytest.fixture
def with_demo(qapp: QApplication, tmp_path: Path, music: Path) -> Iterator[SimpleNamespace]:
    yield from opened(qapp, tmp_path / "library.earmap", demo=True)


def map_shown(program: SimpleNamespace, qtbot: QtBot) -> MapView:
    """Once the map is open by itself, with a track that is selected on it and its neighbours beside it."""

    def ready() -> bool:
        view, similar = program.window.findChild(MapView), program.window.findChild(SimilarPanel)
        return (
            view is not None
            and view.isVisible()
            and len(view.stage.chosen) == 1
            and len(similar.neighbours) == 7
        )

    qtbot.waitUntil(ready, timeout=PATIENCE_MS)
    return program.window.findChild(MapView)


def test_one_button_to_the_map_and_one_click_back(
    music: Path, program: SimpleNamespace, qtbot: QtBot, tmp_path: Path
) -> None:
    window, actions = program.window, program.window.actions_table
    qtbot.waitUntil(lambda: window.library_page.currentWidget() is window.start, timeout=PATIENCE_MS)
    assert not actions["remove-bundled"].isEnabled()
    qtbot.mouseClick(window.start.demo, Qt.MouseButton.LeftButton)
    assert window.library_page.currentWidget() is not window.start  # at once
    map_shown(program, qtbot)
    session = program.wiring._furniture.session
    assert session.rows[0].path == os.fsencode(music / bundled_music.FIRST)
    assert not actions["try-bundled"].isEnabled()

    folders = program.wiring._furniture.table.folders.list
    assert [folders.item(n).data(TWO_LINES).title for n in range(folders.count())] == ["All music", BUNDLED]

    own = tmp_path / "own"
    own.mkdir()
    for number in range(2):
        write_tone(own / f"{number}.flac", 4.0, frequency=350 + 90 * number, channels=1)
    program.wiring.add([os.fsencode(own)])
    qtbot.waitUntil(lambda: OWN_MUSIC in program.told, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not program.context.jobs.running, timeout=PATIENCE_MS)
    actions["remove-bundled"].trigger()
    qtbot.waitUntil(lambda: len(session.census.roots) == 1, timeout=PATIENCE_MS)
    assert session.census.roots[0][0].raw_path == os.fsencode(own)
    assert program.told.count(OWN_MUSIC) == 1
    assert len(list(music.glob("*.opus"))) == 8
    assert [message for message in program.told if message.level == "error"] == []


def test_the_command_does_the_same_and_somebody_elsewhere_is_left_alone(
    with_demo: SimpleNamespace, qtbot: QtBot
) -> None:
    window, jobs = with_demo.window, with_demo.context.jobs
    qtbot.waitUntil(lambda: bool(jobs.running), timeout=PATIENCE_MS)
    window.actions_table["view-activity"].trigger()
    qtbot.waitUntil(lambda: any(job.kind == "embed" for job in jobs.views), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not with_demo.wiring._furniture.demo.on, timeout=PATIENCE_MS)
    similar = window.findChild(SimilarPanel)
    qtbot.waitUntil(lambda: len(similar.neighbours) == 7, timeout=PATIENCE_MS)
    assert window.actions_table["view-activity"].isChecked()
    assert [job.kind for job in jobs.views] == ["scan", "embed"]  # one of each was enough
