"""Commands that are stopped: Ctrl-C is clean, a kill costs nothing that was finished, and the next run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from core.library.store import Library
from tests.audio_files import write_tone
from tests.library_tools import counts, scan, write_noise, write_tones


@pytest.fixture(scope="module")
def many_tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough to be stopped in the middle."""
    return write_tones(tmp_path_factory.mktemp("many") / "m", 300, seconds=0.4)


def _start(library: Path, music: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "core.cli", "add", str(music), "--library", str(library)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def _wait_for_vectors(library: Path, process: subprocess.Popen[str], wanted: int = 1) -> None:
    """Until the running command has stored some vectors."""
    while process.poll() is None:
        if library.exists():
            with Library(library) as opened:
                if opened.encoders.find("mfcc") and opened.vectors.count(1, "whole") >= wanted:
                    return
        time.sleep(0.02)
    raise AssertionError("the command ended first")


def test_ctrl_c_is_clean_and_the_next_run_goes_on(many_tones: Path, tmp_path: Path) -> None:
    library = tmp_path / "a.earmap"
    process = _start(library, many_tones)
    _wait_for_vectors(library, process)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert "Stopped." in err
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    with Library(library) as opened:
        assert 0 < counts(opened).embedded < 300
        assert opened.jobs.recent()[0].state == "cancelled"


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")
def test_killed_in_the_middle_nothing_is_lost_or_done_twice(many_tones: Path, tmp_path: Path) -> None:
    library = tmp_path / "a.earmap"
    process = _start(library, many_tones)
    _wait_for_vectors(library, process)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate(timeout=30)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == [], "decoders outlive the job"
    with Library(library) as opened:
        kept = counts(opened).embedded
        before = opened.vectors.after(1, "whole", 0)[1].tolist()
    assert 0 < kept < 300
    command = [sys.executable, "-m", "core.cli", "embed", "--json", "--library", str(library)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["read"] == 300 - kept
    with Library(library) as opened:
        after = opened.vectors.after(1, "whole", 0)[1].tolist()
        assert counts(opened).embedded == len(set(after)) == len(after) == 300
        assert after[:kept] == before
        states = [job.state for job in opened.jobs.recent()]
    assert states == ["completed", "interrupted", "completed"]


def _interrupted(command: list[str], ready: Callable[[], bool]) -> subprocess.CompletedProcess[str]:
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    limit = time.monotonic() + 60
    while not ready() and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.02)
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert psutil.wait_procs(children, timeout=5)[1] == []
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def test_ctrl_c_during_a_scan(tmp_path: Path) -> None:
    music, library = tmp_path / "m", tmp_path / "a.earmap"
    seed = write_tone(tmp_path / "seed.flac", 0.3)
    music.mkdir()
    for i in range(6000):
        os.link(seed, music / f"{i}.flac")

    def some_found() -> bool:
        if not library.exists():
            return False
        with Library(library) as opened:
            return counts(opened).found > 0

    command = [sys.executable, "-m", "core.cli", "add", str(music), "--scan-only", "--library", str(library)]
    done = _interrupted(command, some_found)
    assert (done.returncode, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr
    with Library(library) as opened:
        assert 0 < counts(opened).found < 6000
        assert opened.jobs.recent()[0].state == "cancelled"


def test_ctrl_c_during_calibration(tmp_path: Path) -> None:
    music, library = tmp_path / "m", tmp_path / "a.earmap"
    music.mkdir()
    write_noise(music, 10, 31.0)
    with Library(library) as opened:
        scan(opened, music)

    def calibrating() -> bool:
        with Library(library) as opened:
            return "alibrati" in opened.jobs.recent()[0].stage

    command = [
        sys.executable,
        "-m",
        "core.cli",
        "embed",
        "--encoder",
        "random-w0.5",  # takes seconds, so that it is not done before it is stopped
        "--library",
        str(library),
    ]
    done = _interrupted(command, calibrating)
    assert (done.returncode, done.stdout) == (130, ""), done.stderr
    assert "Traceback" not in done.stderr
    with Library(library) as opened:
        assert opened.encoders.all() == []
        assert opened.jobs.recent()[0].state == "cancelled"
