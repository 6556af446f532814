"""Our own figures for what the paper's tables say: what stands for its tasks and its strategies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.errors import UserError
from core.evaluation import reference
from core.evaluation.columns import Column, Comparison
from core.evaluation.intervals import Scores
from core.evaluation.said import listed
from core.library.evaluations import Arrays

ROLES: tuple[reference.TaskName, ...] = ("genre", "instrument", "hit-rate")
_TOGETHER = ", item by item; how training runs differ is not in the intervals."
_KINDS: dict[reference.TaskName, tuple[str, ...]] = {
    "genre": ("fma", "gtzan"),
    "instrument": ("irmas",),
    "hit-rate": ("aotm", "m3u", "albums"),
}
"""Data sets that stand for the paper's tasks, the best first."""

Roles = Mapping[reference.TaskName, str]
"""Which task, by its name here, stands for which of the paper's."""


@dataclass(frozen=True, eq=False)
class Basis:
    """What is compared with the paper's tables.

    Parameters
    ----------
    columns
        What stands for each of the paper's tasks; a task that nothing stands for is not in it.
    encoders
        Of each strategy.
    notes
        What stands for what, and how several encoders of one strategy were taken together, for a person.
    """

    columns: dict[reference.TaskName, Column]
    encoders: dict[str, tuple[str, ...]]
    notes: tuple[str, ...] = field(default=())


def directions(
    comparison: Comparison,
    arrays: Callable[[int], Arrays],
    probe: reference.Probe,
    roles: Roles | None = None,
) -> tuple[reference.Judgement, ...]:
    """What the paper's tables say, against our own figures; `basis` says what stands for what.

    Several encoders of one strategy count as one: every item scores the mean of what it scores with each. The
    interval is over items then, not over training runs.

    Raises
    ------
    UserError
        There is no task of a name in `roles`.
    """
    found = basis(comparison, probe, roles)
    measured: dict[tuple[str, reference.Column], Scores] = {}
    for role, column in found.columns.items():
        for strategy, names in found.encoders.items():
            together = _together(column, names, arrays)
            if together is not None:
                measured[strategy, reference.column(role, probe)] = together
    return reference.judge(measured, probe)


def basis(comparison: Comparison, probe: reference.Probe, roles: Roles | None = None) -> Basis:
    """What stands for the paper's tasks and strategies.

    Raises
    ------
    UserError
        There is no task of a name in `roles`.
    """
    columns = {role: found for role in ROLES if (found := _column(comparison, role, probe, roles or {}))}
    encoders: dict[str, tuple[str, ...]] = {}
    for name in comparison.encoders:
        strategy = comparison.strategies[name]
        encoders[strategy] = (*encoders.get(strategy, ()), name)
    told = [f"{role} is {column.title}" for role, column in columns.items()]
    missing = [role for role in ROLES if role not in columns]
    notes = [f"Here {'; '.join(told)}."] if told else []
    notes += [f"Nothing here stands for {', '.join(missing)}."] if missing else []
    notes += [
        listed(f"{strategy}: the mean of ", names, _TOGETHER)
        for strategy, names in encoders.items()
        if len(names) > 1
    ]
    return Basis(columns, encoders, tuple(notes))


def _column(comparison: Comparison, role: reference.TaskName, probe: str, roles: Roles) -> Column | None:
    """The column that stands for one of the paper's tasks."""
    metric, wanted = ("hit_rate", "cosine") if role == "hit-rate" else ("accuracy", probe)
    columns = [column for column in comparison.columns if column.metric == metric and column.probe == wanted]
    if role in roles:
        name = roles[role].casefold()
        named = [column for column in columns if column.task.casefold() == name]
        if not named:
            there = ", ".join(dict.fromkeys(column.task for column in columns)) or "none"
            raise UserError(f"No task called {roles[role]} can stand for {role}.", f"There are: {there}.")
        return named[0]
    fitting = [(rank, column) for column in columns if (rank := _fit(column, role)) is not None]
    return min(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _fit(column: Column, role: reference.TaskName) -> int | None:
    """How well a column stands for a task, 0 best; None: not at all."""
    kind, kinds = str(column.spec.get("kind", "")), _KINDS[role]
    if kind in kinds:
        return kinds.index(kind)
    return len(kinds) if role == "hit-rate" or role in column.task.casefold() else None


def _together(column: Column, names: Sequence[str], arrays: Callable[[int], Arrays]) -> Scores | None:
    """What items score with encoders of one strategy, on average; None where none of them was asked."""
    found = [
        arrays(cell.record.id).scores.get(column.metric) for name in names if (cell := column.cell(name))
    ]
    scores = [each for each in found if each is not None]
    if not scores:
        return None
    return replace(scores[0], totals=np.mean([each.totals for each in scores], axis=0))
