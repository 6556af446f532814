from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core import selftest, settings
from core.selftest import Finding

CARD: dict[str, Any] = {"there": True, "built_for": "13.0", "name": "NVIDIA H200", "error": "", "said": ""}
WRONG = Finding("sound", "problem", "No audio device was found.")


def test_it_imports_nothing_heavy() -> None:
    code = "import sys, core.selftest, core.cli_check as _; print({'torch', 'umap', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def by_name(library: Path) -> dict[str, Finding]:
    return {one.name: one for one in selftest.check(library, quick=True)}


def test_a_new_folder_in_a_writable_place_is_well(tmp_path: Path) -> None:
    found = by_name(tmp_path / "not" / "yet" / "library.earmap")
    assert (found["data"].state, found["settings"].state) == ("ok", "ok")
    assert not (tmp_path / "not").exists()
    assert found["music"].state == "ok"


def test_a_place_that_is_no_folder_is_told_with_a_way_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    found = by_name(tmp_path / "file" / "library.earmap")["data"]
    assert found.state == "problem"
    assert str(tmp_path / "file") in found.sentence
    assert "--library" in found.hint


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "LEAST_DISK", 10**18)
    found = by_name(tmp_path / "library.earmap")["data"]
    assert found.state == "problem"
    assert "little room" in found.sentence


def test_a_library_that_cannot_be_opened_is_told_with_a_way_on(tmp_path: Path) -> None:
    library = tmp_path / "library.earmap"
    assert "library" not in by_name(library)
    library.write_text("no library at all, and long enough to have a header of its own" * 20)
    found = by_name(library)["library"]
    assert found.state == "problem"
    assert "damaged or not a library" in found.sentence
    assert "Rename it" in found.hint


def test_settings_that_make_no_sense_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "preferences" not in by_name(tmp_path / "l")
    settings.config_dir().mkdir(parents=True)
    settings.settings_file().write_text('{"audio": {"workers": "many"}}')
    found = by_name(tmp_path / "l")["preferences"]
    assert found.state == "note"
    assert "audio.workers" in found.sentence
    monkeypatch.setenv("EARMAP_AUDIO__WORKERS", "many")
    assert by_name(tmp_path / "l")["preferences"].state == "problem"


def test_too_little_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "LEAST_FREE_MEMORY", 10**18)
    assert "Close other programs" in by_name(tmp_path / "l")["memory"].hint
    monkeypatch.setattr(selftest, "LEAST_MEMORY", 10**18)
    assert "wants 4 GB" in by_name(tmp_path / "l")["memory"].sentence


def test_a_missing_encoder_is_told_and_what_it_means(tmp_path: Path) -> None:
    found = by_name(tmp_path / "l")["encoder"]  # tests have a folder of encoders of their own
    assert found.state == "problem"
    assert "hears less" in found.sentence


def test_without_a_sound_card_nothing_can_be_heard(tmp_path: Path) -> None:
    found = by_name(tmp_path / "l")["sound"]
    assert found.state == "problem"
    assert "heard" in found.sentence


def test_what_the_sound_library_lists_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "SOUND", 'print("ALSA says something"); print("[\\"a\\", \\"b\\"]")')
    assert by_name(tmp_path / "l")["sound"] == Finding("sound", "ok", "Sound: 2 devices to play on.")
    monkeypatch.setattr(selftest, "SOUND", 'raise OSError("PortAudio library not found")')
    assert "libportaudio2" in by_name(tmp_path / "l")["sound"].hint


@pytest.mark.parametrize(
    ("change", "driver", "state", "words"),
    [
        ({}, True, "ok", "NVIDIA H200 is used"),
        ({"error": "out of memory"}, True, "note", "The graphics card fails: out of memory"),
        ({"there": False}, True, "note", "driver is too old"),
        ({"there": False, "built_for": ""}, True, "note", "without CUDA"),
        ({"there": False}, False, "ok", "No NVIDIA card"),
    ],
)
def test_what_torch_says_of_the_card_becomes_a_sentence(
    change: dict[str, Any], driver: bool, state: str, words: str
) -> None:
    found = selftest.graphics(CARD | change, driver=driver)
    assert found.state == state
    assert words in found.sentence
    if state == "note":
        assert "works on the processor" in found.hint


def child(*modules: str, path: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "core.selftest_imports", *modules], capture_output=True, text=True, check=False,
        env={"PYTHONPATH": f"{path}:{Path.cwd()}", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_libraries_that_fail_or_crash_are_named(tmp_path: Path) -> None:
    (tmp_path / "raises.py").write_text("raise ImportError('libGL.so.1: not found')")
    (tmp_path / "crashes.py").write_text("import os; os.abort()")
    good = child("json", path=tmp_path)
    assert selftest._loaded(good).state == "ok"
    failed = selftest._loaded(child("json", "raises", "csv", path=tmp_path))
    assert failed.state == "problem"
    assert "raises cannot be loaded: ImportError: libGL.so.1: not found" in failed.sentence
    crashed = selftest._loaded(child("json", "crashes", "csv", path=tmp_path))
    assert "crashes cannot be loaded: it took the process down" in crashed.sentence
    assert selftest._loaded([]).state == "problem"


def test_nothing_is_told_twice_until_it_was_right_again() -> None:
    right = Finding("sound", "ok", "Sound: 1 device.")
    other = Finding("graphics", "note", "The NVIDIA driver is too old.")
    assert selftest.news([WRONG], quick=True) == [WRONG]
    assert selftest.news([WRONG, other], quick=False) == [other]
    assert selftest.news([WRONG], quick=True) == []  # the slow checks said nothing this time
    assert selftest.news([WRONG, other], quick=False) == []
    assert selftest.news([right, other], quick=False) == []
    assert selftest.news([WRONG, other], quick=False) == [WRONG]


def test_the_slow_part_is_noted_as_done_for_what_is_installed_now() -> None:
    selftest.news([WRONG], quick=True)
    assert selftest.remembered()["stamp"] == ""
    selftest.news([WRONG], quick=False)
    assert selftest.remembered()["stamp"] == selftest.stamp()


def test_a_broken_or_unwritable_note_is_no_failure() -> None:
    file = settings.config_dir() / "selftest.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    assert selftest.news([WRONG], quick=False) == [WRONG]
    file.unlink()
    file.mkdir()
    assert selftest.news([WRONG], quick=False) == [WRONG]
