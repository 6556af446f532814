"""The self-test: what is wrong with this installation or this computer, in one sentence each, and a way on.

Nothing heavy is imported here: torch, the sound library and the like are tried in child processes, which may hang or
crash without taking anybody with them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from core import bundled, bundled_music, files, jack, settings
from core.errors import UserError
from core.machine import version_of

State = Literal["ok", "note", "problem"]

LEAST_MEMORY, LEAST_FREE_MEMORY = 3_000_000_000, 800_000_000
LEAST_DISK = 500_000_000
PATIENCE_S, SOUND_PATIENCE_S = 180.0, 20.0
DRIVER = Path("/proc/driver/nvidia/version")
AGAIN = "Install Earmap again to mend it: sh resources/setup.sh, or pip with --force-reinstall."
ELSEWHERE = "Start with --library FILE in another place, or set EARMAP_DATA_DIR."
SLOWER = "Everything works on the processor; only training takes longer."
# `core` knows no sound library: the window's is asked, by a process that does nothing else.
SOUND = """import json, sounddevice
devices = [d["name"] for d in sounddevice.query_devices() if d["max_output_channels"] > 0]
print(json.dumps(devices))
"""


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    name
        The check's.
    state
        ok: nothing to say unless asked; note: it works, though not as well as it could; problem: something does not.
    sentence, hint
        What is so, and what can be done about it.
    """

    name: str
    state: State
    sentence: str
    hint: str = ""


def check(library: Path, *, quick: bool = False) -> Iterator[Finding]:
    """Look at everything, the quickest first.

    Parameters
    ----------
    library
        The library file; none need be there.
    quick
        Without what takes seconds: reading the file to its last page, loading Python's packages.
    """
    yield _folder("data", library.parent, f"Your library lies in {library.parent}.")
    yield _folder("settings", settings.config_dir(), f"Settings are kept in {settings.config_dir()}.")
    yield from _preferences()
    yield _memory()
    yield _encoder()
    yield _music()
    yield _sound()
    if library.is_file():
        yield _library_file(library, thorough=not quick)
    if not quick:
        yield from _libraries()


# -- this computer ---------------------------------------------------------------------------------


def _folder(name: str, folder: Path, good: str) -> Finding:
    """Whether a folder, or the one that it would be made in, can be written to and has room."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    what = "Your library" if name == "data" else "Your settings"
    hint = ELSEWHERE if name == "data" else "Set EARMAP_CONFIG_DIR to another folder."
    state: State = "problem" if name == "data" else "note"
    try:
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            return Finding(name, state, f"{what} cannot be kept: {there} cannot be written to.", hint)
        if there == folder:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"0" * 4096)
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding(name, state, f"{what} cannot be kept: {files.unwritable(there, error).title}", hint)
    if free < LEAST_DISK:
        return Finding(name, state, f"{what} has little room: {free / 1e6:,.0f} MB are free in {there}.",
                       "Free some space.")  # fmt: skip
    return Finding(name, "ok", good)


def _library_file(path: Path, *, thorough: bool) -> Finding:
    """Whether the file is one of ours that this program can open; thorough: and whole to its last page."""
    from core.library.health import trouble  # it brings SQLAlchemy

    if (found := trouble(path, thorough=thorough)) is not None:
        return Finding("library", "problem", found.title, found.hint)
    return Finding("library", "ok", f"{path.name} {'is whole' if thorough else 'can be opened'}.")


def _preferences() -> Iterator[Finding]:
    """What of the settings, or of what the environment says instead, makes no sense."""
    try:
        _, said = settings.load()
    except UserError as error:
        yield Finding("preferences", "problem", error.title, error.hint)
    else:
        if said:
            yield Finding("preferences", "note", said)


def _memory() -> Finding:
    """Whether torch and a library's vectors have room."""
    memory = psutil.virtual_memory()
    total, free = memory.total / 1e9, memory.available / 1e9
    if memory.total < LEAST_MEMORY:
        return Finding("memory", "problem", f"This computer has {total:.1f} GB of memory; Earmap wants 4 GB.",
                       "Listening may be stopped by the system. What is done by then is kept.")  # fmt: skip
    if memory.available < LEAST_FREE_MEMORY:
        return Finding(
            "memory", "problem", f"Only {free:.1f} GB of memory are free.", "Close other programs."
        )
    return Finding("memory", "ok", f"{free:.1f} of {total:.1f} GB of memory are free.")


def _sound() -> Finding:
    """Whether there is anything to hear with."""
    command = [sys.executable, "-c", SOUND]
    jack.set_aside()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SOUND_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return Finding("sound", "problem", "The system's sound does not answer.", "Restart the sound server.")
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2]
        if "PortAudio" in said:
            return Finding("sound", "problem", "Nothing can be heard: the library PortAudio is missing.",
                           "On Debian: apt-get install libportaudio2.")  # fmt: skip
        return Finding(
            "sound", "problem", f"Nothing can be heard: {said or 'the sound library crashed'}.", AGAIN
        )
    with suppress(ValueError):
        if devices := json.loads(done.stdout.strip().rpartition("\n")[2]):
            return Finding("sound", "ok", f"Sound: {len(devices)} devices to play on.")
    return Finding("sound", "problem", "No audio device was found: all works, and nothing can be heard.",
                   "Connect one, or start the sound server; Earmap takes it as soon as it is there.")  # fmt: skip


# -- what came with the program --------------------------------------------------------------------


