"""The track table's header: sorting by several columns, choosing columns, and remembering both."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHeaderView, QMenu, QTableView

from app.columns import COLUMNS, DEFAULT_SORT, NAMES, Sort

NARROWEST = 30
NARROW = 24
"""What a column of text gets at least for each of its weight (px)."""


class TrackHeader(QHeaderView):
    """The header of `table`.

    Until a person chooses columns, there are those that have room; until one drags a border, the columns of
    text share the room by their weights.

    Signals
    -------
    sort_wanted(Sort)
        A click: sort by this column; Shift+click: by this one, too.
    """

    sort_wanted = Signal(object)

    def __init__(self, table: QTableView) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._table = table
        self.sorting: Sort = DEFAULT_SORT
        self._own_columns = self._own_widths = False
        self._fitting = True  # until the columns are there
        self.setSectionsClickable(True)
        self.setSectionsMovable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(NARROWEST)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.sectionClicked.connect(self._clicked)
        self.sectionResized.connect(self._resized)

    def prepare(self) -> None:
        """Begin, once the table has its model."""
        self._fitting = False
        self.fit()

    def fit(self) -> None:
        """Share the room out, as far as a person has not done so."""
        width = self._table.viewport().width()
        self._fitting = True
        if not self._own_columns:
            sorted_by = {name for name, _ in self.sorting}
            for section, column in enumerate(COLUMNS[: self.count()]):
                self.setSectionHidden(section, column.room > width and column.name not in sorted_by)
        if not self._own_widths:
            self._share(width)
        self._fitting = False

    def _share(self, width: int) -> None:
        shown = [section for section in range(self.count()) if not self.isSectionHidden(section)]
        room = width - sum(COLUMNS[s].width for s in shown if not COLUMNS[s].weight)
        weights = sum(COLUMNS[s].weight for s in shown)
        for section in shown:
            weight = COLUMNS[section].weight
            share = max(room, NARROW * weights) * weight // max(weights, 1)
            self.resizeSection(section, share if weight else COLUMNS[section].width)

    # -- sorting

    def set_sort(self, sort: Sort) -> None:
        """Sort by these columns."""
        self.sorting = tuple(sort)
        self.fit()
        self.sort_wanted.emit(self.sorting)

    def _clicked(self, section: int) -> None:
        if COLUMNS[section].then is None:
            return
        shift = bool(QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.set_sort(clicked(self.sorting, COLUMNS[section].name, also=shift))

    # -- columns

    def _resized(self) -> None:
        self._own_widths = self._own_widths or not self._fitting

    def _show_menu(self, place: QPoint) -> None:
        menu = self.menu()
        menu.exec(self.mapToGlobal(place))
        menu.deleteLater()

    def menu(self) -> QMenu:
        """The columns to choose from."""
        menu = QMenu(self)
        for section, column in enumerate(COLUMNS):
            action = menu.addAction(column.title or "State")
            action.setCheckable(True)
            action.setChecked(not self.isSectionHidden(section))
            action.setEnabled(column.name != "title")
            action.toggled.connect(partial(self._choose, section))
        menu.addSeparator()
        menu.addAction("Usual columns").triggered.connect(self.reset)
        return menu

    def _choose(self, section: int, shown: bool) -> None:
        self._fitting = self._own_columns = True
        self.setSectionHidden(section, not shown)
        if shown and self.sectionSize(section) < NARROWEST:
            self.resizeSection(section, COLUMNS[section].width)
        self._fitting = False
        self.fit()

    def reset(self) -> None:
        """Columns, order and widths as in a new library."""
        self._own_columns = self._own_widths = False
        for section in range(self.count()):
            self.moveSection(self.visualIndex(section), section)
        self.fit()

    # -- remembering

    def remembered(self) -> str:
        """Columns in their order, with widths where a person chose them, and the sorting."""
        order = sorted(range(self.count()), key=self.visualIndex)
        columns = [[NAMES[s], self.sectionSize(s), not self.isSectionHidden(s)] for s in order]
        own = {"chosen": self._own_columns, "widths": self._own_widths}
        return json.dumps({"columns": columns, "sort": self.sorting, **own})

    def restore(self, text: str) -> None:
        """Take over what `remembered` gave; what makes no sense is left as it is."""
        try:
            told: dict[str, Any] = json.loads(text)
            columns = [(NAMES.index(name), int(width), bool(shown)) for name, width, shown in told["columns"]]
            sort = tuple((str(name), bool(down)) for name, down in told["sort"] if name in NAMES)
            chosen, widths = bool(told["chosen"]), bool(told["widths"])
        except (ValueError, TypeError, KeyError):
            return
        self._own_columns, self._own_widths, self._fitting = chosen, widths, True
        for place, (section, width, shown) in enumerate(columns):
            self.moveSection(self.visualIndex(section), place)
            self.setSectionHidden(section, not shown)
            if shown:
                self.resizeSection(section, max(width, NARROWEST))
        self._fitting = False
        self.fit()
        self.set_sort(sort)


def clicked(sort: Sort, name: str, *, also: bool) -> Sort:
    """The sorting after a click on `name`; `also`: within the order that is there."""
    turned = [(key, not down if key == name else down) for key, down in sort]
    if also:
        return tuple(turned) if any(key == name for key, _ in sort) else (*sort, (name, False))
    only = _direction(sort, name)
    return ((name, False if only is None else not only),)


def _direction(sort: Iterable[tuple[str, bool]], name: str) -> bool | None:
    """Whether the table is sorted downwards by `name` before all else; None: it is not."""
    first = next(iter(sort), None)
    return first[1] if first is not None and first[0] == name else None
