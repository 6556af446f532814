"""A library, what stands behind the window, and its views, for tests of these."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from pytestqt.qtbot import QtBot

from app.census import Reader
from app.context import Context
from app.player import Player
from app.playlists import Playlists
from app.session import Session
from app.views.library import LibraryView
from app.views.playlists_room import PlaylistsRoom
from app.views.similar import SimilarPanel
from app.waves import Waves
from tests.synthetic import Mix, fill

T = TypeVar("T")
LIMIT_MS = 20_000


class Scene:
    """What a test plays with; parts are made when first asked for.

    Parameters
    ----------
    context
        The services; the library lies where its door leads.
    """

    def __init__(self, context: Context, qtbot: QtBot) -> None:
        self.context, self.qtbot = context, qtbot

    @cached_property
    def session(self) -> Session:
        """Not started."""
        context = self.context
        return Session(context.library, context.settings, context.theme, context.notifier, context.background)

    @cached_property
    def player(self) -> Player:
        """Its process starts with the first sound."""
        return Player()

    @cached_property
    def playlists(self) -> Playlists:
        """The lists that are kept."""
        return Playlists(self.session)

    @cached_property
    def waves(self) -> Waves:
        """Draws waveforms; its process starts with the first."""
        return Waves(self.session)

    @cached_property
    def view(self) -> LibraryView:
        """The library's page, on the screen."""
        lists = PlaylistsRoom(self.session, self.player, self.playlists)
        view = LibraryView(self.session, self.player, lists)
        self.qtbot.addWidget(view)
        view.resize(1000, 600)
        view.show()
        return view

    @cached_property
    def panel(self) -> SimilarPanel:
        """The neighbours, on the screen."""
        panel = SimilarPanel(self.session, self.player, self.playlists, self.waves)
        self.qtbot.addWidget(panel)
        panel.resize(340, 600)
        panel.show()
        return panel

    def fill(self, mix: Mix) -> None:
        """Write the library."""
        fill(self.context.library.path, mix)

    def open(self, mix: Mix) -> LibraryView:
        """Write the library and show it, as far as its first rows."""
        self.fill(mix)
        view = self.view
        self.session.start()
        self.until(lambda: view.model.row_at(0) is not None and self.session.census is not None)
        return view

    def until(self, done: Callable[[], bool]) -> None:
        """Let the window run until `done`."""
        self.qtbot.waitUntil(done, timeout=LIMIT_MS)

    def ask(self, question: Callable[[Reader], T]) -> T:
        """Ask the library in the background and wait for the answer."""
        answers: list[T] = []
        self.session.ask(question, answers.append)
        self.until(lambda: bool(answers))
        return answers[0]

    def select(self, *file_ids: int) -> None:
        """Select these files, and wait for their rows."""
        self.session.select(file_ids)
        self.until(lambda: [row.file_id for row in self.session.rows] == list(file_ids))

    def close(self) -> None:
        """Stop what was started."""
        if "session" in self.__dict__:
            self.session.close()
        if "player" in self.__dict__:
            self.player.close()
        if "waves" in self.__dict__:
            self.waves.close()
