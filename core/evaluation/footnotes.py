"""What a reader of a comparison has to know, once each. NumPy and SciPy alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from core.evaluation.columns import Column, Comparison
from core.evaluation.reference import SOURCE

HOW = (
    "Intervals hold 95 %, by bootstrap over groups. Best of a column: bold (a star in the terminal); =: a tie with it, "
    "as the paired 95 % interval of the difference contains 0."
)


def footnotes(comparison: Comparison) -> tuple[str, ...]:
    """All that a reader has to know, once each."""
    lower = [c.title for c in comparison.columns if not c.higher_is_better]
    notes = [HOW]
    notes += [f"Lower is better: {', '.join(dict.fromkeys(lower))}."] if lower else []
    notes += [comparison.about_runs()] if comparison.about_runs() else []
    notes += _about_paper(comparison)
    notes += [_ties(column) for column in comparison.columns]
    notes += told(
        comparison.columns, {column.key: (*_chosen(column), *column.notes) for column in comparison.columns}
    )
    return tuple(dict.fromkeys(note for note in (*notes, *comparison.notes) if note))


def told(columns: Sequence[Column], notes: Mapping[str, Sequence[str]]) -> list[str]:
    """Notes by a column's key, with task and probe; with the task alone where they are true of all its columns."""
    said: dict[tuple[str, str], list[Column]] = {}
    for column in columns:
        for note in notes[column.key]:
            said.setdefault((column.task, note), []).append(column)
    whole = Counter(column.task for column in columns)
    return [
        f"{task if len(of) == whole[task] else '; '.join(dict.fromkeys(map(where, of)))}: {note}"
        for (task, note), of in said.items()
    ]


def where(column: Column) -> str:
    """Task and probe."""
    return ", ".join(part for part in (column.task, column.probe_title) if part)


def _about_paper(comparison: Comparison) -> list[str]:
    if not any(column.paper for column in comparison.columns):
        return []
    return [
        f"{SOURCE}: figures of the paper's own encoders on its own data, drawn for orientation; not measured here."
    ]


def _ties(column: Column) -> str:
    """Which encoders nothing shows to be worse than the best."""
    best = next((cell.record.encoder for cell in column.cells if cell.best), None)
    if best is None or len(column.cells) < 2:
        return ""
    tied = [cell.record.encoder for cell in column.cells if cell.tie]
    if not any(math.isfinite(cell.figure.low) for cell in column.cells):
        return f"{column.title}: best {best}; without intervals, so it may be by chance."
    unpaired = all(cell.tie is None for cell in column.cells)
    rest = (
        "differences are not paired"
        if unpaired
        else f"tied with it: {', '.join(tied)}"
        if tied
        else "no tie with it"
    )
    return f"{column.title}: best {best}; {rest}."


def _chosen(column: Column) -> list[str]:
    """C of each encoder, with how often where splits chose several."""
    told = []
    for cell in column.cells:
        values = cell.record.details.get("chosen")
        counts = Counter(values) if isinstance(values, list | tuple) else Counter()
        parts = [f"{c:g}" + f" ({times}x)" * (len(counts) > 1) for c, times in sorted(counts.items())]
        told += [f"{cell.record.encoder} {', '.join(parts)}"] if parts else []
    return [f"C chosen: {'; '.join(told)}."] if told else []
