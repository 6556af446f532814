"""The track table's model: ordered ids, and rows that come page by page when they are looked at.

`data` never waits. What is not there yet shows as blank and is asked for in the background, the page
looked at last first. A search or a sort is one query; its result replaces the ids in one step.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal

from app.cells import Cells, alignment
from app.census import NOTHING, Change, Ids, Reader
from app.columns import COLUMNS, DEFAULT_SORT, Sort, sort_keys
from app.session import Session
from app.whereabouts import Whereabouts
from core.library.records import Row

PAGE = 256
"""Rows asked for at once."""

KEPT_PAGES = 64
WAITING_PAGES = 4
"""Pages asked for and not begun; of more the oldest are dropped: nobody looks at them any more."""

CALM_S = 1.0
"""Least time between two queries that only follow changes (a person's own are made at once)."""

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_CELL = (
    Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
    | Qt.ItemFlag.ItemNeverHasChildren
)  # fmt: skip


class TrackModel(QAbstractTableModel):
    """The tracks that a search finds, in order.

    Parameters
    ----------
    session
        Gives library, encoder and news.

    Signals
    -------
    swapping(bool), swapped(bool)
        Before and after other ids take over; True: a person searched or sorted, False: the library changed.
    asked
        A person searched or sorted, and the query is on its way.
    ordered
        A query has come back, whether or not it changed anything.
    """

    swapping = Signal(bool)
    swapped = Signal(bool)
    asked = Signal()
    ordered = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.ids: Ids = NOTHING
        self._whereabouts = Whereabouts(NOTHING)
        self.query = ""
        self.root_id: int | None = None
        self.sorting: Sort = DEFAULT_SORT
        self._rows: dict[int, Row | None] = {}
        self._stale: set[int] = set()
        self._waiting: deque[int] = deque(maxlen=WAITING_PAGES)
        self._reading = False
        self._generation = 0
        self._asked_by_person = False
        self._took_s = 0.0
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.timeout.connect(self._reorder)
        self._cells = Cells(session.theme)
        session.theme.changed.connect(self._draw)
        session.encoder_changed.connect(self._encoder_changed)
        session.library_changed.connect(self._library_changed)

    # -- what a person asks for

    def show(self, query: str | None = None, sort: Sort | None = None, root_id: int | None = -1) -> None:
        """Search, sort or narrow to a folder (None: all of them); what is not given stays."""
        before = (self.query, self.root_id, self.sorting)
        self.query = self.query if query is None else query
        self.root_id = self.root_id if root_id == -1 else root_id
        self.sorting = self.sorting if sort is None else tuple(sort)
        if (self.query, self.root_id, self.sorting) != before:
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
            self._asked_by_person = True
            self._reorder()
            self.asked.emit()

    def row_at(self, row: int) -> Row | None:
        """The row's record, where it has arrived."""
        return self._rows.get(int(self.ids[row])) if 0 <= row < len(self.ids) else None

    def places(self, file_ids: Ids) -> Ids:
        """Row numbers of those files that are in the table, ascending."""
        return self._whereabouts.among(file_ids)

    def set_playing(self, number: int | None) -> None:
        """Mark the track that plays (`tracks.number`)."""
        self._cells.playing = number
        self._repaint()

    # -- Qt's side

    def rowCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """How many tracks are shown."""
        return 0 if parent.isValid() else len(self.ids)

    def columnCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """How many columns there are, hidden or not."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows, now; blank while its page is on the way."""
        show = self._cells.roles.get(role)
        place = index.row()
        if show is None or place >= len(self.ids):
            return None
        key = int(self.ids[place])
        row = self._rows.get(key)
        if (row is None and key not in self._rows) or key in self._stale:
            self._want(place // PAGE)
        return None if row is None else show(row, index.column())

    def headerData(self, section: int, side: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802 - Qt's name
        """Titles, with arrows for what the table is sorted by."""
        if side != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{COLUMNS[section].title} {self._arrow(COLUMNS[section].name)}".strip()
        if role == Qt.ItemDataRole.ToolTipRole:
            title = COLUMNS[section].title or "State"
            if COLUMNS[section].then is None:
                return title
            return f"{title}. Click to sort, Shift+click to sort within the order that is there."
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(section)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Every row can be chosen and dragged out."""
        return _CELL if index.isValid() else Qt.ItemFlag.NoItemFlags

    def _arrow(self, name: str) -> str:
        names = [key for key, _ in self.sorting]
        if name not in names:
            return ""
        arrow = "↓" if self.sorting[names.index(name)][1] else "↑"
        return f"{arrow}{names.index(name) + 1}" if len(names) > 1 else arrow

    # -- pages

    def _want(self, page: int) -> None:
        if page in self._waiting:
            self._waiting.remove(page)
        self._waiting.append(page)
        self._read_next()

    def _read_next(self) -> None:
        if self._reading or not self._waiting:
            return
        page = self._waiting.pop()
        ids = [int(key) for key in self.ids[page * PAGE : (page + 1) * PAGE]]
        ids = [key for key in ids if key not in self._rows or key in self._stale]
        if not ids:
            self._read_next()
            return
        self._reading = True
        then = partial(self._take_page, self._generation, ids)
        self._session.ask(lambda reader: reader.page(ids), then, self._page_failed)

    def _take_page(self, generation: int, ids: list[int], rows: list[Row]) -> None:
        self._reading = False
        if generation == self._generation:
            for key in ids:
                self._rows.pop(key, None)  # so that it counts as new
            self._rows |= dict.fromkeys(ids, None) | {row.file_id: row for row in rows}
            self._stale.difference_update(ids)
            while len(self._rows) > KEPT_PAGES * PAGE:
                self._rows.pop(next(iter(self._rows)))
        self._repaint()
        self._read_next()

    def _page_failed(self, error: BaseException) -> None:
        self._reading = False
        self._waiting.clear()
        self._session.notifier.error(error)

    def _draw(self) -> None:
        self._cells.draw()
        self._repaint()

    def _repaint(self) -> None:
        if len(self.ids):
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.ids) - 1, len(COLUMNS) - 1))

    # -- order

    def _encoder_changed(self) -> None:
        self._generation += 1
        self._stale = set(self._rows)
        self._repaint()
        if "state" in self.query or any(name == "state" for name, _ in self.sorting):
            self._reorder()

    def _library_changed(self, change: Change) -> None:
        held = np.fromiter(self._rows, np.int64, len(self._rows))
        self._stale.update(held[np.isin(held, change.file_ids)].tolist())
        self._repaint()
        if not self._calm.isActive():
            rest_s = (
                CALM_S if len(self.ids) else 0.0
            )  # a list without rows, beside figures that count some, looks broken
            self._calm.start(round(1000 * max(rest_s, 5 * self._took_s)) if self._took_s else 0)

    def _reorder(self) -> None:
        order = partial(_order, self.query, sort_keys(self.sorting), self.root_id)
        self._session.ask(order, self._take_order, latest="order")

    def _take_order(self, order: _Order) -> None:
        ids, self._took_s = order.ids, order.took_s
        person, self._asked_by_person = self._asked_by_person, False
        before = len(self.ids)
        if not np.array_equal(ids[:before], self.ids):
            self._swap(order, person)
        elif len(ids) > before:
            self.beginInsertRows(_ROOT, before, len(ids) - 1)
            self.ids, self._whereabouts = ids, order.whereabouts
            self.endInsertRows()
        self.ordered.emit()

    def _swap(self, order: _Order, person: bool) -> None:
        self.swapping.emit(person)
        self.beginResetModel()
        self.ids, self._whereabouts = order.ids, order.whereabouts
        self._waiting.clear()
        self.endResetModel()
        self.swapped.emit(person)


@dataclass(frozen=True, eq=False)
class _Order:
    """The answer to a search: the ids, where each of them stands, and how long the query took (s)."""

    ids: Ids
    whereabouts: Whereabouts
    took_s: float


def _order(query: str, keys: Sort, root_id: int | None, reader: Reader) -> _Order:
    """In a thread: what is found."""
    began = time.monotonic()
    ids = reader.library.rows.order(reader.encoder_id, reader.plan, query, keys, root_id)
    return _Order(ids, Whereabouts(ids), time.monotonic() - began)
