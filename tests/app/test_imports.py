"""What the window's process loads, and what it never does on its own thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.synthetic import Mix, fill

HEAVY = {"torch", "torchaudio", "sklearn", "umap", "numba", "librosa", "scipy"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `window_probe` tells of a window on a library of 300 tracks."""
    folder = tmp_path_factory.mktemp("imports")
    fill(folder / "library.earmap", Mix(300))
    homes = {f"EARMAP_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "LOG")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.app.window_probe", folder / "library.earmap"],
        env={**os.environ, **homes}, capture_output=True, text=True, timeout=90, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_the_window_opens_is_used_and_closes(opened: dict[str, Any]) -> None:
    assert opened["code"] == 0
    (found,) = opened["found"]
    assert 0 < found < 300  # the search was answered


def test_the_windows_process_loads_nothing_heavy(opened: dict[str, Any]) -> None:
    assert HEAVY.isdisjoint(opened["modules"])
    assert {"app.views.library", "app.views.similar", "app.player"} <= set(
        opened["modules"]
    )  # it was all there


def test_the_database_is_not_loaded_before_the_window_is_seen(opened: dict[str, Any]) -> None:
    assert {"numpy", "sqlalchemy", "alembic", "av", "sounddevice"}.isdisjoint(opened["early"])
    assert "sqlalchemy" in opened["modules"]


def test_no_file_and_no_sql_is_touched_on_the_gui_thread(opened: dict[str, Any]) -> None:
    assert opened["touched"] == []
    assert opened["statements"] > 10  # SQL was watched, and there was some
