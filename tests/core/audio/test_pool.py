from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.audio.decode import WINDOW
from core.audio.pool import DecodePool
from core.audio.records import Event, Failed, Finished, Request, Window
from core.audio.worker import SLOTS
from core.errors import UserError
from tests.accidents import Unloadable, careless
from tests.audio_files import write_tone
from tests.hearing import hear, write_noise

pytestmark = pytest.mark.timeout(60)


def requests(paths: Iterable[Path]) -> Iterator[Request]:
    return (Request(key, os.fsencode(path)) for key, path in enumerate(paths))


def ends(events: Iterable[Event]) -> dict[int, Finished | Failed]:
    """How each file ended; each only once."""
    found: dict[int, Finished | Failed] = {}
    for event in events:
        if not isinstance(event, Window):
            assert event.key not in found
            found[event.key] = event
    return found


def workers() -> list[psutil.Process]:
    """Processes of this one's pools."""
    mine = psutil.Process().children()
    return [child for child in mine if "resource_tracker" not in " ".join(child.cmdline())]


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return write_tone(tmp_path / "good.mp3", seconds=4.0)


def named(sound: Path, *names: str) -> list[Path]:
    """The same sound under several names."""
    paths = [sound.with_name(name + ".mp3") for name in names]
    for path in paths:
        path.write_bytes(sound.read_bytes())
    return paths


def test_gives_what_decoding_here_gives(tmp_path: Path) -> None:
    paths = [write_noise(tmp_path / f"{n}.flac", 25.0 * (n + 1), seed=n) for n in range(4)]
    parts: dict[int, list[Window]] = {key: [] for key in range(4)}
    with DecodePool(2) as pool:
        for event in pool.stream(requests(paths)):
            if isinstance(event, Window):
                parts[event.key].append(event)
    for key, path in enumerate(paths):
        here = hear(path)
        assert [part.start for part in parts[key]] == [start for start, _ in here.windows]
        np.testing.assert_array_equal(np.concatenate([part.samples for part in parts[key]]), here.samples)


def test_segments_and_identities_pass_through(sound: Path) -> None:
    here = hear(sound, identify_only=True).finished
    asked = [
        Request(0, os.fsencode(sound), segments=1),
        Request(1, os.fsencode(sound), identify_only=True),
        Request(2, os.fsencode(sound), known=here.identity),
    ]
    with DecodePool(1) as pool:
        events = list(pool.stream(iter(asked)))
    assert [event.key for event in events] == [0, 0, 1, 2]
    found = [event for event in events if isinstance(event, Finished)]
    assert [event.decoded for event in found] == [True, False, False]
    assert {event.identity for event in found} == {here.identity}
    assert all(event.cpu_seconds > 0 for event in found)


