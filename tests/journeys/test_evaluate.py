"""From the Compare view to bars: a real process asks every encoder, and keeps what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.furniture import Furnished
from app.notify import Message, Notifier
from app.startup import Program, make_context
from app.views.compare.charts_page import ChartsPage
from core.library.records import Read
from core.library.store import Library
from tests.audio_files import tone, write
from tests.library_tools import PLAN, embed, scan

pytestmark = pytest.mark.timeout(240)
PATIENCE_MS = 100_000
PITCHES = {"High": 1500.0, "Low": 150.0}


def listen(library: Library, name: str) -> None:
    """As if an untrained network had heard every track; a real one needs more music than this to be calibrated."""
    encoder = library.encoders.add(
        name=f"{name}-w0.125", strategy=name, config={"width": 0.125}, dim=8, track_dim=16, front_end="x",
        weights_hash=name, card={}, file="",
    )  # fmt: skip
    rng = np.random.default_rng(len(name))
    found = library.files.candidates(encoder.id, PLAN, 100, ())
    assert len(found) == 16
    library.files.record(
        [
            Read(one.file_id, "ok", identity=one.identity, seconds=0.4, n_segments=1,
                 vector=rng.standard_normal(16).astype(np.float32))
            for one in found
        ],
        encoder.id, PLAN, "cpu", "float32",
    )  # fmt: skip


@pytest.fixture
def told() -> list[Message]:
    """What was said to the person."""
    return []


@pytest.fixture
def program(qapp: QApplication, tmp_path: Path, told: list[Message]) -> Iterator[Program]:
    """The window on a library of sixteen tones, the high and the low ones tagged so, two to an album."""
    (tmp_path / "Tones").mkdir()
    for number in range(16):
        genre = list(PITCHES)[number % 2]
        tags = {
            "title": f"{number}",
            "genre": genre,
            "album": f"{genre} {number // 4}",
            "artist": f"{number}",
        }
        samples = tone(0.4, 16_000, 1, PITCHES[genre] + 20 * number)
        write(tmp_path / "Tones" / f"{number}.mp3", samples, 16_000, tags=tags)
    with Library(tmp_path / "lib.earmap") as library:
        scan(library, tmp_path / "Tones")
        embed(library)
        for name in ("random", "random-multi"):
            listen(library, name)
    notifier = Notifier()
    notifier.subscribe(told.append)
    made = Program(make_context(qapp, tmp_path / "lib.earmap", notifier, tmp_path / "log" / "earmap.log"))
    made.show()
    yield made
    made.window.close()
    made.end()
    made.window.deleteLater()


def test_an_evaluation_is_started_from_the_window_and_its_bars_appear(
    program: Program, told: list[Message], qtbot: QtBot
) -> None:
    def until(done: Callable[[], object]) -> None:
        qtbot.waitUntil(lambda: bool(done()), timeout=PATIENCE_MS)

    window = program.window
    until(lambda: isinstance(program.wiring._furniture, Furnished))
    furnished = program.wiring._furniture
    assert isinstance(furnished, Furnished)
    window.actions_table["view-compare"].trigger()
    view, evaluation = furnished.compare, furnished.evaluation
    until(lambda: view.empty.isVisible() and "How good are your encoders" in view.empty.text())
    until(lambda: len(furnished.session.encoders) == 3)

    qtbot.mouseClick(view.tools.run, Qt.MouseButton.LeftButton)
    dialog = view.dialog
    assert dialog is not None
    dialog.tasks.tick("field", field="genre")
    until(lambda: any(offer.preview and offer.spec.kind == "field" for offer in dialog.tasks.chosen))
    assert "16 tracks of 2 classes, in 8 groups" in dialog.tasks.preview.text()
    dialog.probes["logistic"].setChecked(False)
    dialog.seeds.setValue(1)
    until(dialog.start.isEnabled)
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)

    until(view.strip.isVisible)
    until(lambda: not evaluation.busy and not view.strip.isVisible())
    until(lambda: evaluation.comparison is not None and len(evaluation.comparison.encoders) == 3)
    page = view.page("charts")
    assert isinstance(page, ChartsPage)
    wanted = {"mfcc", "random-w0.125", "random-multi-w0.125"}
    # The comparison may know of all three a moment before the picture does.
    until(lambda: page.isVisible() and page.ready and len(page.bars) == 1)
    until(lambda: wanted < {bar.key for bar in page.bars[0].bars})
    (bars,) = page.bars
    shown = {bar.key: bar for bar in bars.bars}
    assert shown["mfcc"].value > 0.85  # nothing is easier to tell than high from low
    assert bars.chance == 0.5

    view.show_page("report")
    report = view.page("report")
    assert isinstance(report, ChartsPage)
    until(lambda: report.ready and len(report.charts) > 5)
    job = evaluation.job
    assert job is not None
    assert (
        job.result["computed"] == 7
    )  # a report and an accuracy of three encoders, and the most frequent class
    assert any("7 results computed" in message.title for message in told if message.level == "done")
    assert not [message for message in told if message.level == "error"]
