"""Results put side by side, ties told by paired intervals. NumPy and SciPy alone."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import PurePath
from typing import Any

import numpy as np

from core.evaluation import reference, remarks
from core.evaluation.columns import (
    BASELINES,
    LOWER_IS_BETTER,
    MAJORITY,
    METRICS,
    NEITHER_IS_BETTER,
    PROBES,
    Cell,
    Column,
    Comparison,
    PaperMark,
    metric_title,
    probe_title,
)
from core.evaluation.directions import directions
from core.evaluation.intervals import Interval, Scores, differences
from core.evaluation.said import listed
from core.library.evaluations import Arrays
from core.library.records import EvaluationRecord

__all__ = ["Cell", "Column", "Comparison", "PaperMark", "compare", "directions"]

_STRATEGIES = (*BASELINES, *(row.strategy for row in reference.PAPER if row.strategy not in BASELINES))
_KINDS = ("class", "tags", "playlists", "report")

ArraysOf = Callable[[int], Arrays]


def compare(records: Sequence[EvaluationRecord], arrays: ArraysOf, *, reduced: bool = False) -> Comparison:
    """Put results side by side; of each task the newest split, of each encoder the newest weights.

    Reads arrays of every result with intervals: some 50 ms a column, so not on a thread that draws.

    Parameters
    ----------
    records
        In any order.
    arrays
        What lies behind a result, by its id.
    reduced
        Only results after PCA, instead of only those without.
    """
    asked = [record for record in records if bool(record.config.get("pca")) == reduced]
    asked, notes = _newest(asked)
    titles = _titles(asked)
    cells = [record for record in asked if record.probe != MAJORITY]
    majority = {(_task(record), record.split): record for record in asked if record.probe == MAJORITY}
    columns: list[Column] = []
    for (task, _), group in groupby(sorted(cells, key=_column_order), key=lambda r: (_task(r), r.probe)):
        columns += _columns(tuple(group), titles[task], majority, arrays)
    strategies = {record.encoder: record.strategy for record in cells}
    encoders = tuple(sorted(strategies, key=lambda name: (_rank(strategies[name]), name.casefold(), name)))
    return Comparison(
        columns=tuple(columns),
        encoders=encoders,
        strategies=strategies,
        runs=_runs(records, strategies),
        notes=(*notes, *_gaps(columns, encoders)),
        reduced=reduced,
    )


def _task(record: EvaluationRecord) -> str:
    """What tells tasks apart: one data set may give several."""
    return json.dumps([record.task_kind, record.task, record.spec], sort_keys=True)


def _column_order(record: EvaluationRecord) -> tuple[Any, ...]:
    kind = _KINDS.index(record.task_kind) if record.task_kind in _KINDS else len(_KINDS)
    probes = (*PROBES, record.probe)
    return (
        kind,
        record.task.casefold(),
        _task(record),
        probes.index(record.probe),
        _rank(record.strategy),
        record.encoder,
    )


def _rank(strategy: str) -> int:
    return _STRATEGIES.index(strategy) if strategy in _STRATEGIES else len(_STRATEGIES)


def _conditions(record: EvaluationRecord) -> str:
    """What results have in common that can be paired: the split, and all that was chosen by hand."""
    return json.dumps([record.split, record.seeds, record.plan, record.config], sort_keys=True)


def _newest(records: Sequence[EvaluationRecord]) -> tuple[list[EvaluationRecord], list[str]]:
    """Of each encoder the newest weights, of each task and probe the newest conditions; and what is said of others."""
    weights = {record.encoder: record.weights_hash for record in sorted(records, key=lambda r: r.id)}
    current = [record for record in records if record.weights_hash == weights[record.encoder]]
    notes: list[str] = []
    stale = [record for record in records if record.weights_hash != weights[record.encoder]]
    if stale:
        names = sorted({record.encoder for record in stale})
        notes.append(listed(f"{_results(len(stale))} of earlier weights left out: ", names, "."))
    kept: list[EvaluationRecord] = []
    questions: dict[tuple[str, str], list[EvaluationRecord]] = defaultdict(list)
    splits = {_task(record): record.split for record in sorted(current, key=lambda r: r.id)}
    for record in current:
        questions[_task(record), record.probe].append(record)
    for (task, _), group in questions.items():
        same = [record for record in group if record.split == splits[task]]
        newest = _conditions(max(same, key=lambda r: r.id)) if same else ""
        chosen = {
            record.encoder: record
            for record in sorted(same, key=lambda r: r.id)
            if _conditions(record) == newest
        }
        kept += chosen.values()
        notes += _left_out(group, list(chosen.values()))
    return kept, notes


def _results(count: int) -> str:
    return f"{count} result{'s' * (count > 1)}"


def _left_out(group: Sequence[EvaluationRecord], chosen: Sequence[EvaluationRecord]) -> list[str]:
    """What is said of results over another split, or with other settings, than the newest."""
    rest = [record for record in group if record not in chosen]
    if not rest:
        return []
    here = {record.encoder for record in chosen}
    gone = sorted({record.encoder for record in rest} - here)
    first = rest[0]
    name = ", ".join(part for part in (first.task, PROBES.get(first.probe, first.probe)) if part)
    text = f"{name}: {_results(len(rest))} over an earlier split or with other settings left out"
    return [listed(f"{text}, and with them ", gone, ".") if gone else f"{text}."]


def _titles(records: Iterable[EvaluationRecord]) -> dict[str, str]:
    """Of each task: its name, with its folder where several have that name."""
    tasks = {_task(record): record for record in sorted(records, key=lambda r: r.id)}
    names: dict[str, str] = {}
    for key, record in tasks.items():
        name, path = record.task, str(record.spec.get("path", ""))
        if sum(other.task == name for other in tasks.values()) > 1 and path:
            name = f"{name} ({PurePath(path).name})"
        fresh, number = name, 2
        while fresh in names.values():
            fresh, number = f"{name} ({number})", number + 1
        names[key] = fresh
    return names


def _columns(
    records: Sequence[EvaluationRecord],
    task: str,
    majority: dict[tuple[str, str], EvaluationRecord],
    arrays: ArraysOf,
) -> list[Column]:
    """All figures of one task and probe; what each item scored is read once for them."""
    metrics = sorted({name for record in records for name in record.figures}, key=_metric_order)
    paired = any(math.isfinite(figure.low) for record in records for figure in record.figures.values())
    behind = {record.id: arrays(record.id) for record in records} if paired and len(records) > 1 else {}
    floor = majority.get((_task(records[0]), records[0].split))
    return [_column(records, task, metric, floor, behind) for metric in metrics]


def _metric_order(metric: str) -> tuple[int, str]:
    known = list(METRICS)
    return (known.index(metric) if metric in METRICS else len(known)), metric


def _column(
    records: Sequence[EvaluationRecord],
    task: str,
    metric: str,
    majority: EvaluationRecord | None,
    behind: dict[int, Arrays],
) -> Column:
    told = [record for record in records if metric in record.figures]
    first = told[0]
    figure = first.figures[metric]
    higher = metric not in LOWER_IS_BETTER
    probe, paper = probe_title(first.probe), remarks.paper_marks(first, metric)
    said, brief = (remarks.notes(told, figure, brief=short, beside=bool(paper)) for short in (False, True))
    return Column(
        key=json.dumps([_task(first), first.probe, metric, first.config], sort_keys=True),
        task=task,
        task_kind=first.task_kind,
        probe=first.probe,
        metric=metric,
        title=f"{task}: {metric_title(metric)}" + (f" ({probe})" if probe else ""),
        higher_is_better=higher,
        chance=figure.chance,
        n=figure.n,
        groups=figure.groups,
        seeds=first.seeds,
        split=first.split,
        cells=_cells(told, metric, behind, higher=higher),
        paper=paper,
        notes=said,
        brief=brief,
        spec=first.spec,
        majority=majority.figures.get(metric) if majority else None,
    )


def _cells(
    records: Sequence[EvaluationRecord], metric: str, behind: dict[int, Arrays], *, higher: bool
) -> tuple[Cell, ...]:
    """Every figure with how it stands to the best one."""
    measured = [record for record in records if math.isfinite(record.figures[metric].mean)]
    if len(measured) < 2 or metric in NEITHER_IS_BETTER:
        return tuple(Cell(record, record.figures[metric]) for record in records)
    sign = 1 if higher else -1
    best = max(measured, key=lambda record: sign * record.figures[metric].mean)
    base = _scores(best, metric, behind)
    others = {}
    for record in measured:
        scores = _scores(record, metric, behind)
        if record is not best and base is not None and scores is not None and _paired(scores, base):
            others[record.id] = scores[1]
    apart: dict[int, Interval] = {}
    if base is not None and others:
        apart = dict(zip(others, differences(list(others.values()), base[1]), strict=True))
    return tuple(
        Cell(
            record,
            record.figures[metric],
            tie=apart[record.id].tie if record.id in apart else None,
            best=record is best,
            difference=apart.get(record.id),
        )
        for record in records
    )


Scored = tuple[Arrays, Scores]


def _scores(record: EvaluationRecord, metric: str, behind: dict[int, Arrays]) -> Scored | None:
    found = behind.get(record.id)
    scores = found.scores.get(metric) if found is not None else None
    return (found, scores) if found is not None and scores is not None and scores.counts.any() else None


def _paired(one: Scored, other: Scored) -> bool:
    """Whether the same items were asked equally often."""
    return (
        np.array_equal(one[0].items, other[0].items)
        and np.array_equal(one[1].groups, other[1].groups)
        and np.array_equal(one[1].counts, other[1].counts)
    )


def _runs(records: Iterable[EvaluationRecord], strategies: dict[str, str]) -> dict[str, int]:
    """How many encoders were trained alike, as far as results tell: by strategy and width."""
    width: dict[str, int] = defaultdict(int)
    for record in records:
        width[record.encoder] = max(width[record.encoder], record.dim)
    return {
        name: 0 if strategy in BASELINES else sum(
            other == strategy and width[its] == width[name] for its, other in strategies.items()
        )
        for name, strategy in strategies.items()
    }  # fmt: skip


def _gaps(columns: Sequence[Column], encoders: Sequence[str]) -> list[str]:
    """Encoders that a column lacks."""
    lacking: dict[str, list[str]] = defaultdict(list)
    for column in columns:
        where = ", ".join(part for part in (column.task, column.probe_title) if part)
        for name in encoders:
            if column.cell(name) is None and name not in lacking[where]:
                lacking[where].append(name)
    return [listed(f"{where}: not measured for ", names, ".") for where, names in lacking.items() if names]
