"""What of the comparison is looked at: filtered by task, probe and encoder; one result of it is chosen."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.evaluation import Evaluation

if TYPE_CHECKING:  # they bring SciPy, in the thread that first needs it
    from core.evaluation.columns import Cell, Column, Comparison

NOTHING = ("", "")
REPORT = "report"


class Looking(QObject):
    """Shared by the pages of the view.

    Signals
    -------
    changed
        `comparison` is another one.
    chosen_changed
        `chosen` is another one.
    """

    changed = Signal()
    chosen_changed = Signal()

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__(evaluation)
        self.evaluation = evaluation
        self.hidden_tasks: Set[str] = frozenset()
        self.hidden_encoders: Set[str] = frozenset()
        self.probe = ""
        self.comparison: Comparison | None = None
        self.report: Comparison | None = None
        self.chosen = NOTHING
        self.picked = False
        """Whether a person chose it."""
        evaluation.changed.connect(self._filter)
        evaluation.session.encoders_changed.connect(self.changed)

    @property
    def present(self) -> dict[str, str]:
        """Encoders that are in the library, and what they are called."""
        return self.evaluation.titles()

    def hide(self, *, tasks: Set[str] | None = None, encoders: Set[str] | None = None) -> None:
        """Leave these out."""
        self.hidden_tasks = self.hidden_tasks if tasks is None else tasks
        self.hidden_encoders = self.hidden_encoders if encoders is None else encoders
        self._filter()

    def set_probe(self, probe: str) -> None:
        """Only results of this probe, and those that have none; empty: of all."""
        self.probe = probe
        self._filter()

    def choose(self, column: str, encoder: str) -> None:
        """Choose a result."""
        there = None if self.comparison is None else self.comparison.column(column)
        if (column, encoder) != self.chosen and there is not None and there.cell(encoder) is not None:
            self.chosen, self.picked = (column, encoder), True
            self.chosen_changed.emit()

    @property
    def column(self) -> Column | None:
        """Of the chosen result."""
        return None if self.comparison is None else self.comparison.column(self.chosen[0])

    @property
    def cell(self) -> Cell | None:
        """The chosen result."""
        column = self.column
        return None if column is None else column.cell(self.chosen[1])

    def _filter(self) -> None:
        whole = self.evaluation.comparison
        if whole is None:
            return
        wanted = ("svm", "logistic") if not self.probe else (self.probe,)
        labelled = whole.only(lambda column: column.task_kind != REPORT)
        self.comparison = self._without(
            labelled.only(
                lambda column: (
                    column.task not in self.hidden_tasks
                    and (column.probe not in ("svm", "logistic") or column.probe in wanted)
                )
            )
        )
        self.report = self._without(whole.only(lambda column: column.task_kind == REPORT))
        before, self.chosen = self.chosen, self._still_chosen()
        self.changed.emit()
        if before != self.chosen:
            self.chosen_changed.emit()

    def _without(self, comparison: Comparison) -> Comparison:
        """Less the encoders that are hidden; the baselines always stay."""
        gone = set(self.hidden_encoders) - set(comparison.baselines)
        if not gone & set(comparison.encoders):
            return comparison
        columns = tuple(
            replace(column, cells=tuple(cell for cell in column.cells if cell.record.encoder not in gone))
            for column in comparison.columns
        )
        kept = tuple(name for name in comparison.encoders if name not in gone)
        return replace(comparison, columns=columns, encoders=kept)

    def _still_chosen(self) -> tuple[str, str]:
        """What was chosen, if it is there; else the best of the first column."""
        comparison = self.comparison
        if comparison is None or not comparison.columns:
            return NOTHING
        column = comparison.column(self.chosen[0])
        if column is not None and column.cell(self.chosen[1]) is not None:
            return self.chosen
        column = column or comparison.columns[0]
        best = next((cell for cell in column.cells if cell.best), column.cells[0] if column.cells else None)
        return (column.key, best.record.encoder) if best is not None else NOTHING
