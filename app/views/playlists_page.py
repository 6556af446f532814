"""One playlist: its tracks in an order that can be changed by dragging, and what can be done with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from html import escape
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QDrag, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app import tracks, wording
from app.census import Change
from app.player import Playable, Player
from app.playlists import Contents, Place, Placed, Playlists
from app.session import Session
from app.theme import Theme
from app.views.elided import Elided
from app.views.playlists_model import ALBUM, ARTIST, LENGTH, NUMBER, TITLE, PlacesModel, inserted, reordered
from app.views.playlists_words import how, summary
from core import paths

KINDS = "Playlist (*.m3u8);;XSPF playlist (*.xspf)"
EMPTY = "This playlist is empty.<br><br>Drag tracks here, or onto its name at the left."
UNDOABLE = 20
"""So many changes of a list can be taken back."""


class PlacesTable(QTreeView):
    """The places of a list.

    Signals
    -------
    play_wanted(int)
        A double click, or Enter.
    menu_wanted(QPoint)
        A context menu at this place on the screen.
    remove_wanted(), undo_wanted(), move_wanted(int)
        Delete, Ctrl+Z, and Alt with an arrow key: one place up (-1) or down (+1).
    """

    play_wanted = Signal(int)
    menu_wanted = Signal(QPoint)
    remove_wanted = Signal()
    undo_wanted = Signal()
    move_wanted = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.places = PlacesModel(theme)
        self.setModel(self.places)
        self.setAccessibleName("Tracks of the playlist")
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        self.setDropIndicatorShown(True)
        self.setExpandsOnDoubleClick(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._set_columns()
        self.doubleClicked.connect(lambda index: self.play_wanted.emit(index.row()))
        self.customContextMenuRequested.connect(
            lambda at: self.menu_wanted.emit(self.viewport().mapToGlobal(at))
        )
        theme.changed.connect(self.places.redraw)

    def _set_columns(self) -> None:
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(40)
        for column in (TITLE, ARTIST, ALBUM):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for column, width in ((NUMBER, 52), (LENGTH, 76)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)

    def chosen(self) -> list[int]:
        """The selected rows, in order."""
        return sorted({index.row() for index in self.selectionModel().selectedRows()})

    def choose(self, rows: Sequence[int]) -> None:
        """Select these rows."""
        mode = self.selectionModel().SelectionFlag
        self.clearSelection()
        for row in rows:
            self.selectionModel().select(self.places.index(row, 0), mode.Select | mode.Rows)
        if rows:
            self.selectionModel().setCurrentIndex(self.places.index(rows[0], 0), mode.NoUpdate)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter plays, Delete removes, Alt with an arrow moves, Ctrl+Z takes back."""
        key, alt = event.key(), event.modifiers() == Qt.KeyboardModifier.AltModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.play_wanted.emit(self.currentIndex().row())
        elif key == Qt.Key.Key_Delete:
            self.remove_wanted.emit()
        elif alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.move_wanted.emit(-1 if key == Qt.Key.Key_Up else 1)
        elif event.matches(QKeySequence.StandardKey.Undo):
            self.undo_wanted.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Nothing: letters are shortcuts."""

    def startDrag(self, supported: Qt.DropAction) -> None:  # noqa: ARG002, N802 - Qt's signature
        """Drag the selected places: within the list, to another one, or as files to another program."""
        if rows := self.chosen():
            drag = QDrag(self)
            drag.setMimeData(self.places.mime(rows))
            drag.exec(Qt.DropAction.CopyAction)


class PlaylistPage(QWidget):
    """Shows one list.

    Signals
    -------
    rename_wanted(int), remove_wanted(int), refresh_wanted(int)
        What is asked of the list as a whole.
    """

    rename_wanted = Signal(int)
    remove_wanted = Signal(int)
    refresh_wanted = Signal(int)

    def __init__(self, session: Session, player: Player, playlists: Playlists) -> None:
        super().__init__()
        self._session, self._player, self._playlists = session, player, playlists
        self.contents: Contents | None = None
        self._wanted = 0
        self._before: deque[tuple[str, list[Place]]] = deque(maxlen=UNDOABLE)
        self._choose_next: list[int] = []
        self.title, self.about, self.came = Elided(), QLabel(), Elided()
        self.table = PlacesTable(session.theme)
        self.empty = QLabel(EMPTY, self.table)
        self.play_all = QPushButton("Play")
        self.queue = self._button("queue", "Put all of it behind what plays now.")
        self.refresh = self._button("retry", "")
        self.export = self._button("export", "Write it as a playlist file (M3U8 or XSPF).")
        self.more = self._button("menu", "Rename or remove this playlist.")
        self._lay_out()
        self._connect()

    # -- building

    def _button(self, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIconSize(QSize(18, 18))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._session.theme.set_icon(button, icon)
        return button

    def _lay_out(self) -> None:
        self.title.setProperty("role", "heading")
        self.play_all.setProperty("role", "primary")
        self.play_all.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for text in (self.about, self.came, self.empty):
            text.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        names = QVBoxLayout()
        names.setSpacing(2)
        for label in (self.title, self.about, self.came):
            names.addWidget(label)
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 12, 8)
        head.setSpacing(6)
        head.addLayout(names, 1)
        for widget in (self.refresh, self.queue, self.export, self.more):
            head.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addSpacing(4)
        head.addWidget(self.play_all, 0, Qt.AlignmentFlag.AlignVCenter)
        self.empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.empty.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.table, 1)

    def _connect(self) -> None:
        table, playlists = self.table, self._playlists
        self.play_all.clicked.connect(lambda: self.play(0))
        self.queue.clicked.connect(lambda: self._player.append(self._playables(self._places())))
        self.export.clicked.connect(self.ask_export)
        self.refresh.clicked.connect(lambda: self.refresh_wanted.emit(self._wanted))
        self.more.clicked.connect(self._show_more)
        self.about.linkActivated.connect(lambda _: self.undo())
        table.play_wanted.connect(self.play)
        table.menu_wanted.connect(self._show_menu)
        table.remove_wanted.connect(self.remove_chosen)
        table.undo_wanted.connect(self.undo)
        table.move_wanted.connect(self.move_chosen)
        table.places.moved.connect(self.rearrange)
        table.places.brought.connect(self.bring)
        table.selectionModel().selectionChanged.connect(self._carry)
        playlists.edited.connect(self._edited)
        playlists.changed.connect(self._look)
        playlists.refreshed.connect(self._refreshed)
        self._session.library_changed.connect(self._library_changed)
        self._player.track_changed.connect(self._mark)

    # -- what is shown

    def show_list(self, playlist_id: int) -> None:
        """Show this list."""
        if playlist_id != self._wanted:
            self._wanted = playlist_id
            self._before.clear()
            self._choose_next = []
        self._look()

    def _look(self) -> None:
        if self._wanted and self._playlists.named(self._wanted) is not None:
            self._playlists.ask(self._wanted, self._take, "playlist", lambda _: None)

    def _edited(self, playlist_id: int) -> None:
        if playlist_id == self._wanted:
            self._look()

    def _library_changed(self, _: Change) -> None:
        if self.isVisible():
            self._look()

    def _take(self, contents: Contents) -> None:
        if contents.record.id != self._wanted:
            return
        before, self.contents = self.contents, contents
        self._write()
        if before is None or contents.places != before.places:
            place = (
                self.table.verticalScrollBar().value() if before and before.record.id == self._wanted else 0
            )
            self.table.places.show(contents.places)
            self.table.choose([row for row in self._choose_next if row < len(contents.places)])
            self.table.verticalScrollBar().setValue(place)
        self._choose_next = []
        self.empty.setVisible(not contents.places)
        self._place_empty()

    def _place_empty(self) -> None:
        self.empty.setGeometry(self.table.viewport().geometry())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the message in the middle."""
        super().resizeEvent(event)
        self._place_empty()

    def _write(self) -> None:
        assert self.contents is not None
        record, places = self.contents.record, self.contents.places
        self.title.set_whole(record.name)
        text = escape(summary(places))
        if self._before:
            text += f" &nbsp;·&nbsp; {escape(self._before[-1][0])} <a href='undo'>Undo</a>"
        self.about.setText(text)
        came = how(record, self._session.titles)
        self.came.set_whole(came)
        self.came.setVisible(bool(came))
        self.refresh.setVisible(bool(record.rule))
        self.refresh.setToolTip("Ask again by the same rule: what the library holds now goes into the list.")
        there = any(place.there for place in places)
        for button, tip in (
            (self.play_all, "Play it from its first track."),
            (self.queue, "Put all of it behind what plays now."),
        ):
            button.setEnabled(there)
            button.setToolTip(tip if there else f"{tip}\nNot now: there is nothing in it that can be played.")
        self.export.setEnabled(bool(places))

    def _mark(self, playable: Playable | None) -> None:
        self.table.places.set_playing(None if playable is None else playable.track_id)

    def _places(self) -> tuple[Placed, ...]:
        return self.contents.places if self.contents else ()

    def _carry(self) -> None:
        """What is chosen here is chosen everywhere."""
        places = self._places()
        chosen = [places[row].item.file_id for row in self.table.chosen()]
        if found := [file_id for file_id in chosen if file_id is not None]:
            self._session.select(found)

    # -- playing

    @staticmethod
    def _playables(places: Sequence[Placed]) -> list[Playable]:
        return [tracks.playable(place.row) for place in places if place.row is not None and place.there]

    def play(self, row: int) -> None:
        """Play the list from this row on; what is not there is passed over."""
        places = self._places()
        before = len(self._playables(places[:row]))
        playables = self._playables(places)
        if before < len(playables):
            self._player.play(playables, before)

    # -- changing

    def _change(self, what: str, places: Sequence[Place]) -> None:
        """Put these places into the list; `what` names the change where it can be taken back."""
        if self.contents is None:
            return
        self._before.append((what, [place.item for place in self.contents.places]))
        self._playlists.set_places(self._wanted, places)

    def rearrange(self, rows: Sequence[int], before: int) -> None:
        """Put rows before the one that stands at `before`."""
        places = self._places()
        after = reordered(places, rows, before)
        if after != list(places):
            first = before - sum(row < before for row in rows)
            self._choose_next = list(range(first, first + len(rows)))
            self._change("Moved.", [place.item for place in after])

    def move_chosen(self, step: int) -> None:
        """Put the chosen rows one place up or down."""
        rows = self.table.chosen()
        if rows:
            before = rows[0] - 1 if step < 0 else rows[-1] + 2
            self.rearrange(rows, min(max(before, 0), len(self._places())))

    def bring(self, track_ids: Sequence[int], before: int) -> None:
        """Put tracks of the library in."""
        if track_ids:
            self._choose_next = list(range(before, before + len(track_ids)))
            added = wording.count(len(track_ids), "track")
            self._change(f"{added} added.", inserted(self._places(), track_ids, before))

    def remove_chosen(self) -> None:
        """Take the chosen rows out of the list; the files stay."""
        rows = set(self.table.chosen())
        if rows:
            kept = [place.item for row, place in enumerate(self._places()) if row not in rows]
            self._choose_next = [min(*rows, len(kept) - 1)] if kept else []
            self._change(f"{wording.count(len(rows), 'track')} taken out.", kept)

    def undo(self) -> None:
        """Take the last change back."""
        if self._before:
            _, places = self._before.pop()
            self._playlists.set_places(self._wanted, places)

    def _refreshed(self, before: Contents) -> None:
        """Other tracks by the same rule; what was there can come back."""
        if before.record.id == self._wanted:
            self._before.append(("Asked again.", [place.item for place in before.places]))

    # -- menus

    def _show_more(self) -> None:
        menu = QMenu(self)
        menu.addAction("Rename", lambda: self.rename_wanted.emit(self._wanted))
        menu.addAction("Remove", lambda: self.remove_wanted.emit(self._wanted))
        menu.exec(self.more.mapToGlobal(self.more.rect().bottomLeft()))
        menu.deleteLater()

    def _show_menu(self, place: QPoint) -> None:
        if self.table.chosen():
            menu = self.menu()
            menu.exec(place)
            menu.deleteLater()

    def menu(self) -> QMenu:
        """What can be done with the chosen places."""
        chosen = [self._places()[row] for row in self.table.chosen()]
        theme, menu, playables = self._session.theme, QMenu(self), self._playables(chosen)
        play = menu.addAction(theme.icon("play"), "Play", lambda: self._player.play(playables))
        queue = menu.addAction(theme.icon("queue"), "Add to queue", lambda: self._player.append(playables))
        soon = menu.addAction(theme.icon("queue"), "Play next", lambda: self._player.play_next(playables))
        for action in (play, queue, soon):
            action.setEnabled(bool(playables))
        similar = menu.addAction(theme.icon("similar"), "Similar tracks", self._session.similar_wanted.emit)
        similar.setEnabled(any(place.row is not None for place in chosen))
        menu.addSeparator()
        first = chosen[0].item.raw_path
        show = menu.addAction(theme.icon("folder"), "Show in folder", lambda: tracks.show_in_folder(first))
        show.setEnabled(len(chosen) == 1 and chosen[0].there)
        text = "\n".join(paths.display(place.item.raw_path) for place in chosen)
        menu.addAction(theme.icon("copy"), "Copy path", lambda: QGuiApplication.clipboard().setText(text))
        menu.addSeparator()
        menu.addAction("Take out of the playlist", self.remove_chosen)
        return menu

    # -- export

    def ask_export(self) -> None:
        """Ask where the list shall be written."""
        if self.contents is not None:
            self.ask_export_of(self.contents)

    def ask_export_of(self, contents: Contents) -> None:
        """Ask where a list shall be written."""
        name = f"{file_name(contents.record.name)}.m3u8"
        chosen, kind = QFileDialog.getSaveFileName(self, "Export playlist", name, KINDS)
        if chosen:
            self._playlists.export(contents, with_suffix(chosen, kind))


def file_name(name: str) -> str:
    """A list's name as a file's."""
    return "".join("-" if letter in '/\\:*?"<>|' else letter for letter in name).strip(". ") or "Playlist"


def with_suffix(name: str, kind: str) -> Path:
    """The file that a dialog gave, its ending by the chosen kind where it has none."""
    known = Path(name).suffix.lower() in (".m3u8", ".xspf")
    return Path(name + ("" if known else ".xspf" if "xspf" in kind else ".m3u8"))
