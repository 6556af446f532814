"""The player along the window's lower edge."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QActionGroup, QFontMetrics
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app.actions import NO_TRACK, Actions
from app.player import Playable, Player
from app.theme import Theme
from app.views.elided import Elided
from app.views.play_modes import PlayModes
from app.views.player_parts import AuditionStrip, Notice
from app.views.waveform import Waveform, clock

_SKIP_S = 10.0
"""What Alt+Left and Alt+Right skip (s)."""

_LOUDER = 0.05
"""What Ctrl+Up and Ctrl+Down add to the volume."""

_NOTHING = "Nothing is playing."


class PlayerBar(QWidget):
    """Shows what a `Player` does, and performs the window's actions on it.

    Parameters
    ----------
    player, theme, actions
        What is shown, how it looks, and the actions `play`, `previous`, `next`, `seek-back`,
        `seek-forward`, `louder`, `quieter`, `stop-preview`, `shuffle` and `repeat`, which this bar connects
        and allows.

    Signals
    -------
    play_wanted()
        Play was asked for while nothing is playing or paused, and a track is selected (`set_can_start`).
    keep_requested(int), less_requested(int)
        The track that an audition plays.
    volume_changed(float), device_chosen(str)
        To be remembered.
    """

    play_wanted = Signal()
    keep_requested = Signal(int)
    less_requested = Signal(int)
    volume_changed = Signal(float)
    device_chosen = Signal(str)

    def __init__(self, player: Player, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self._player, self._theme, self._actions = player, theme, actions
        self._can_start = False
        self._loud = player.volume or 0.5
        self._devices: list[str] | None = None
        self.notice = Notice(theme)
        self.strip = AuditionStrip(theme)
        self.title, self.artist = Elided(), Elided()
        self.elapsed, self.total = self._time_label(), self._time_label()
        self.waveform = Waveform(theme)
        self.mute, self.volume, self.device = QToolButton(), QSlider(Qt.Orientation.Horizontal), QToolButton()
        self.menu = QMenu(self)
        self.shuffle, self.repeat = (self._action_button(name, 20) for name in ("shuffle", "repeat"))
        self._build()
        PlayModes(player, theme, actions, self.repeat)
        self._connect_player()
        self._connect_actions()
        self._on_track(player.current)
        self._on_state(player.state)

    def set_can_start(self, can: bool) -> None:
        """Whether `play_wanted` would find something to play (a track is selected)."""
        self._can_start = can
        self._allow()

    # Building

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(6)
        row.addWidget(self.shuffle)
        for name, size in (("previous", 20), ("play", 28), ("next", 20)):
            row.addWidget(self._action_button(name, size))
        row.addWidget(self.repeat)
        row.addSpacing(8)
        row.addWidget(self._names(), 2)
        row.addSpacing(8)
        row.addWidget(self.elapsed)
        row.addWidget(self.waveform, 5)
        row.addWidget(self.total)
        row.addSpacing(8)
        self._build_sound()
        for widget in (self.mute, self.volume, self.device, self._action_button("queue", 20)):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addWidget(self.strip)
        column.addLayout(row)

    def _action_button(self, name: str, size: int) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(self._actions[name])
        button.setIconSize(QSize(size, size))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(self._actions[name].iconText())
        self._theme.set_icon(self._actions[name], name, "text")
        return button

    def _names(self) -> QWidget:
        self.title.setProperty("role", "strong")
        self.artist.setProperty("role", "muted")
        names = QWidget()
        names.setMinimumWidth(130)
        column = QVBoxLayout(names)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addStretch(1)
        column.addWidget(self.title)
        column.addWidget(self.artist)
        column.addStretch(1)
        return names

    def _time_label(self) -> QLabel:
        label = QLabel("")
        label.setProperty("role", "muted")
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        # As wide as it will ever be, so that nothing moves while it counts.
        label.setMinimumWidth(QFontMetrics(label.font()).horizontalAdvance("0:00:00") + 4)
        return label

    def _build_sound(self) -> None:
        for button in (self.mute, self.device):
            button.setIconSize(QSize(20, 20))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.mute.setToolTip("Mute, or as loud as before")
        self.mute.setAccessibleName("Mute")
        self.volume.setRange(0, 100)
        self.volume.setFixedWidth(96)
        self.volume.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.volume.setAccessibleName("Volume")
        self.volume.setValue(round(self._player.volume * 100))
        self.device.setToolTip("Choose the audio device")
        self.device.setAccessibleName("Audio device")
        self.device.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.device.setMenu(self.menu)
        self._theme.set_icon(self.device, "device")
        self._draw_volume()

    # Wiring

    def _connect_player(self) -> None:
        player = self._player
        player.track_changed.connect(self._on_track)
        player.state_changed.connect(self._on_state)
        player.position.connect(self._on_position)
        player.queue_changed.connect(self._allow)
        player.failed.connect(self._on_failed)
        player.gave_up.connect(self.notice.add_file)
        player.modes_changed.connect(self._allow)
        player.waveform.connect(self._on_waveform)
        player.device_message.connect(self.notice.set_device)
        player.devices_changed.connect(self._on_devices)
        player.audition_changed.connect(self._on_audition)
        player.preview_changed.connect(self._allow)
        player.preview_failed.connect(self._on_preview_failed)
        player.volume_changed.connect(self._show_volume)
        self.waveform.seek_requested.connect(player.seek)
        self.volume.valueChanged.connect(self._on_volume)
        self.mute.clicked.connect(self._toggle_mute)
        self.menu.aboutToShow.connect(self._on_menu)
        self.strip.next.clicked.connect(player.next)
        self.strip.stop.clicked.connect(player.end_audition)
        self.strip.keep.clicked.connect(partial(self._judge, self.keep_requested))
        self.strip.less.clicked.connect(partial(self._judge, self.less_requested))

    def _connect_actions(self) -> None:
        self._actions.connect_all({
            "play": self._on_play,
            "previous": self._player.previous,
            "next": self._player.next,
            "stop-playing": self._player.stop,
            "seek-back": partial(self._skip, -_SKIP_S),
            "seek-forward": partial(self._skip, _SKIP_S),
            "louder": partial(self._add_volume, _LOUDER),
            "quieter": partial(self._add_volume, -_LOUDER),
            "stop-preview": self._stop_preview,
        })  # fmt: skip

    # What a person does

    def _on_play(self) -> None:
        if self._player.current is None and (self._can_start or not self._player.length):
            self.play_wanted.emit()
        else:
            self._player.toggle()

    def _stop_preview(self) -> None:
        """The quieter one first: an audition under a preview goes on."""
        if self._player.previewing is not None:
            self._player.stop_preview()
        else:
            self._player.end_audition()

    def _skip(self, seconds: float, _checked: bool = False) -> None:
        self._player.seek(self._player.seconds + seconds)

    def _add_volume(self, share: float, _checked: bool = False) -> None:
        self.volume.setValue(self.volume.value() + round(100 * share))

    def _toggle_mute(self) -> None:
        self.volume.setValue(0 if self.volume.value() else round(100 * self._loud))

    def _on_volume(self, value: int) -> None:
        self._player.set_volume(value / 100)
        self.volume_changed.emit(value / 100)

    def _show_volume(self, volume: float) -> None:
        """Follow a volume that was set elsewhere, without rounding it to the slider's steps."""
        self._loud = volume or self._loud
        self.volume.blockSignals(True)
        self.volume.setValue(round(100 * volume))
        self.volume.blockSignals(False)
        self._draw_volume()

    def _draw_volume(self) -> None:
        value = self.volume.value()
        self._theme.set_icon(
            self.mute, "volume-off" if not value else "volume-low" if value < 50 else "volume"
        )
        self.volume.setToolTip(f"Volume {value} % (Ctrl+Up, Ctrl+Down)")

    def _judge(self, verdict: SignalInstance, _checked: bool = False) -> None:
        current = self._player.current
        if current is not None:
            verdict.emit(current.track_id)

    def _on_menu(self) -> None:
        self._fill_menu()
        self._player.list_devices()

    def _on_devices(self, names: list[str]) -> None:
        self._devices = names
        self._fill_menu()

    def _fill_menu(self) -> None:
        self.menu.clear()
        group = QActionGroup(self.menu)
        chosen = self._player.device
        names = self._devices or []
        missing = [chosen] if chosen and chosen not in names else []
        for name in ("", *names, *missing):
            action = self.menu.addAction(name or "The system's default")
            action.setCheckable(True)
            action.setChecked(name == chosen)
            action.triggered.connect(partial(self._choose_device, name))
            group.addAction(action)
        if self._devices is None:
            self.menu.addAction("Looking for devices…").setEnabled(False)
        elif not names:
            self.menu.addAction("No device was found").setEnabled(False)

    def _choose_device(self, name: str, _checked: bool = False) -> None:
        self._player.set_device(name)
        self.device_chosen.emit(name)

    # What the player does

    def _on_track(self, playable: Playable | None) -> None:
        self.title.set_whole(playable.title if playable else "")
        self.artist.set_whole(playable.artist if playable else "")
        shown = playable is not None and not playable.hidden
        seconds = (playable.seconds or 0.0) if playable and shown else 0.0
        excerpt = None
        if playable and shown and playable.length_s is not None:
            excerpt = (playable.start_s, playable.start_s + playable.length_s)
        self.waveform.set_track(seconds, excerpt)
        self.total.setText(clock(seconds) if seconds else "")
        self._on_position(playable.start_s if playable else 0.0)
        self.strip.set_place(self._player.index, self._player.length)
        self._show_strip()
        self._allow()

    def _on_position(self, seconds: float) -> None:
        current = self._player.current
        if current is not None and current.hidden:
            seconds -= current.start_s  # where an excerpt lies would tell how long its track is
        self.waveform.set_position(seconds)
        self.elapsed.setText(clock(seconds) if current else "")

    def _on_state(self, state: str) -> None:
        sounding = state in ("playing", "waiting")
        self._theme.set_icon(self._actions["play"], "pause" if sounding else "play", "text")
        self._allow()

    def _on_waveform(self, track_id: int, peaks: NDArray[np.float32]) -> None:
        current = self._player.current
        if current is not None and current.track_id == track_id:
            self.waveform.set_peaks(peaks)

    def _on_failed(self, playable: Playable, sentence: str) -> None:
        self.notice.set_file(f"“{playable.title}” was skipped. {sentence}")

    def _on_preview_failed(self, playable: Playable, sentence: str) -> None:
        self.notice.set_file(f"“{playable.title}” cannot be previewed. {sentence}")

    def _on_audition(self, _on: bool) -> None:
        self._show_strip()
        self._allow()

    def _show_strip(self) -> None:
        current = self._player.current
        self.strip.setVisible(self._player.auditioning and not (current is not None and current.hidden))

    def _allow(self, _: object = None) -> None:
        """Let the actions do what there is something to do for, and say why not else."""
        player, forbid = self._player, self._actions.forbid
        index, count = player.index, player.length
        forbid("play", "" if count or self._can_start else NO_TRACK)
        forbid("stop-playing", "" if index is not None else _NOTHING)
        forbid("previous", "" if index is not None else _NOTHING)
        forbid("next", "" if player.goes_on else "The queue ends here.")
        for name in ("seek-back", "seek-forward"):
            forbid(name, "" if index is not None else _NOTHING)
        forbid("stop-preview", "" if player.auditioning or player.previewing else "No preview is playing.")
        last = index is None or index + 1 >= count
        self.strip.next.setEnabled(not last)
        self.strip.next.setToolTip("This is the last one." if last else "Go on with the next neighbour.")
