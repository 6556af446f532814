from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata

import numpy as np
import psutil
import pytest

from core import machine


def test_processors_are_those_this_process_may_use() -> None:
    code = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from core import machine
print(machine.processors())
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "1"
    assert machine.processors() == len(os.sched_getaffinity(0))


def test_the_command_says_its_version_also_where_it_is_not_installed() -> None:
    hidden = "import importlib.metadata as m; m.version = lambda _: (_ for _ in ()).throw(m.PackageNotFoundError())"
    for before, expected in (("", metadata.version("earmap")), (hidden, "(run from its source)")):
        code = f"{before}\nfrom core.cli import main; main(['--version'])"
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert told.stdout.strip() == f"earmap, version {expected}"


def test_what_is_not_installed_has_no_version() -> None:
    assert machine.version_of("numpy") == np.__version__
    assert machine.version_of("no-such-package-of-anybodys") == ""


def test_what_others_take_is_what_is_busy_and_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    others, n = machine.OtherPrograms(), psutil.cpu_count() or 1
    now, busy, own = others._before
    monkeypatch.setattr(machine, "LOOK_S", -1e9)
    monkeypatch.setattr(others, "_look", lambda: (now + 10, busy + 9 * n, own + 4 * n))
    assert others.share() == pytest.approx(0.5)
    monkeypatch.setattr(others, "_look", lambda: (now + 20, busy + 10 * n, own + 14 * n))
    assert others.share() == 0.0


def test_our_own_work_is_seen_and_the_look_is_not_repeated_all_the_time() -> None:
    others = machine.OtherPrograms()
    before = others._look()
    sum(number * number for number in range(3_000_000))
    after = others._look()
    assert after[2] > before[2]
    assert after[1] > before[1]
    kept = others._before
    others.share()
    assert others._before is kept
