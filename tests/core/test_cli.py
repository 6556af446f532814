"""The command line as scripts use it: one JSON document on standard output, exit codes, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from core import cli
from core.library.store import Library
from tests.audio_files import write_music, write_tone
from tests.library_tools import counts


def earmap(library: Path, *arguments: str | bytes) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "core.cli", *arguments, "--library", str(library)]
    return subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", check=False)


def run_json(capsys: pytest.CaptureFixture[str], library: Path, *arguments: str) -> dict[str, Any]:
    """Run a command in this process; the document that it printed."""
    code = exit_code([*arguments, "--library", str(library), "--json"])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    document: dict[str, Any] = json.loads(captured.out)
    return document


def exit_code(arguments: Sequence[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A library and its folder: 24 pieces by 4 artists, one of them a broken file, embedded with mfcc."""
    folder = tmp_path_factory.mktemp("cli")
    music = folder / "music"
    music.mkdir()
    for seed in range(24):
        tags = {"title": f"Piece {seed}", "artist": f"Artist {seed % 4}", "album": f"Album {seed % 6}"}
        write_music(music / f"{seed:02}.flac", 4, seed=seed, tags=tags)
    (music / "broken.mp3").write_text("no music at all " * 100)
    done = earmap(folder / "a.earmap", "add", str(music), "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["found"], document["embedded"]) == (25, 24)
    assert document["failed"] + document["skipped"] == 1
    return folder / "a.earmap", music


def test_status_adds_up(capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path]) -> None:
    status = run_json(capsys, filled[0], "status")
    parts = ("embedded", "partial", "failed", "skipped", "pending")
    assert status["found"] == sum(status[part] for part in parts) == 25
    assert [encoder["name"] for encoder in status["encoders"]] == ["mfcc"]
    assert [job["kind"] for job in status["jobs"]] == ["embed", "scan"]
    failure = status["failures"][0]
    assert failure["path"].endswith("broken.mp3")
    assert len(failure["reason"]) > 15


def test_similar_by_path_and_number(capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path]) -> None:
    library, music = filled
    found = run_json(capsys, library, "similar", str(music / "03.flac"), "-n", "5")
    (seed,) = found["seeds"]
    assert found["encoder"] == "mfcc"
    assert len(found["results"]) == 5
    assert seed not in [result["track"] for result in found["results"]]
    scores = [result["score"] for result in found["results"]]
    assert scores == sorted(scores, reverse=True)
    assert run_json(capsys, library, "similar", str(seed), "-n", "5") == found


def test_similar_filters(capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path]) -> None:
    library, music = filled
    seed = str(music / "03.flac")
    plain = run_json(capsys, library, "similar", seed, "-n", "23")["results"]
    assert len(plain) == 23
    others = run_json(capsys, library, "similar", seed, "-n", "23", "--exclude-artist")["results"]
    assert {r["artist"] for r in others} == {"Artist 0", "Artist 1", "Artist 2"}
    assert len(others) == 18
    albums = run_json(capsys, library, "similar", seed, "-n", "23", "--exclude-album")["results"]
    assert "Album 3" not in {r["album"] for r in albums}
    away = run_json(capsys, library, "similar", seed, "-n", "23", "--not", plain[0]["path"])["results"]
    assert plain[0]["path"] not in [r["path"] for r in away]


def test_exports(capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path], tmp_path: Path) -> None:
    import numpy as np
    from pyarrow import parquet

    library, music = filled
    assert run_json(capsys, library, "export", "vectors", str(tmp_path / "v.npz"))["tracks"] == 24
    with np.load(tmp_path / "v.npz") as arrays:
        shapes = {key: arrays[key].shape for key in arrays}
    assert (24, 40) in shapes.values()
    run_json(capsys, library, "export", "vectors", str(tmp_path / "v.parquet"))
    assert parquet.read_table(tmp_path / "v.parquet").num_rows == 24
    out = tmp_path / "like.m3u8"
    like = run_json(
        capsys, library, "export", "playlist", str(out), "--like", str(music / "03.flac"), "-n", "4"
    )
    assert like["tracks"] == 5
    lines = [line for line in out.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert [(tmp_path / line).resolve().exists() for line in lines] == [True] * 5
    assert lines[0].endswith("03.flac")
    found = run_json(
        capsys, library, "export", "playlist", str(tmp_path / "s.xspf"), "--search", 'artist:"artist 2"'
    )
    assert found["tracks"] == 6


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["similar", "/nowhere/a.mp3"], 1, "is not in the library"),
        (["similar", "99999"], 1, "has no vector"),
        (["export", "vectors", "out.docx"], 1, "format"),
        (["embed", "--encoder", "nonsense"], 1, "no encoder called nonsense"),
        (["embed", "--device", "toaster"], 2, "toaster"),
        (["frobnicate"], 2, "frobnicate"),
        (["add", "/nowhere/at/all"], 1, "nothing at"),
    ],
)
def test_exit_codes(
    capsys: pytest.CaptureFixture[str], filled: tuple[Path, Path], arguments: list[str], code: int, words: str
) -> None:
    library = [] if arguments[0] == "frobnicate" else ["--library", str(filled[0])]
    assert exit_code([*arguments, *library]) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


def test_a_file_that_is_no_library_is_refused_and_kept(tmp_path: Path) -> None:
    other = tmp_path / "thesis.txt"
    other.write_text("my only copy\n" * 100)
    done = earmap(other, "status")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert other.read_text() == "my only copy\n" * 100


def _tones(folder: Path, count: int) -> Path:
    folder.mkdir()
    for i in range(count):
        write_tone(folder / f"{i:03}.wav", 0.4, frequency=200 + 3 * i)
    return folder


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


def test_ctrl_c_is_clean_and_the_next_run_goes_on(tmp_path: Path) -> None:
    library, music = tmp_path / "a.earmap", _tones(tmp_path / "m", 500)
    process = _start(library, music)
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
        assert 0 < counts(opened).embedded < 500
        assert opened.jobs.recent()[0].state == "cancelled"


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")
def test_killed_in_the_middle_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    library, music = tmp_path / "a.earmap", _tones(tmp_path / "m", 500)
    process = _start(library, music)
    _wait_for_vectors(library, process)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate(timeout=30)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == [], "decoders outlive the job"
    with Library(library) as opened:
        kept = counts(opened).embedded
        before = opened.vectors.after(1, "whole", 0)[1].tolist()
    assert 0 < kept < 500
    done = earmap(library, "embed", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["read"] == 500 - kept
    with Library(library) as opened:
        after = opened.vectors.after(1, "whole", 0)[1].tolist()
        assert counts(opened).embedded == len(set(after)) == len(after) == 500
        assert after[:kept] == before
        states = [job.state for job in opened.jobs.recent()]
    assert states == ["completed", "interrupted", "completed"]


def test_the_command_line_starts_without_torch() -> None:
    code = "import sys, core.cli; print([m for m in ('torch', 'sklearn', 'PySide6', 'umap') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
