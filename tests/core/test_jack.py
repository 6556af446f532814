from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import jack

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="JACK keeps it there on Linux alone")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A short path: a socket's has 107 characters."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def database(shared: Path) -> Path:
    """As a client leaves it."""
    place = shared / f"jack_db-{os.getuid()}"
    place.mkdir()
    (place / "__db.001").write_bytes(bytes(1000))
    return place


def test_what_nobody_serves_is_taken_away_whole(shared: Path, database: Path) -> None:
    assert jack.set_aside(shared)
    assert list(shared.iterdir()) == []
    assert not jack.set_aside(shared)


def test_another_users_stays(shared: Path, database: Path) -> None:
    other = shared / f"jack_db-{os.getuid() + 1}"
    other.mkdir()
    assert jack.set_aside(shared)
    assert list(shared.iterdir()) == [other]


def test_while_a_server_listens_it_stays(shared: Path, database: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(shared / f"jack_default_{os.getuid()}_0"))
        server.listen()
        assert not jack.set_aside(shared)
        assert (database / "__db.001").exists()
    assert jack.set_aside(shared)  # the server's file is still there, the server is not


def test_where_the_kernel_does_not_tell_it_stays(shared: Path, database: Path) -> None:
    assert not jack.set_aside(shared, shared / "nothing")
    assert database.exists()


def test_who_has_it_open_keeps_it(shared: Path, database: Path) -> None:
    with (database / "__db.001").open("rb") as file:
        assert jack.set_aside(shared)
        assert len(file.read()) == 1000


def test_portaudio_starts_after_it() -> None:
    code = "from core import jack; jack.set_aside(); import sounddevice; print(len(sounddevice.query_hostapis()))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) > 0
