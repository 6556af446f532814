"""Media keys and the desktop's media controls: the player as the session bus knows it."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.actions import Actions
from app.mpris_bus import BusThread
from app.mpris_state import Snapshot
from app.playback.course import Repeat
from app.player import Player
from core.playlist import address

_JUMP_S, _BACK_S = 1.0, 0.5
"""A position so far ahead of where playing would have led, or so far back, is a jump (s)."""

_STATUS = {"playing": "Playing", "waiting": "Playing", "paused": "Paused", "stopped": "Stopped"}
_LOOPS: dict[Repeat, str] = {"off": "None", "all": "Playlist", "one": "Track"}
_LOOP_ACTIONS = {loop: f"repeat-{repeat}" for repeat, loop in _LOOPS.items()}
_FAREWELL_S = 2.0


class Mpris(QObject):
    """Tells the session bus what the player does, and does what is asked for there; without a bus, nothing.

    Parameters
    ----------
    player, actions
        Orders go through the window's actions where there is one, so that they do what the keys do.

    Signals
    -------
    raise_wanted(), quit_wanted()
        Somebody wants to see the window, or to close it.
    """

    raise_wanted = Signal()
    quit_wanted = Signal()
    _ordered = Signal(str, object)

    def __init__(self, player: Player, actions: Actions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player, self._actions = player, actions
        self._place = self._jumps = 0
        self._at: tuple[float, float] | None = None
        self._ordered.connect(self._obey)
        self._bus = BusThread(self._ordered.emit)
        player.track_changed.connect(self._on_track)
        player.position.connect(self._on_position)
        player.state_changed.connect(self._publish)
        player.volume_changed.connect(self._publish)
        player.queue_changed.connect(self._publish)
        player.modes_changed.connect(self._publish)
        for name in ("play", "next", "previous"):
            actions[name].enabledChanged.connect(self._publish)
        self._orders: dict[str, Callable[..., object]] = {
            "Next": actions["next"].trigger, "Previous": actions["previous"].trigger,
            "PlayPause": actions["play"].trigger, "Play": partial(self._set_playing, wanted=True),
            "Pause": partial(self._set_playing, wanted=False), "Stop": player.stop,
            "Raise": self.raise_wanted.emit, "Quit": self.quit_wanted.emit,
        }  # fmt: skip
        self._publish()

    @property
    def name(self) -> str:
        """The bus name; empty without a bus."""
        return self._bus.name_owned

    def start(self) -> None:
        """Appear on the bus, if there is one."""
        if sys.platform.startswith("linux"):
            self._bus.start()

    def close(self) -> None:
        """Leave the bus."""
        self._bus.close()
        if self._bus.is_alive():
            self._bus.join(_FAREWELL_S)

    # What the player does

    def _on_track(self, _: object) -> None:
        self._place += 1
        self._at = None
        self._publish()

    def _on_position(self, seconds: float) -> None:
        now = time.monotonic()
        if self._at is not None:
            before, then = self._at
            led_to = before + (now - then if self._player.state == "playing" else 0.0)
            self._jumps += not before - _BACK_S <= seconds <= led_to + _JUMP_S
        self._at = (seconds, now)
        self._publish()

    def _publish(self, _: object = None) -> None:
        player, current = self._player, self._player.current
        shown = current if current is not None and not current.hidden else None
        self._bus.publish(Snapshot(
            status=_STATUS[player.state],
            place=None if current is None else self._place,
            title=shown.title if shown else "A hidden track" if current else "",
            artist=shown.artist if shown else "",
            seconds=shown.seconds if shown else None,
            url=address(shown.path) if shown else "",
            position=self._at[0] if shown and self._at else 0.0,
            jumps=self._jumps,
            volume=player.volume,
            shuffle=player.shuffle,
            loop=_LOOPS[player.repeat],
            can_next=self._actions["next"].isEnabled(),
            can_previous=self._actions["previous"].isEnabled(),
            can_play=self._actions["play"].isEnabled(),
            can_seek=shown is not None,
        ))  # fmt: skip

    # What is asked for

    def _obey(self, order: str, argument: object) -> None:
        if order in self._orders:
            self._orders[order]()
        elif order == "SetShuffle":
            self._set_shuffle(wanted=bool(argument))
        elif order == "SetLoopStatus":
            self._actions[_LOOP_ACTIONS[str(argument)]].trigger()
        elif not isinstance(argument, float) or not math.isfinite(argument):
            return
        elif order == "SetPosition":
            self._player.seek(argument)
        elif order == "Seek":
            self._seek_by(argument)
        elif order == "SetVolume":
            self._player.set_volume(argument)
        elif order == "SetRate" and argument == 0.0:
            self._set_playing(wanted=False)

    def _seek_by(self, seconds: float) -> None:
        """Beyond the track's end is the next track."""
        current, target = self._player.current, self._player.seconds + seconds
        if current is not None and current.seconds and target > current.seconds:
            self._actions["next"].trigger()
        else:
            self._player.seek(target)

    def _set_shuffle(self, *, wanted: bool) -> None:
        if self._player.shuffle != wanted:
            self._actions["shuffle"].trigger()

    def _set_playing(self, *, wanted: bool) -> None:
        if (self._player.state in ("playing", "waiting")) != wanted:
            self._actions["play"].trigger()
