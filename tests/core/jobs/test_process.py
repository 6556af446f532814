"""Jobs in real processes of their own: what their owner hears, and that none of them outlives it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.errors import UserError
from core.jobs import process as module
from core.jobs.events import Ended, Event, Progress, Skipped, Started
from core.jobs.process import JobProcess
from core.library.store import Library
from core.settings import Settings
from tests.audio_files import write_tone
from tests.library_tools import scan

FILES = 60


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    for i in range(FILES):
        write_tone(folder / f"{i:02}.wav", 1.0, frequency=200 + i)
    (folder / "link.mp3").symlink_to(folder / "nowhere.mp3")
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    with Library(tmp_path / "a.earmap"):
        return tmp_path / "a.earmap"


@pytest.fixture
def scanned(library: Path, music: Path) -> None:
    """The library knows the music."""
    with Library(library) as opened:
        scan(opened, music)


@pytest.fixture
def start(library: Path) -> Iterator[Any]:
    started: list[JobProcess] = []

    def begin(kind: str, **params: Any) -> JobProcess:
        started.append(JobProcess(library, kind, params, Settings()))
        return started[-1]

    yield begin
    for job in started:
        job.close(0.0)


def listen(job: JobProcess, until: type[Event] = Ended, limit_s: float = 60.0) -> list[Event]:
    """Everything up to the first event of a kind."""
    events: list[Event] = []
    limit = time.monotonic() + limit_s
    while time.monotonic() < limit:
        events += job.poll(0.5)
        if any(isinstance(event, until) for event in events):
            return events
    raise AssertionError(f"no {until.__name__} after {limit_s} s, only {events[-3:]}")


def test_events_come_in_order_and_the_last_progress_is_told(start: Any, music: Path, library: Path) -> None:
    job = start("scan", paths=[str(music)])
    events = listen(job)
    kinds = [type(event) for event in events]
    assert kinds[0] is Started
    assert kinds.index(Ended) == len(kinds) - 1
    assert {event.job_id for event in events} == {job.job_id} != {0}
    assert events[-1].outcome == "completed"
    assert events[-1].result["found"] == FILES + 1
    assert [event for event in events if isinstance(event, Progress)][-1].done == FILES + 1
    assert job.poll() == []
    job.close()
    with Library(library) as opened:
        assert opened.jobs.recent()[0].state == "completed"


def test_skipped_items_are_told(start: Any, library: Path, tmp_path: Path) -> None:
    (tmp_path / "drive").mkdir()
    write_tone(tmp_path / "drive" / "one.wav", 0.1)
    with Library(library) as opened:
        scan(opened, tmp_path / "drive")
    (tmp_path / "drive").rename(tmp_path / "unplugged")
    (skipped,) = [event for event in listen(start("scan")) if isinstance(event, Skipped)]
    assert skipped.item == str(tmp_path / "drive")
    assert "cannot be reached" in skipped.reason


def test_an_owner_can_wait_for_events(start: Any, music: Path) -> None:
    job = start("scan", paths=[str(music)])
    assert wait([job], timeout=30) == [job]
    assert job.poll() != []


@pytest.mark.usefixtures("scanned")
def test_a_cancelled_job_stops_at_once_and_says_so(start: Any, library: Path) -> None:
    job = start("embed")
    listen(job, until=Started)
    job.cancel()
    ended = listen(job)[-1]
    assert isinstance(ended, Ended)
    assert ended.outcome == "cancelled"
    with Library(library) as opened:
        assert opened.jobs.recent()[0].state == "cancelled"


def test_a_killed_job_still_ends_for_its_owner(start: Any, music: Path, library: Path) -> None:
    job = start("scan", paths=[str(music)])
    listen(job, until=Started)
    os.kill(job.pid, signal.SIGKILL)
    ended = listen(job)[-1]
    assert isinstance(ended, Ended)
    assert (ended.outcome, ended.job_id) == ("failed", job.job_id)
    assert "Killed" in ended.title
    assert ended.details == ""
    assert job.poll() == []
    job.close()
    with Library(library) as opened:
        assert [run.id for run in opened.jobs.bury_dead()] == [job.job_id]


@pytest.mark.parametrize(
    ("kind", "params", "words", "bug"),
    [
        ("nonsense", {}, "no job called nonsense", False),
        ("runner", {}, "no job called runner", False),
        ("scan", {"paths": ["/nowhere/at/all"]}, "nothing at /nowhere/at/all", False),
        ("scan", {"paths": 5}, "made a mistake", True),
    ],
)
def test_a_job_that_cannot_begin_says_why(
    start: Any, kind: str, params: dict[str, Any], words: str, bug: bool
) -> None:
    ended = listen(start(kind, **params))[-1]
    assert isinstance(ended, Ended)
    assert ended.outcome == "failed"
    assert words in ended.title
    assert ("ValidationError" in ended.details) == bug


def test_a_library_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("my only copy " * 500)
    job = JobProcess(tmp_path / "thesis.txt", "scan", {}, Settings())
    ended = listen(job)[-1]
    job.close()
    assert isinstance(ended, Ended)
    assert ("damaged or not a library" in ended.title, ended.details) == (True, "")


@pytest.mark.usefixtures("scanned")
def test_closing_ends_the_whole_tree_also_where_nobody_answers(start: Any) -> None:
    job = start("embed")
    child = psutil.Process(job.pid)
    limit = time.monotonic() + 60
    while not child.children() and time.monotonic() < limit:
        job.poll(0.05)
    family = [child, *child.children(recursive=True)]
    assert len(family) > 1
    child.suspend()  # as one that hangs in a library's code
    began = time.monotonic()
    job.close(0.2)
    assert time.monotonic() - began < 5
    assert psutil.wait_procs(family, timeout=5)[1] == []
    job.close()
    assert not job.alive
    assert job.poll() == []


def test_a_job_steps_back_behind_the_window(start: Any, music: Path) -> None:
    job = start("scan", paths=[str(music)])
    listen(job, until=Started)
    assert psutil.Process(job.pid).nice() >= 10


OWNER = """
import sys, time
from pathlib import Path
from core.jobs.process import JobProcess
from core.settings import Settings
if __name__ == "__main__":
    job = JobProcess(Path(sys.argv[1]), "embed", {}, Settings())
    while not job.job_id:
        job.poll(0.1)
    print(job.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.usefixtures("scanned")
def test_no_job_outlives_a_killed_owner(library: Path, tmp_path: Path) -> None:
    (tmp_path / "owner.py").write_text(OWNER)
    command = [sys.executable, str(tmp_path / "owner.py"), str(library)]
    where = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=where) as owner:
        assert owner.stdout is not None
        job = psutil.Process(int(owner.stdout.readline()))
        family = [job, *job.children(recursive=True)]
        owner.kill()
    assert psutil.wait_procs(family, timeout=20)[1] == []
    with Library(library) as opened:
        opened.jobs.bury_dead()
        assert opened.jobs.recent()[0].state in ("cancelled", "interrupted")


