"""One result: its figure, what it follows from, whom it confused, and what each class or tag scored."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.charts.confusion_drawing import EMPTY, Matrix
from app.player import Player
from app.views.compare import words
from app.views.compare.confusion_panel import ConfusionPanel
from app.views.compare.looking import Looking
from app.views.compare.scores_table import Head, ScoresTable, Value

if TYPE_CHECKING:
    from core.evaluation.columns import Cell, Column
    from core.library.evaluations import Arrays

CLASSES = (
    Head("Class"), Head("Found", "Recall: the share of its tracks that were recognised."),
    Head("Right when said", "Precision: the share of tracks called so that are."),
    Head("F1", "Both together: their harmonic mean."),
    Head("Asked", "How often a track of it was asked, all draws together."),
)  # fmt: skip
TAGS = (
    Head("Tag"), Head("ROC-AUC", "How well tracks with the tag stand before those without; by chance 0.5."),
    Head("PR-AUC", "How clean the top of the tag’s list is; by chance the share of tracks that have it."),
    Head("Tracks", "Tracks that have it among those asked, all draws together."),
)  # fmt: skip
FIGURES = (Head("Figure"), Head("Value"), Head("From"), Head("To"), Head("By chance"), Head("n"))
TABS = {
    "class": ("Confusion", "Classes", "Figures"), "tags": ("Tags", "Figures"), "playlists": ("Figures",),
}  # fmt: skip


class ResultPage(QWidget):
    """What is behind the chosen result."""

    def __init__(self, looking: Looking, player: Player) -> None:
        super().__init__()
        self._looking, self._evaluation = looking, looking.evaluation
        self._out_of_date = True
        self._record = 0
        self._filling = False
        self.task, self.encoder = QComboBox(), QComboBox()
        self.value, self.standing, self.facts = QLabel(), QLabel(), QLabel()
        self.tabs, self.pages = QTabBar(), QStackedWidget()
        self.confusion = ConfusionPanel(self._evaluation, player)
        self.scores, self.figures = ScoresTable("Scores"), ScoresTable("Figures of this result")
        self._lay_out()
        self.task.currentIndexChanged.connect(self._chosen)
        self.encoder.currentIndexChanged.connect(self._chosen)
        self.tabs.currentChanged.connect(self._show_tab)
        looking.changed.connect(self.refresh)
        looking.chosen_changed.connect(self.refresh)

    def _lay_out(self) -> None:
        choices = QHBoxLayout()
        choices.setSpacing(10)
        for combo, name, stretch in ((self.task, "Figure", 3), (self.encoder, "Encoder", 2)):
            combo.setAccessibleName(name)
            combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            choices.addWidget(combo, stretch)
        self.value.setProperty("role", "title")
        self.facts.setProperty("role", "small")
        for label in (self.standing, self.facts):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        told = QHBoxLayout()
        told.setSpacing(16)
        told.addWidget(self.value, 0, Qt.AlignmentFlag.AlignTop)
        beside = QVBoxLayout()
        beside.setSpacing(2)
        beside.addWidget(self.standing)
        beside.addWidget(self.facts)
        told.addLayout(beside, 1)
        head = QVBoxLayout()
        head.setContentsMargins(16, 8, 16, 2)
        head.setSpacing(8)
        head.addLayout(choices)
        head.addLayout(told)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("Parts of the result")
        for page in (self.confusion, self.scores, self.figures):
            self.pages.addWidget(page)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 0, 8, 0)
        bar.addWidget(self.tabs)
        bar.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addLayout(bar)
        layout.addWidget(self.pages, 1)

    # -- showing

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Catch up."""
        super().showEvent(event)
        if self._out_of_date:
            self.refresh()

    def refresh(self) -> None:
        """Show what is chosen now."""
        self._out_of_date = not self.isVisible()
        column, cell = self._looking.column, self._looking.cell
        if self._out_of_date:
            return
        self._fill_choices()
        if column is None or cell is None:
            return
        self._show_head(column, cell)
        self._show_tabs(column.task_kind)
        self._show_scores(cell)
        if cell.record.id != self._record:
            self._record = cell.record.id
            if column.task_kind == "class":
                self._evaluation.behind(cell.record.id, self._take)

    def _fill_choices(self) -> None:
        comparison = self._looking.comparison
        if comparison is None:
            return
        self._filling = True
        tasks = [(column.title, column.key) for column in comparison.columns]
        column = self._looking.column
        encoders = [] if column is None else [cell.record.encoder for cell in column.cells]
        _fill(self.task, tasks, self._looking.chosen[0])
        named = [(self._evaluation.title(name), name) for name in encoders]
        _fill(self.encoder, named, self._looking.chosen[1])
        self._filling = False

    def _chosen(self) -> None:
        """Another figure of the same encoder, or the same of another."""
        comparison = self._looking.comparison
        if self._filling or comparison is None:
            return
        key, encoder = str(self.task.currentData()), str(self.encoder.currentData())
        column = comparison.column(key)
        if column is not None and column.cells and column.cell(encoder) is None:
            encoder = column.cells[0].record.encoder
        self._looking.choose(key, encoder)

    def _show_head(self, column: Column, cell: Cell) -> None:
        digits = words.digits_of(column)
        self.value.setText(words.number(cell.figure.mean, digits))
        told = words.interval(cell.figure, digits)
        parts = [
            f"95 % interval: {told}." if told else "", words.standing(cell, column),
            f"By chance {words.number(column.chance)}." if math.isfinite(column.chance) else "",
        ]  # fmt: skip
        self.standing.setText(" ".join(part for part in parts if part))
        gone = cell.record.encoder not in self._looking.present
        notes = [
            f"{words.asked(column)}; {words.facts(cell.record)}.",
            *cell.record.notes,
            words.GONE if gone else "",
        ]
        self.facts.setText(" ".join(note for note in notes if note))

    def _show_tabs(self, kind: str) -> None:
        wanted = TABS.get(kind, ("Figures",))
        if [self.tabs.tabText(place) for place in range(self.tabs.count())] != list(wanted):
            before = self.tabs.tabText(self.tabs.currentIndex())
            self.tabs.blockSignals(True)
            while self.tabs.count():
                self.tabs.removeTab(0)
            for title in wanted:
                self.tabs.addTab(title)
            self.tabs.setCurrentIndex(max(wanted.index(before) if before in wanted else 0, 0))
            self.tabs.blockSignals(False)
        self._show_tab(self.tabs.currentIndex())

    def _show_tab(self, place: int) -> None:
        pages = {
            "Confusion": self.confusion,
            "Classes": self.scores,
            "Tags": self.scores,
            "Figures": self.figures,
        }
        self.pages.setCurrentWidget(pages[self.tabs.tabText(place) or "Figures"])

    def _show_scores(self, cell: Cell) -> None:
        record = cell.record
        if record.task_kind == "tags":
            self.scores.show_rows(
                TAGS, _rows(record.details.get("tags"), ("name", "roc_auc", "pr_auc", "positives"))
            )
        else:
            names = ("name", "recall", "precision", "f1", "n")
            self.scores.show_rows(CLASSES, _rows(record.details.get("classes"), names))
        from core.evaluation.columns import metric_title  # loaded by the thread that compared

        self.figures.show_rows(
            FIGURES,
            [
                (f"{metric_title(name)}: {words.MEANINGS.get(name, '')}".removesuffix(": "),
                 figure.mean, figure.low, figure.high, figure.chance, figure.n)
                for name, figure in record.figures.items()
            ],
        )  # fmt: skip

    def _take(self, arrays: Arrays) -> None:
        if len(arrays.names) == len(arrays.confusion):
            self.confusion.show_matrix(self._record, Matrix(arrays.names, arrays.confusion))
        else:
            self.confusion.show_matrix(self._record, EMPTY)


def _rows(told: Any, names: Sequence[str]) -> list[tuple[Value, ...]]:
    """Rows of scores as results keep them; what is no number is NaN."""
    if not isinstance(told, list | tuple):
        return []
    return [tuple(_value(row, name) for name in names) for row in told if isinstance(row, Mapping)]


def _value(row: Mapping[str, Any], name: str) -> Value:
    value = row.get(name)
    return value if isinstance(value, str | int | float) else math.nan


def _fill(combo: QComboBox, choices: Sequence[tuple[str, str]], chosen: str) -> None:
    """Offer these, unless they are offered already."""
    there = [(combo.itemText(place), combo.itemData(place)) for place in range(combo.count())]
    if there != list(choices):
        combo.clear()
        for text, data in choices:
            combo.addItem(text, data)
    combo.setCurrentIndex(max(combo.findData(chosen), 0))
