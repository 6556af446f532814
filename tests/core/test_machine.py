from __future__ import annotations

import os
import subprocess
import sys

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


def test_what_is_not_installed_has_no_version() -> None:
    assert machine.version_of("numpy") == np.__version__
    assert machine.version_of("no-such-package-of-anybodys") == ""
