"""The figures as a table: encoders in rows, tasks in columns; sorts by any column."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QKeyEvent, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QLabel,
    QMenu,
    QMessageBox,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app import wording
from app.theme import Theme
from app.views.compare import words
from app.views.compare.looking import Looking

if TYPE_CHECKING:
    from core.evaluation.columns import Column, Comparison

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
ROW_HEIGHT, HEAD_HEIGHT, COLUMN_WIDTH, NAMES_WIDTH = 40, 62, 132, 190
SMALL = int(Qt.ItemDataRole.UserRole) + 1
"""The role of a cell's second line."""
PAPER = "Choi et al. 2022"
CHANCE = "By chance"


class FiguresModel(QAbstractTableModel):
    """A comparison; below its encoders what the most frequent class scores, chance, and the paper's figures."""

    def __init__(self, looking: Looking) -> None:
        super().__init__()
        self._looking = looking
        self.columns: tuple[Column, ...] = ()
        self.encoders: list[str] = []
        self.extras: list[tuple[str, str]] = []
        self._order: tuple[str, ...] = ()
        self._sorted_by: tuple[str, Qt.SortOrder] | None = None

    def show(self, comparison: Comparison) -> None:
        """Show this; it stays sorted by the same figure."""
        self.beginResetModel()
        self.columns, self._order = comparison.columns, comparison.encoders
        self.extras = _extras(comparison)
        self._sort()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Descending: the best first. Column -1: baselines first, then as the paper has them."""
        self.layoutAboutToBeChanged.emit()
        self._sorted_by = (self.columns[column].key, order) if 0 <= column < len(self.columns) else None
        self._sort()
        self.layoutChanged.emit()

    def _sort(self) -> None:
        self.encoders = list(self._order)
        column = next(
            (one for one in self.columns if self._sorted_by and one.key == self._sorted_by[0]), None
        )
        if column is None or self._sorted_by is None:
            return
        sign = (1 if column.higher_is_better else -1) * (
            -1 if self._sorted_by[1] == Qt.SortOrder.DescendingOrder else 1
        )
        values = {cell.record.encoder: sign * cell.figure.mean for cell in column.cells}
        self.encoders.sort(
            key=lambda name: value if math.isfinite(value := values.get(name, math.nan)) else math.inf
        )

    # -- what Qt asks

    def rowCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """Encoders and what stands below them."""
        return 0 if parent.isValid() else len(self.encoders) + len(self.extras)

    def columnCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """One for each figure."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Tasks above, encoders at the left."""
        if orientation == Qt.Orientation.Horizontal:
            return self._head(self.columns[section], role) if section < len(self.columns) else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if section < len(self.encoders):
            return self._name(self.encoders[section], role)
        extra = self.extras[section - len(self.encoders)]
        return (
            (f"{extra[0]}: {extra[1]}" if extra[1] else extra[0])
            if role == Qt.ItemDataRole.DisplayRole
            else None
        )

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A figure, and in the small line its interval."""
        column = self.columns[index.column()]
        if index.row() >= len(self.encoders):
            return self._extra(column, self.extras[index.row() - len(self.encoders)], role)
        encoder = self.encoders[index.row()]
        cell = column.cell(encoder)
        if cell is None:
            texts = {Qt.ItemDataRole.DisplayRole: "–", Qt.ItemDataRole.ToolTipRole: "Not measured."}
            return texts.get(Qt.ItemDataRole(role))
        if role == Qt.ItemDataRole.ToolTipRole:
            gone = encoder not in self._looking.present
            return words.tip(cell, column, self._looking.evaluation.title, gone=gone)
        if role == Qt.ItemDataRole.FontRole:
            return _bold(words.strong(cell, column))
        digits = words.digits_of(column)
        if role == Qt.ItemDataRole.DisplayRole:
            return words.number(cell.figure.mean, digits)
        return words.interval(cell.figure, digits) if role == SMALL else None

    def _head(self, column: Column, role: int) -> Any:
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                f"{words.about(column, self._looking.evaluation.title)}\nA click sorts by it, the best first."
            )
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DisplayRole:
            return "\n".join(filter(None, (column.task, column.metric_title, column.probe_title)))
        return None

    def _name(self, encoder: str, role: int) -> Any:
        gone = encoder not in self._looking.present
        if role == Qt.ItemDataRole.DisplayRole:
            return self._looking.evaluation.title(encoder) + (" (gone)" if gone else "")
        return words.GONE if role == Qt.ItemDataRole.ToolTipRole and gone else None

    @staticmethod
    def _extra(column: Column, extra: tuple[str, str], role: int) -> Any:
        kind, strategy = extra
        if kind == CHANCE:
            value = column.chance
        elif kind == PAPER:
            value = column.paper_value(strategy)
        else:
            value = column.majority.mean if column.majority is not None else math.nan
        if role == Qt.ItemDataRole.DisplayRole:
            return words.number(value) if math.isfinite(value) else ""
        if role == Qt.ItemDataRole.ToolTipRole and kind == PAPER:
            return "The paper’s own figure, on its data and with its training; not measured here."
        return None

    def place(self, chosen: tuple[str, str]) -> QModelIndex:
        """Where a result is."""
        keys = [column.key for column in self.columns]
        if chosen[0] not in keys or chosen[1] not in self.encoders:
            return QModelIndex()
        return self.index(self.encoders.index(chosen[1]), keys.index(chosen[0]))


def _extras(comparison: Comparison) -> list[tuple[str, str]]:
    """What stands below the encoders, where any column has it."""
    columns = comparison.columns
    found = [(words.MAJORITY, "")] if any(column.majority is not None for column in columns) else []
    found += [(CHANCE, "")] if any(math.isfinite(column.chance) for column in columns) else []
    strategies = dict.fromkeys(mark.strategy for column in columns for mark in column.paper)
    return found + [(PAPER, strategy) for strategy in strategies]


def _bold(on: bool) -> QFont | None:
    if not on:
        return None
    font = QFont()
    font.setBold(True)
    return font


class FigureDelegate(QStyledItemDelegate):
    """A figure, and below it its interval, smaller."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Background by the style, then both lines."""
        self.initStyleOption(option, index)
        text, option.text = option.text, ""
        widget: QWidget | None = option.widget
        style = widget.style() if widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, widget)
        small = str(index.data(SMALL) or "")
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        colours = self._theme.colours
        rect: QRect = option.rect.adjusted(6, 5, -10, -5)
        plain = not small
        painter.save()
        painter.setFont(option.font)
        painter.setPen(QColor(colours.on_selection if chosen else colours.muted if plain else colours.text))
        flags = Qt.AlignmentFlag.AlignRight | (
            Qt.AlignmentFlag.AlignVCenter if plain else Qt.AlignmentFlag.AlignTop
        )
        painter.drawText(rect, int(flags), text)
        if small:
            font = QFont(option.font)
            font.setBold(False)
            font.setPointSizeF(font.pointSizeF() * 0.82)
            painter.setFont(font)
            painter.setPen(QColor(colours.on_selection if chosen else colours.muted))
            painter.drawText(rect, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom), small)
        painter.restore()


