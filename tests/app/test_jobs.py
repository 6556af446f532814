from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytestqt.qtbot import QtBot

from app.context import Context
from app.job_view import RATE_WINDOW_S, JobFollower, JobView
from app.jobs import Handle, Jobs
from core.errors import UserError
from core.jobs.events import Ended, Event, Progress, Skipped, Started
from core.library.records import JobRecord


class Scripted:
    """A handle whose events the test writes; it stops when asked, unless it is stubborn."""

    def __init__(self, kind: str, params: dict[str, Any], stubborn: bool = False) -> None:
        self.kind, self.params, self.stubborn = kind, params, stubborn
        self.events: list[Event] = []
        self.cancelled = self.closed = False
        self.threads: set[str] = set()

    def say(self, *events: Event) -> None:
        self.events += events

    def poll(self) -> list[Event]:
        self.threads.add(threading.current_thread().name)
        events, self.events = self.events, []
        return events

    def cancel(self) -> None:
        self.cancelled = True
        if not self.stubborn:
            self.say(Ended(1, "cancelled"))

    def close(self, patience_s: float = 5.0) -> None:
        self.closed = True


class Stage:
    """Jobs over scripted handles."""

    def __init__(self) -> None:
        self.handles: list[Scripted] = []
        self.stubborn = False
        self.error: Exception | None = None
        self.jobs = Jobs(self._start)

    def _start(self, kind: str, params: dict[str, Any]) -> Handle:
        if self.error is not None:
            raise self.error
        self.handles.append(Scripted(kind, params, self.stubborn))
        return self.handles[-1]


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[Stage]:
    made = Stage()
    yield made
    made.jobs.close()


def follow(*events: tuple[float, Event]) -> JobView:
    follower = JobFollower(JobView(1, "embed", {}, "running"))
    for now, event in events:
        follower.apply(event, now)
    return follower.snapshot()


def progress(done: int, total: int | None = 100, stage: str = "s") -> Progress:
    return Progress(7, stage, done, total)


def test_rate_and_time_left_come_from_the_last_seconds() -> None:
    view = follow(
        *[(float(t), progress(2 * t, 400)) for t in range(40)],
        *[(40.0 + t, progress(80 + t, 400)) for t in range(60)],
    )
    assert view.rate == pytest.approx(1.0, rel=0.05)
    assert view.seconds_left == pytest.approx((400 - view.done) / view.rate)
    assert RATE_WINDOW_S < 60


def test_nothing_is_promised_before_it_can_be_known() -> None:
    assert follow((0.0, progress(5))).seconds_left is None
    assert follow((0.0, progress(5, None)), (9.0, progress(50, None))).seconds_left is None
    stalled = follow(
        (0.0, progress(5)), (1.0, progress(50)), *[(float(t), progress(50)) for t in range(2, 60)]
    )
    assert (stalled.rate, stalled.seconds_left) == (0, None)


def test_a_new_stage_begins_its_rate_anew() -> None:
    view = follow(
        (0.0, progress(0)), (10.0, progress(100)), (11.0, progress(0, 10, "t")), (12.0, progress(1, 10, "t"))
    )
    assert view.rate == pytest.approx(1.0)


def test_skips_are_listed_and_the_end_completes_the_count() -> None:
    events = [(0.0, Started(7, "embed")), (1.0, progress(3, 5)), (2.0, Skipped(7, "a.mp3", "Empty."))]
    view = follow(*events, (3.0, Ended(7, "completed", {"read": 5})))
    assert (view.job_id, view.state, view.done, view.total, view.ended) == (7, "completed", 5, 5, 3.0)
    assert view.skipped == (("a.mp3", "Empty."),)
    assert not view.live
    assert follow(*events, (3.0, Ended(7, "failed", title="No room."))).done == 3


