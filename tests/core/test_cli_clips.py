"""Clips from one library to another by the command line, as a person with a GPU machine would."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from core import cli
from core.audio.clips import ClipSet
from core.clips_build import build
from core.clips_plan import Music, clips_folder, plan
from core.jobs.runner import JobContext
from core.library.store import Library
from core.settings import Settings
from tests.hearing import write_noise


def earmap(capsys: pytest.CaptureFixture[str], library: Path, *arguments: object) -> tuple[int, str]:
    """Exit code and standard output."""
    with pytest.raises(SystemExit) as ended:
        cli.main([*map(str, arguments), "--library", str(library)])
    return int(ended.value.code or 0), capsys.readouterr().out


def test_clips_travel_to_a_library_without_music(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "music").mkdir()
    for number in range(3):
        write_noise(tmp_path / "music" / f"song {number}x.flac", 4.0, 16_000, seed=number)
    here, there, out = tmp_path / "here.earmap", tmp_path / "there.earmap", tmp_path / "packed"
    assert earmap(capsys, here, "add", "--scan-only", tmp_path / "music")[0] == 0
    code, text = earmap(capsys, here, "export", "clips", out, "--seconds", 3.5, "--search", "-2x", "--json")
    figures = json.loads(text)
    assert (code, figures["clips"], figures["files"], figures["plan"]) == (0, 2, 1, "middle-3.5")
    assert figures["packed_bytes"] == sum(path.stat().st_size for path in out.glob("*.flac"))
    assert earmap(capsys, here, "export", "clips", out)[0] == cli.USER_ERROR  # not empty
    code, text = earmap(capsys, there, "import", "clips", out)
    assert code == 0
    assert "2 of them from elsewhere" in text
    with Library(there) as library:
        assert ClipSet.open(clips_folder(library, 3.5)).fingerprint == figures["fingerprint"]
        told = plan(library, Music(), 3.5)
        assert (told.tracks, told.imported, told.to_decode) == (2, 2, 0)
        ctx = JobContext(library, Settings(), 0, lambda _: None, threading.Event())
        assert build(ctx, Music(), 3.5, 10**9).fingerprint == figures["fingerprint"]
        assert plan(library, Music(query="song"), 3.5).tracks == 0, "a search looks through the library alone"
    code, text = earmap(capsys, there, "import", "clips", tmp_path, "--json")
    assert code == cli.USER_ERROR
    assert "no packed clips" in json.loads(text)["error"]["title"]
