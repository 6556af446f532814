"""Fixtures of a sound card; a plugin: `pytest_plugins = ("tests.sound",)` in a test module brings them in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sound_card import SoundCard


@pytest.fixture(scope="module")
def sound_server() -> Iterator[SoundCard]:
    """One server for a module: other modules count and signal this process's children."""
    if not shutil.which("pulseaudio"):
        pytest.fail("PulseAudio is missing: resources/setup.sh installs it for the tests")
    folder = Path(tempfile.mkdtemp(prefix="earmap-sound-"))
    card = SoundCard(folder)
    card.plug()
    yield card
    card.unplug()
    shutil.rmtree(folder)


@pytest.fixture
def own_sound_card(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    """A card that this test may pull out and break."""
    folder = Path(tempfile.mkdtemp(prefix="earmap-sound-"))
    card = SoundCard(folder)
    card.plug()
    for name, value in card.environment.items():
        monkeypatch.setenv(name, value)
    yield card
    card.unplug()
    shutil.rmtree(folder)


@pytest.fixture
def sound_card(sound_server: SoundCard, monkeypatch: pytest.MonkeyPatch) -> SoundCard:
    """A card that processes started in this test play on."""
    for name, value in sound_server.environment.items():
        monkeypatch.setenv(name, value)
    return sound_server


@pytest.fixture
def no_sound_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a card for processes started in this test."""
    (tmp_path / "asound.conf").write_text("pcm.!default { type unheard_of }")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
