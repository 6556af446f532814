"""The player through a real process and a real sound server: what is asked for is what comes out of the card."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.playback.mixer import gain_of
from app.player import Player
from tests.audio_files import music, tone, write
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
def engine(qapp: QApplication, sound_server: SoundCard) -> Iterator[Player]:
    with player_of(sound_server) as player:
        yield player


@pytest.fixture
def player(qtbot: QtBot, engine: Player, sound_card: SoundCard) -> Iterator[Player]:
    """As if new."""
    qtbot.wait(200)  # what the card still has of the test before
    yield engine
    engine.end_audition()
    engine.play([])
    engine.set_volume(1.0)
    engine.set_device("")


@pytest.fixture
def log(player: Player) -> Iterator[Log]:
    log = Log(player)
    yield log
    log.close()


def test_a_tone_comes_out_at_its_pitch_and_level(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, tmp_path: Path
) -> None:
    with sound_card.recording() as recording:
        player.play([note(tmp_path, 1, 1.0)])
        assert player.state == "playing"
        play_out(qtbot, player, log)
    sound = recorded(recording)
    assert len(sound) / RATE == pytest.approx(1.0, abs=0.03)
    assert pitch(sound[RATE // 4 : -RATE // 4]) == pytest.approx(440, abs=1)
    assert np.abs(sound[RATE // 4 : -RATE // 4]).max() == pytest.approx(0.5, abs=0.01)
    np.testing.assert_allclose(sound[:, 0], sound[:, 1], atol=1e-4)
    assert np.abs(sound[: RATE // 100]).max() == pytest.approx(0.5, abs=0.02), "the beginning is not faded in"
    assert steepest(sound) < 1.2 * STEEPEST_440
    assert log.tracks == [1, None]
    assert log.positions == sorted(log.positions[:-1]) + log.positions[-1:]
    assert max(log.positions) == pytest.approx(0.9, abs=0.3)


@pytest.mark.parametrize(("first", "second"), [(48_000, 48_000), (44_100, 44_100), (44_100, 48_000)])
def test_two_halves_of_a_sine_are_one_sine(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, tmp_path: Path, first: int, second: int
) -> None:
    queue = [  # whole periods, so that the second half goes on where the first one ends
        playable(1, write(tmp_path / "a.wav", tone(0.5, first), first)),
        playable(2, write(tmp_path / "b.flac", tone(0.5, second), second)),
    ]
    with sound_card.recording() as recording:
        player.play(queue)
        play_out(qtbot, player, log)
    sound = recorded(recording)
    assert len(sound) / RATE == pytest.approx(1.0, abs=0.03)
    assert steepest(sound) < 1.2 * STEEPEST_440
    middle = sound[RATE // 4 : -RATE // 4, 0]
    # No gap: the power of every period is that of the sine.
    period = 4800
    power = (middle[: len(middle) // period * period].reshape(-1, period) ** 2).mean(axis=1)
    np.testing.assert_allclose(power, 0.125, rtol=0.02)
    assert log.tracks == [1, 2, None]


def test_seek_lands_where_it_should(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, tmp_path: Path
) -> None:
    player.play([scale(tmp_path)])
    until(qtbot, lambda: player.seconds > 0.2)
    with sound_card.recording() as recording:
        player.seek(4.1)
        assert player.seconds == 4.1
        qtbot.wait(700)
    assert pitch(recorded(recording)[-RATE // 4 :]) == pytest.approx(800, abs=3)
    assert 4.3 < player.seconds < 5
    backward = [b - a for a, b in zip(log.positions, log.positions[1:], strict=False) if b < a]
    assert not backward, "a position from before the seek was shown after it"


def test_pause_is_soft_and_resume_goes_on_there(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, tmp_path: Path
) -> None:
    with sound_card.recording() as recording:
        player.play([note(tmp_path, 1, 1.2)])
        until(qtbot, lambda: player.seconds > 0.5)
        player.toggle()
        began = time.perf_counter()
        assert player.state == "paused"
        qtbot.wait(500)
        place = player.seconds
        qtbot.wait(200)
        assert player.seconds == place
        player.toggle()
        paused_s = time.perf_counter() - began
        play_out(qtbot, player, log)
    sound = recorded(recording)
    silent = np.abs(sound).max(axis=1) < 1e-4
    assert silent.sum() / RATE == pytest.approx(paused_s, abs=0.4)  # a busy machine is late
    assert len(sound) / RATE - silent.sum() / RATE == pytest.approx(1.2, abs=0.1)
    assert steepest(sound) < 1.2 * STEEPEST_440


@pytest.mark.parametrize("volume", [0.5, 0.0])
def test_volume(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, tmp_path: Path, volume: float
) -> None:
    with sound_card.recording() as recording:
        player.play([note(tmp_path, 1, 1.5)])
        until(qtbot, lambda: player.seconds > 0.3)
        player.set_volume(volume)
        play_out(qtbot, player, log)
        samples = recording.samples()[-RATE // 2 - RATE // 4 : -RATE // 2]
    assert np.abs(samples).max() == pytest.approx(0.5 * gain_of(volume), abs=1e-3)
    assert steepest(recorded(recording)) < 1.2 * STEEPEST_440


def test_next_previous_and_the_queues_end(qtbot: QtBot, player: Player, log: Log, tmp_path: Path) -> None:
    player.play([note(tmp_path, n, 8.0) for n in (1, 2, 3)], at=1)
    until(qtbot, lambda: player.seconds > 0.2)
    player.next()
    assert player.current is not None
    assert player.current.track_id == 3
    until(qtbot, lambda: player.seconds > 0.2)
    player.previous()
    player.previous()
    assert player.index == 0
    player.seek(5)
    until(qtbot, lambda: player.seconds > 5.1)
    player.previous()
    assert (player.index, player.seconds) == (0, 0.0)
    player.play([note(tmp_path, 4, 8.0)])
    player.next()
    assert player.state == "stopped"
    assert log.tracks == [2, 3, 2, 1, 4, None]


def test_the_queue_changes_while_it_plays(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, tmp_path: Path
) -> None:
    low, wrong, high = (note(tmp_path, n, 1.0, f) for n, f in ((1, 440), (2, 1320), (3, 880)))
    with sound_card.recording() as recording:
        player.play([low, wrong])
        until(qtbot, lambda: player.seconds > 0.2)  # by now all of it is decoded
        player.append([high])
        player.remove(1)
        play_out(qtbot, player, log)
    sound = recorded(recording)
    assert log.tracks == [1, 3, None]
    assert len(sound) / RATE == pytest.approx(2.0, abs=0.05)
    assert pitch(sound[: RATE // 2]) == pytest.approx(440, abs=2)
    assert pitch(sound[-RATE // 2 :]) == pytest.approx(880, abs=2)


def test_audition_plays_excerpts_and_gives_the_queue_back(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, tmp_path: Path
) -> None:
    player.play([note(tmp_path, 9, 8.0)])
    until(qtbot, lambda: player.seconds > 0.4)
    excerpts = [replace(scale(tmp_path, n), start_s=start, length_s=0.8) for n, start in ((1, 2.1), (2, 4.1))]
    with sound_card.recording() as recording:
        player.audition(excerpts)
        assert player.auditioning
        until(qtbot, lambda: not player.auditioning)
        qtbot.wait(250)
    sound = recorded(recording)[-round(1.6 * RATE) :]
    assert pitch(sound[: round(0.75 * RATE)]) == pytest.approx(600, abs=3)
    assert pitch(sound[round(0.85 * RATE) :]) == pytest.approx(800, abs=3)
    middle = np.abs(sound[round(0.79 * RATE) : round(0.81 * RATE)]).max()
    assert middle < 0.05, "one excerpt fades out before the next one fades in"
    assert log.tracks == [9, 1, 2, 9]
    assert player.state == "paused"
    assert player.current is not None
    assert player.current.track_id == 9
    assert player.seconds == pytest.approx(0.5, abs=0.3)


def test_escape_from_an_audition(qtbot: QtBot, player: Player, tmp_path: Path) -> None:
    player.audition([replace(scale(tmp_path), start_s=1.0, length_s=3.0)])
    until(qtbot, lambda: player.seconds > 1.2)
    player.stop()
    assert (player.auditioning, player.state, player.queue) == (False, "stopped", [])


def test_what_is_no_sound_file_is_named_and_skipped(
    qtbot: QtBot, player: Player, log: Log, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo.mp3")
    (tmp_path / "text.mp3").write_text("words")
    bad = [playable(n, tmp_path / name) for n, name in ((1, "fifo.mp3"), (2, "text.mp3"), (3, "gone.mp3"))]
    player.play([*bad, note(tmp_path, 4, 0.5)])
    play_out(qtbot, player, log)
    assert [number for number, _ in log.failures] == [1, 2, 3]
    assert all(why.endswith(".") for _, why in log.failures)
    assert log.tracks[-2:] == [4, None]


def test_nothing_but_bad_files_ends_in_silence(
    qtbot: QtBot, player: Player, log: Log, tmp_path: Path
) -> None:
    player.play([playable(1, tmp_path / "gone.mp3")])
    until(qtbot, lambda: player.state == "stopped")
    assert [number for number, _ in log.failures] == [1]
    assert player.current is None


def test_another_device_takes_over_at_the_same_place(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, tmp_path: Path
) -> None:
    with qtbot.waitSignal(player.devices_changed, timeout=10_000) as devices:
        player.list_devices()
    assert "second" in devices.args[0]
    player.play([scale(tmp_path)])
    until(qtbot, lambda: player.seconds > 0.5)
    with sound_card.recording("second") as recording:
        player.set_device("second")
        until(qtbot, lambda: player.seconds > 1.5)
    assert pitch(recorded(recording)[-RATE // 4 :]) == pytest.approx(500, abs=5)
    assert log.positions == sorted(log.positions)
    assert log.messages == []


def test_a_chosen_device_that_is_not_there(qtbot: QtBot, player: Player, log: Log, tmp_path: Path) -> None:
    player.set_device("Headphones")
    player.play([note(tmp_path, 1, 3.0)])
    until(qtbot, lambda: bool(log.messages) and player.seconds > 0.2)
    assert "Headphones" in log.messages[-1]
    assert player.state == "playing"


def test_the_waveform_comes_and_is_kept(qtbot: QtBot, player: Player, tmp_path: Path) -> None:
    track = scale(
        tmp_path, number=271
    )  # the player is everybody's, and keeps the waveforms of other tests' tracks
    with qtbot.waitSignal(
        player.waveform, timeout=10_000, check_params_cb=lambda _, p: not np.isnan(p).any()
    ):
        player.play([track])
    player.stop()
    os.unlink(track.path)  # noqa: PTH108 - a path of raw bytes
    with qtbot.waitSignal(player.waveform, timeout=100) as again:
        player.play([track])
    assert again.args[0] == track.track_id
    assert again.args[1].shape == (800, 2)
    assert again.args[1].max() == pytest.approx(0.5, abs=0.01)


def test_no_call_waits(qtbot: QtBot, player: Player, tmp_path: Path) -> None:
    track = note(tmp_path, 1, 5.0)
    many = [replace(track, track_id=number) for number in range(50_000)]
    calls: list[Callable[[], None]] = [
        player.prestart, lambda: player.play([track]), player.toggle, player.toggle, lambda: player.seek(1.0),
        player.next, player.previous, lambda: player.set_volume(0.3), lambda: player.set_device("second"),
        player.list_devices, lambda: player.append([track]), lambda: player.audition([track]), player.stop,
    ]  # fmt: skip
    for call in calls:
        assert held_up(call) < 0.05
    assert held_up(lambda: player.play(many)) < 0.5
    qtbot.wait(300)


def held_up(call: Callable[[], None]) -> float:
    """Seconds that a call takes at its best: others may have the processors meanwhile."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)


