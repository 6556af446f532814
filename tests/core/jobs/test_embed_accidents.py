"""What goes wrong around the embed job: a sentence each, nothing lost, counts that add up, and always an end."""

from __future__ import annotations

import importlib
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from core.audio.pool import DecodePool
from core.jobs import embed as module
from core.jobs.events import Ended, Event, Progress, Skipped, Started
from core.jobs.process import JobProcess
from core.library import upgrade
from core.library.records import Read
from core.library.store import Library
from core.settings import AudioSettings, Settings
from tests.accidents import careless
from tests.library_tools import Recorder, counts, embed, forgetful, run_job, scan, soundless, write_tones

MISSING = "cuda" if sys.platform == "darwin" else "mps"
ONE_WORKER = Settings(audio=AudioSettings(workers=1))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "lib" / "a.earmap") as opened:
        yield opened


@pytest.fixture
def tones(library: Library, tmp_path: Path) -> Path:
    """Sixty tracks, scanned."""
    folder = write_tones(tmp_path / "tones", 60)
    scan(library, folder)
    return folder


def after(done: int, act: Callable[[], object]) -> Callable[[Event], None]:
    """A listener that does something once so many tracks are done."""
    waiting = [act]

    def listen(heard: Event) -> None:
        if waiting and isinstance(heard, Progress) and heard.done >= done:
            waiting.pop()()

    return listen


def decoding_with(monkeypatch: pytest.MonkeyPatch, decoder: Any) -> None:
    monkeypatch.setattr(module, "DecodePool", partial(DecodePool, decoder=decoder))


# -- the library's file ----------------------------------------------------------------------------


def test_a_full_disk_stops_with_a_sentence_and_costs_nothing(library: Library, tones: Path) -> None:
    with library._db.read() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    limit = [pages]

    @event.listens_for(library._db.engine, "connect")
    @event.listens_for(library._db.engine, "checkout")
    def small(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit[0]}")

    ended = run_job(library, "embed")
    assert ended.outcome == "failed"
    assert "full" in ended.title
    assert ended.details == ""
    limit[0] = 2**30
    assert counts(library).pending > 0
    embed(library)
    assert (counts(library).embedded, counts(library).pending) == (60, 0)


def test_a_library_locked_by_another_program_is_a_sentence(
    library: Library, tones: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade, "BUSY_S", 0.2)
    library.close()
    with closing(sqlite3.connect(library.path, isolation_level=None, check_same_thread=False)) as other:
        ended = run_job(library, "embed", listener=after(3, lambda: other.execute("BEGIN IMMEDIATE")))
        other.execute("ROLLBACK")
    assert ended.outcome == "failed"
    assert "locked" in ended.title
    embed(library)
    assert counts(library).embedded == 60


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be taken away")
@pytest.mark.parametrize("replaced", [False, True])
def test_a_library_taken_away_underneath_is_said(library: Library, tones: Path, replaced: bool) -> None:
    def take_away() -> None:
        library.path.rename(library.path.with_suffix(".away"))
        if replaced:
            Library(library.path).close()

    ended = run_job(library, "embed", listener=after(3, take_away))
    assert ended.outcome == "failed"
    assert "deleted, moved or replaced" in ended.title
    assert library.path.exists() == replaced, "no empty file takes its place"
    library.close()


# -- the music's drive -----------------------------------------------------------------------------


@pytest.mark.parametrize("emptied", [False, True])
def test_a_drive_unplugged_midway_costs_nothing(library: Library, tones: Path, emptied: bool) -> None:
    away = tones.with_name("away")

    def unplug() -> None:
        tones.rename(away)
        if emptied:  # where it was mounted, there is an empty folder now
            tones.mkdir()

    listener = Recorder()
    unplugging = after(5, unplug)

    def both(heard: Event) -> None:
        listener(heard)
        unplugging(heard)

    ended = run_job(library, "embed", listener=both)
    assert ended.outcome == "completed"
    figures = counts(library)
    assert (figures.found, figures.offline, figures.missing, figures.failed) == (0, 60, 0, 0)
    assert [skipped.item for skipped in listener.of(Skipped)] == [str(tones)]
    if emptied:
        tones.rmdir()
    away.rename(tones)
    scan(library)
    done = counts(library).embedded
    assert 5 <= done < 60
    assert embed(library)["read"] == 60 - done
    assert counts(library).embedded == 60


