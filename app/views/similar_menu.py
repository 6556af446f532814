"""What can be done with neighbours of the Similar panel: a right click's menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from app import tracks
from app.player import Player
from app.playlists import Playlists
from app.session import Session
from app.views.playlists import add_to_menu
from core import paths
from core.library.records import Row

if TYPE_CHECKING:  # the panel opens the menu, which acts on the panel
    from app.views.similar import SimilarPanel


def neighbour_menu(panel: SimilarPanel, session: Session, player: Player, playlists: Playlists) -> QMenu:
    """For the lines that are chosen in the panel's list, one at least."""
    rows = [neighbour.row for neighbour in panel.list.chosen()]
    theme, menu = session.theme, QMenu(panel)
    playables = [tracks.playable(row) for row in rows if row.online]
    menu.addAction(theme.icon("play"), "Play", lambda: player.play(playables))
    menu.addAction(theme.icon("queue"), "Play next", lambda: player.play_next(playables))
    menu.addAction(theme.icon("queue"), "Add to queue", lambda: player.append(playables))
    known = [row.track_id for row in rows if row.track_id is not None]
    add_to_menu(menu, playlists, lambda: known)
    menu.addSeparator()
    if panel.mode == "similar":
        menu.addAction(theme.icon("more-like"), "More like this", lambda: panel.bend(rows, more=True))
        menu.addAction(theme.icon("less-like"), "Less like this", lambda: panel.bend(rows, more=False))
    menu.addAction(theme.icon("similar"), "Find similar to this", lambda: panel.find_similar(rows))
    _add_ways(menu, panel, session, rows[0])
    menu.addSeparator()
    menu.addAction(theme.icon("map"), "Find on map", lambda: _find_on_map(session, rows))
    show = menu.addAction(theme.icon("folder"), "Show in folder", lambda: tracks.show_in_folder(rows[0].path))
    show.setEnabled(len(rows) == 1 and rows[0].online)
    text = "\n".join(paths.display(row.path) for row in rows)
    menu.addAction(theme.icon("copy"), "Copy path", lambda: QGuiApplication.clipboard().setText(text))
    return menu


def _find_on_map(session: Session, rows: list[Row]) -> None:
    session.select([row.file_id for row in rows])
    session.map_wanted.emit()


def _add_ways(menu: QMenu, panel: SimilarPanel, session: Session, row: Row) -> None:
    """A path to this track, or by way of it; and why it is here."""
    icon, seeds = session.theme.icon("path"), panel.seeds
    if panel.mode == "path":
        stop = menu.addAction(icon, "Fix as a stop", lambda: panel.pass_by(row.file_id))
        stop.setEnabled(row.file_id not in panel.asked)
    elif seeds:
        menu.addAction(icon, "Path to this", lambda: panel.find_path((seeds[0].file_id, row.file_id)))
    if panel.list.why:
        place = next(i for i, one in enumerate(panel.neighbours) if one.row.file_id == row.file_id)
        menu.addAction(session.theme.icon("moment"), "Why?", lambda: panel.list.open(place))