def others() -> list[psutil.Process]:
    """Processes of this one, less Python's own; one that ends while it is looked at is none."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            found += [child] if "resource_tracker" not in " ".join(child.cmdline()) else []
    return found


def test_a_real_scan_reports_ends_and_leaves_no_process(
    context: Context, qtbot: QtBot, tmp_path: Path
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for name in ("a.mp3", "b.flac", "notes.txt"):
        (music / name).write_bytes(b"nothing that anybody could play")
    jobs = context.jobs
    with qtbot.waitSignal(jobs.idle, timeout=60_000):
        number = jobs.start("scan", {"paths": [str(music)]})
        assert jobs.view(number).state == "waiting"
    view = jobs.view(number)
    assert (view.state, view.result["found"], view.job_id > 0) == ("completed", 2, True)
    qtbot.waitUntil(lambda: not others())


def test_a_real_job_that_is_killed_says_so(context: Context, qtbot: QtBot, tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    number = context.jobs.start("scan", {"paths": [str(tmp_path)]})

    def born() -> psutil.Process | None:
        fresh = [
            c
            for c in psutil.Process().children()
            if c not in before and "spawn_main" in " ".join(c.cmdline())
        ]
        return fresh[0] if fresh else None

    qtbot.waitUntil(lambda: born() is not None, timeout=20_000)
    victim = born()
    assert victim is not None
    with qtbot.waitSignal(context.jobs.idle, timeout=20_000):
        victim.kill()
    view = context.jobs.view(number)
    assert (view.state, view.resumable) == ("failed", True)
    assert "(Killed)" in view.title


def test_an_unknown_job_fails_with_a_sentence(context: Context, qtbot: QtBot) -> None:
    with qtbot.waitSignal(context.jobs.ended, timeout=30_000) as caught:
        context.jobs.start("nonsense")
    assert caught.args[0].title == "There is no job called nonsense."


def test_no_more_than_twenty_changes_a_second_reach_the_window(stage: Stage, qtbot: QtBot) -> None:
    seen: list[JobView] = []
    stage.jobs.start("embed")
    qtbot.waitUntil(lambda: bool(stage.handles))
    stage.jobs.changed.connect(seen.append)
    began = time.monotonic()
    for number in range(1000):
        stage.handles[0].say(progress(number, 1000))
        qtbot.wait(1)
    qtbot.waitUntil(lambda: seen[-1].done == 999)
    assert 3 < len(seen) <= 20 * (time.monotonic() - began) + 3
    assert stage.handles[0].threads == {"jobs"}
    stage.jobs.cancel(1)
    qtbot.waitUntil(lambda: not stage.jobs.running)


def test_one_of_a_kind_runs_and_the_next_waits(stage: Stage, qtbot: QtBot) -> None:
    jobs = stage.jobs
    first, second, other = (
        jobs.start("scan", {"paths": ["a"]}),
        jobs.start("scan", {"paths": ["b"]}),
        jobs.start("embed"),
    )
    assert jobs.start("scan", {"paths": ["b"]}) == second
    qtbot.waitUntil(lambda: len(stage.handles) == 2)
    assert [handle.kind for handle in stage.handles] == ["scan", "embed"]
    stage.handles[0].say(Ended(1, "completed"))
    qtbot.waitUntil(lambda: len(stage.handles) == 3)
    assert stage.handles[2].params == {"paths": ["b"]}
    assert stage.handles[0].closed
    for handle in stage.handles[1:]:
        handle.say(Ended(1, "completed"))
    qtbot.waitUntil(lambda: not jobs.running)
    assert [jobs.view(n).state for n in (first, second, other)] == ["completed"] * 3


def test_what_waits_can_be_cancelled_and_what_was_stopped_resumed(stage: Stage, qtbot: QtBot) -> None:
    jobs = stage.jobs
    running, waiting = jobs.start("embed", {"encoder": "mfcc"}), jobs.start("embed", {"encoder": "random"})
    qtbot.waitUntil(lambda: bool(stage.handles))
    jobs.cancel(waiting)
    qtbot.waitUntil(lambda: jobs.view(waiting).state == "cancelled")
    assert jobs.view(running).live
    stage.handles[0].say(Started(7, "embed"))
    qtbot.waitUntil(lambda: jobs.view(running).job_id == 7)
    jobs.cancel(running)
    qtbot.waitUntil(lambda: jobs.view(running).state == "cancelled")
    assert stage.handles[0].cancelled
    again = jobs.resume(running)
    qtbot.waitUntil(lambda: len(stage.handles) == 2)
    assert stage.handles[1].params == {"encoder": "mfcc"}
    jobs.cancel(again)
    qtbot.waitUntil(lambda: not jobs.running)


def test_a_job_that_does_not_stop_is_ended_in_time(stage: Stage, qtbot: QtBot) -> None:
    stage.stubborn = True
    number = stage.jobs.start("embed")
    qtbot.waitUntil(lambda: bool(stage.handles))
    stage.handles[0].say(Started(7, "embed"))
    qtbot.waitUntil(lambda: stage.jobs.view(number).job_id == 7)
    with qtbot.waitSignal(stage.jobs.idle, timeout=3_000):
        stage.jobs.stop_all(0.3)
    assert stage.handles[0].cancelled
    assert stage.handles[0].closed
    assert stage.jobs.view(number).state == "cancelled"


@pytest.mark.parametrize("error", [UserError("No room.", "Free some."), OSError("no process")])
def test_a_process_that_cannot_be_started_is_a_failed_job(
    stage: Stage, qtbot: QtBot, error: Exception
) -> None:
    stage.error = error
    with qtbot.waitSignal(stage.jobs.ended) as caught:
        stage.jobs.start("embed")
    view = caught.args[0]
    assert view.state == "failed"
    assert view.title
    assert (view.title == "No room.") == isinstance(error, UserError)
    assert bool(view.details) != isinstance(error, UserError)


def test_what_is_still_loading_is_ended_at_once(stage: Stage, qtbot: QtBot) -> None:
    stage.stubborn = True
    number = stage.jobs.start("embed")
    qtbot.waitUntil(lambda: bool(stage.handles))
    with qtbot.waitSignal(stage.jobs.idle, timeout=1_000):
        stage.jobs.cancel(number)
    assert stage.handles[0].closed


def test_earlier_runs_are_remembered_before_the_new(stage: Stage, qtbot: QtBot) -> None:
    stage.jobs.start("scan")
    stage.jobs.remember([record(4, "interrupted"), record(5, "running")])
    assert [(view.job_id, view.state) for view in stage.jobs.views] == [(4, "interrupted"), (0, "waiting")]
    stage.jobs.remember([record(4, "interrupted")])
    assert len(stage.jobs.views) == 2
    stage.jobs.stop_all(1)
    qtbot.waitUntil(lambda: not stage.jobs.running)


def record(number: int, state: Any) -> JobRecord:
    return JobRecord(
        number, "embed", {}, state, "s", 3, 9, 2, {}, {}, "t", "h", "", os.getpid(), 1.0, 2.0, 3.0
    )
