from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app import session as session_module
from app.census import Change
from app.context import Context
from app.notify import Message
from tests.scene import Scene
from tests.synthetic import Mix, embed, first_waiting, state

MIX = Mix(200, folders=2, waiting=0.2, failed=31, partial=41, skipped=53)


@pytest.fixture
def scene(context: Context, qtbot: QtBot) -> Iterator[Scene]:
    made = Scene(context, qtbot)
    yield made
    made.close()


def test_what_another_process_changes_is_seen_and_named(scene: Scene) -> None:
    scene.fill(MIX)
    scene.session.start()
    scene.until(lambda: scene.session.census is not None)
    changes: list[Change] = []
    scene.session.library_changed.connect(changes.append)
    waiting = first_waiting(MIX, 3)
    call = f"embed(Path({str(scene.context.library.path)!r}), {waiting})"
    code = f"from pathlib import Path; from tests.synthetic import embed; {call}"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
    scene.session.set_busy(True)
    scene.until(lambda: bool(changes))
    assert sorted(changes[0].file_ids.tolist()) == waiting


def test_figures_follow_soon_after_the_last_change(scene: Scene) -> None:
    scene.fill(MIX)
    scene.session.start()
    scene.until(lambda: scene.session.census is not None)
    census = scene.session.census
    assert census is not None
    total = census.total
    states = [state(n, MIX) for n in range(MIX.tracks)]
    expected = [states.count(name) for name in ("ok", "partial", "failed", "skipped", "pending")]
    assert [total.embedded, total.partial, total.failed, total.skipped, total.pending] == expected
    assert total.found == sum(expected)
    assert census.problems == sum(expected[1:4])
    failed = states.index("failed") + 1
    scene.ask(lambda reader: reader.library.files.retry([failed]))
    scene.session.refresh()  # as a poll would: no hurry, and nothing else changes after it
    scene.until(
        lambda: scene.session.census is not None and scene.session.census.total.failed == expected[2] - 1
    )


@pytest.mark.parametrize(("rest", "at_once"), [(0, True), (10**9, False)], ids=["quick to count", "slow"])
def test_figures_that_are_quick_to_count_come_with_the_rows(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, rest: int, at_once: bool
) -> None:
    monkeypatch.setattr(session_module, "CENSUS_REST", rest)
    scene.fill(MIX)
    scene.session.start()
    scene.until(lambda: scene.session.census is not None)
    before, told = scene.session.census, list[bool]()
    scene.session.library_changed.connect(lambda _: told.append(scene.session.census != before))
    failed = [state(n, MIX) for n in range(MIX.tracks)].index("failed") + 1
    scene.ask(lambda reader: reader.library.files.retry([failed]))
    scene.session.refresh()
    scene.until(lambda: bool(told))
    assert told[0] == at_once
    scene.until(lambda: scene.session.census != before)


def test_the_selected_rows_are_read_again_when_they_change(scene: Scene) -> None:
    scene.fill(MIX)
    scene.session.start()
    scene.until(lambda: scene.session.encoder is not None)
    waiting = first_waiting(MIX, 1)[0]
    scene.select(waiting)
    assert scene.session.rows[0].state == "pending"
    embed(scene.context.library.path, [waiting])
    scene.session.refresh()
    scene.until(lambda: scene.session.rows[0].state == "embedded")


def test_the_same_selection_again_is_no_news(scene: Scene) -> None:
    scene.fill(MIX)
    told: list[bool] = []
    scene.session.selection_changed.connect(lambda: told.append(True))
    scene.session.select([3, 4])
    scene.session.select(np.array([3, 4]))
    assert told == [True]
    scene.session.select([])
    assert told == [True, True]
    scene.until(lambda: scene.session.rows == ())


def test_of_a_huge_selection_only_the_first_rows_are_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "MOST_ROWS", 5)
    scene.fill(MIX)
    scene.session.select(np.arange(1, 101))
    scene.until(lambda: len(scene.session.rows) == 5)
    assert len(scene.session.selection) == 100


def test_other_settings_mean_another_plan(scene: Scene) -> None:
    scene.fill(MIX)
    scene.session.start()
    scene.until(lambda: scene.session.encoder is not None)
    settings = scene.session.settings
    spread = settings.model_copy(update={"embedding": settings.embedding.model_copy(update={"segments": 8})})
    with scene.qtbot.waitSignal(scene.session.encoder_changed):
        scene.session.set_settings(spread)
    assert scene.ask(lambda reader: reader.plan) == "spread-8"
    scene.until(lambda: scene.session.census is not None and scene.session.census.total.embedded == 0)


def test_a_library_that_cannot_be_read_is_said_once(scene: Scene, messages: list[Message]) -> None:
    scene.context.library.path.write_text("no library at all")
    scene.session.set_busy(True)
    scene.until(lambda: bool(messages))
    for _ in range(3):
        scene.session.refresh()
        scene.qtbot.wait(100)
    assert len(messages) == 1
    assert "damaged" in messages[0].title
