"""What tests of sound need: simple tracks, a log of what the player says, an ear."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.player import Playable, Player
from tests.audio_files import tone, write
from tests.sound_card import RATE, Recording, SoundCard


@contextmanager
def player_of(server: SoundCard, seed: int | None = None) -> Iterator[Player]:
    """A player of a module's sound server, for all its tests that do it no harm: its process takes a while to start."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        player = Player(volume=1.0, seed=seed)
        player.prestart()
        player.list_devices()
        yield player
        player.close()


class Log:
    """What a player has said."""

    def __init__(self, player: Player) -> None:
        self.tracks: list[int | None] = []
        self.positions: list[float] = []
        self.states: list[str] = []
        self.failures: list[tuple[int, str]] = []
        self.messages: list[str] = []
        self._connections = [
            player.track_changed.connect(lambda track: self.tracks.append(track.track_id if track else None)),
            player.position.connect(self.positions.append),
            player.state_changed.connect(self.states.append),
            player.failed.connect(lambda playable, why: self.failures.append((playable.track_id, why))),
            player.device_message.connect(self.messages.append),
        ]

    def close(self) -> None:
        """Listen no more."""
        for connection in self._connections:
            QObject.disconnect(connection)


def playable(number: int, path: Path, seconds: float | None = None) -> Playable:
    return Playable(number, os.fsencode(path), f"Track {number}", "Somebody", seconds)


def note(folder: Path, number: int, seconds: float = 1.0, frequency: float = 440.0) -> Playable:
    """A track that is one sine."""
    file = write(folder / f"{number}.flac", tone(seconds, RATE, frequency=frequency)[:, [0, 0]], RATE)
    return playable(number, file, seconds)


def scale(folder: Path, number: int = 1, seconds: int = 6) -> Playable:
    """A track that sounds at 400 Hz in its first second, 500 Hz in its second one, and so on."""
    t = np.arange(seconds * RATE) / RATE
    wave = 0.5 * np.sin(2 * np.pi * np.cumsum(400 + 100 * np.floor(t)) / RATE)
    return playable(
        number, write(folder / f"scale{number}.wav", wave.astype(np.float32), RATE), float(seconds)
    )


def pitch(sound: np.ndarray) -> float:
    """The strongest frequency (Hz)."""
    wave = sound[:, 0] * np.hanning(len(sound))
    return float(np.abs(np.fft.rfft(wave, 4 * RATE)).argmax() / 4)


def until(qtbot: QtBot, condition: Callable[[], bool], timeout_ms: int = 10_000) -> None:
    qtbot.waitUntil(condition, timeout=timeout_ms)


def play_out(qtbot: QtBot, player: Player, log: Log) -> None:
    """Wait until the queue has been played."""
    until(qtbot, lambda: log.states[-1:] == ["stopped"], 15_000)
    qtbot.wait(250)  # what the card still has


def steepest(sound: np.ndarray) -> float:
    return float(np.abs(np.diff(sound[:, 0])).max())


STEEPEST_440 = 0.5 * 2 * np.pi * 440 / RATE


def recorded(recording: Recording) -> np.ndarray:
    sound = recording.sound()
    assert len(sound), "nothing came out of the card"
    return sound
