from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata

import numpy as np

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
