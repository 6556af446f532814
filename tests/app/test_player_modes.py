"""Shuffle and repeat through a real process and a real sound server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.player import Playable, Player
from tests.audio_files import tone, write
from tests.listening import (
    STEEPEST_440,
    Log,
    note,
    pitch,
    play_out,
    playable,
    player_of,
    recorded,
    scale,
    steepest,
    until,
)
from tests.sound_card import RATE, SoundCard

pytest_plugins = ("tests.sound",)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the virtual sound card needs PulseAudio")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("music")


@pytest.fixture(scope="module")
def engine(qapp: QApplication, sound_server: SoundCard) -> Iterator[Player]:
    with player_of(sound_server, seed=3) as player:
        yield player


@pytest.fixture
def player(qtbot: QtBot, engine: Player, sound_card: SoundCard) -> Iterator[Player]:
    """As if new."""
    qtbot.wait(200)  # what the card still has of the test before
    yield engine
    engine.end_audition()
    engine.set_modes(shuffle=False, repeat="off")
    engine.play([])


@pytest.fixture
def log(player: Player) -> Iterator[Log]:
    log = Log(player)
    yield log
    log.close()


def half(folder: Path, number: int, seconds: float = 0.5) -> Playable:
    """Whole periods of a sine: after each other they are one sine."""
    return playable(number, write(folder / f"half{number}.wav", tone(seconds, RATE), RATE))


def numbers(player: Player) -> list[int]:
    return [one.track_id for one in player.queue]


def one_sine(sound: np.ndarray) -> None:
    """No gap and no crack: the power of every stretch is that of the sine."""
    assert steepest(sound) < 1.2 * STEEPEST_440
    middle, period = sound[RATE // 4 : -RATE // 4, 0], 4800
    power = (middle[: len(middle) // period * period].reshape(-1, period) ** 2).mean(axis=1)
    np.testing.assert_allclose(power, 0.125, rtol=0.02)


def laps(log: Log) -> int:
    """How often a position fell back."""
    return sum(after < before for before, after in zip(log.positions, log.positions[1:], strict=False))


def test_a_track_begins_anew_without_a_gap_and_next_goes_on(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, folder: Path
) -> None:
    player.set_modes(repeat="one")
    with sound_card.recording() as recording:
        # Long enough for what follows it to be taken back in time on a busy machine.
        player.play([half(folder, 1, 1.0), half(folder, 2)])
        until(qtbot, lambda: laps(log) == 2)
        assert log.tracks == [1]
        player.set_modes(repeat="off")
        play_out(qtbot, player, log)
    assert log.tracks == [1, 2, None]
    sound = recorded(recording)
    one_sine(sound)
    assert laps(log) >= 3
    assert len(sound) / RATE == pytest.approx(laps(log) + 0.5, abs=0.03)
    player.set_modes(repeat="one")
    player.play([note(folder, 3, 8.0), note(folder, 4, 8.0)])
    player.next()
    assert player.index == 1
    player.next()
    assert player.state == "stopped"


def test_after_the_last_comes_the_first_without_a_gap(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, folder: Path
) -> None:
    player.set_modes(repeat="all")
    with sound_card.recording() as recording:
        player.play([half(folder, 1), half(folder, 2, 1.0)], at=1)
        until(qtbot, lambda: len(log.tracks) == 3)
        player.set_modes(repeat="off")
        play_out(qtbot, player, log)
    sound = recorded(recording)
    one_sine(sound)
    assert log.tracks[:3] == [2, 1, 2]
    assert log.tracks[-2:] == [2, None]
    ones, twos = log.tracks.count(1), log.tracks.count(2)
    assert len(sound) / RATE == pytest.approx(0.5 * ones + twos, abs=0.03)
    assert player.underruns == 0


def test_next_and_previous_go_around(qtbot: QtBot, player: Player, log: Log, folder: Path) -> None:
    player.set_modes(repeat="all")
    player.play([note(folder, n, 8.0) for n in (1, 2, 3)], at=2)
    player.next()
    player.previous()
    assert (player.index, player.state) == (2, "playing")
    player.next()
    until(qtbot, lambda: player.seconds > 0.1)
    player.seek(7.9)
    until(qtbot, lambda: player.index == 1)
    assert log.tracks == [3, 1, 3, 1, 2]


def test_broken_files_are_passed_over_in_every_lap_and_nothing_else_is_given_up(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, folder: Path
) -> None:
    sentences: list[str] = []
    connection = player.gave_up.connect(sentences.append)
    gone = [playable(n, folder / f"gone{n}.mp3") for n in (8, 9)]
    player.set_modes(repeat="all")
    player.play([gone[0], half(folder, 1), gone[1], half(folder, 2)])
    until(qtbot, lambda: log.tracks[:4] == [8, 1, 2, 1])
    assert sorted(number for number, _ in log.failures) == [8, 9], "each is named once"
    assert sentences == []
    for repeat in ("all", "one", "off"):
        player.set_modes(repeat=repeat)
        log.failures.clear()
        sentences.clear()
        player.play(gone)
        until(qtbot, lambda: player.state == "stopped")
        assert [number for number, _ in log.failures] == [8, 9]
        assert sentences == ["Nothing in the queue can be played."]
        player.toggle()  # nor when it is asked for once more
        assert (player.state, len(sentences)) == ("stopped", 2)
    QObject.disconnect(connection)


def test_what_is_heard_is_what_the_shuffled_queue_shows(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, folder: Path
) -> None:
    frequencies = {n: 400 + 150 * n for n in range(1, 6)}
    player.play([note(folder, 10 + n, 0.4, f) for n, f in frequencies.items()])
    with sound_card.recording() as recording:
        until(qtbot, lambda: player.seconds > 0.1)  # by now all of it is decoded
        player.set_modes(shuffle=True)
        shown = numbers(player)
        assert shown[0] == 11
        assert shown[1:] != [12, 13, 14, 15]
        play_out(qtbot, player, log)
    assert log.tracks == [*shown, None]
    sound = recorded(recording)[-round(1.6 * RATE) :]
    heard = [pitch(sound[round((0.4 * n + 0.1) * RATE) :][: round(0.2 * RATE)]) for n in range(4)]
    assert heard == pytest.approx([frequencies[n - 10] for n in shown[1:]], abs=5)


def test_shuffling_leaves_an_audition_and_a_radio_alone(
    qtbot: QtBot, player: Player, log: Log, folder: Path
) -> None:
    player.set_modes(shuffle=True, repeat="all")
    many = [note(folder, 20, 8.0)] * 30
    queue = [replace(one, track_id=n) for n, one in enumerate(many)]
    player.play(queue, fixed=True)
    assert numbers(player) == list(range(30))
    player.append([replace(many[0], track_id=99)])
    assert numbers(player)[-1] == 99
    player.play(queue, at=4)
    shown = numbers(player)
    assert shown[0] == 4
    assert sorted(shown) == list(range(30))
    excerpts = [replace(scale(folder, n), start_s=1.0, length_s=0.2) for n in (1, 2, 3)]
    player.audition(excerpts)
    assert numbers(player) == [1, 2, 3]
    player.set_modes(shuffle=False)  # for later
    assert numbers(player) == [1, 2, 3]
    until(qtbot, lambda: not player.auditioning)
    assert log.tracks[-4:] == [1, 2, 3, 4], "once, and back"
    assert numbers(player) == [4, *(n for n in range(30) if n != 4)]
    player.set_modes(shuffle=True)
    firsts = set()
    for _ in range(9):
        player.play(queue)
        firsts.add(numbers(player)[player.index or 0])
    assert len(firsts) > 3, "where no track was chosen, any is first"