def _encoder() -> Finding:
    """Whether the default encoder is there and whole, as far as its header."""
    try:
        found = bundled.find(settings.DEFAULT_ENCODER)
    except UserError as error:
        return Finding("encoder", "problem", error.title, error.hint)
    if found is None:
        sentence = "The encoder that comes with Earmap is missing: a simpler one listens, and hears less."
        return Finding("encoder", "problem", sentence, AGAIN)
    return Finding("encoder", "ok", f"{found.title} is there.")


def _music() -> Finding:
    try:
        credits = bundled_music.credit_list()  # noqa: A001 - the word
        missing = [one.file for one in credits if not (bundled_music.folder() / one.file).is_file()]
    except UserError as error:
        return Finding("music", "note", error.title, error.hint)
    if missing:
        return Finding("music", "note", f"{len(missing)} tracks of the bundled music are missing.", AGAIN)
    return Finding("music", "ok", f"{len(credits)} tracks to try Earmap with are there.")


# -- libraries and graphics card -------------------------------------------------------------------


def _libraries() -> Iterator[Finding]:
    """Load everything in a child; it says what it is at, and at last what torch makes of the graphics card."""
    command = [sys.executable, "-m", "core.selftest_imports"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=environment
        )
        output = done.stdout
    except subprocess.TimeoutExpired as stopped:
        said: Any = stopped.stdout or b""  # bytes on POSIX, text on Windows
        output = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    lines = list(_documents(output))
    yield _loaded(lines)
    card = next((line["cuda"] for line in lines if "cuda" in line), None)
    if card is not None:
        yield graphics(card, driver=DRIVER.exists() or shutil.which("nvidia-smi") is not None)


def _documents(output: str) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        with suppress(ValueError):
            if isinstance(read := json.loads(line), dict):
                yield read


def _loaded(lines: Sequence[dict[str, Any]]) -> Finding:
    """What the child's lines say of the libraries."""
    failed = {line["failed"]: str(line["error"]) for line in lines if "failed" in line}
    ended = {line["done"] for line in lines if "done" in line} | set(failed)
    begun = [line["begin"] for line in lines if "begin" in line]
    if begun and begun[-1] not in ended:
        failed[begun[-1]] = "it took the process down, or never came back"
    if not begun:
        return Finding("libraries", "problem", "Python's packages cannot be loaded.", AGAIN)
    if failed:
        name, error = next(iter(failed.items()))
        more = f" ({len(failed) - 1} more fail too)" if len(failed) > 1 else ""
        return Finding("libraries", "problem", f"The library {name} cannot be loaded: {error}{more}.", AGAIN)
    return Finding("libraries", "ok", f"All libraries can be loaded (PyTorch {version_of('torch')}).")


def graphics(card: dict[str, Any], *, driver: bool) -> Finding:
    """What torch says of the graphics card.

    Parameters
    ----------
    card
        As `core.selftest_imports.cuda` gives it.
    driver
        Whether an NVIDIA driver is installed.
    """
    wanted = f"This PyTorch needs a driver for CUDA {card['built_for']}." if card["built_for"] else ""
    if card["there"] and not card["error"]:
        return Finding("graphics", "ok", f"{card['name']} is used where it is faster.")
    if card["there"]:
        return Finding("graphics", "note", f"The graphics card fails: {card['error']}.", SLOWER)
    if driver and not card["built_for"]:
        return Finding("graphics", "note", "This PyTorch was built without CUDA: the graphics card is not used.",
                       SLOWER)  # fmt: skip
    if driver:
        return Finding("graphics", "note", "The NVIDIA driver is too old: the graphics card is not used.",
                       f"{SLOWER} {wanted}".strip())  # fmt: skip
    return Finding("graphics", "ok", f"No NVIDIA card. {SLOWER}")


# -- what was told already -------------------------------------------------------------------------


def stamp() -> str:
    """What the slow checks depend on; they need not be made again while it is the same."""
    driver = ""
    with suppress(OSError):
        driver = DRIVER.read_text("utf-8").partition("\n")[0]
    packages = ("earmap", "torch", "numpy", "umap-learn", "faiss-cpu")
    return " ".join((sys.version.split()[0], sys.prefix, *map(version_of, packages), driver))


def _memory_file() -> Path:
    return settings.config_dir() / "selftest.json"


def remembered() -> dict[str, Any]:
    """What the window noted of the last times: `stamp`, and `told`, a sentence for each thing that is wrong."""
    with suppress(OSError, ValueError):
        read = json.loads(_memory_file().read_text("utf-8"))
        if isinstance(read, dict) and isinstance(read.get("told"), dict):
            return read
    return {"stamp": "", "told": {}}


def news(findings: Iterable[Finding], *, quick: bool) -> list[Finding]:
    """What is wrong and was not told before; it is noted as told, and what is right again is forgotten."""
    before, found = remembered(), list(findings)
    told: dict[str, str] = before["told"]
    wrong = [one for one in found if one.state != "ok"]
    fresh = [one for one in wrong if one.name not in told]
    seen = {one.name for one in found}
    kept = {name: said for name, said in told.items() if name not in seen}
    now = {"stamp": before.get("stamp", "") if quick else stamp()}
    now["told"] = kept | {one.name: one.sentence for one in wrong}
    with suppress(UserError, OSError):  # a folder that cannot be written: it is told again, no more
        _memory_file().parent.mkdir(parents=True, exist_ok=True)
        with files.atomic(_memory_file()) as file:
            file.write(json.dumps(now).encode())
    return fresh