class FiguresTable(QTableView):
    """Shows a `FiguresModel`; a cell is chosen, not a row.

    Signals
    -------
    opened
        A double click, or Enter.
    menu_wanted(QPoint)
        A context menu of the chosen cell at this place on the screen.
    """

    opened = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, looking: Looking) -> None:
        super().__init__()
        self.figures = FiguresModel(looking)
        theme = looking.evaluation.context.theme
        self.setModel(self.figures)
        self.setItemDelegate(FigureDelegate(theme, self))
        self.setAccessibleName("Figures of all encoders")
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        header, names = self.horizontalHeader(), self.verticalHeader()
        header.setDefaultSectionSize(COLUMN_WIDTH)
        header.setFixedHeight(HEAD_HEIGHT)
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        header.setTextElideMode(Qt.TextElideMode.ElideNone)  # else only the first line is shown
        names.setDefaultSectionSize(ROW_HEIGHT)
        names.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        names.setFixedWidth(NAMES_WIDTH)
        names.setTextElideMode(Qt.TextElideMode.ElideRight)
        names.setHighlightSections(False)
        names.setObjectName("names")
        header.sortIndicatorChanged.connect(self.figures.sort)
        self.doubleClicked.connect(lambda _: self.opened.emit())
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(
            lambda at: self.menu_wanted.emit(self.viewport().mapToGlobal(at))
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter opens."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Nothing: letters are shortcuts."""

    def fit(self) -> None:
        """As wide as the longest word of a column's head, and no narrower than a figure."""
        metrics = QFontMetrics(self.horizontalHeader().font())
        for place, column in enumerate(self.figures.columns):
            lines = (column.task, column.metric_title, column.probe_title)
            longest = max(metrics.horizontalAdvance(line) for line in lines)
            self.setColumnWidth(place, min(max(longest + 40, COLUMN_WIDTH), 230))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Some encoders, some tasks."""
        return QSize(640, 400)


class TablePage(QWidget):
    """The table, and a line on how to read it.

    Signals
    -------
    opened
        What is behind the chosen cell is wanted.
    """

    opened = Signal()

    def __init__(self, looking: Looking) -> None:
        super().__init__()
        self._looking = looking
        self._out_of_date = True
        self.table = FiguresTable(looking)
        note = QLabel(
            "Bold: the best of a column, and what is tied with it. Small: the 95 % interval. "
            "A double click shows what is behind a figure."
        )
        note.setProperty("role", "small")
        note.setWordWrap(True)
        note.setContentsMargins(16, 6, 16, 10)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.table, 1)
        layout.addWidget(note)
        self.table.opened.connect(self.opened)
        self.table.menu_wanted.connect(self._show_menu)
        self.table.selectionModel().currentChanged.connect(self._picked)
        looking.changed.connect(self.refresh)
        looking.chosen_changed.connect(self._mark)
        looking.evaluation.context.theme.changed.connect(self.table.viewport().update)

    def refresh(self) -> None:
        """Show what there is now."""
        comparison = self._looking.comparison
        self._out_of_date = not self.isVisible()
        if not self._out_of_date and comparison is not None:
            self.table.figures.show(comparison)
            self.table.fit()
            self.table.setAutoScroll(False)  # whoever comes here sees the head of the table first
            self._mark()
            self.table.setAutoScroll(True)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Catch up."""
        super().showEvent(event)
        if self._out_of_date:
            self.refresh()

    def _show_menu(self, place: QPoint) -> None:
        if self._looking.cell is not None:
            menu = self.menu()
            menu.exec(place)
            menu.deleteLater()

    def menu(self) -> QMenu:
        """What can be done with the chosen cell."""
        theme, menu = self._looking.evaluation.context.theme, QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addAction("Show what is behind it", self.opened.emit)
        menu.addAction(theme.icon("copy"), "Copy", self._copy)
        menu.addSeparator()
        forget = menu.addAction("Forget this encoder’s results…", self.ask_forget)
        there = self._looking.chosen[1] in self._looking.present
        forget.setEnabled(not there)
        forget.setToolTip(
            "Not now: the encoder is in the library." if there else "They can be computed no more."
        )
        return menu

    def _copy(self) -> None:
        cell, column = self._looking.cell, self._looking.column
        if cell is not None and column is not None:
            title, gone = self._looking.evaluation.title, cell.record.encoder not in self._looking.present
            QGuiApplication.clipboard().setText(words.tip(cell, column, title, gone=gone))

    def ask_forget(self) -> QMessageBox:
        """Ask, and only then forget all that an encoder that is gone has scored."""
        encoder = self._looking.chosen[1]
        evaluation = self._looking.evaluation
        ids = [record.id for record in evaluation.records if record.encoder == encoder]
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Forget results")
        box.setText(f"Forget what “{evaluation.title(encoder)}” scored?")
        box.setInformativeText(
            f"{wording.count(len(ids), 'result')} of an encoder that is no longer in the library."
        )
        forget = box.addButton("Forget", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        forget.clicked.connect(lambda: evaluation.delete(ids))
        box.open()
        return box

    def _picked(self, index: QModelIndex) -> None:
        model = self.table.figures
        if index.isValid() and index.row() < len(model.encoders):
            self._looking.choose(model.columns[index.column()].key, model.encoders[index.row()])

    def _mark(self) -> None:
        place = self.table.figures.place(self._looking.chosen)
        if place.isValid() and place != self.table.currentIndex():
            self.table.setCurrentIndex(place)
