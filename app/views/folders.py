"""The folders of the library with their figures; a click narrows the table to one."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QMenu, QMessageBox, QVBoxLayout, QWidget

from app import tracks
from app.census import Census
from app.session import Session
from app.views.counts import details, short
from app.views.rows_delegate import TWO_LINES, TwoLines, TwoLinesDelegate
from core import bundled_music
from core.library.records import Counts, RootRecord

BUNDLED = "Bundled music"
ROOT_ID = int(Qt.ItemDataRole.UserRole)


class FolderStrip(QWidget):
    """All music, and each folder that was added.

    Signals
    -------
    chosen(int | None)
        Show only what is below this folder; None: everything.
    looked_at()
        A person went to a folder, if it is the one that was shown before.
    """

    chosen = Signal(object)
    looked_at = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setMinimumWidth(172)
        self.list = QListWidget()
        self.list.setAccessibleName("Folders")
        self.list.setItemDelegate(TwoLinesDelegate(session.theme, self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        heading = QLabel("Folders")
        heading.setProperty("role", "muted")
        heading.setContentsMargins(14, 12, 8, 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(heading)
        layout.addWidget(self.list, 1)
        self.list.currentItemChanged.connect(self._chosen)
        self.list.itemClicked.connect(lambda _: self.looked_at.emit())
        self.list.customContextMenuRequested.connect(self._show_menu)
        session.census_changed.connect(self.show_census)
        session.theme.changed.connect(lambda: self.show_census(session.census) if session.census else None)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as a folder's name usually is."""
        return QSize(190, 400)

    def show_census(self, census: Census) -> None:
        """Show these figures; the chosen folder stays chosen."""
        entries: list[tuple[RootRecord | None, Counts]] = [(None, census.total), *census.roots]
        if len(entries) == self.list.count():
            for number, (root, counts) in enumerate(entries):
                self._fill(self.list.item(number), root, counts)
            return
        kept = self.root_id
        self.list.blockSignals(True)
        self.list.clear()
        for root, counts in entries:
            self._fill(QListWidgetItem(self.list), root, counts)
        self.list.blockSignals(False)
        numbers = [number for number, (root, _) in enumerate(entries) if root is not None and root.id == kept]
        self.list.setCurrentRow(numbers[0] if numbers else 0)

    @property
    def root_id(self) -> int | None:
        """The chosen folder; None: all of them."""
        if self.list.currentRow() < 0:
            return None
        found: RootRecord | None = self.list.currentItem().data(ROOT_ID)
        return None if found is None else found.id

    def _fill(self, item: QListWidgetItem, root: RootRecord | None, counts: Counts) -> None:
        theme = self._session.theme
        if root is None:
            lines = TwoLines("All music", short(counts), theme.icon("library"))
        else:
            name = _name(root)
            there = "note" if _is_bundled(root) else "folder"
            icon = theme.icon(there if root.online else "offline")
            text = short(counts) if root.online else "Not connected"
            lines = TwoLines(name, text, icon, faint=not root.online)
        item.setData(ROOT_ID, root)
        item.setData(TWO_LINES, lines)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{lines.title}, {lines.text}")
        item.setToolTip(details(counts, "" if root is None else root.path))

    def _chosen(self) -> None:
        self.chosen.emit(self.root_id)
        self.looked_at.emit()

    def mark(self) -> None:
        """Its folder is what is shown."""
        if self.list.currentItem() is not None:
            self.list.currentItem().setSelected(True)

    def unmark(self) -> None:
        """Something else is shown; the folder is kept for the way back."""
        self.list.clearSelection()

    # -- the menu

    def _show_menu(self, place: QPoint) -> None:
        item = self.list.itemAt(place)
        if item is not None:
            menu = self.menu(item)
            menu.exec(self.list.viewport().mapToGlobal(place))
            menu.deleteLater()

    def menu(self, item: QListWidgetItem) -> QMenu:
        """What can be done with a folder, or with all of them."""
        root: RootRecord | None = item.data(ROOT_ID)
        menu, theme = QMenu(self), self._session.theme
        ids = [] if root is None else [root.id]
        menu.addAction(theme.icon("retry"), "Look for changes", lambda: self._session.rescan_wanted.emit(ids))
        if root is not None:
            show = menu.addAction(theme.icon("folder"), "Show in file manager")
            show.triggered.connect(lambda: tracks.show_in_folder(root.raw_path))
            show.setEnabled(root.online)
            menu.addSeparator()
            if _is_bundled(root):
                menu.addAction("Credits and licences…", lambda: self._session.credits_wanted.emit(b""))
                menu.addAction("Remove the bundled music", lambda: self._remove(root.id))
            else:
                menu.addAction("Remove from library…", lambda: self.ask_remove(root))
        return menu

    def ask_remove(self, root: RootRecord) -> None:
        """Ask, and only then take the folder out of the library."""
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Remove from library")
        box.setText(f"Remove “{root.path}” from the library?")
        box.setInformativeText(
            "Nothing is deleted from disk. Its tracks leave the table; what was learned of them is kept, should the "
            "same music come back."
        )
        remove = box.addButton("Remove from library", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        remove.clicked.connect(lambda: self._remove(root.id))
        box.open()

    def _remove(self, root_id: int) -> None:
        self._session.ask(
            lambda reader: reader.library.roots.forget(root_id), lambda _: self._session.recount()
        )


def _is_bundled(root: RootRecord) -> bool:
    return root.raw_path == bundled_music.raw_folder()


def _name(root: RootRecord) -> str:
    if _is_bundled(root):
        return BUNDLED
    return root.path.rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1] or root.path
