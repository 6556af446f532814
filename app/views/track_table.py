"""The table of tracks: selection and place survive whatever comes in from the library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QDrag, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QTableView,
    QWidget,
)

from app import tracks
from app.census import NOTHING, Ids
from app.session import Session
from app.track_model import TrackModel
from app.views.rows_delegate import RowDelegate
from app.views.track_header import TrackHeader

MOST_RANGES = 1000
"""A selection in more pieces is not shown in the table: Qt compares each piece with each when the next one comes, and
takes 30 ms for so many (90 ms for twice as many)."""

ROW_PADDING = 12


class TrackTable(QTableView):
    """The tracks of a `TrackModel`; its selection is the session's.

    Signals
    -------
    play_wanted(int)
        Double click or Enter on this row.
    menu_wanted(QPoint)
        A context menu at this place on the screen.
    """

    play_wanted = Signal(int)
    menu_wanted = Signal(QPoint)

    def __init__(self, session: Session, model: TrackModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._model = session, model
        self._carrying = self._behind = False
        self._before: tuple[int, int] | None = None
        self.header = TrackHeader(self)
        self._delegate = RowDelegate(self)
        self.setHorizontalHeader(self.header)
        self._dress()
        self.setModel(model)
        self.header.prepare()
        # "Sorting" keeps a press on the header from selecting the column, which is every row.
        self.setSortingEnabled(True)
        self.header.setSortIndicatorShown(False)
        # With the table's own, painting the header asks of every selected row whether it is enabled.
        self.header.setSelectionModel(QItemSelectionModel(model, self.header))
        self.header.sort_wanted.connect(lambda sort: model.show(sort=sort))
        model.swapping.connect(self._note_place)
        model.swapped.connect(self._carry_over)
        self.selectionModel().selectionChanged.connect(self._selected)
        session.selection_changed.connect(self._follow)
        self.doubleClicked.connect(lambda index: self.play_wanted.emit(index.row()))
        self.customContextMenuRequested.connect(
            lambda at: self.menu_wanted.emit(self.viewport().mapToGlobal(at))
        )

    def _dress(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDragEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setAccessibleName("Tracks")
        self.verticalHeader().hide()
        self._set_height()

    def _set_height(self) -> None:
        # One height for all: with a million rows nothing may be measured row by row.
        side = self.verticalHeader()
        side.setMinimumSectionSize(1)
        side.setDefaultSectionSize(self.fontMetrics().height() + ROW_PADDING)

    # -- what others ask

    @property
    def tracks(self) -> TrackModel:
        """What is listed."""
        return self._model

    def row_of_current(self) -> int:
        """The row with the keyboard's mark, -1 for none."""
        return self.currentIndex().row()

    def reveal(self, file_id: int) -> None:
        """Bring a file into view, where it is among those shown."""
        places = self._model.places(np.array([file_id]))
        if len(places):
            self.scrollTo(self._model.index(int(places[0]), 0), QAbstractItemView.ScrollHint.EnsureVisible)

    # -- selection

    def _selected(self) -> None:
        if not self._carrying:
            with self._carried():
                self._session.select(self._chosen())

    @contextmanager
    def _carried(self) -> Iterator[None]:
        """What is selected here and in the session is the same afterwards: neither has to follow the other."""
        self._carrying = True
        try:
            yield
        finally:
            self._carrying = False

    def _chosen(self) -> Ids:
        """Ids of the selected rows, in the table's order; of one range, as all are, they are not copied."""
        selection = self.selectionModel().selection()
        pieces = (selection.at(number) for number in range(selection.count()))
        ranges = sorted((piece.top(), piece.bottom()) for piece in pieces)
        ids = [self._model.ids[a : b + 1] for a, b in ranges]
        return ids[0] if len(ids) == 1 else np.concatenate([NOTHING, *ids])

    def _follow(self) -> None:
        """Show a selection that was made elsewhere; a table that nobody sees does so when it is seen."""
        if not self._carrying:
            self._behind = not self.isVisible()
            if not self._behind:
                self._catch_up()

    def _catch_up(self) -> None:
        self._behind = False
        ids = self._session.selection
        self._select(ids)
        if len(ids):
            self.reveal(int(ids[0]))

    def _select(self, file_ids: Ids) -> None:
        places = self._model.places(file_ids)
        breaks = np.flatnonzero(np.diff(places) > 1)
        starts = places[np.append(0, breaks + 1)] if len(places) else NOTHING
        ends = places[np.append(breaks, len(places) - 1)] if len(places) else NOTHING
        with self._carried():
            chosen = self.selectionModel()
            chosen.clearSelection()
            if 0 < len(starts) <= MOST_RANGES:
                first = self._model.index(int(starts[0]), 0)
                chosen.setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
                pieces = self._ranges(starts.tolist(), ends.tolist())
                chosen.select(pieces, QItemSelectionModel.SelectionFlag.Select)

    def _ranges(self, starts: list[int], ends: list[int]) -> QItemSelection:
        """Pieces of whole rows, which do not meet: Qt need neither widen nor join them."""
        ranges, index, last = QItemSelection(), self._model.index, self._model.columnCount() - 1
        for start, end in zip(starts, ends, strict=True):
            ranges.append(QItemSelectionRange(index(start, 0), index(end, last)))
        return ranges

    # -- place

    def _note_place(self, by_person: bool) -> None:
        """Remember a file and how far below the top it stands.

        When a person searches or sorts, it is the selected one they look at; else the first one in view.
        """
        row = self.rowAt(0)
        if by_person:
            selected = self.selectionModel().selectedRows() if len(self._session.selection) < 100 else []
            visible = [
                index.row() for index in selected if self.visualRect(index).intersects(self.viewport().rect())
            ]
            row = visible[0] if visible else -1
        self._before = None if row < 0 else (int(self._model.ids[row]), self.rowViewportPosition(row))

    def _carry_over(self, by_person: bool) -> None:
        self._select(self._session.selection)
        self.updateGeometries()
        bar = self.verticalScrollBar()
        places = NOTHING if self._before is None else self._model.places(np.array([self._before[0]]))
        if len(places) and self._before is not None:
            bar.setValue(int(places[0]) * self.verticalHeader().defaultSectionSize() - self._before[1])
        elif by_person:
            bar.setValue(0)

    # -- Qt's events

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """What was selected elsewhere in the meantime is selected here."""
        super().showEvent(event)
        if self._behind:
            self._catch_up()

    def startDrag(self, supported: Qt.DropAction) -> None:  # noqa: ARG002, N802 - Qt's signature
        """Drag the selected files out, as a copy."""
        rows = [row for row in self._session.rows if row.online]
        if rows:
            drag = QDrag(self)
            drag.setMimeData(tracks.mime(rows))
            drag.exec(Qt.DropAction.CopyAction)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter plays."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.row_of_current() >= 0:
            self.play_wanted.emit(self.row_of_current())
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Nothing: Qt would read every row of the library to find one that begins so."""

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Share the room among the columns again."""
        super().resizeEvent(event)
        self.header.fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Another font needs other rows."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._set_height()

    def sizeHintForColumn(self, column: int) -> int:  # noqa: N802 - Qt's name
        """Width of what is in view (Qt would measure a thousand rows)."""
        top, bottom = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        bottom = len(self._model.ids) - 1 if bottom < 0 else bottom
        if top < 0:
            return -1
        shown = (self._model.data(self._model.index(row, column)) for row in range(top, bottom + 1))
        return max((self.fontMetrics().horizontalAdvance(text) for text in shown if text), default=0) + 24
