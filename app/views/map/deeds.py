"""What can be done with the tracks that are selected on the map."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from app import tracks
from app.mapping import Mapping
from app.player import Player
from app.playlists import Playlists
from app.views import labels
from app.views.map.stage import Stage
from core.library.records import Row

MOST_PLAYED = 500
"""Of a larger selection so many are played or queued."""


class Deeds:
    """Plays, queues, labels and keeps the selection.

    Parameters
    ----------
    mapping, player, playlists
        Who knows the tracks, what plays them, and where they are kept.
    stage, parent
        The map, and whose dialogs and menus these are.
    """

    def __init__(
        self, mapping: Mapping, player: Player, playlists: Playlists, stage: Stage, parent: QWidget
    ) -> None:
        self._mapping, self._session = mapping, mapping.session
        self._player, self._playlists = player, playlists
        self._stage, self._parent = stage, parent
        self.sought = ""
        """What was searched for: the name of a list that comes from it."""

    def do(self, name: str) -> None:
        """One of `play`, `queue`, `label`, `playlist`, `clear`."""
        chosen = self._session.selection
        if name == "clear":
            self._stage.select(np.empty(0, np.int64))
        elif name in ("play", "queue"):
            self._mapping.rows(chosen[:MOST_PLAYED].tolist(), partial(self._play, name), "map play")
        elif known := self._tracks():
            if name == "label":
                labels.ask(self._session, known, self._parent)
            elif name == "playlist":
                self._keep(known)

    def _tracks(self) -> list[int]:
        """The selected tracks that are on the map."""
        drawing = self._stage.drawing
        return [] if drawing is None else drawing.tracks[self._stage.chosen].tolist()

    def _keep(self, known: list[int]) -> None:
        name = f"From the map: {self.sought}" if self.sought else "From the map"
        self._playlists.create(name, known, "lasso")
        self._session.notifier.done("The playlist was made.", "It is among the playlists in the Library.")

    def _play(self, name: str, rows: list[Row]) -> None:
        there = [tracks.playable(row) for row in rows if row.online]
        if name == "queue":
            self._player.append(there)
        elif there:
            self._player.play(there)

    def show_menu(self, place: QPoint) -> None:
        """The menu at this place of the screen, where anything is selected."""
        if len(self._session.selection):
            menu = self.menu()
            menu.exec(place)
            menu.deleteLater()

    def menu(self) -> QMenu:
        """What can be done with the selected tracks."""
        menu, theme = QMenu(self._parent), self._session.theme
        for name, text, icon in (("play", "Play", "play"), ("queue", "Add to queue", "queue")):
            menu.addAction(theme.icon(icon), text, partial(self.do, name))
        menu.addAction(theme.icon("similar"), "Similar tracks", self._session.similar_wanted.emit)
        menu.addSeparator()
        menu.addAction(theme.icon("keep"), "Labels…", partial(self.do, "label"))
        menu.addAction(theme.icon("note"), "New playlist", partial(self.do, "playlist"))
        menu.addSeparator()
        menu.addAction(theme.icon("map"), "Centre", self._stage.find_selection)
        return menu
