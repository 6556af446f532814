"""From the Train view to an encoder in the switch: a real process trains, is paused, resumed, and finished early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from app.furniture import Furnished
from app.notify import Message, Notifier
from app.startup import Program, make_context
from app.views.training.setup_page import NAME, SetupPage
from core.library.store import Library
from tests.library_tools import embed, scan, write_noise

pytestmark = pytest.mark.timeout(240)
PATIENCE_MS = 100_000
NAMED = "from my noises"


@pytest.fixture
def told() -> list[Message]:
    """What was said to the person."""
    return []


@pytest.fixture
def program(qapp: QApplication, tmp_path: Path, told: list[Message]) -> Iterator[Program]:
    """The window on a library of twelve noises, each with a rhythm of its own."""
    (tmp_path / "Noises").mkdir()
    write_noise(tmp_path / "Noises", 12, 5.0)
    with Library(tmp_path / "lib.earmap") as library:
        scan(library, tmp_path / "Noises")
        embed(library)
    notifier = Notifier()
    notifier.subscribe(told.append)
    made = Program(make_context(qapp, tmp_path / "lib.earmap", notifier, tmp_path / "log" / "earmap.log"))
    made.show()
    yield made
    made.window.close()
    made.end()
    made.window.deleteLater()


def put_together(setup: SetupPage, until: Callable[[Callable[[], object]], None]) -> None:
    """A run that is as small as can be."""
    until(lambda: setup.strategies.count() and setup._plan is not None)
    names = [setup.strategies.item(row).data(NAME) for row in range(setup.strategies.count())]
    setup.strategies.setCurrentRow(names.index("self"))
    setup.width_choice.setCurrentIndex(setup.width_choice.findData(0.125))
    setup.steps.setValue(5000)
    setup.name.setText(NAMED)
    setup.more_button.setChecked(True)
    until(lambda: setup.more.ready and setup.more.fields)
    for name, value in {"batch": 4, "validate_every": 5, "precision": "float32"}.items():
        setup.more.fields[f"training.{name}"].editor.write(value)
    until(setup.start.isEnabled)


def test_an_encoder_learns_and_is_there_to_be_used(
    program: Program, told: list[Message], qtbot: QtBot
) -> None:
    def until(done: Callable[[], object]) -> None:
        qtbot.waitUntil(lambda: bool(done()), timeout=PATIENCE_MS)

    def click(button: QPushButton) -> None:
        until(lambda: button.isVisible() and button.isEnabled())
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    window = program.window
    until(lambda: isinstance(program.wiring._furniture, Furnished))
    furnished = program.wiring._furniture
    assert isinstance(furnished, Furnished)
    training, view = furnished.training, furnished.train
    window.actions_table["view-train"].trigger()
    view.tabs.setCurrentIndex(1)
    until(lambda: len(furnished.table.model.ids) == 12)
    furnished.session.select(furnished.table.model.ids[:1])
    until(lambda: furnished.session.rows)
    furnished.table.pin_wanted.emit(furnished.session.rows)
    until(lambda: training.pins)
    put_together(view.setup, until)
    click(view.setup.start)

    page, curves = view.runs, view.runs.curves
    until(lambda: training.run(NAMED) is not None and curves.charts and curves.charts["loss"].lines)
    click(page.pause)
    until(lambda: page.run is not None and page.run.state == "paused")
    paused_at = page.run.step if page.run is not None else 0
    assert paused_at > 0
    assert page.pins.now.count() > 0  # the pinned track has neighbours

    click(page.resume)
    until(lambda: page.run is not None and page.run.state == "running" and page.run.step > paused_at)
    until(lambda: curves.charts["loss"].lines[-1].curve.x[-1] >= paused_at // 5 * 5)
    click(page.finish)
    until(lambda: page.run is not None and page.run.state == "finished")
    until(lambda: window.encoder.combo.findData(NAMED) >= 0)
    embeds = [
        job for job in program.context.jobs.views if job.kind == "embed" and job.params["encoder"] == NAMED
    ]
    assert len(embeds) == 1
    assert any(NAMED in message.title for message in told if message.level == "done")
    assert not [message for message in told if message.level == "error"]

    click(page.use)
    until(lambda: window.encoder.current == NAMED)
    until(lambda: not program.context.jobs.running)
    until(lambda: furnished.session.census is not None and furnished.session.census.total.embedded == 12)
