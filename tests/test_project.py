"""The project's own promises: who imports whom, what is in the wheel, how long a function may be, what README says."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from core.cli import cli

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "core", "resources")
SOURCES = sorted(p for folder in (*PACKAGES, "tests") for p in (ROOT / folder).rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 500, 60


def run(*command: str | Path, cwd: Path = ROOT, **env: str) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(command, cwd=cwd, env=os.environ | env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_contracts_of_imports_hold() -> None:
    assert "0 broken" in run(Path(sys.executable).with_name("lint-imports"), "--no-cache")


_LOADED = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if "migrations" not in module.name:
        importlib.import_module(module.name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_window_brings_in_no_torch() -> None:
    loaded = set(run(sys.executable, "-c", _LOADED, "app").split())
    assert "PySide6" in loaded
    assert not loaded & {"torch", "torchaudio", "sklearn", "umap", "numba", "faiss", "matplotlib"}


def test_the_core_brings_in_no_window() -> None:
    loaded = set(run(sys.executable, "-c", _LOADED, "core").split())
    assert "torch" in loaded
    assert not loaded & {"app", "PySide6", "shiboken6", "pyqtgraph", "superqt", "sounddevice"}


def test_the_command_line_needs_no_qt_and_no_torch_to_say_its_help() -> None:
    script = (
        "import sys, app.__main__ as m\ntry: m.main(['--help'])\nexcept SystemExit: pass\nprint(*sys.modules)"
    )
    loaded = set(run(sys.executable, "-c", script).split())
    assert "core.cli" in loaded
    assert not loaded & {"PySide6", "torch", "sklearn"}


def test_no_file_is_too_long_to_hold_in_the_head() -> None:
    lengths = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in SOURCES}
    assert "core/settings.py" in lengths
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length in lines of each function."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}: {node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_no_function_is_too_long_to_hold_in_the_head() -> None:
    # A migration is a list of tables, which nobody follows step by step.
    paths = [p for p in SOURCES if "versions" not in p.parts]
    lengths = dict(length for path in paths for length in _functions(path))
    assert len(lengths) > 100
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as a person would get it; built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    return next(folder.glob("earmap-*.whl"))


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    found = (p for folder in PACKAGES for p in (ROOT / folder).rglob("*") if p.is_file())
    wanted = {str(p.relative_to(ROOT)) for p in found if p.suffix != ".pyc"}
    names = set(zipfile.ZipFile(wheel).namelist())
    assert wanted - names == set()
    assert {n.partition("/")[0] for n in names} == {*PACKAGES, f"{wheel.name.rsplit('-', 3)[0]}.dist-info"}


def test_the_program_starts_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(place)
    start = "import sys, app.__main__ as m; assert m.__file__.startswith(sys.argv.pop(1)); sys.exit(m.main())"
    earmap = (sys.executable, "-c", start, str(place))
    env = {"PYTHONPATH": str(place), "EARMAP_DATA_DIR": str(tmp_path), "EARMAP_CONFIG_DIR": str(tmp_path)}
    assert "similar" in run(*earmap, "--help", cwd=tmp_path, **env)
    # A new library is made by the migrations, which are files in the wheel.
    env |= {"EARMAP_ENCODERS_DIR": ""}  # those of the wheel
    status = json.loads(run(*earmap, "status", "--json", cwd=tmp_path, **env))
    assert status["found"] == 0
    shipped = {path.stem for path in (ROOT / "resources" / "encoders").glob("*.safetensors")}
    assert {encoder["name"] for encoder in status["bundled"]} == shipped
    assert (tmp_path / "library.earmap").exists()


def _promised() -> list[str]:
    """Each `earmap ...` line in README's blocks of commands."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("earmap ")]


@pytest.mark.parametrize("line", _promised())
def test_the_commands_in_readme_are_understood(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    command: click.Command = cli
    context = click.Context(command)
    while isinstance(command, click.Group):
        context, command = click.Context(command, parent=context), command.commands[words.pop(0)]
    command.make_parser(context).parse_args(words)


def test_readme_promises_some_of_every_command() -> None:
    assert {line.split()[1] for line in _promised()} == set(cli.commands)


def test_links_in_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
