"""Previews through a real process and a real sound server: quiet, faded, on top of what plays."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.player import Playable, Player
from tests.listening import Log, note, pitch, playable, scale, steepest, until
from tests.sound_card import RATE, SoundCard

pytest_plugins = ("tests.sound",)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the virtual sound card needs PulseAudio")

QUIET = 10 ** (-12 / 20)


@pytest.fixture
def player(qtbot: QtBot, sound_card: SoundCard) -> Iterator[Player]:
    player = Player(volume=1.0)
    player.prestart()
    yield player
    player.close()


def strength(sound: np.ndarray, frequency: float) -> float:
    """Amplitude of a sine in a stretch of whole periods."""
    t = np.arange(len(sound)) / RATE
    return float(2 * abs(np.mean(sound[:, 0] * np.exp(-2j * np.pi * frequency * t))))


def test_a_preview_alone_is_quiet_and_comes_and_goes_softly(
    qtbot: QtBot, player: Player, sound_card: SoundCard, tmp_path: Path
) -> None:
    changes: list[Playable | None] = []
    player.preview_changed.connect(changes.append)
    track = scale(tmp_path)
    with sound_card.recording() as recording:
        player.preview(track)
        assert player.previewing is not None
        until(qtbot, lambda: len(recording.sound()) > 0.7 * RATE)
        player.stop_preview()
        qtbot.wait(500)
    sound = recording.sound(1e-3)
    assert [change.track_id if change else None for change in changes] == [1, None]
    assert pitch(sound[RATE // 3 : RATE // 3 + RATE // 4]) == pytest.approx(700, abs=4), "from the middle"
    assert np.abs(sound).max() == pytest.approx(0.5 * QUIET, abs=0.002)
    assert np.abs(sound[: RATE // 20]).max() < 0.1 * QUIET
    assert np.abs(sound[-RATE // 20 :]).max() < 0.1 * QUIET
    assert steepest(sound) < 1.2 * 0.5 * QUIET * 2 * np.pi * 800 / RATE
    assert player.state == "stopped"


def test_what_plays_goes_on_under_a_preview(
    qtbot: QtBot, player: Player, sound_card: SoundCard, tmp_path: Path
) -> None:
    log = Log(player)
    low, high = note(tmp_path, 1, 9.0, 440), note(tmp_path, 2, 1.5, 1000)
    with sound_card.recording() as recording:
        player.play([low])
        until(qtbot, lambda: player.seconds > 0.3)
        player.preview(high, from_second=0.2)
        until(qtbot, lambda: strength(recording.samples()[-4800:], 1000) > 0.99 * 0.5 * QUIET)
        both = recording.samples()[-4800:]
        until(qtbot, lambda: player.previewing is None)  # the file's end
        qtbot.wait(600)
        after = recording.samples()[-4800:]
    assert strength(both, 440) == pytest.approx(0.5 * (1 - QUIET), abs=0.01), "just room enough"
    assert strength(after, 440) == pytest.approx(0.5, abs=0.005)
    assert strength(after, 1000) < 0.002
    assert log.tracks == [1]
    assert log.states == ["playing"]
    assert player.underruns == 0


def test_a_preview_fades_into_the_next_and_a_bad_file_is_named(
    qtbot: QtBot, player: Player, sound_card: SoundCard, tmp_path: Path
) -> None:
    failures: list[tuple[int, str]] = []
    player.preview_failed.connect(lambda track, why: failures.append((track.track_id, why)))
    with sound_card.recording() as recording:
        player.preview(note(tmp_path, 1, 5.0, 440), from_second=1.0)
        until(qtbot, lambda: strength(recording.samples()[-4800:], 440) > 0.9 * 0.5 * QUIET)
        for number, frequency in ((2, 600), (3, 800), (4, 1000)):  # a pointer that passes over many dots
            player.preview(note(tmp_path, number, 5.0, frequency), from_second=1.0)
            qtbot.wait(60)
        until(qtbot, lambda: strength(recording.samples()[-4800:], 1000) > 0.98 * 0.5 * QUIET)
        end = recording.samples()[-4800:]
    assert max(strength(end, frequency) for frequency in (440, 600, 800)) < 0.005
    assert steepest(recording.sound()) < 2.2 * 0.5 * QUIET * 2 * np.pi * 1000 / RATE
    (tmp_path / "text.mp3").write_text("words")
    player.preview(playable(5, tmp_path / "text.mp3"))
    until(qtbot, lambda: player.previewing is None)
    assert [number for number, _ in failures] == [5]
    assert failures[0][1].endswith(".")


def test_without_a_card_a_preview_is_given_up(qtbot: QtBot, no_sound_card: None, tmp_path: Path) -> None:
    player = Player()
    failures: list[str] = []
    player.preview_failed.connect(lambda _, why: failures.append(why))
    player.preview(note(tmp_path, 1))
    until(qtbot, lambda: player.previewing is None)
    assert "no audio device" in failures[0]
    assert player.state == "stopped"
    player.close()


def test_a_preview_that_kills_the_engine_does_not_cost_what_plays(
    qtbot: QtBot, player: Player, tmp_path: Path
) -> None:
    log = Log(player)
    failures: list[int] = []
    player.preview_failed.connect(lambda track, _: failures.append(track.track_id))
    player.play([note(tmp_path, 1, 30.0)])
    until(qtbot, lambda: player.seconds > 0.2)
    first = player.engine_pid
    os.kill(first, signal.SIGSTOP)  # so that the preview is surely being decoded when it happens
    player.preview(note(tmp_path, 2, 30.0))
    player._previewer.take({"event": "preview-decoding", "key": player._previewer._entry.key})
    os.kill(first, signal.SIGKILL)
    until(qtbot, lambda: player.engine_pid not in (0, first))
    assert (failures, log.failures, player.previewing) == ([2], [], None)
    until(qtbot, lambda: player.seconds > 0.4)
    assert log.tracks == [1]