def test_the_engine_imports_neither_qt_nor_torch(qtbot: QtBot, player: Player, tmp_path: Path) -> None:
    player.play([note(tmp_path, 1, 5.0)])
    until(qtbot, lambda: player.seconds > 0.1)
    libraries = {Path(m.path).name for m in psutil.Process(player.engine_pid).memory_maps()}
    assert any("portaudio" in name for name in libraries)
    assert not [name for name in libraries if "Qt" in name or "torch" in name]


def test_the_queue_is_put_in_order_while_it_plays(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, tmp_path: Path
) -> None:
    # The first is long enough for the rest to be put in order before it is too late to take back.
    low = note(tmp_path, 1, 0.9, 440)
    middle, high, top = (note(tmp_path, n, 0.3, f) for n, f in ((2, 660), (3, 880), (4, 1320)))
    with sound_card.recording() as recording:
        player.play([low, top, high])
        until(qtbot, lambda: player.seconds > 0.1)  # by now all of it is decoded
        player.play_next([middle])
        assert player.move([2], 4) == 3
        assert [one.track_id for one in player.queue] == [1, 2, 3, 4]
        play_out(qtbot, player, log)
    sound = recorded(recording)
    assert log.tracks == [1, 2, 3, 4, None]
    assert len(sound) / RATE == pytest.approx(1.8, abs=0.02)
    middles = (0.45, 1.05, 1.35, 1.65)
    heard = [pitch(sound[round((at - 0.1) * RATE) :][: RATE // 5]) for at in middles]
    assert heard == pytest.approx([440, 660, 880, 1320], abs=5)


def test_what_sounds_is_taken_out_of_the_queue(
    qtbot: QtBot, player: Player, log: Log, tmp_path: Path
) -> None:
    player.play([note(tmp_path, n, 8.0) for n in (1, 2, 3, 4)])
    until(qtbot, lambda: player.seconds > 0.1)
    player.remove(1, 0)
    assert (player.state, player.current) == ("playing", player.at(0))
    assert player.at(0).track_id == 3
    player.pause()
    player.remove(0)
    assert (player.state, player.index) == ("paused", 0)
    player.audition([replace(scale(tmp_path, 9), start_s=1.0, length_s=2.0)])
    player.remove(0)
    assert [one.track_id for one in player.queue] == [4]
    player.append([note(tmp_path, 5, 8.0)])
    player.jump(1)
    player.clear_ahead()
    assert [one.track_id for one in player.queue] == [4, 5]
    player.jump(0)
    player.clear_ahead()
    player.remove(0)
    assert (player.state, player.current, player.length) == ("stopped", None, 0)
    assert log.tracks == [1, 3, 4, 9, 4, 5, 4, None]


def test_the_card_gets_the_files_samples_and_no_others(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, tmp_path: Path
) -> None:
    whole = np.repeat(music(0.8, RATE), 2, axis=1)
    endings, parts = ("wav", "flac", "aiff", "caf"), np.array_split(whole, 4)
    queue = [
        playable(n, write(tmp_path / f"{n}.{ending}", part, RATE))
        for n, (ending, part) in enumerate(zip(endings, parts, strict=True))
    ]
    with sound_card.recording() as recording:
        player.play(queue)
        play_out(qtbot, player, log)
    sound, expected = recorded(recording), np.round(whole * 2**15) / 2**15
    start = int(np.argmax(np.abs(expected[:, 0]) > 1e-4))
    expected = expected[start:]
    assert len(sound) == pytest.approx(len(expected), abs=4)  # what is below the threshold at the end
    same = min(len(sound), len(expected))
    np.testing.assert_allclose(sound[:same], expected[:same], atol=1e-6)
    assert player.underruns == 0


def test_cross_fade_and_loudness_are_heard(
    qtbot: QtBot, player: Player, log: Log, sound_card: SoundCard, tmp_path: Path
) -> None:
    quieter = {"replaygain_track_gain": "-6.02 dB"}
    low = playable(1, write(tmp_path / "1.flac", tone(1.0, RATE)[:, [0, 0]], RATE, tags=quieter))
    player.set_sound(0.5, "track")
    try:
        with sound_card.recording() as recording:
            player.play([low, note(tmp_path, 2, 1.0, 880)])
            play_out(qtbot, player, log)
    finally:
        player.set_sound(0.0, "off")
    sound = recorded(recording)
    assert len(sound) / RATE == pytest.approx(1.5, abs=0.01)
    assert np.abs(sound[: RATE // 2]).max() == pytest.approx(0.25, abs=0.002)
    assert np.abs(sound[-RATE // 2 :]).max() == pytest.approx(0.5, abs=0.002)
    assert pitch(sound[: RATE // 2]) == pytest.approx(440, abs=2)
    assert pitch(sound[-RATE // 2 :]) == pytest.approx(880, abs=2)
    middle = sound[RATE * 3 // 4 - 2400 : RATE * 3 // 4 + 2400, 0]
    assert np.mean(middle**2) == pytest.approx((0.25**2 + 0.5**2) / 4, rel=0.05), "equal power"
    assert steepest(sound) < 1.2 * 2 * STEEPEST_440
    assert log.tracks == [1, 2, None]
