"""The command, as a person starts it: real processes with real windows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.__main__ import WindowArguments, window_arguments
from core.library.store import Library
from tests.audio_files import write_music

ONLY_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["add", "x"],
        ["--help"],
        ["--version"],
        ["similar", "--json", "1"],
        ["nonsense"],
        ["check"],
        ["--demo", "nonsense"],
    ],
)
def test_subcommands_and_mistakes_go_to_the_command_line(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert window_arguments(words) is None


def test_nothing_a_library_or_folders_open_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Jazz").mkdir()
    (tmp_path / "status").mkdir()
    assert window_arguments([]) == WindowArguments()
    assert window_arguments(["--library", "f.earmap"]) == WindowArguments(Path("f.earmap"))
    assert window_arguments(["--library=f.earmap", "Jazz"]) == WindowArguments(
        Path("f.earmap"), (os.fsencode(tmp_path / "Jazz"),)
    )
    assert window_arguments(["--demo"]) == WindowArguments(demo=True)
    assert window_arguments(["--demo", "--library", "f.earmap", "Jazz"]) == WindowArguments(
        Path("f.earmap"), (os.fsencode(tmp_path / "Jazz"),), demo=True
    )
    assert window_arguments(["--library=f.earmap", "--demo"]) == WindowArguments(Path("f.earmap"), demo=True)
    assert window_arguments(["--demo", "--json"]) is None
    assert window_arguments(["status"]) is None
    assert window_arguments(["./status"]) == WindowArguments(None, (os.fsencode(tmp_path / "status"),))


def test_a_subcommand_imports_no_qt() -> None:
    code = (
        "import sys\nfrom app.__main__ import main\n"
        "try:\n    main(['status', '--json'])\n"
        "finally:\n    assert not [m for m in sys.modules if m.startswith('PySide6')]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.lstrip().startswith("{")


@ONLY_POSIX
def test_the_window_reads_a_folder_and_ends_on_ctrl_c_with_nothing_left(tmp_path: Path) -> None:
    music, library, log = tmp_path / "music", tmp_path / "library.earmap", tmp_path / "log"
    music.mkdir()
    for number in range(2):
        write_music(music / f"{number}.wav", seed=number)
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "--library", library, music],
        env={**os.environ, "EARMAP_LOG_DIR": str(log)}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    children: list[psutil.Process] = []
    try:
        until = time.monotonic() + 90
        while embedded(library) < 2 and time.monotonic() < until:
            time.sleep(0.3)
            children += psutil.Process(process.pid).children(recursive=True)
        assert embedded(library) == 2
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, said) == (0, "")
    _, alive = psutil.wait_procs(
        children, timeout=10
    )  # orphans, which the system takes a moment to clear away
    assert alive == []
    assert "ERROR" not in (log / "earmap.log").read_text("utf-8")


def embedded(path: Path) -> int:
    """Tracks with a vector, as another process sees them."""
    if not path.is_file():
        return 0
    with Library(path) as library:
        encoder = library.encoders.find("mfcc")
        return library.files.counts(encoder.id, "whole").embedded if encoder else 0
