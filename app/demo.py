"""Trying Earmap with the music that comes with it: added, listened to, and shown on the map; taken out in one click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.census import Census, Change
from app.job_view import JobView
from app.notify import Message
from app.session import Session
from core import bundled_music
from core.library.records import Counts, RootRecord

if TYPE_CHECKING:
    from app.wiring import Wiring

PRESENT = "The bundled music is in your library already."
ABSENT = "The bundled music is not in your library."
OWN_MUSIC = Message(
    "info", "Your own music is in the library now.",
    "The bundled music can go: it leaves the table and the map, and can come back at any time.",
    action="remove-bundled",
)  # fmt: skip


class Demo(QObject):
    """What the actions `try-bundled` and `remove-bundled` do.

    The map opens by itself unless the person has gone elsewhere meanwhile.
    """

    def __init__(self, wiring: Wiring, session: Session) -> None:
        super().__init__(wiring)
        self._wiring, self._window, self._session = wiring, wiring.window, session
        self._wished = self._on = False
        self._before: Census | None = None
        actions = self._window.actions_table
        actions["try-bundled"].triggered.connect(self.start)
        actions["remove-bundled"].triggered.connect(self.remove)
        actions.allow("try-bundled")
        session.census_changed.connect(self._take_census)
        session.library_changed.connect(self._look)
        wiring.context.jobs.ended.connect(self._job_ended)

    @property
    def on(self) -> bool:
        """Whether the music is on its way to the map."""
        return self._wished or self._on

    def start(self) -> None:
        """Add the music and listen to it; the map opens when that is done."""
        if self._session.census is None:  # the library has just been opened
            self._wished = True
            return
        self._wished, self._on = False, True
        self._window.show_view("view-library")
        root = _root(self._session.census)
        if root is not None and root[1].found and not root[1].pending and self._session.encoder is not None:
            self._open()
            return
        self._wiring.add([bundled_music.raw_folder()])

    def remove(self) -> None:
        """Take it out of the library; its vectors are kept, should it come back."""
        root = _root(self._session.census)
        if root is not None:
            self._on = False
            key = root[0].id
            self._session.ask(
                lambda reader: reader.library.roots.forget(key), lambda _: self._session.recount()
            )

    # -- what happens meanwhile

    def _take_census(self, census: Census) -> None:
        before, self._before = self._before, census
        root = _root(census)
        actions = self._window.actions_table
        actions.forbid("try-bundled", PRESENT if root is not None else "")
        actions.forbid("remove-bundled", "" if root is not None else ABSENT)
        if self._wished:
            self.start()
        elif before is not None and root is not None and _root(before) is not None:
            self._tell(len(before.roots), len(census.roots))

    def _tell(self, before: int, now: int) -> None:
        """Say once, when the person's own music joins the bundled one, that this can go."""
        if before == 1 < now:
            self._session.notifier.post(OWN_MUSIC)

    def _look(self, _: Change) -> None:
        """Select a track as soon as it is known, so that its neighbours show while the rest is listened to."""
        if self._on and not len(self._session.selection):
            path = bundled_music.first()
            self._session.ask(lambda reader: reader.library.rows.find(path), self._select, latest="demo")

    def _select(self, file_id: int | None) -> None:
        if file_id is not None and not len(self._session.selection):
            self._session.select([file_id])

    def _job_ended(self, view: JobView) -> None:
        if not self._on or view.kind not in ("scan", "embed"):
            return
        if view.state != "completed":
            self._on = False  # Activity and a message say what happened
        elif view.kind == "embed" and not view.result.get("pending"):  # else another job goes on with them
            self._open()

    def _open(self) -> None:
        """Show the map; not to somebody who looks at something else by now."""
        self._on = False
        path = bundled_music.first()
        self._session.ask(lambda reader: reader.library.rows.find(path), self._select, latest="demo")
        if self._window.actions_table["view-library"].isChecked():
            self._window.show_view("view-map")


def _root(census: Census | None) -> tuple[RootRecord, Counts] | None:
    mine = bundled_music.raw_folder()
    roots = () if census is None else census.roots
    return next(((root, counts) for root, counts in roots if root.raw_path == mine), None)
