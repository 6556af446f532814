"""Library: folders and playlists on the left, the table of tracks with its search, the files that made problems."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QByteArray, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app import tracks
from app.census import Census, Ids
from app.player import Playable, Player
from app.session import Session
from app.track_model import TrackModel
from app.views import labels
from app.views.counts import CountsLine
from app.views.failures import FailuresView
from app.views.folders import FolderStrip
from app.views.playlists import add_to_menu
from app.views.playlists_room import PlaylistsRoom
from app.views.track_table import TrackTable
from core import bundled_music, paths
from core.library.records import Row

TYPING_MS = 150
LONG_MS = 300
QUEUE_BEFORE, QUEUE_AFTER = 20, 200
"""Of the table's order, so many tracks before and after the one played go into the queue."""

GRAMMAR = """<p><b>Search</b>: words that must all appear, in any order.</p>
<table cellspacing="4">
<tr><td><code>"blue note"</code></td><td>these words together</td></tr>
<tr><td><code>-live</code></td><td>without this word</td></tr>
<tr><td><code>artist:davis</code></td><td>also title, album, genre, folder, file, format, label</td></tr>
<tr><td><code>year:1955..1965</code></td><td>a range; also <code>year:&gt;1990</code></td></tr>
<tr><td><code>length:&gt;5:00</code></td><td>longer than five minutes</td></tr>
<tr><td><code>state:failed</code></td><td>also embedded, partial, pending, skipped, offline</td></tr>
<tr><td><code>genre:</code></td><td>where there is none</td></tr>
</table>"""


