"""The playlists beside the table of tracks: where music players have them, one click from the tracks that go in.

They are a section of the Library and no page of their own: a list is a view of the same tracks, and tracks are
dragged from the table straight onto its name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app import tracks, wording
from app.playlists import Playlists
from app.session import Session
from app.views.rows_delegate import TWO_LINES, TwoLines, TwoLinesDelegate
from core.library.records import PlaylistRecord

RECORD = int(Qt.ItemDataRole.UserRole)
UNDO_MS = 20_000
"""How long a list that was removed can be brought back (ms)."""
NEW = "New playlist"


class NameDelegate(TwoLinesDelegate):
    """Two lines; the name is edited over both."""

    def updateEditorGeometry(  # noqa: N802 - Qt's name
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """In the whole entry."""
        del index
        editor.setGeometry(option.rect.adjusted(6, 4, -6, -4))


class PlaylistList(QListWidget):
    """The names; tracks can be dropped onto them.

    Signals
    -------
    dropped(list[int], PlaylistRecord | None)
        Tracks for that list; None: for a new one.
    remove_wanted()
        Delete.
    """

    dropped = Signal(object, object)
    remove_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._over: QListWidgetItem | None = None
        self.setAccessibleName("Playlists")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Tracks of the library are welcome; files from elsewhere are for the window."""
        self._welcome(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802 - Qt's name
        """Show which list would have them."""
        self._welcome(event)
        self._point_at(self.itemAt(event.position().toPoint()) if event.isAccepted() else None)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """None would."""
        self._point_at(None)
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """The names, and a frame around the one that would have what is dragged."""
        super().paintEvent(event)
        if self._over is not None:
            painter = QPainter(self.viewport())
            painter.setPen(QPen(self.palette().accent().color(), 2))
            painter.drawRect(self.visualItemRect(self._over).adjusted(1, 1, -1, -1))
            painter.end()

    def _point_at(self, item: QListWidgetItem | None) -> None:
        self._over = item
        self.viewport().update()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Give the tracks to the list under the mouse."""
        self._welcome(event)
        self._point_at(None)
        if event.isAccepted():
            item = self.itemAt(event.position().toPoint())
            self.dropped.emit(tracks.dragged(event.mimeData()), None if item is None else item.data(RECORD))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Delete removes."""
        if event.key() == Qt.Key.Key_Delete and self.currentItem() is not None:
            self.remove_wanted.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Nothing: letters are shortcuts."""

    @staticmethod
    def _welcome(event: QDropEvent) -> None:
        copyable = bool(event.possibleActions() & Qt.DropAction.CopyAction)
        if copyable and tracks.dragged(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()


class PlaylistStrip(QWidget):
    """Every playlist; a click shows it in the table's place.

    Signals
    -------
    chosen(int | None)
        Show this list; None: none is chosen any more.
    import_wanted, play_wanted(int), queue_wanted(int), refresh_wanted(int), export_wanted(int)
        What the menu asks for.
    """

    chosen = Signal(object)
    import_wanted = Signal()
    play_wanted = Signal(int)
    queue_wanted = Signal(int)
    refresh_wanted = Signal(int)
    export_wanted = Signal(int)

    def __init__(self, session: Session, playlists: Playlists) -> None:
        super().__init__()
        self._session, self._playlists = session, playlists
        self._naming = False
        self.list = PlaylistList()
        self.list.setItemDelegate(NameDelegate(session.theme, self.list))
        self.add = QToolButton()
        self.none = QLabel("Lists that you keep appear here. Drop tracks to begin one.")
        self.undo = QLabel()
        self._undo_ends = QTimer(self, singleShot=True, interval=UNDO_MS)
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        heading = QLabel("Playlists")
        for label in (heading, self.none, self.undo):
            label.setProperty("role", "muted")
        for label in (self.none, self.undo):
            label.setWordWrap(True)
            label.setContentsMargins(14, 2, 8, 6)
        self.add.setIconSize(QSize(16, 16))
        self.add.setToolTip("New playlist, or one from a file")
        self.add.setAccessibleName("New playlist")
        self.add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._session.theme.set_icon(self.add, "add")
        top = QHBoxLayout()
        top.setContentsMargins(14, 6, 6, 2)
        top.addWidget(heading, 1)
        top.addWidget(self.add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(self.none)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.undo)
        self.undo.hide()

    def _connect(self) -> None:
        playlists, listed = self._playlists, self.list
        playlists.changed.connect(self._show)
        playlists.made.connect(self._made)
        playlists.removed.connect(self._removed)
        listed.currentItemChanged.connect(self._chosen)
        listed.itemClicked.connect(self._chosen)
        listed.itemChanged.connect(self._renamed)
        listed.customContextMenuRequested.connect(self._show_menu)
        listed.dropped.connect(self._dropped)
        listed.remove_wanted.connect(self._remove_current)
        self.add.clicked.connect(self._show_add)
        self.undo.linkActivated.connect(self._restore)
        self._undo_ends.timeout.connect(self.undo.hide)
        self._session.theme.changed.connect(self._show)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the folders above."""
        return QSize(190, 220)

    # -- what is shown

    def _show(self) -> None:
        kept = self.current
        self.list.blockSignals(True)
        records = self._playlists.records
        while self.list.count() > len(records):
            self.list.takeItem(self.list.count() - 1)
        while self.list.count() < len(records):
            QListWidgetItem(self.list)
        for row, record in enumerate(records):
            self._fill(self.list.item(row), record)
        rows = [row for row, record in enumerate(records) if record.id == kept]
        self.list.setCurrentRow(rows[0] if rows else -1)
        self.list.blockSignals(False)
        self.none.setVisible(self._playlists.known and not records)
        if kept is not None and not rows:
            self.chosen.emit(None)

    def _fill(self, item: QListWidgetItem, record: PlaylistRecord) -> None:
        count = wording.count(record.n, "track")
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable)
        item.setData(RECORD, record)
        item.setText(record.name)
        item.setData(TWO_LINES, TwoLines(record.name, count, self._session.theme.icon("playlist")))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{record.name}, {count}")
        item.setToolTip(f"{record.name}\n{count}")

    @property
    def current(self) -> int | None:
        """The list that is shown."""
        item = self.list.currentItem() if self.list.currentRow() >= 0 else None
        record: PlaylistRecord | None = item.data(RECORD) if item is not None else None
        return None if record is None else record.id

    def show_none(self) -> None:
        """Something else is looked at."""
        self.list.blockSignals(True)
        self.list.setCurrentRow(-1)
        self.list.blockSignals(False)

    def choose(self, playlist_id: int) -> None:
        """Show this list."""
        for row, record in enumerate(self._playlists.records):
            if record.id == playlist_id:
                self.list.setCurrentRow(row)

    def _chosen(self, *_: object) -> None:
        self.chosen.emit(self.current)

    # -- changing

    def begin_new(self) -> None:
        """Make an empty list, and let the person name it."""
        self._naming = True
        self._playlists.create(NEW)

    def _made(self, record: PlaylistRecord) -> None:
        """Show a new list as soon as it is among the others; one made by hand is named first."""
        naming, self._naming = self._naming, False
        if naming:
            self._playlists.changed.connect(
                lambda: self._name(record.id), Qt.ConnectionType.SingleShotConnection
            )
        else:
            count = wording.count(record.n, "track")
            self._session.notifier.done(
                f"Kept as “{record.name}”, {count}.", "It is in the Library, under Playlists."
            )

    def _name(self, playlist_id: int) -> None:
        self.choose(playlist_id)
        self.edit_name()

    def edit_name(self) -> None:
        """Rename the chosen list in its place."""
        item = self.list.currentItem()
        if item is not None:
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)
            self.list.editItem(item)

    def _renamed(self, item: QListWidgetItem) -> None:
        record: PlaylistRecord = item.data(RECORD)
        if item.text().strip() and item.text().strip() != record.name:
            self._playlists.rename(record.id, item.text())
        elif item.text() != record.name:
            self._show()

    def _remove_current(self) -> None:
        if self.current is not None:
            self._playlists.remove(self.current)

    def _removed(self, record: PlaylistRecord) -> None:
        self.undo.setTextFormat(Qt.TextFormat.RichText)
        self.undo.setText(f"“{_plain(record.name)}” was removed. <a href='undo'>Undo</a>")
        self.undo.show()
        self._undo_ends.start()

    def _restore(self) -> None:
        self._undo_ends.stop()
        self.undo.hide()
        self._playlists.restore()

    def _dropped(self, track_ids: Sequence[int], record: PlaylistRecord | None) -> None:
        if record is not None:
            self._playlists.add(record.id, track_ids)
        else:
            self._naming = True
            self._playlists.create(NEW, track_ids)

    # -- menus

    def _show_add(self) -> None:
        menu = QMenu(self)
        menu.addAction("New playlist", self.begin_new)
        menu.addAction("From a file…", self.import_wanted.emit)
        menu.exec(self.add.mapToGlobal(self.add.rect().bottomLeft()))
        menu.deleteLater()

    def _show_menu(self, place: QPoint) -> None:
        item = self.list.itemAt(place)
        if item is not None:
            menu = self.menu(item.data(RECORD))
            menu.exec(self.list.viewport().mapToGlobal(place))
            menu.deleteLater()

    def menu(self, record: PlaylistRecord) -> QMenu:
        """What can be done with a list."""
        menu, theme = QMenu(self), self._session.theme
        play = menu.addAction(theme.icon("play"), "Play", lambda: self.play_wanted.emit(record.id))
        queue = menu.addAction(theme.icon("queue"), "Add to queue", lambda: self.queue_wanted.emit(record.id))
        for action in (play, queue):
            action.setEnabled(record.n > 0)
        menu.addSeparator()
        if record.rule:
            menu.addAction(theme.icon("retry"), "Refresh", lambda: self.refresh_wanted.emit(record.id))
        menu.addAction("Rename", self.edit_name)
        menu.addAction(theme.icon("export"), "Export…", lambda: self.export_wanted.emit(record.id))
        menu.addSeparator()
        menu.addAction("Remove", lambda: self._playlists.remove(record.id))
        return menu


def add_to_menu(
    menu: QMenu, playlists: Playlists, track_ids: Callable[[], Sequence[int]], name: str = NEW
) -> QMenu:
    """A submenu "Add to playlist" of `menu`; `track_ids` is asked when a list was chosen."""
    inner = menu.addMenu("Add to playlist")
    inner.addAction("New playlist", lambda: playlists.create(name, track_ids()))
    inner.addSeparator()
    for record in playlists.records:
        text = record.name.replace("&", "&&")
        inner.addAction(text, partial(_add, playlists, record.id, track_ids))
    return inner


def _add(playlists: Playlists, playlist_id: int, track_ids: Callable[[], Sequence[int]]) -> None:
    playlists.add(playlist_id, track_ids())


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
