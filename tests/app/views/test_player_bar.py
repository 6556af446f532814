"""The player bar on a real player: what a person does with mouse and keys, and what is shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from app.actions import Actions
from app.player import Playable, Player
from app.theme import Theme
from app.views.player_bar import PlayerBar
from app.views.waveform import Waveform, clock, heights

LEFT = Qt.MouseButton.LeftButton


@dataclass
class Stage:
    """A window with nothing but a player bar; its player finds no sound card."""

    window: QMainWindow
    player: Player
    bar: PlayerBar
    actions: Actions
    theme: Theme


@pytest.fixture
def stage(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    (tmp_path / "asound.conf").write_text("pcm.!default { type unheard_of }")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    window, theme, player = QMainWindow(), Theme(qapp, "light"), Player(volume=0.6)
    qtbot.addWidget(window)
    actions = Actions(window, theme)
    bar = PlayerBar(player, theme, actions)
    window.setCentralWidget(bar)
    window.resize(1280, 90)
    window.show()
    qtbot.waitExposed(window)
    yield Stage(window, player, bar, actions, theme)
    player.close()


def track(
    number: int, seconds: float = 200.0, start_s: float = 0.0, length_s: float | None = None
) -> Playable:
    path = os.fsencode(f"/nowhere/{number}.mp3")
    return Playable(number, path, f"Title {number}", "Artist", seconds, start_s, length_s)


def at(waveform: Waveform, share: float) -> QPoint:
    return QPoint(round(share * waveform.width()), waveform.height() // 2)


def shades(image: QImage, colour: str) -> list[int]:
    """Columns of `image` that hold `colour`."""
    wanted = QColor(colour).rgb()
    return [
        x for x in range(image.width()) if any(image.pixel(x, y) == wanted for y in range(image.height()))
    ]


def test_clock() -> None:
    assert [clock(s) for s in (0, 9.99, 61, 3600, 3725.2, -1)] == [
        "0:00",
        "0:09",
        "1:01",
        "1:00:00",
        "1:02:05",
        "0:00",
    ]


def test_heights_keep_every_peak_and_what_is_not_known() -> None:
    peaks = np.zeros((800, 2), np.float32)
    peaks[500] = -0.4, 0.1
    peaks[700:] = np.nan
    bars = heights(peaks, 100)
    assert bars.argmax() == 62 or np.nanargmax(bars) == 62
    assert np.nanmax(bars) == 1
    assert np.isnan(bars[88:]).all()
    assert not np.isnan(bars[:87]).any()
    assert np.nanmax(heights(np.full((800, 2), 0.001, np.float32), 50)) < 0.1
    assert len(heights(peaks, 3000)) == 3000


def test_empty_it_says_why_nothing_can_be_done(stage: Stage) -> None:
    assert stage.bar.title.text() == stage.bar.total.text() == ""
    for name in ("play", "previous", "next", "seek-back", "seek-forward", "stop-preview"):
        assert not stage.actions[name].isEnabled()
        assert "Not now:" in stage.actions[name].toolTip()
    assert "Space" in stage.actions["play"].toolTip()


def test_with_a_selected_track_play_asks_for_it(stage: Stage, qtbot: QtBot) -> None:
    stage.bar.set_can_start(True)
    with qtbot.waitSignal(stage.bar.play_wanted, timeout=100):
        stage.actions["play"].trigger()
    stage.player.play([track(1)])
    with qtbot.assertNotEmitted(stage.bar.play_wanted):
        stage.actions["play"].trigger()
    assert stage.player.state == "paused"
    stage.player.stop()
    with qtbot.waitSignal(stage.bar.play_wanted, timeout=100):
        stage.actions["play"].trigger()


def test_shows_what_plays(stage: Stage) -> None:
    stage.player.play([track(1), track(2, 65)])
    bar = stage.bar
    assert (bar.title.text(), bar.artist.text()) == ("Title 1", "Artist")
    assert (bar.elapsed.text(), bar.total.text()) == ("0:00", "3:20")
    assert not stage.actions["play"].icon().isNull()
    stage.actions["next"].trigger()
    assert (bar.title.text(), bar.total.text()) == ("Title 2", "1:05")
    assert not stage.actions["next"].isEnabled()
    stage.actions["previous"].trigger()
    assert stage.player.index == 0
    stage.player.stop()
    assert (bar.title.text(), bar.elapsed.text()) == ("", "")


def test_a_long_title_is_cut_and_whole_in_the_tooltip(stage: Stage) -> None:
    title = "A very long title " * 10
    stage.player.play([Playable(1, b"/nowhere", title, "", None)])
    assert stage.bar.title.text().endswith("…")
    assert stage.bar.title.toolTip() == title
    stage.player.play([Playable(1, b"/nowhere", "<b>no markup</b>", "", None)])
    assert stage.bar.title.text() == "<b>no markup</b>"


def test_a_click_on_the_waveform_seeks(stage: Stage, qtbot: QtBot) -> None:
    waveform = stage.bar.waveform
    stage.player.play([track(1)])
    qtbot.mouseClick(waveform, LEFT, pos=at(waveform, 0.5))
    assert stage.player.seconds == pytest.approx(100, abs=1)
    assert stage.bar.elapsed.text() in ("1:39", "1:40")


def test_dragging_seeks_once_when_it_ends_and_escape_gives_up(stage: Stage, qtbot: QtBot) -> None:
    waveform, asked = stage.bar.waveform, []
    stage.player.play([track(1)])
    waveform.seek_requested.connect(asked.append)
    qtbot.mousePress(waveform, LEFT, pos=at(waveform, 0.2))
    qtbot.mouseMove(waveform, at(waveform, 0.6))
    waveform.set_position(3)
    assert waveform.position == pytest.approx(120, abs=1)
    assert asked == []
    qtbot.mouseRelease(waveform, LEFT, pos=at(waveform, 0.6))
    assert asked == [pytest.approx(120, abs=1)]
    qtbot.mousePress(waveform, LEFT, pos=at(waveform, 0.2))
    qtbot.keyClick(waveform, Qt.Key.Key_Escape)
    qtbot.mouseRelease(waveform, LEFT, pos=at(waveform, 0.2))
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("key", "expected"),
    [("Left", 95), ("Right", 105), ("PageUp", 130), ("PageDown", 70), ("Home", 0), ("End", 199)],
)
def test_keys_seek(stage: Stage, qtbot: QtBot, key: str, expected: float) -> None:
    stage.player.play([track(1)])
    stage.player.seek(100)
    stage.bar.waveform.setFocus()
    qtbot.keyClick(stage.bar.waveform, getattr(Qt.Key, f"Key_{key}"))
    assert stage.player.seconds == expected


def test_actions_skip_ten_seconds(stage: Stage) -> None:
    stage.player.play([track(1)])
    stage.actions["seek-forward"].trigger()
    stage.actions["seek-forward"].trigger()
    stage.actions["seek-back"].trigger()
    assert stage.player.seconds == 10
    stage.actions["seek-back"].trigger()
    stage.actions["seek-back"].trigger()
    assert stage.player.seconds == 0


def test_volume_by_slider_keys_and_mute(stage: Stage, qtbot: QtBot) -> None:
    told: list[float] = []
    stage.bar.volume_changed.connect(told.append)
    assert stage.bar.volume.value() == 60
    stage.actions["louder"].trigger()
    stage.actions["quieter"].trigger()
    stage.actions["quieter"].trigger()
    assert stage.player.volume == pytest.approx(0.55)
    qtbot.mouseClick(stage.bar.mute, LEFT)
    assert stage.player.volume == 0
    qtbot.mouseClick(stage.bar.mute, LEFT)
    assert stage.player.volume == pytest.approx(0.55)
    assert told == pytest.approx([0.65, 0.6, 0.55, 0, 0.55])
    stage.player.set_volume(0.333)
    assert (stage.bar.volume.value(), stage.player.volume) == (33, 0.333)
    assert len(told) == 5


def test_the_device_menu(stage: Stage, qtbot: QtBot) -> None:
    bar, chosen = stage.bar, []
    bar.device_chosen.connect(chosen.append)
    bar._fill_menu()
    assert "Looking" in bar.menu.actions()[-1].text()
    stage.player.devices_changed.emit(["Speakers", "Headphones"])
    texts = [action.text() for action in bar.menu.actions()]
    assert texts == ["The system's default", "Speakers", "Headphones"]
    bar.menu.actions()[2].trigger()
    assert chosen == [stage.player.device] == ["Headphones"]
    stage.player.devices_changed.emit(["Speakers"])
    assert [action.isChecked() for action in bar.menu.actions()] == [False, False, True]


def test_without_a_card_a_sentence_says_so_and_a_broken_file_has_one_too(stage: Stage, qtbot: QtBot) -> None:
    stage.player.play([track(1)])
    qtbot.waitUntil(stage.bar.notice.isVisible, timeout=10_000)
    assert "no audio device" in stage.bar.notice.text
    stage.player.pause()
    qtbot.waitUntil(lambda: not stage.bar.notice.isVisible(), timeout=10_000)
    stage.player.failed.emit(track(7), "The file is damaged.")
    assert stage.bar.notice.text == "“Title 7” was skipped. The file is damaged."
    qtbot.mouseClick(stage.bar.notice._close, LEFT)
    assert not stage.bar.notice.isVisible()


def test_the_audition_strip(stage: Stage, qtbot: QtBot) -> None:
    kept: list[int] = []
    less: list[int] = []
    strip = stage.bar.strip
    stage.bar.keep_requested.connect(kept.append)
    stage.bar.less_requested.connect(less.append)
    stage.player.play([track(9)])
    assert not strip.isVisible()
    stage.player.audition([track(1, start_s=30, length_s=10), track(2, start_s=60, length_s=10)])
    assert strip.isVisible()
    assert strip.where.text() == "Audition: 1 of 2"
    qtbot.mouseClick(strip.keep, LEFT)
    qtbot.mouseClick(strip.next, LEFT)
    qtbot.mouseClick(strip.less, LEFT)
    assert (kept, less) == ([1], [2])
    assert strip.where.text() == "Audition: 2 of 2"
    assert not strip.next.isEnabled()
    stage.actions["stop-preview"].trigger()
    assert not strip.isVisible()
    assert stage.player.current == track(9)
    assert stage.player.state == "paused"


def test_shuffle_and_repeat_by_mouse_keys_and_menu(stage: Stage, qtbot: QtBot) -> None:
    player, bar, actions = stage.player, stage.bar, stage.actions
    player.play([track(n) for n in range(1, 9)])
    assert (bar.shuffle.isChecked(), bar.repeat.isChecked(), player.shuffle) == (False, False, False)
    qtbot.mouseClick(bar.shuffle, LEFT)
    assert player.shuffle
    assert [one.track_id for one in player.queue] != list(range(1, 9))
    assert bar.shuffle.isChecked()
    assert "Now: on." in bar.shuffle.toolTip()
    seen = []
    for _ in range(3):
        qtbot.keyClick(stage.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
        seen.append((player.repeat, bar.repeat.isChecked(), bar.repeat.accessibleName()))
    assert seen == [
        ("all", True, "Repeat: the whole queue"), ("one", True, "Repeat: this track"), ("off", False, "Repeat: off"),
    ]  # fmt: skip
    bar.repeat.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(bar.repeat, Qt.Key.Key_Space)
    assert (player.repeat, player.state == "paused") == ("all", False)
    actions["repeat-one"].trigger()
    assert player.repeat == "one"
    assert [actions[f"repeat-{each}"].isChecked() for each in ("off", "all", "one")] == [False, False, True]
    qtbot.keyClick(stage.window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert not bar.shuffle.isChecked()
    assert [one.track_id for one in player.queue] == list(range(1, 9))


def test_the_modes_icons_tell_them_apart(stage: Stage) -> None:
    bar = stage.bar

    def shown(mode: str) -> list[QImage]:
        stage.theme.set_mode(mode)
        pictures = []
        for repeat in ("off", "all", "one"):
            stage.actions[f"repeat-{repeat}"].trigger()
            pictures.append(bar.repeat.icon().pixmap(20, 20).toImage())
        return pictures

    pictures = shown("light") + shown("dark")
    assert all(a != b for i, a in enumerate(pictures) for b in pictures[:i])
    stage.window.resize(960, 90)  # the window's least width
    right = bar.repeat.geometry().right()
    assert bar.shuffle.x() >= 0
    assert right < bar.title.parentWidget().x()
    assert bar.minimumSizeHint().width() <= 960


def test_next_goes_around_where_the_queue_is_repeated(stage: Stage) -> None:
    stage.player.play([track(1), track(2)], at=1)
    assert not stage.actions["next"].isEnabled()
    stage.player.set_modes(repeat="one")
    assert not stage.actions["next"].isEnabled()
    stage.player.set_modes(repeat="all")
    assert stage.actions["next"].isEnabled()
    stage.actions["next"].trigger()
    assert stage.player.index == 0


def test_what_has_an_order_of_its_own_is_not_shuffled(stage: Stage) -> None:
    actions = stage.actions
    stage.player.play([track(n) for n in range(9)], fixed=True)
    assert "A radio and a path have" in actions["shuffle"].toolTip()
    assert (actions["shuffle"].isEnabled(), actions["repeat"].isEnabled()) == (False, True)
    stage.player.audition([track(1, start_s=30, length_s=10)])
    assert "An audition has" in actions["shuffle"].toolTip()
    assert not any(actions[name].isEnabled() for name in ("shuffle", "repeat", "repeat-all"))
    stage.player.play([track(1)])
    assert all(actions[name].isEnabled() for name in ("shuffle", "repeat", "repeat-all"))


def test_the_last_broken_file_is_named_beside_the_end_of_all(stage: Stage) -> None:
    stage.player.failed.emit(track(7), "The file is damaged.")
    stage.player.gave_up.emit("Nothing in the queue can be played.")
    assert stage.bar.notice.text == (
        "“Title 7” was skipped. The file is damaged. Nothing in the queue can be played."
    )


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_waveform_is_painted_in_the_themes_colours(stage: Stage, qtbot: QtBot, mode: str) -> None:
    stage.theme.set_mode(mode)
    colours, waveform = stage.theme.colours, stage.bar.waveform
    stage.player.play([track(1, start_s=50, length_s=10)])
    peaks = np.full((800, 2), 0.5, np.float32)
    peaks[600:] = np.nan
    stage.player.waveform.emit(2, peaks)
    assert not shades(waveform.grab().toImage(), colours.faint), "the waveform of another track"
    stage.player.waveform.emit(1, peaks)
    waveform.set_position(100.0)
    waveform.clearFocus()
    image, width = waveform.grab().toImage(), waveform.width()
    played, ahead = shades(image, colours.accent), shades(image, colours.faint)
    excerpt = shades(image, colours.selection)
    waveform.setFocus()
    assert max(shades(waveform.grab().toImage(), colours.accent)) == width - 1, (
        "a frame shows where the keys go"
    )
    assert max(played) == pytest.approx(width * 0.5, abs=4)
    assert (min(ahead), max(ahead)) == (pytest.approx(width * 0.5, abs=4), pytest.approx(width * 0.75, abs=4))
    assert (min(excerpt), max(excerpt)) == (
        pytest.approx(width * 0.25, abs=4),
        pytest.approx(width * 0.3, abs=4),
    )
