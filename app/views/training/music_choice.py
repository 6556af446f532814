"""Which music to train on: all of it, some folders, what is searched for, or what is selected."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app import wording
from app.census import Census, Reader
from app.run_view import Music
from app.session import Session

Kind = Literal["library", "folders", "search", "selection"]
KINDS: tuple[tuple[Kind, str], ...] = (
    ("library", "The whole library"), ("folders", "Some folders"), ("search", "What the library's search finds"),
    ("selection", "The selected tracks"),
)  # fmt: skip
ROOT = int(Qt.ItemDataRole.UserRole)
ROW = 30
MOST_ROWS = 4


class MusicChoice(QWidget):
    """A list of ways to choose, and below it what belongs to the chosen one.

    Parameters
    ----------
    search
        Tells what is in the library's search box.

    Signals
    -------
    changed
        Other music is chosen.
    """

    changed = Signal()

    def __init__(self, session: Session, search: Callable[[], str]) -> None:
        super().__init__()
        self._session, self._search = session, search
        self._track_ids: tuple[int, ...] = ()
        self.kind, self.folders, self.note = QComboBox(), QListWidget(), QLabel()
        for key, text in KINDS:
            self.kind.addItem(text, key)
        self.kind.setAccessibleName("Music")
        self.folders.setAccessibleName("Folders to train on")
        self.folders.setObjectName("choices")
        self.note.setProperty("role", "small")
        self.note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self.kind, self.folders, self.note):
            layout.addWidget(widget)
        self.setFocusProxy(self.kind)
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.folders.itemChanged.connect(lambda _: self._tell())
        session.census_changed.connect(self._fill_folders)
        session.selection_changed.connect(self._selection_changed)
        if session.census is not None:
            self._fill_folders(session.census)
        self._show()

    @property
    def music(self) -> Music:
        """What is chosen."""
        kind = self.kind.currentData()
        if kind == "folders":
            return Music(roots=tuple(self._ticked()))
        if kind == "search":
            return Music(query=self._search())
        if kind == "selection":
            return Music(track_ids=self._track_ids)
        return Music()

    @property
    def trouble(self) -> str:
        """Why nothing is chosen; empty where something is."""
        kind = self.kind.currentData()
        census = self._session.census
        if census is not None and census.empty:
            return "Add music first: drop a folder anywhere."
        if kind == "folders" and not self._ticked():
            return "Tick at least one folder."
        if kind == "search" and not self._search():
            return "The library's search is empty: search for something first."
        if kind == "selection" and not self._track_ids:
            return "Select tracks in the library first."
        return ""

    def refresh(self) -> None:
        """The page is shown again: search and selection may have changed."""
        if self.kind.currentData() in ("search", "selection"):
            self._read_selection()
            self._tell()

    def _ticked(self) -> list[int]:
        items = [self.folders.item(row) for row in range(self.folders.count())]
        return [item.data(ROOT) for item in items if item.checkState() == Qt.CheckState.Checked]

    def _fill_folders(self, census: Census) -> None:
        known = [self.folders.item(row).data(ROOT) for row in range(self.folders.count())]
        same = known == [root.id for root, _ in census.roots]
        ticked = set(self._ticked())
        self.folders.blockSignals(True)
        if not same:
            self.folders.clear()
        for row, (root, counts) in enumerate(census.roots):
            item = self.folders.item(row) if same else QListWidgetItem(self.folders)
            told = wording.count(counts.found, "file") if root.online else "not connected now"
            item.setText(f"{root.path}  ({told})")
            if not same:
                item.setData(ROOT, root.id)
                item.setCheckState(Qt.CheckState.Checked if root.id in ticked else Qt.CheckState.Unchecked)
                item.setToolTip(root.path)
        self.folders.blockSignals(False)
        if not same:
            self.folders.setFixedHeight(min(max(len(census.roots), 1), MOST_ROWS) * ROW + 8)
            self._tell()

    def _kind_changed(self) -> None:
        self._read_selection()
        self._tell()

    def _tell(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        kind = self.kind.currentData()
        self.folders.setVisible(kind == "folders")
        notes = {
            "search": f"Now: {self._search()}" if self._search() else "",
            "selection": wording.count(len(self._track_ids), "track"),
        }
        self.note.setText(self.trouble or notes.get(kind, ""))
        self.note.setVisible(bool(self.note.text()))

    def _selection_changed(self) -> None:
        if self.kind.currentData() == "selection" and self.isVisible():
            self._read_selection()

    def _read_selection(self) -> None:
        if self.kind.currentData() == "selection":
            ids = self._session.selection.tolist()
            self._session.ask(partial(_tracks_of, ids), self._take_selection, latest="music to train on")

    def _take_selection(self, track_ids: tuple[int, ...]) -> None:
        if track_ids != self._track_ids:
            self._track_ids = track_ids
            self._tell()


def _tracks_of(file_ids: list[int], reader: Reader) -> tuple[int, ...]:
    """The tracks of files, those that have been listened to."""
    return tuple(row.track_id for row in reader.page(file_ids) if row.track_id is not None)
