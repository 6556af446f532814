"""The installation script, with stand-ins for the programs that need a network or an administrator."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Each stand-in writes down how it was called.
PYTHON = """#!/bin/sh
echo "python3 $*" >>"$LOG"
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p .venv/bin .venv/lib/python3.11/site-packages
    cp "$STUBS/venv-python" .venv/bin/python
fi
"""
VENV_PYTHON = """#!/bin/sh
echo "python $*" >>"$LOG"
case "$*" in
    --version) echo "Python 3.11.2" ;;
    *" uv") [ -n "${NO_UV:-}" ] && exit 1; cp "$STUBS/uv" .venv/bin/uv ;;
    *pytest*) echo "pytest ran with: $*"; exit "${TESTS_EXIT:-0}" ;;
    *"install --editable"*) cp "$STUBS/earmap" .venv/bin/earmap ;;
esac
"""
UV = """#!/bin/sh
echo "uv $*" >>"$LOG"
[ -z "${UV_FAILS:-}" ] || exit 1
[ -z "${UV_DIES:-}" ] || kill -9 $PPID
cp "$STUBS/earmap" .venv/bin/earmap
"""
EARMAP = """#!/bin/sh
pwd
for argument in "$@"; do echo "<$argument>"; done
exit 7
"""
LDCONFIG = """#!/bin/sh
/sbin/ldconfig -p | grep -v "${HIDDEN:-nothing is hidden}"
"""
NOTE = '#!/bin/sh\necho "$(basename "$0") $*" >>"$LOG"\n'


@dataclass
class Clone:
    """A copy of the script in a folder with a space in its name."""

    root: Path
    stubs: Path
    log: Path

    def run(self, *args: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        """Run the script as `sh resources/setup.sh ARGS`, from `cwd`."""
        self.log.write_text("")
        base = {
            "PATH": f"{self.stubs}:/usr/bin:/bin",
            "LOG": str(self.log),
            "STUBS": str(self.stubs),
            "HOME": "/nowhere",
        }
        return subprocess.run(
            ["sh", str(self.root / "resources" / "setup.sh"), *args],
            env=base | {"QT_QPA_PLATFORM": "offscreen"} | env,
            cwd=cwd or self.root, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip

    def called(self, program: str) -> list[str]:
        """How a stand-in was called in the last run."""
        return [line for line in self.log.read_text().splitlines() if line.startswith(program + " ")]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    root, stubs = tmp_path / "a clone", tmp_path / "stubs"
    (root / "resources").mkdir(parents=True)
    stubs.mkdir()
    shutil.copy(ROOT / "resources" / "setup.sh", root / "resources")
    shutil.copy(ROOT / "pyproject.toml", root)
    programs = {
        "python3": PYTHON, "venv-python": VENV_PYTHON, "uv": UV, "earmap": EARMAP, "ldconfig": LDCONFIG,
        "apt-get": NOTE,
    }  # fmt: skip
    for name, text in programs.items():
        (stubs / name).write_text(text)
        (stubs / name).chmod(0o755)
    return Clone(root, stubs, tmp_path / "log")


def test_installs_once_and_starts_with_the_callers_folder_and_arguments(clone: Clone, tmp_path: Path) -> None:
    first = clone.run("run", "add", "my music", "", cwd=tmp_path)
    assert first.returncode == 7  # earmap's own
    assert first.stdout.splitlines() == [str(tmp_path), "<add>", "<my music>", "<>"]
    assert clone.called("uv") == ["uv pip install --python .venv/bin/python --editable ."]

    assert clone.run("run").stdout.splitlines() == [str(clone.root)]
    assert clone.called("uv") == clone.called("apt-get") == []
    assert [c for c in clone.called("python") if " pip " in c] == []


def test_tests_install_more_and_leave_the_program_installed(clone: Clone) -> None:
    tests = clone.run("test", "-k", "a b", TESTS_EXIT="5")
    assert tests.returncode == 5
    assert "pytest ran with: -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -k a b" in tests.stdout
    assert clone.called("uv") == ["uv pip install --python .venv/bin/python --editable . --group dev"]
    clone.run("run")
    assert clone.called("uv") == []


def test_a_changed_project_is_installed_again(clone: Clone) -> None:
    clone.run()
    with (clone.root / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    clone.run()
    assert len(clone.called("uv")) == 1


def test_a_moved_clone_is_installed_again(clone: Clone) -> None:
    clone.run()
    clone.root = clone.root.rename(clone.root.with_name("moved"))
    assert clone.run("run").stdout.splitlines() == [str(clone.root)]
    assert "python3 -m venv .venv" in clone.called("python3")


def test_without_uv_pip_installs(clone: Clone) -> None:
    assert clone.run("run", NO_UV="1").returncode == 7
    assert clone.called("uv") == []
    assert clone.called("python")[-1].endswith("install --editable .")


def test_an_interrupted_installation_is_mended(clone: Clone) -> None:
    assert clone.run(UV_DIES="1").returncode != 0
    packages = clone.root / ".venv/lib/python3.11/site-packages"
    for name, files in {"whole": "whole/__init__.py,,\n", "half": ""}.items():
        info = packages / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("")
        (info / "RECORD").write_text(files)
    assert clone.run("run").returncode == 7
    assert [p.name for p in packages.iterdir()] == ["whole-1.0.dist-info"]
    assert len(clone.called("uv")) == 1


def test_tests_that_cannot_be_installed_leave_the_program_startable(clone: Clone) -> None:
    clone.run()
    (clone.root / ".venv/bin/python").write_text(
        VENV_PYTHON.replace("case", 'case "$*" in *"-m pip"*) exit 1 ;; esac\ncase', 1)
    )
    failed = clone.run("test", UV_FAILS="1")
    assert failed.returncode == 1
    assert "could not be installed" in failed.stderr
    assert clone.run("run").returncode == 7
    assert clone.called("uv") == []


def test_only_missing_libraries_are_asked_for(clone: Clone) -> None:
    assert clone.run(HIDDEN="libportaudio").returncode == 0
    if os.geteuid() != 0:
        pytest.skip("apt-get is called through sudo")
    assert clone.called("apt-get")[-1].split()[-1] == "libportaudio2"
    assert clone.called("apt-get")[-1].count("lib") == 1


def test_without_an_administrator_it_says_what_to_ask_for(clone: Clone) -> None:
    (clone.stubs / "id").write_text("#!/bin/sh\necho 1000\n")
    (clone.stubs / "id").chmod(0o755)
    (clone.stubs / "sudo").unlink(missing_ok=True)
    if Path("/usr/bin/sudo").exists():
        (clone.stubs / "sudo").write_text(NOTE)
        (clone.stubs / "sudo").chmod(0o755)
    run = clone.run("run", HIDDEN="libxcb-cursor")
    assert run.returncode == 7  # the program is started all the same
    asked = run.stderr if not Path("/usr/bin/sudo").exists() else clone.log.read_text()
    assert "apt-get install" in asked
    assert "libxcb-cursor0" in asked


def test_no_screen_is_said_plainly(clone: Clone) -> None:
    run = clone.run("run", QT_QPA_PLATFORM="")
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("There is no screen")
    assert clone.run("run", "status", QT_QPA_PLATFORM="").returncode == 7


@pytest.mark.parametrize("version", ["3.10", "3.14"])
def test_another_python_is_refused_with_a_sentence(clone: Clone, version: str) -> None:
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        (clone.stubs / name).write_text(
            f'#!/bin/sh\n[ "$1" = --version ] && echo Python {version} || exit 1\n'
        )
        (clone.stubs / name).chmod(0o755)
    run = clone.run()
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("Earmap needs Python 3.11 to 3.13")
    assert f"found: Python {version}." in run.stderr


def test_wrong_word(clone: Clone) -> None:
    run = clone.run("tests")
    assert (run.returncode, run.stderr.split()[0]) == (2, "Usage:")