def _hang(pipe: Connection) -> None:
    """A job that never comes to a boundary again."""
    module.ORPHAN_S = 0.1
    threading.Thread(target=module._listen, args=(pipe, threading.Event()), daemon=True).start()
    time.sleep(600)


def test_a_job_that_hangs_ends_when_its_owner_is_gone() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_hang, args=(theirs,))
    child.start()
    theirs.close()
    ours.send("cancel")
    ours.close()
    child.join(30)
    code = child.exitcode
    child.kill()
    child.join()
    assert code == 1


def test_progress_is_thinned_out_but_neither_a_stage_nor_the_last_is_lost() -> None:
    ours, theirs = multiprocessing.Pipe()
    outbox = module._Outbox(theirs)
    outbox(Started(7, "embed"))
    for i in range(1000):
        outbox(Progress(7, "reading", i, None))
    outbox(Progress(7, "writing", 0, 5))
    outbox(Progress(7, "writing", 5, 5))
    outbox(Ended(7, "completed"))
    theirs.close()
    heard = []
    while True:
        try:
            heard.append(ours.recv())
        except EOFError:
            break
    ours.close()
    assert len(heard) < 30
    assert (type(heard[0]), heard[-1]) == (Started, Ended(7, "completed"))
    told = [(event.stage, event.done) for event in heard[1:-1]]
    assert told == sorted(told)
    assert told[-2:] == [("writing", 0), ("writing", 5)]


def test_a_system_that_starts_no_more_processes_is_a_sentence(library: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (psutil.Process().num_fds(), hard))
    try:
        with pytest.raises(UserError, match="no more processes: Too many open files"):
            JobProcess(library, "scan", {}, Settings())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
