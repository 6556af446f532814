"""What every test gets: folders of its own, and guards against what it leaves behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from core import jack
from core.machine import processors

if TYPE_CHECKING:
    from tests.torture import Evil

pytest_plugins = ["pytester", "tests.guards", "tests.screen"]

# A busy machine is no defect of the program.
settings.register_profile("earmap", deadline=None)
settings.load_profile("earmap")

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as jobs set it, before anything here loads torch

# Which window is active is decided by Qt itself there, by no window manager, and always alike; what needs a
# real screen asks for one (`tests.screen`).
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Without the encoders that come with the program the default is the quickest one; some tests bring their own. Here,
# since settings are also made while tests are collected, and by fixtures of whole files.
os.environ["EARMAP_ENCODERS_DIR"] = NO_ENCODERS = str(Path(__file__).with_name("no-encoders"))


jack.set_aside()  # a process that was killed earlier must not let PortAudio wait for ever here


LONG = (
    "tests/journeys", "tests/app/test_player", "tests/core/jobs", "tests/core/test_cli", "tests/core/training",
    "tests/core/audio/test_pool", "tests/app/test_startup", "tests/app/test_imports",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)  # before xdist's own, which reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """How two processes share the tests: a file stays whole, and all that is heard in real time is one process's.

    Files of few long tests come first, so that no process waits for the other's last.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def _group(item: pytest.Item) -> str:
    if "tests.sound" in getattr(getattr(item, "module", None), "pytest_plugins", ()):
        return "sound"
    return "torture" if "evil" in getattr(item, "fixturenames", ()) else item.nodeid.partition("::")[0]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and library away from the person's own, beside `tmp_path`, made when first used."""
    for name in [n for n in os.environ if n.startswith("EARMAP_")]:
        monkeypatch.delenv(name)
    home = tmp_path.parent / f"{tmp_path.name}-home"
    monkeypatch.setenv("EARMAP_CONFIG_DIR", str(home / "config"))
    monkeypatch.setenv("EARMAP_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("EARMAP_ENCODERS_DIR", NO_ENCODERS)
    return home


@pytest.fixture(autouse=True)
def silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sound from a person's speakers, none of their media keys, no sound server started in passing."""
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path.parent / 'no-sound-server'}")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path.parent / 'no-bus'}")


@pytest.fixture(autouse=True)
def torch_threads() -> Iterator[None]:
    """Jobs set torch's threads for their own process, which is everybody's here; numbers depend on them."""
    before = sys.modules["torch"].get_num_threads() if "torch" in sys.modules else processors()
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(before)


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["earmap"]


@pytest.fixture(scope="session")
def evil(tmp_path_factory: pytest.TempPathFactory) -> list[Evil]:
    """The torture folder, made once; those who read it change nothing in it."""
    from tests.torture import build

    return build(tmp_path_factory.mktemp("torture") / "music")