@pytest.mark.parametrize(
    ("accident", "kind", "words"),
    [
        ("abort", "crashed", "Abort"),
        ("segfault", "crashed", "Segmentation"),
        ("exit", "crashed", "exit code 3"),
        ("bug", "crashed", "exit code 1"),
        ("killed", "memory", "memory"),
        ("bomb", "memory", "stopped"),
        ("sleep", "stalled", "no progress for 1 s"),
        ("spin", "stalled", "no progress for 1 s"),
        ("gil", "stalled", "no progress for 1 s"),
    ],
)
def test_an_accident_costs_one_file_and_names_it(
    accident: str, kind: str, words: str, sound: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = named(sound, "a", f"{accident} 1", "b", "c", f"{accident} 2", "d")
    with DecodePool(2, stall_limit_s=1.0, decoder=careless) as pool:
        found = ends(pool.stream(requests(paths)))
    assert sorted(found) == [0, 1, 2, 3, 4, 5]
    for key in (0, 2, 3, 5):
        assert isinstance(found[key], Finished)
    for key in (1, 4):
        failure = found[key]
        assert isinstance(failure, Failed)
        assert (failure.kind, words in failure.reason) == (kind, True), failure
    if accident == "bug":
        assert "ZeroDivisionError" in capfd.readouterr().err  # a bug of ours is to be seen


def test_a_pool_survives_ten_accidents_in_a_row(sound: Path) -> None:
    paths = named(sound, *(f"abort {n}" for n in range(10)), "good")
    with DecodePool(1, decoder=careless) as pool:
        found = ends(pool.stream(requests(paths)))
    assert [isinstance(found[key], Failed) for key in sorted(found)] == [True] * 10 + [False]


def test_a_worker_killed_while_idle_is_replaced_and_nobody_blamed(sound: Path) -> None:
    with DecodePool(1) as pool:
        for _ in range(3):
            assert isinstance(ends(pool.stream(requests([sound])))[0], Finished)
            (worker,) = workers()
            worker.kill()
            worker.wait(5)


def test_a_decoder_that_cannot_start_is_no_files_fault(sound: Path) -> None:
    with DecodePool(1, decoder=Unloadable()) as pool, pytest.raises(UserError, match="cannot be started"):
        list(pool.stream(requests([sound])))


def test_a_slow_consumer_stops_the_worker_and_is_no_stall(tmp_path: Path) -> None:
    path = tmp_path / "endless.mp3"
    with DecodePool(1, stall_limit_s=0.5, decoder=careless) as pool:
        stream = pool.stream(requests([path]))
        count = tmp_path / "endless.mp3.count"
        for taken in range(1, 4):
            event = next(event for event in stream if isinstance(event, Window))
            assert event.start == (taken - 1) * WINDOW
            time.sleep(1.0)  # twice the limit
            # Taken, lying in its slots, and one held by the worker that finds no slot.
            assert int(count.read_text()) + 1 <= taken + SLOTS + 1
        stream.close()


def test_memory_is_bounded_whatever_the_length(tmp_path: Path) -> None:
    path = tmp_path / "endless.mp3"
    with DecodePool(1, decoder=careless) as pool:
        stream = pool.stream(requests([path]))
        sizes = []
        for index, _ in enumerate(stream):
            if index in {20, 400}:
                sizes.append(sum(process.memory_full_info().uss for process in workers()))
            if index == 400:
                break
        stream.close()
    assert sizes[1] - sizes[0] < 4 << 20  # 760 MB have passed


def test_requests_are_pulled_one_by_one(sound: Path) -> None:
    pulled: list[int] = []

    def asked() -> Iterator[Request]:
        for key in range(8):
            pulled.append(key)
            yield Request(key, os.fsencode(sound))

    done = 0
    with DecodePool(2) as pool:
        for event in pool.stream(asked()):
            done += not isinstance(event, Window)
            assert len(pulled) - done <= 2
    assert pulled == list(range(8))


def test_windows_belong_to_the_caller(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "x.flac", 200.0, 16_000)
    with DecodePool(1) as pool:
        kept = [event for event in pool.stream(requests([path])) if isinstance(event, Window)]
    np.testing.assert_array_equal(np.concatenate([window.samples for window in kept]), hear(path).samples)
    assert all(window.samples.flags.writeable for window in kept)


def test_a_pool_serves_many_streams_one_at_a_time(sound: Path) -> None:
    with DecodePool(1) as pool:
        first = pool.stream(requests([sound]))
        next(first)
        with pytest.raises(RuntimeError, match="one stream"):
            next(pool.stream(requests([sound])))
        first.close()  # in the middle of a file
        assert isinstance(ends(pool.stream(requests([sound])))[0], Finished)


def test_an_error_of_the_caller_leaves_the_pool_usable(sound: Path) -> None:
    def broken() -> Iterator[Request]:
        yield Request(0, os.fsencode(sound))
        raise LookupError("the library is gone")

    with DecodePool(2) as pool:
        with pytest.raises(LookupError):
            list(pool.stream(broken()))
        assert isinstance(ends(pool.stream(requests([sound])))[0], Finished)


@pytest.mark.parametrize("state", ["sleep", "gil", "endless", "good"])
def test_closing_is_prompt_whatever_the_workers_do(state: str, sound: Path) -> None:
    paths = named(sound, "endless 1", f"{state} 2")
    pool = DecodePool(2, stall_limit_s=3600, decoder=careless)
    stream = pool.stream(requests(paths))
    next(stream)
    time.sleep(1)  # until both are at it
    processes = workers()
    assert len(processes) == 2
    before = time.monotonic()
    stream.close()
    pool.close()
    assert time.monotonic() - before < 1
    assert not any(process.is_running() for process in processes)


def test_an_interrupt_from_the_keyboard_is_not_for_the_workers(tmp_path: Path) -> None:
    path = tmp_path / "endless.mp3"
    with DecodePool(1, decoder=careless) as pool:
        stream = pool.stream(requests([path]))
        for index, event in enumerate(stream):
            assert isinstance(event, Window)
            workers()[0].send_signal(signal.SIGINT)
            if index == 5:
                break
        stream.close()


def test_workers_import_no_torch_and_step_back(sound: Path) -> None:
    with DecodePool(1, niceness=7, decoder=careless) as pool:
        found = ends(pool.stream(requests(named(sound, "modules"))))
        (worker,) = workers()
        assert worker.nice() == max(7, psutil.Process().nice())
        assert worker.num_threads() <= 2 + (os.cpu_count() or 1)
    modules = set(found[0].reason.split())
    assert "av" in modules
    assert modules.isdisjoint(
        {"torch", "torchaudio", "sklearn", "PySide6.QtWidgets", "sqlalchemy", "pydantic"}
    )


def test_a_pool_outlives_the_thread_that_used_it_first(sound: Path) -> None:
    with DecodePool(1) as pool:
        thread = threading.Thread(target=lambda: ends(pool.stream(requests([sound]))))
        thread.start()
        thread.join()
        (worker,) = workers()
        assert isinstance(ends(pool.stream(requests([sound])))[0], Finished)
        assert [process.pid for process in workers()] == [worker.pid]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("state", ["sleep", "endless", "spin", "gil"])
def test_workers_die_with_a_killed_program(state: str, sound: Path) -> None:
    named(sound, "abc", f"{state} 1")
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.accidents", str(sound.parent)], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    pids: list[str] = []
    while len(pids) < 3:  # two workers and Python's resource tracker
        _, *pids = program.stdout.readline().split()
    processes = [psutil.Process(int(pid)) for pid in pids]
    program.kill()
    program.wait(10)
    program.stdout.close()
    _, alive = psutil.wait_procs(processes, timeout=5)
    assert not alive


def test_processes_can_come_up_before_there_is_work(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.wav", 1.0)
    with DecodePool(2) as pool:
        pool.start()
        early = {
            worker.pid for worker in psutil.Process().children() if "spawn_main" in " ".join(worker.cmdline())
        }
        pool.start()
        events = list(pool.stream([Request(1, os.fsencode(path))]))
        late = {
            worker.pid for worker in psutil.Process().children() if "spawn_main" in " ".join(worker.cmdline())
        }
    assert isinstance(events[-1], Finished)
    assert len(early) == 2
    assert early == late
