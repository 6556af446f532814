"""The playlists' two places in the Library, their names and the chosen one, joined to each other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app import tracks
from app.census import Census
from app.drops import raw_path
from app.player import Playable, Player
from app.playlists import Contents, Playlists
from app.session import Session
from app.views.playlists import PlaylistStrip
from app.views.playlists_page import PlaylistPage


class PlaylistsRoom(QObject):
    """Strip and page.

    Parameters
    ----------
    session, player, playlists
        What is looked at, what plays it, and the lists.
    """

    def __init__(self, session: Session, player: Player, playlists: Playlists) -> None:
        super().__init__(playlists)
        self._player, self.playlists = player, playlists
        self.strip = PlaylistStrip(session, playlists)
        self.page = PlaylistPage(session, player, playlists)
        strip, page = self.strip, self.page
        strip.import_wanted.connect(self.ask_import)
        strip.play_wanted.connect(partial(self._with, self._play))
        strip.queue_wanted.connect(partial(self._with, self._append))
        strip.export_wanted.connect(partial(self._with, page.ask_export_of))
        strip.refresh_wanted.connect(playlists.refresh)
        page.refresh_wanted.connect(playlists.refresh)
        page.rename_wanted.connect(lambda _: strip.edit_name())
        page.remove_wanted.connect(playlists.remove)
        session.census_changed.connect(self._first_look)

    def _first_look(self, _: Census) -> None:
        if not self.playlists.known:
            self.playlists.look()

    def _with(self, deed: Callable[[Contents], None], playlist_id: int) -> None:
        """Do something with a list's places, once they are read."""
        self.playlists.ask(playlist_id, deed)

    def _play(self, contents: Contents) -> None:
        if playables := _playables(contents):
            self._player.play(playables)

    def _append(self, contents: Contents) -> None:
        self._player.append(_playables(contents))

    def ask_import(self) -> None:
        """Ask which playlist files shall be taken in."""
        urls, _ = QFileDialog.getOpenFileUrls(
            self.strip, "Take playlists in", filter="Playlists (*.m3u *.m3u8 *.xspf)"
        )
        self.playlists.import_files([raw_path(url) for url in urls])


def _playables(contents: Contents) -> list[Playable]:
    return [tracks.playable(place.row) for place in contents.places if place.row is not None and place.there]
