"""Shuffle and repeat: the window's actions for them, and how they show what is so."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QToolButton

from app.actions import Actions
from app.playback.course import Repeat
from app.player import Player
from app.theme import Theme

_ROUND: tuple[Repeat, ...] = ("off", "all", "one")
"""What the button goes through, click by click."""

_NAMES: dict[Repeat, str] = {"off": "off", "all": "the whole queue", "one": "this track"}
_AUDITION = "An audition has an order of its own."
_OWN = "A radio and a path have an order of their own."


class PlayModes(QObject):
    """Performs the actions `shuffle`, `repeat`, `repeat-off`, `repeat-all` and `repeat-one` on a player.

    Parameters
    ----------
    player, theme, actions
        Whose modes, the icons' colours, and the actions.
    button
        What goes through the ways to repeat, and is called by the present one.
    """

    def __init__(self, player: Player, theme: Theme, actions: Actions, button: QToolButton) -> None:
        super().__init__(button)
        self._player, self._theme, self._actions, self._button = player, theme, actions, button
        actions.connect_all({
            "shuffle": lambda on: player.set_modes(shuffle=on),
            "repeat": self._switch,
            **{f"repeat-{repeat}": partial(self._choose, repeat) for repeat in _ROUND},
        })  # fmt: skip
        for changed in (player.modes_changed, player.queue_changed, player.audition_changed):
            changed.connect(self._show)
        self._show()

    def _switch(self, _checked: bool = False) -> None:
        """The next one of off, queue and track."""
        now = _ROUND.index(self._player.repeat)
        self._choose(_ROUND[(now + 1) % len(_ROUND)])

    def _choose(self, repeat: Repeat, _checked: bool = False) -> None:
        self._player.set_modes(repeat=repeat)

    def _show(self, _: object = None) -> None:
        player, actions, repeat = self._player, self._actions, self._player.repeat
        audition = _AUDITION if player.auditioning else ""
        actions.forbid("shuffle", audition or (_OWN if player.fixed else ""))
        for name in ("repeat", *(f"repeat-{each}" for each in _ROUND)):
            actions.forbid(name, audition)
        actions["shuffle"].setChecked(player.shuffle)
        actions["repeat"].setChecked(repeat != "off")
        actions[f"repeat-{repeat}"].setChecked(True)
        on = "accent" if player.shuffle else "muted"
        self._theme.set_icon(actions["shuffle"], "shuffle", on)
        icon = "repeat-one" if repeat == "one" else "repeat"
        self._theme.set_icon(actions["repeat"], icon, "muted" if repeat == "off" else "accent")
        actions.add_to_tip("shuffle", f"Now: {'on' if player.shuffle else 'off'}.")
        actions.add_to_tip("repeat", f"Now: {_NAMES[repeat]}.")
        self._button.setAccessibleName(f"Repeat: {_NAMES[repeat]}")
