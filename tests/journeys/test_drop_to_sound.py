"""The main job from end to end: drop a folder on the real window, click a track, click a neighbour, hear it.

Real worker processes embed, the real player plays through a virtual sound card, and what came out of the card is
compared with the file that was clicked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.notify import Message, Notifier
from app.startup import Program, make_context
from app.views.library import LibraryView
from app.views.neighbour_list import NeighbourList
from app.views.similar import SimilarPanel
from app.views.track_table import TrackTable
from core.library.store import Library
from tests.audio_files import write_tone
from tests.sound_card import RATE, SoundCard

pytest_plugins = ("tests.sound",)
pytestmark = pytest.mark.timeout(240)

PITCHES = {f"tone {hz}.flac": hz for hz in range(300, 2400, 100)}
PATIENCE_MS = 120_000


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Twenty-one tones: which file sounds can be told from its pitch."""
    folder = tmp_path / "My Music"
    folder.mkdir()
    for name, hz in PITCHES.items():
        write_tone(folder / name, 6.0, frequency=hz, channels=1, tags={"artist": "Sine", "title": name[:-5]})
    (folder / "broken.mp3").write_text("this is no music " * 200)
    return folder


@pytest.fixture
def program(qapp: QApplication, tmp_path: Path, sound_card: SoundCard) -> Iterator[SimpleNamespace]:
    """The whole program, as the command makes it."""
    notifier = Notifier()
    told: list[Message] = []
    notifier.subscribe(told.append)
    context = make_context(qapp, tmp_path / "lib.earmap", notifier, tmp_path / "log" / "earmap.log")
    made = Program(context)
    made.window.resize(1280, 800)
    made.show()
    yield SimpleNamespace(program=made, window=made.window, context=context, told=told)
    made.window.close()
    made.end()
    made.window.deleteLater()


def drop(window: QWidget, folder: Path) -> None:
    """What a file manager does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    copy, button, key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(400, 300), copy, data, button, key))
    event = QDropEvent(QPointF(400, 300), copy, data, button, key)
    QApplication.sendEvent(window, event)
    assert event.isAccepted()


def filled(program: SimpleNamespace, qtbot: QtBot, scans: int) -> TrackTable:
    """The table, once that many scans and what came of them are over and all tones are listed."""
    table, jobs = program.window.findChild(TrackTable), program.context.jobs

    def over() -> bool:
        begun = sum(job.kind == "scan" for job in jobs.views)
        return begun >= scans and not any(job.live for job in jobs.views)

    qtbot.waitUntil(lambda: over() and table.model().rowCount() >= len(PITCHES), timeout=PATIENCE_MS)
    return table


def click(qtbot: QtBot, view: TrackTable | NeighbourList, row: int, column: int = 0) -> None:
    place = view.visualRect(view.model().index(row, column)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def loudest(samples: np.ndarray) -> float:
    """The frequency (Hz) with the most energy."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * RATE / len(samples))


def heard(qtbot: QtBot, card: SoundCard, act: object) -> float:
    """Do something, listen, and say which pitch came out of the card."""
    with card.recording() as recording:
        act()
        qtbot.waitUntil(lambda: len(recording.sound()) > 1.2 * RATE, timeout=20_000)
        sound = recording.sound()
    assert np.abs(sound).max() > 0.02
    return loudest(sound[-RATE // 2 :, 0])


def test_from_the_drop_to_the_sound(
    program: SimpleNamespace, music: Path, qtbot: QtBot, sound_card: SoundCard
) -> None:
    window = program.window
    qtbot.waitUntil(lambda: window.findChild(LibraryView) is not None, timeout=20_000)
    drop(window, music)

    table = filled(program, qtbot, scans=1)
    click(qtbot, table, 3, column=1)
    similar = window.findChild(SimilarPanel)
    qtbot.waitUntil(lambda: len(similar.neighbours) == 10, timeout=20_000)
    neighbours = window.findChild(NeighbourList)
    clicked = similar.neighbours[2]
    pitch = heard(qtbot, sound_card, lambda: click(qtbot, neighbours, 2))
    assert pitch == pytest.approx(PITCHES[Path(os.fsdecode(clicked.row.path)).name], abs=5)

    assert [message for message in program.told if message.level == "error"] == []


def test_a_killed_job_leaves_the_window_and_goes_on(
    program: SimpleNamespace, music: Path, qtbot: QtBot
) -> None:
    window, jobs = program.window, program.context.jobs
    qtbot.waitUntil(lambda: window.findChild(LibraryView) is not None, timeout=20_000)
    drop(window, music)
    qtbot.waitUntil(lambda: any(j.kind == "embed" and j.job_id for j in jobs.views), timeout=PATIENCE_MS)
    embedding = next(j for j in jobs.views if j.kind == "embed" and j.job_id)
    with Library(program.context.library.path) as library:
        worker = psutil.Process(library.jobs.running("embed")[0].pid)
    qtbot.waitUntil(lambda: bool(worker.children()), timeout=PATIENCE_MS)
    decoders = worker.children(recursive=True)
    worker.kill()
    qtbot.waitUntil(
        lambda: not next(j for j in jobs.views if j.number == embedding.number).live, timeout=30_000
    )
    assert psutil.wait_procs(decoders, timeout=10)[1] == []
    drop(window, music)
    table = filled(program, qtbot, scans=2)
    click(qtbot, table, 3, column=1)
    qtbot.waitUntil(lambda: len(window.findChild(SimilarPanel).neighbours) == 10, timeout=20_000)
