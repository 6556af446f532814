from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.notify import Message
from app.views.failures import FailuresView
from tests.scene import Scene
from tests.synthetic import Mix, state

MIX = Mix(900, waiting=0.1, failed=101, partial=151, skipped=211)


@pytest.fixture
def problems(scene: Scene) -> FailuresView:
    view = scene.open(MIX)
    view.tabs.setCurrentIndex(1)
    scene.until(lambda: bool(view.failures.model.failures))
    return view.failures


def test_problems_are_counted_and_listed_with_reasons(scene: Scene, problems: FailuresView) -> None:
    bad = [n for n in range(MIX.tracks) if state(n, MIX) in ("failed", "partial", "skipped")]
    assert scene.view.tabs.tabText(1) == f"Problems ({len(bad)})"
    assert sorted(f.file_id - 1 for f in problems.model.failures) == bad
    for row, failure in enumerate(problems.model.failures):
        assert problems.model.index(row, 2).data() == failure.reason != ""


def test_try_again_puts_the_chosen_files_back(scene: Scene, problems: FailuresView) -> None:
    row = next(row for row, f in enumerate(problems.model.failures) if f.state == "failed")
    file_id = problems.model.failures[row].file_id
    problems.table.selectRow(row)
    assert problems.retry.text() == "Try 1 again"
    before = len(problems.model.failures)
    with scene.qtbot.waitSignal(scene.session.reading_wanted, timeout=20_000):
        problems.retry.click()
    scene.until(lambda: len(problems.model.failures) == before - 1)
    assert scene.ask(lambda reader: reader.page([file_id]))[0].state == "pending"


def test_what_was_left_out_cannot_be_tried_again(problems: FailuresView) -> None:
    problems.table.selectRow(next(r for r, f in enumerate(problems.model.failures) if f.state == "skipped"))
    assert not problems.retry.isEnabled()
    assert "Not now" in problems.retry.toolTip()


def test_the_list_of_problems_is_written_as_csv(
    scene: Scene, problems: FailuresView, tmp_path: Path, messages: list[Message]
) -> None:
    problems.export_to(tmp_path / "problems.csv")
    scene.until(lambda: bool(messages))
    lines = (tmp_path / "problems.csv").read_bytes().decode("utf-8", "surrogateescape").split("\r\n")
    rows = list(csv.DictReader(lines))
    assert [
        (row["path"].encode("utf-8", "surrogateescape"), row["state"], row["reason"]) for row in rows
    ] == [(f.path, f.state, f.reason) for f in problems.model.failures]


def test_problems_sort_by_any_column(problems: FailuresView) -> None:
    problems.table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    reasons = [problems.model.index(row, 2).data() for row in range(problems.model.rowCount())]
    assert reasons == sorted(reasons, key=str.casefold, reverse=True)
    assert np.unique(reasons).size > 1


def test_without_problems_it_says_so_and_offers_nothing(problems: FailuresView) -> None:
    assert not problems.table.isHidden()
    assert problems.nothing.isHidden()
    problems.model.show([])
    assert problems.nothing.text() == "Every file could be read."
    assert (problems.nothing.isHidden(), problems.table.isHidden(), problems.foot.isHidden()) == (
        False,
        True,
        True,
    )