# -- files that never come to an end ---------------------------------------------------------------


def test_a_file_without_identity_is_given_up_for_this_run(
    library: Library, tones: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed(library)
    (tones / "007.wav").touch()
    scan(library)
    decoding_with(monkeypatch, forgetful)
    listener = Recorder()
    ended = run_job(library, "embed", listener=listener)
    assert ended.outcome == "completed"
    assert ended.result["read"] == module.MOST_ATTEMPTS
    (skipped,) = listener.of(Skipped)
    assert skipped.item.endswith("007.wav")
    assert counts(library).embedded == 60, "its vector stays"


def test_a_file_without_sound_fails_once(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(library, write_tones(tmp_path / "few", 3))
    decoding_with(monkeypatch, soundless)
    assert run_job(library, "embed").result["read"] == 3
    assert (counts(library).failed, counts(library).pending) == (3, 0)


@pytest.mark.parametrize("crashed_before", [0, 1])
def test_a_file_that_crashes_the_decoder_is_tried_twice_also_across_runs(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crashed_before: int
) -> None:
    folder = write_tones(tmp_path / "few", 2)
    (folder / "001.wav").rename(folder / "exit.wav")
    scan(library, folder)
    decoding_with(monkeypatch, careless)
    evil = library.rows.find(os.fsencode(folder / "exit.wav"))
    assert evil is not None
    for _ in range(crashed_before):  # the program ended right after
        library.files.record([Read(evil, "pending", "It crashed.")], -1, "whole", "cpu", "float32")
    result = run_job(library, "embed").result
    assert (result["read"], result["failed_now"]) == (2, 1)
    (failure,) = library.files.failures()
    assert (failure.file_id, "crashed" in failure.reason) == (evil, True)
    assert (counts(library).embedded, counts(library).failed, counts(library).pending) == (1, 1, 0)
    with library._db.read() as connection:
        failures = connection.execute(text("SELECT failures FROM file WHERE id = :id"), {"id": evil})
        assert failures.scalar_one() == 2
    assert run_job(library, "embed").result["read"] == 0


def test_a_copy_of_another_content_is_identified_then_read_and_that_is_all(
    library: Library, tones: Path
) -> None:
    embed(library)
    sound = write_tones(tones.with_name("new"), 1, seconds=3.5) / "000.wav"
    sound.replace(tones / "011.wav")
    scan(library)
    assert embed(library)["read"] == 2  # once to see that it is another, once for its vector
    assert embed(library)["read"] == 0


# -- while torch is being loaded -------------------------------------------------------------------


class Loading:
    """Torch that comes when it is let; what the job did until then."""

    def __init__(self, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
        self.let, self.library, self.asked = threading.Event(), library, 0
        candidates = library.files.candidates

        def counted(*arguments: Any, **named: Any) -> Any:
            self.asked += 1
            return candidates(*arguments, **named)

        monkeypatch.setattr(library.files, "candidates", counted)
        monkeypatch.setattr(module, "import_module", self._load)

    def _load(self, name: str) -> Any:
        assert self.let.wait(60)
        return importlib.import_module(name)

    def until_it_waits(self) -> int:
        """Wait until no more is read; how many files were asked for."""
        before, limit = -1, time.monotonic() + 30
        while (before != self.asked or not self.asked) and time.monotonic() < limit:
            before = self.asked
            time.sleep(1.0)
        return self.asked


def test_files_are_read_while_torch_is_loaded_but_not_too_many(
    library: Library, tones: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading = Loading(library, monkeypatch)
    ended: list[Ended] = []
    thread = threading.Thread(target=lambda: ended.append(run_job(library, "embed")))
    thread.start()
    asked = loading.until_it_waits()
    assert module.MOST_EARLY <= asked <= module.MOST_EARLY + 2
    assert counts(library).pending == 60, "nothing is stored yet"
    loading.let.set()
    thread.join(60)
    assert (ended[0].outcome, ended[0].result["read"], counts(library).embedded) == ("completed", 60, 60)


def test_segments_take_less_room_than_whole_tracks_so_no_fewer_files_are_read_early(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(library, write_tones(tmp_path / "long", module.MOST_EARLY + 4, seconds=16.0))
    loading = Loading(library, monkeypatch)
    ended: list[Ended] = []
    thread = threading.Thread(target=lambda: ended.append(run_job(library, "embed", segments=5)))
    thread.start()
    asked = loading.until_it_waits()
    windows = 5 * asked
    assert windows > 2 * module.MOST_EARLY, "windows of a tenth of the size were counted as whole ones"
    assert asked <= module.MOST_EARLY + 2
    loading.let.set()
    thread.join(60)
    assert (ended[0].outcome, ended[0].result["read"]) == ("completed", module.MOST_EARLY + 4)


def test_a_stop_while_torch_is_loaded_leaves_everything_as_it_was(
    library: Library, tones: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, cancelled = Loading(library, monkeypatch), threading.Event()
    ended: list[Ended] = []
    thread = threading.Thread(target=lambda: ended.append(run_job(library, "embed", None, cancelled)))
    thread.start()
    loading.until_it_waits()
    cancelled.set()
    loading.let.set()  # a library that is being loaded cannot be interrupted
    thread.join(60)
    assert [end.outcome for end in ended] == ["cancelled"]
    assert (counts(library).pending, counts(library).failed) == (60, 0)
    embed(library)
    assert counts(library).embedded == 60


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"encoder": "nonsense"}, "no encoder called nonsense"),
        ({"device": MISSING}, f"no device '{MISSING}'"),
    ],
)
def test_files_read_for_an_encoder_that_is_not_to_be_had_are_not_touched(
    library: Library, tones: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any], words: str
) -> None:
    (tones / "000.wav").write_text("no music")
    scan(library)
    loading = Loading(library, monkeypatch)
    threading.Timer(1.0, loading.let.set).start()
    ended = run_job(library, "embed", **wrong)
    assert loading.asked > 1
    assert (ended.outcome, words in ended.title) == ("failed", True), ended
    assert (counts(library).pending, counts(library).failed) == (60, 0)


# -- the queue -------------------------------------------------------------------------------------


def test_a_clicked_track_is_read_next(library: Library, tones: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STORE_S", 0.0)  # the order of storing is the order of reading
    stored_at_click: list[int] = []
    clicked: list[int] = []

    def click() -> None:
        key = library.encoders.get("mfcc").id
        stored_at_click.append(library.vectors.count(key, "whole"))
        clicked.append(library.files.candidates(key, "whole", 60, [])[-1].file_id)
        library.files.prioritise(clicked[0])

    run_job(library, "embed", ONE_WORKER, listener=after(20, click))
    track = library.rows.page(1, "whole", clicked)[0].track_id
    place = library.vectors.after(1, "whole", 0)[1].tolist().index(track)
    assert 0 <= place - stored_at_click[0] <= 2  # one was being read already


def test_two_jobs_share_the_work(library: Library, tmp_path: Path) -> None:
    scan(library, write_tones(tmp_path / "many", 400))
    jobs = [JobProcess(library.path, "embed", {}, ONE_WORKER) for _ in range(2)]
    ended: list[Ended] = []
    limit = time.monotonic() + 90
    while len(ended) < 2 and time.monotonic() < limit:
        ended += [heard for job in jobs for heard in job.poll(0.05) if isinstance(heard, Ended)]
    for job in jobs:
        job.close()
    assert [(end.outcome, end.title) for end in ended] == [("completed", "")] * 2
    assert counts(library).embedded == 400
    # Both may hold what the other has not stored yet (1 s, here about a hundred); 800 if neither cared.
    assert 400 <= sum(end.result["read"] for end in ended) < 700


# -- following a scan ------------------------------------------------------------------------------


def _following(
    library: Library, cancelled: threading.Event, **more: object
) -> tuple[threading.Thread, list[Ended], Recorder]:
    """An embed job in a thread, waiting for the scan that runs."""
    ended: list[Ended] = []
    heard = Recorder()

    def work() -> None:
        ended.append(run_job(library, "embed", cancelled=cancelled, listener=heard, follow=True, **more))

    thread = threading.Thread(target=work)
    thread.start()
    limit = time.monotonic() + 30
    while not [p for p in heard.of(Progress) if p.stage == module.STAGE] and time.monotonic() < limit:
        time.sleep(0.02)
    return thread, ended, heard


def test_following_ends_with_the_scan_and_misses_nothing(library: Library, tmp_path: Path) -> None:
    running = library.jobs.start("scan", {})
    thread, ended, _ = _following(library, threading.Event())
    scan(library, write_tones(tmp_path / "late", 5))
    thread.join(1)
    assert thread.is_alive()
    scan(library, write_tones(tmp_path / "later", 5))
    library.jobs.finish(running, "completed")
    thread.join(20)
    assert [end.outcome for end in ended] == ["completed"]
    assert counts(library).embedded == 10


def test_a_scan_that_was_asked_for_is_waited_for_although_its_process_comes_up_later(
    library: Library, tmp_path: Path
) -> None:
    thread, ended, _ = _following(library, threading.Event(), scan_asked=time.time())
    thread.join(0.5)
    assert thread.is_alive()
    scan(library, write_tones(tmp_path / "late", 3))
    thread.join(20)
    assert [end.result["read"] for end in ended] == [3]


def test_a_scan_that_never_comes_is_waited_for_no_longer_than_said(library: Library) -> None:
    began = time.time()
    ended = run_job(library, "embed", follow=True, scan_asked=began - module.SCAN_PATIENCE_S + 1)
    assert ended.outcome == "completed"
    assert time.time() > began + 1


def test_a_job_that_waits_for_a_scan_can_be_stopped(library: Library) -> None:
    library.jobs.start("scan", {})
    cancelled = threading.Event()
    thread, ended, _ = _following(library, cancelled)
    cancelled.set()
    thread.join(5)
    assert [end.outcome for end in ended] == ["cancelled"]


def test_a_scan_that_died_keeps_nobody_waiting(library: Library, tmp_path: Path) -> None:
    running = library.jobs.start("scan", {})
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    with library._db.write() as connection:
        connection.execute(text("UPDATE job SET pid = :pid WHERE id = :id"), {"pid": dead.pid, "id": running})
    scan(library, write_tones(tmp_path / "m", 2))
    assert embed(library, follow=True)["embedded"] == 2


def test_a_hanging_file_does_not_keep_the_job_from_stopping(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_tones(tmp_path / "few", 1)
    (folder / "000.wav").rename(folder / "sleep.wav")
    scan(library, folder)
    decoding_with(monkeypatch, careless)
    cancelled = threading.Event()
    threading.Timer(2.0, cancelled.set).start()
    began = time.monotonic()
    ended = run_job(library, "embed", Settings(audio=AudioSettings(stall_limit_s=600)), cancelled)
    assert ended.outcome == "cancelled"
    assert time.monotonic() - began < 15


def test_a_killed_job_has_been_told_of(library: Library, tones: Path) -> None:
    job = JobProcess(library.path, "embed", {}, Settings())
    while not any(isinstance(heard, Started) for heard in job.poll(0.1)):
        pass
    job.close(0.0)
    assert [run.kind for run in library.jobs.bury_dead()] == ["embed"]