class LibraryView(QWidget):
    """The library's page.

    Parameters
    ----------
    session, player, lists
        What is looked at, what plays it, and where the lists that are kept have their places.
    table
        The tracks, if they were made in an earlier turn of the event loop: with it the page takes too long for one.

    Signals
    -------
    pin_wanted(list[Row])
        Watch the neighbours of these tracks while an encoder learns.
    """

    pin_wanted = Signal(object)

    def __init__(
        self, session: Session, player: Player, lists: PlaylistsRoom, table: TrackTable | None = None
    ) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._ordered = False
        self._session, self._player = session, player
        self.table = TrackTable(session, TrackModel(session)) if table is None else table
        self.model = self.table.tracks
        self.search = self._search_box()
        self.folders = FolderStrip(session)
        self.lists = lists
        self.failures = FailuresView(session)
        self.counts = CountsLine()
        self.empty = QLabel(self.table)
        self.tabs = QTabBar()
        self.pages = QStackedWidget()
        self.waiting = QProgressBar(maximum=0)  # comes when a query takes long
        self._long = QTimer(self, singleShot=True, interval=LONG_MS)
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._lay_out()
        self._connect()

    # -- building

    def _search_box(self) -> QLineEdit:
        box = QLineEdit()
        box.setPlaceholderText("Search")
        box.setClearButtonEnabled(True)
        box.setToolTip(GRAMMAR)
        box.setAccessibleName("Search the library")
        box.setMinimumWidth(140)
        box.setMaximumWidth(420)
        self._icon = box.addAction(
            self._session.theme.icon("search"), QLineEdit.ActionPosition.LeadingPosition
        )
        self._session.theme.set_icon(self._icon, "search")
        return box

    def _lay_out(self) -> None:
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.addTab("Tracks")
        self.tabs.addTab("Problems")
        top = QHBoxLayout()
        top.setContentsMargins(8, 6, 12, 4)
        top.addWidget(self.tabs)
        top.addStretch(1)
        top.addWidget(self.search, 2)
        listed = QWidget()
        below = QVBoxLayout(listed)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(self.waiting)
        below.addWidget(self.table, 1)
        below.addWidget(self.counts)
        self.pages.addWidget(listed)
        self.pages.addWidget(self.failures)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.pages, 1)
        places = QSplitter(Qt.Orientation.Vertical)
        places.setChildrenCollapsible(False)
        places.addWidget(self.folders)
        places.addWidget(self.lists.strip)
        places.setSizes([400, 300])
        self.rooms = QStackedWidget()
        self.rooms.addWidget(right)
        self.rooms.addWidget(self.lists.page)
        self.splitter = QSplitter()
        self.splitter.addWidget(places)
        self.splitter.addWidget(self.rooms)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([190, 800])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.splitter)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.hide()
        self.waiting.setTextVisible(False)
        self.waiting.setFixedHeight(3)
        keep = self.waiting.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.waiting.setSizePolicy(keep)
        self.waiting.hide()

    def _connect(self) -> None:
        self.search.textChanged.connect(self._typed)
        self.search.returnPressed.connect(self._search_now)
        self._typing.timeout.connect(self._search_now)
        self.folders.chosen.connect(lambda root_id: self.model.show(root_id=root_id))
        self.folders.looked_at.connect(self.show_tracks)
        self.lists.strip.chosen.connect(self._show_list)
        self.tabs.currentChanged.connect(self._show_page)
        self.counts.linkActivated.connect(self.search_for)
        self.empty.linkActivated.connect(self._empty_link)
        self.table.play_wanted.connect(self.play)
        self.table.menu_wanted.connect(self._show_menu)
        self.model.asked.connect(self._asked)
        self._long.timeout.connect(self.waiting.show)
        self.model.ordered.connect(self._order_known)
        self._session.census_changed.connect(self._show_census)
        self._player.track_changed.connect(self._mark)

    # -- what the window asks

    def focus_search(self) -> None:
        """Put the cursor into the search box."""
        self.show_tracks()
        self.tabs.setCurrentIndex(0)
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def search_for(self, query: str) -> None:
        """Search for this, now."""
        self.show_tracks()
        self.tabs.setCurrentIndex(0)
        self.search.setText(query)
        self._search_now()

    def show_tracks(self) -> None:
        """The table again, instead of a playlist."""
        self.rooms.setCurrentIndex(0)
        self.lists.strip.show_none()
        self.folders.mark()

    def _show_list(self, playlist_id: int | None) -> None:
        if playlist_id is None:
            self.show_tracks()
        else:
            self.rooms.setCurrentIndex(1)
            self.folders.unmark()
            self.lists.page.show_list(playlist_id)

    def save_state(self) -> str:
        """Columns, sorting and the width of the folder strip."""
        return (
            f"{bytes(self.splitter.saveState().toBase64().data()).decode()}\n{self.table.header.remembered()}"
        )

    def restore_state(self, text: str) -> None:
        """Take over what `save_state` gave."""
        splitter, _, header = text.partition("\n")
        self.splitter.restoreState(QByteArray.fromBase64(splitter.encode()))
        self.table.header.restore(header)

    # -- search

    def _typed(self, _text: str) -> None:
        self._typing.start()

    def _search_now(self) -> None:
        self._typing.stop()
        if self.search.text().strip() != self.model.query:
            self.model.show(query=self.search.text().strip())

    def _show_page(self, page: int) -> None:
        self.pages.setCurrentIndex(page)
        self.search.setEnabled(page == 0)
        self.search.setToolTip(GRAMMAR if page == 0 else "Not now: the search is for tracks.")

    def _show_census(self, census: Census) -> None:
        root = self.folders.root_id
        counts = next((counts for record, counts in census.roots if record.id == root), census.total)
        self.counts.show_counts(counts)
        self.tabs.setTabText(1, f"Problems ({census.problems:,})" if census.problems else "Problems")
        self._say_if_empty()

    def _asked(self) -> None:
        self._long.start()

    def _order_known(self) -> None:
        self._ordered = True
        self._long.stop()
        self.waiting.hide()
        self._say_if_empty()

    def _say_if_empty(self) -> None:
        """Say why there are no rows, and what to do."""
        self.empty.setVisible(self._ordered and not len(self.model.ids))
        census = self._session.census
        if self.model.query:
            self.empty.setText("No track matches this search.<br><br><a href='clear'>Clear the search</a>")
        elif census is not None and census.empty and not self._session.busy:
            self.empty.setText("Drop a music folder anywhere.<br><br><a href='add'>Choose a folder…</a>")
        else:
            self.empty.setText("No tracks here yet. They appear as the folder is read.")
        self._place_empty()

    def _place_empty(self) -> None:
        self.empty.setGeometry(self.table.viewport().geometry())

    def _empty_link(self, link: str) -> None:
        if link == "add":
            self._session.add_wanted.emit()
        else:
            self.search_for("")

    def resizeEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        """Keep the message in the middle."""
        super().resizeEvent(event)  # type: ignore[arg-type] # Qt's own event
        self._place_empty()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """What an empty table says depends on what runs."""
        super().showEvent(event)
        self._say_if_empty()

    # -- playing

    def _mark(self, playable: Playable | None) -> None:
        self.model.set_playing(None if playable is None else playable.track_id)

    def play(self, row: int) -> None:
        """Play this row and what follows it; or, of several selected, those."""
        ids, here = self._session.selection, int(self.model.ids[row])
        if len(ids) < 2 or here not in ids:
            ids = self.model.ids[max(row - QUEUE_BEFORE, 0) : row + QUEUE_AFTER]
            self._play(ids, here)
        else:
            self._play(ids[: QUEUE_BEFORE + QUEUE_AFTER], int(ids[0]))

    def _play(self, file_ids: Ids, first: int) -> None:
        ids = file_ids.tolist()
        self._session.ask(lambda reader: reader.page(ids), partial(self._play_rows, first), latest="play")

    def _play_rows(self, first: int, rows: list[Row]) -> None:
        there = [row for row in rows if row.online]
        at = next((place for place, row in enumerate(there) if row.file_id == first), None)
        if at is None:
            self._session.notifier.info(
                "This track cannot be reached now.", "Connect the disk that it is on."
            )
        else:
            self._player.play([tracks.playable(row) for row in there], at)

    # -- the menu

    def _show_menu(self, place: QPoint) -> None:
        if self._session.rows:
            menu = self.menu()
            menu.exec(place)
            menu.deleteLater()

    def menu(self) -> QMenu:
        """What can be done with the selected tracks."""
        session, theme, rows = self._session, self._session.theme, self._session.rows
        menu = QMenu(self)
        menu.addAction(theme.icon("play"), "Play", lambda: self.play(self.table.row_of_current()))
        menu.addAction(theme.icon("queue"), "Play next", self._play_next)
        menu.addAction(theme.icon("queue"), "Add to queue", self._append)
        menu.addAction(theme.icon("similar"), "Similar tracks", session.similar_wanted.emit)
        menu.addAction(theme.icon("map"), "Find on map", session.map_wanted.emit)
        menu.addSeparator()
        one = menu.addAction(
            theme.icon("folder"), "Show in folder", lambda: tracks.show_in_folder(rows[0].path)
        )
        one.setEnabled(len(rows) == 1 and rows[0].online)
        menu.addAction(theme.icon("copy"), "Copy path", self._copy_paths)
        known = [row.track_id for row in rows if row.track_id is not None]
        add_to_menu(menu, self.lists.playlists, lambda: known).setEnabled(bool(known))
        label = menu.addAction("Labels…", lambda: labels.ask(session, known, self))
        label.setEnabled(bool(known))
        label.setToolTip("" if known else "Not now: a track can be labelled once it has been listened to.")
        pin = menu.addAction(theme.icon("keep"), "Pin for training", lambda: self.pin_wanted.emit(list(rows)))
        pin.setEnabled(bool(known))
        pin.setToolTip("See in Train how its neighbours change while an encoder learns.")
        if len(rows) == 1 and bundled_music.holds(rows[0].path):
            menu.addAction(
                theme.icon("note"), "Licence and source…", lambda: session.credits_wanted.emit(rows[0].path)
            )
        menu.addSeparator()
        again = menu.addAction(theme.icon("retry"), "Read again", self.read_again)
        again.setToolTip("Listen to it again from scratch, as if it were new.")
        again.setEnabled(any(row.online for row in rows))
        menu.setToolTipsVisible(True)
        return menu

    def _play_next(self) -> None:
        self._player.play_next([tracks.playable(row) for row in self._session.rows if row.online])

    def _append(self) -> None:
        self._player.append([tracks.playable(row) for row in self._session.rows if row.online])

    def _copy_paths(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(paths.display(row.path) for row in self._session.rows))

    def read_again(self) -> None:
        """Have the selected tracks embedded again from scratch."""
        ids = self._session.selection.tolist()
        self._session.ask(lambda reader: reader.library.files.reread(ids), lambda _: self._waiting())

    def _waiting(self) -> None:
        self._session.recount()
        self._session.reading_wanted.emit()
