"""What a run is, from its row and the job that works on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.job_view import JobView
from app.run_view import Looked, RunView, merged
from core.library.records import RunRecord
from core.library.store import Library
from tests.synthetic_runs import Story, add


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    with Library(tmp_path / "library.earmap") as library:
        return replace(add(library, Story("mine", state="running", done=100)), job_id=5)


def seen(record: RunRecord, state: str, job_id: int, **more: Any) -> RunView:
    job = JobView(1, "train", {"name": "mine"}, state, job_id, title="It broke.", **more)  # type: ignore[arg-type] # as named
    (run,) = merged([Looked(record)], [job])
    return run


def test_what_was_paused_here_and_goes_on_elsewhere_is_learning_elsewhere(record: RunRecord) -> None:
    assert seen(record, "cancelled", 4).state == "elsewhere"
    assert seen(record, "failed", 4).state == "elsewhere"
    assert seen(record, "failed", 4).message == ""


def test_a_job_that_has_just_ended_is_not_elsewhere(record: RunRecord) -> None:
    assert seen(record, "completed", 5).state == "running"
    assert seen(record, "cancelled", 5).state == "stopping"
    assert seen(record, "failed", 5).state == "failed"
    assert seen(record, "failed", 5).message == "It broke."


def test_why_a_run_could_not_go_on_is_told_until_somebody_goes_on_with_it(record: RunRecord) -> None:
    paused = replace(record, state="paused")
    assert seen(paused, "failed", 6).message == "It broke."
    assert seen(paused, "failed", 0).message == "It broke."  # its process did not even start
    assert seen(paused, "failed", 4).message == ""
    finished = replace(record, state="finished")
    assert seen(finished, "failed", 6).message == ""


def test_what_was_stopped_before_it_had_a_row_stays_and_can_begin_again() -> None:
    job = JobView(1, "train", {"name": "mine", "strategy": "self", "preset": "paper"}, "cancelled")
    (run,) = merged([], [job])
    assert (run.name, run.state, run.resumable) == ("mine", "paused", True)
    assert merged([], [JobView(1, "train", {"name": "mine"}, "completed")]) == ()
