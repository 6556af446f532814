from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.library.jobs import DEAD_AFTER_S
from core.library.store import Library

ROOT = Path(__file__).parents[3]
WORK = """
import sys
from pathlib import Path
from core.library.store import Library
print(Library(Path(sys.argv[1])).jobs.start("embed", {}), flush=True)
sys.stdin.read()
"""


def alter(library: Library, **columns: float) -> None:
    """Let every run's row say something else."""
    with closing(sqlite3.connect(library.path)) as connection, connection:
        for name, value in columns.items():
            connection.execute(f"UPDATE job SET {name} = ?", (value,))


@contextmanager
def worker(library: Library) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a run of its own."""
    command = [sys.executable, "-c", WORK, str(library.path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        yield process
        process.kill()


def test_a_killed_run_is_found_at_once(library: Library) -> None:
    with worker(library) as process:
        assert [job.pid for job in library.jobs.running("embed")] == [process.pid]
        assert library.jobs.running("scan") == []
        assert library.jobs.bury_dead() == []
        os.kill(process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.01)  # not reaped yet: the number is still taken
        assert library.jobs.running() == []
        assert [job.id for job in library.jobs.bury_dead()] == [1]
    assert library.jobs.bury_dead() == []
    [job] = library.jobs.recent()
    assert (job.state, job.title) == ("interrupted", "The program ended before the job did.")
    assert job.finished_at is not None


def test_a_run_that_slept_with_its_machine_lives(library: Library) -> None:
    with worker(library) as process:
        process.send_signal(signal.SIGSTOP)
        alter(library, heartbeat=time.time() - 8 * 3600)
        assert library.jobs.bury_dead() == []
        process.send_signal(signal.SIGCONT)
        assert len(library.jobs.running()) == 1


def test_a_number_given_to_another_process_does_not_keep_a_run_alive(library: Library) -> None:
    library.jobs.start("embed", {})
    began = psutil.Process().create_time() - 3600  # this process is younger
    alter(library, created_at=began, heartbeat=time.time() - DEAD_AFTER_S - 1)
    assert len(library.jobs.bury_dead()) == 1


def test_a_clock_that_was_set_does_not_kill_a_run(library: Library) -> None:
    library.jobs.start("embed", {})
    alter(library, created_at=0)  # the clock was wrong then
    assert library.jobs.bury_dead() == []


def test_a_run_that_ends_well_while_it_is_taken_for_dead_has_ended_well(library: Library) -> None:
    key = library.jobs.start("embed", {})
    alter(library, pid=2**22 + 1)
    [seen] = library.jobs._open()
    library.jobs.finish(key, "completed", result={"read": 3})
    assert library.jobs._bury(seen) is False
    [job] = library.jobs.recent()
    assert (job.state, job.result) == ("completed", {"read": 3})


def test_progress_results_and_skips_come_back(library: Library) -> None:
    key = library.jobs.start("scan", {"paths": ["/m\udcff"]})
    skips = [(f"/m/{i}\udcff.mp3", "No sound.\0") for i in range(3)]
    library.jobs.beat(key, "Looking", 7, None, {"speed": 1.5}, skips, 3)
    [job] = library.jobs.recent()
    assert (job.stage, job.done, job.total, job.metrics, job.skipped) == (
        "Looking",
        7,
        None,
        {"speed": 1.5},
        3,
    )
    assert job.params == {"paths": ["/m\udcff"]}
    assert library.jobs.skips(key) == [(f"/m/{i}\ufffd.mp3", "No sound.") for i in range(3)]
    assert len(library.jobs.skips(key, limit=2)) == 2
    library.jobs.finish(key, "failed", title="T\udc80", hint="H", details="D\0")
    [job] = library.jobs.recent()
    assert (job.state, job.title, job.hint, job.details) == ("failed", "T\ufffd", "H", "D")
    assert library.jobs.running() == []


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, np.float32("nan"), np.float64("inf")])
def test_numbers_that_json_has_no_word_for_are_stored_as_nothing(library: Library, number: float) -> None:
    key = library.jobs.start("train", {"rate": number})
    library.jobs.beat(
        key, "", 0, None, {"loss": number, "curve": [1.0, number, (number,)], "n": np.int64(3)}, [], 0
    )
    library.jobs.finish(key, "completed", result={"deep": {"er": number}})
    [job] = library.jobs.recent()
    assert job.params == {"rate": None}
    assert job.metrics == {"loss": None, "curve": [1.0, None, [None]], "n": 3}
    assert job.result == {"deep": {"er": None}}
    with closing(sqlite3.connect(library.path)) as connection:
        for (stored,) in connection.execute("SELECT metrics FROM job"):
            json.loads(stored, parse_constant=pytest.fail)


def test_the_newest_runs_come_first(library: Library) -> None:
    keys = [library.jobs.start("scan", {}) for _ in range(5)]
    assert [job.id for job in library.jobs.recent(limit=3)] == keys[:1:-1]
