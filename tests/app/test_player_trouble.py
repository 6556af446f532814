"""The player when something dies, hangs or is not there."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from app.player import Player
from tests.listening import Log, note, pitch, play_out, recorded, scale, until
from tests.sound_card import RATE, SoundCard

pytest_plugins = ("tests.sound",)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the virtual sound card needs PulseAudio")


@pytest.fixture
def fragile(qtbot: QtBot, sound_card: SoundCard) -> Iterator[Player]:
    """A player of the test's own, which it may kill."""
    player = Player(volume=1.0)
    yield player
    player.close()


def test_a_killed_engine_costs_the_file_it_decoded(
    qtbot: QtBot, fragile: Player, sound_card: SoundCard, tmp_path: Path
) -> None:
    player, log = fragile, Log(fragile)
    player.play([note(tmp_path, 1, 30.0), note(tmp_path, 2, 1.0, 880)])
    until(qtbot, lambda: player.seconds > 0.2)
    with sound_card.recording() as recording:
        os.kill(player.engine_pid, signal.SIGKILL)
        play_out(qtbot, player, log)
    assert [number for number, _ in log.failures] == [1]
    assert "skipped" in log.failures[0][1]
    assert log.tracks == [1, 2, None]
    assert pitch(recorded(recording)[-RATE // 2 :]) == pytest.approx(880, abs=2)


def test_a_killed_engine_that_decoded_nothing_goes_on_where_it_was(
    qtbot: QtBot, fragile: Player, tmp_path: Path
) -> None:
    player, log = fragile, Log(fragile)
    player.play([note(tmp_path, 1, 3.0)])  # short: all of it is decoded at once
    until(qtbot, lambda: player.seconds > 0.8)
    first = player.engine_pid
    os.kill(first, signal.SIGKILL)
    until(qtbot, lambda: player.engine_pid not in (0, first) and player.seconds > 1.2)
    assert log.failures == []
    assert log.positions == sorted(log.positions)


def test_without_a_card_it_waits_and_says_so(qtbot: QtBot, no_sound_card: None, tmp_path: Path) -> None:
    player = Player()
    log = Log(player)
    player.play([note(tmp_path, 1)])
    try:
        until(qtbot, lambda: player.state == "waiting")
        assert "no audio device" in log.messages[-1]
        player.play([note(tmp_path, 2)])
        assert player.state == "playing"
        until(qtbot, lambda: player.state == "waiting")
        player.pause()
        until(qtbot, lambda: log.messages[-1] == "")
        assert player.state == "paused"
        with qtbot.waitSignal(player.devices_changed, timeout=10_000) as devices:
            player.list_devices()
        assert devices.args == [[]]
    finally:
        player.close()


def test_an_engine_that_dies_again_and_again_is_given_up(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "asound.conf").write_text("")  # ALSA aborts any process that finds its configuration empty
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    player = Player()
    log = Log(player)
    player.play([note(tmp_path, 1)])
    try:
        until(qtbot, lambda: log.states == ["playing", "stopped"], 20_000)
        assert "keeps dying" in log.messages[-1]
        assert (log.failures, player.engine_pid) == ([], 0)
    finally:
        player.close()


def test_an_engine_that_cannot_be_started_is_said(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    player = Player()
    log = Log(player)
    player.play([note(tmp_path, 1)])
    until(qtbot, lambda: player.state == "stopped")
    assert "keeps dying" in log.messages[-1]
    assert log.failures == []
    player.close()


def test_a_card_pulled_out_and_put_back(qtbot: QtBot, own_sound_card: SoundCard, tmp_path: Path) -> None:
    player = Player(volume=1.0)
    log = Log(player)
    player.play([scale(tmp_path, seconds=12)])
    until(qtbot, lambda: player.seconds > 1.0)
    own_sound_card.unplug()
    until(qtbot, lambda: player.state == "waiting", 15_000)
    place = player.seconds
    assert "audio device" in log.messages[-1]
    own_sound_card.plug()
    with own_sound_card.recording() as recording:
        until(qtbot, lambda: player.state == "playing" and player.seconds > place + 0.3, 15_000)
        qtbot.wait(200)
    assert log.messages[-1] == ""
    frequency = pitch(recorded(recording)[-RATE // 8 :])
    assert frequency == pytest.approx(400 + 100 * int(player.seconds), abs=105)
    assert log.failures == []
    player.close()


def test_a_card_that_stands_still_is_given_up(
    qtbot: QtBot, own_sound_card: SoundCard, tmp_path: Path
) -> None:
    player = Player(volume=1.0)
    log = Log(player)
    player.play([scale(tmp_path, seconds=12)])
    until(qtbot, lambda: player.seconds > 0.5)
    with own_sound_card.standing_still():
        until(qtbot, lambda: player.state == "waiting", 15_000)
        place = player.seconds
    until(qtbot, lambda: player.state == "playing" and player.seconds > place + 0.3, 15_000)
    assert log.failures == []
    player.close()


def test_closing_leaves_no_process(qtbot: QtBot, fragile: Player, tmp_path: Path) -> None:
    player = fragile
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    player.play([note(tmp_path, 1, 5.0)])
    until(qtbot, lambda: player.seconds > 0.1)
    assert {child.pid for child in psutil.Process().children(recursive=True)} - before
    began = time.perf_counter()
    player.close()
    assert time.perf_counter() - began < 1.0
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
    assert player.engine_pid == 0


def test_the_engine_ends_with_its_window(qtbot: QtBot, fragile: Player) -> None:
    player = fragile
    player.prestart()
    until(qtbot, lambda: player.engine_pid != 0)
    process = psutil.Process(player.engine_pid)
    qtbot.wait(100)
    player._engine._process.closeWriteChannel()  # what the system does when a window is killed
    until(qtbot, lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
