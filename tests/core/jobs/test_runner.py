from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import BaseModel
from sqlalchemy import text

from core.errors import UserError
from core.jobs import runner
from core.jobs.events import Ended, Progress, Skipped, Started
from core.jobs.runner import Job, JobContext
from core.library.store import Library
from core.settings import Settings
from tests.library_tools import Recorder


class Params(BaseModel):
    n: int = 3
    fail: str = ""


class Counting(Job[Params]):
    kind = "counting"
    title = "Counting"
    Params = Params
    extra: ClassVar[dict[str, Any]] = {}

    def run(self, ctx: JobContext) -> dict[str, Any]:
        for i in range(self.params.n):
            ctx.check()
            ctx.report("counting", i, self.params.n, speed=2.0)
        if self.params.fail == "user":
            raise UserError("The cupboard is bare.", "Buy some bread.")
        if self.params.fail == "bug":
            raise ZeroDivisionError("a bug")
        if self.params.fail == "memory":
            raise MemoryError
        ctx.skip("crumb", "too small")
        return {"counted": self.params.n} | self.extra


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "a.earmap") as opened:
        yield opened


def run(
    library: Library,
    cancelled: threading.Event | None = None,
    extra: dict[str, Any] | None = None,
    **params: Any,
) -> tuple[Ended, Recorder]:
    recorder = Recorder()
    job = Counting(Params(**params))
    job.extra = extra or {}
    return runner.run(job, library, Settings(), recorder, cancelled or threading.Event()), recorder


def test_a_run_is_told_and_kept(library: Library) -> None:
    ended, heard = run(library)
    row = library.jobs.recent()[0]
    assert [type(event) for event in heard.events] == [Started, *[Progress] * 3, Skipped, Ended]
    assert ended.outcome == row.state == "completed"
    assert ended.result == row.result == {"counted": 3}
    assert (row.done, row.total, row.skipped, row.metrics) == (2, 3, 1, {"speed": 2.0})
    assert library.jobs.skips(row.id) == [("crumb", "too small")]
    assert row.finished_at is not None
    assert library.jobs.running() == []


def test_a_persons_error_keeps_its_words_and_no_traceback(library: Library) -> None:
    ended, _ = run(library, fail="user")
    row = library.jobs.recent()[0]
    assert (row.state, row.title, row.hint, row.details) == (
        "failed", "The cupboard is bare.", "Buy some bread.", "",
    )  # fmt: skip
    assert ended.title == row.title


def test_a_bug_keeps_its_traceback(library: Library) -> None:
    ended, _ = run(library, fail="bug")
    assert ended.outcome == "failed"
    assert "ZeroDivisionError: a bug" in library.jobs.recent()[0].details


def test_too_little_memory_is_no_bug_of_ours(library: Library) -> None:
    ended, _ = run(library, fail="memory")
    assert (ended.title, ended.details) == ("Memory ran out.", "")


def test_the_listener_hears_the_result_that_is_kept(library: Library) -> None:
    ended, _ = run(library, extra={"rate": float("inf"), "n": np.int64(3), "pair": (1, 2)})
    kept = {"counted": 3, "rate": None, "n": 3, "pair": [1, 2]}
    assert ended.result == library.jobs.recent()[0].result == kept


def test_a_result_that_cannot_be_kept_is_a_bug_and_still_an_end(library: Library) -> None:
    ended, _ = run(library, extra={"thing": object()})
    assert "TypeError" in ended.details
    assert library.jobs.recent()[0].state == "failed"


def test_skips_are_not_lost_while_the_library_cannot_be_written(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = library.jobs.beat
    answers = iter([UserError("Another program keeps the library locked."), None, None])

    def locked_at_first(*told: Any) -> None:
        if (error := next(answers)) is not None:
            raise error
        real(*told)

    monkeypatch.setattr(library.jobs, "beat", locked_at_first)
    ctx = JobContext(library, Settings(), library.jobs.start("x", {}), Recorder(), threading.Event())
    ctx.skip("one", "broken")
    with pytest.raises(UserError):
        ctx.beat()
    ctx.skip("two", "broken as well")
    ctx.beat()
    ctx.beat()
    assert [item for item, _ in library.jobs.skips(ctx.job_id)] == ["one", "two"]
    assert library.jobs.recent()[0].skipped == 2


def test_the_end_is_told_although_it_cannot_be_kept(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = UserError("The disk that holds the library is full or failing.")

    def refuse(*_: Any, **__: Any) -> None:
        raise full

    monkeypatch.setattr(library.jobs, "beat", refuse)
    monkeypatch.setattr(library.jobs, "finish", refuse)
    ended, heard = run(library)
    assert heard.events[-1] == ended
    assert ended.outcome == "completed"


def test_cancelled_before_it_began_does_nothing(library: Library) -> None:
    cancelled = threading.Event()
    cancelled.set()
    ended, heard = run(library, cancelled)
    assert ended.outcome == library.jobs.recent()[0].state == "cancelled"
    assert heard.of(Progress) == []


def test_the_heart_beats_during_a_long_step(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "HEARTBEAT_S", 0.02)
    beats = []

    class Sleeping(Counting):
        def run(self, ctx: JobContext) -> dict[str, Any]:
            for _ in range(2):
                time.sleep(0.15)
                beats.append(library.jobs.recent()[0].heartbeat)
            return {}

    runner.run(Sleeping(Params()), library, Settings(), Recorder(), threading.Event())
    assert beats[1] > beats[0]


def test_dead_runs_are_found(library: Library) -> None:
    job_id = library.jobs.start("embed", {})
    assert library.jobs.bury_dead() == []
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    with library._db.write() as connection:
        connection.execute(text("UPDATE job SET pid = :pid"), {"pid": ended.pid})
    assert [job.id for job in library.jobs.bury_dead()] == [job_id]
    assert library.jobs.recent()[0].state == "interrupted"


def test_every_file_of_a_kind_is_that_kind() -> None:
    for kind in ("scan", "embed"):
        assert runner.find(kind).kind == kind
    with pytest.raises(UserError, match="no job called nonsense"):
        runner.find("nonsense")
    for name in ("../scan", "runner", "events"):
        with pytest.raises(UserError, match="no job called"):
            runner.find(name)
