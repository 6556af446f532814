"""A comparison as a table: CSV to compute with, Markdown and LaTeX to read, with all that is to be said of it."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.evaluation import sheets
from core.evaluation.columns import MAJORITY, Cell, Column, Comparison
from core.evaluation.directions import Basis
from core.evaluation.footnotes import footnotes
from core.evaluation.intervals import Interval
from core.evaluation.reference import SOURCE, Judgement
from core.evaluation.sheets import Block, Entry, Head, Sheet
from core.export import safe_cell
from core.files import atomic

WIDEST = 6
"""Columns of figures side by side."""
_SHORT = {"svm": "SVM", "logistic": "logistic"}
"""Probes in the head of a column."""
SUFFIXES = (".csv", ".md", ".tex")


def write(path: Path, comparison: Comparison) -> None:
    """Write a comparison in the format that the suffix names.

    Raises
    ------
    UserError
        An unknown suffix, or a place that cannot be written.
    """
    makers = {".csv": csv_text, ".md": markdown, ".tex": latex}
    save(path, makers[suffix(path)](comparison))


def suffix(path: Path) -> str:
    """Of a table.

    Raises
    ------
    UserError
        An unknown one.
    """
    found = path.suffix.lower()
    if found not in SUFFIXES:
        raise UserError(
            f"{path.name} does not say which format to write.", f"End the name in {', '.join(SUFFIXES)}."
        )
    return found


def save(path: Path, text: str) -> None:
    """Write a finished table, whole or not at all."""
    with atomic(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def markdown(comparison: Comparison) -> str:
    """Tables of up to `WIDEST` columns, and notes."""
    return sheets.markdown(pages(comparison), footnotes(comparison))


def latex(comparison: Comparison) -> str:
    """The same with booktabs."""
    return sheets.latex(pages(comparison), footnotes(comparison))


def text(comparison: Comparison) -> str:
    """The same for a terminal, narrower."""
    return sheets.text(pages(comparison, 4), footnotes(comparison))


# As a table to read.


def pages(comparison: Comparison, widest: int = WIDEST) -> list[Sheet]:
    """As many sheets as it takes; the columns of one task stay together where they fit."""
    return [_sheet(comparison, columns) for columns in _cut(comparison.columns, widest)]


def _cut(columns: Sequence[Column], widest: int) -> Iterator[list[Column]]:
    page: list[Column] = []
    for task in dict.fromkeys(column.task for column in columns):
        of_task = [column for column in columns if column.task == task]
        if page and len(page) + len(of_task) > widest:
            yield page
            page = []
        page += of_task
        while len(page) > widest:
            yield page[:widest]
            page = page[widest:]
    if page:
        yield page


def _sheet(comparison: Comparison, columns: Sequence[Column]) -> Sheet:
    here = {cell.record.encoder for column in columns for cell in column.cells}
    baselines = [name for name in comparison.encoders if name in here and name in comparison.baselines]
    trained = [name for name in comparison.encoders if name in here and name not in comparison.baselines]
    blocks = [
        Block("Baselines", (*_encoder_rows(baselines, columns), *_floor_rows(columns))),
        Block("Trained here" if baselines else "", tuple(_encoder_rows(trained, columns))),
        Block(f"{SOURCE}: their figures, not measured here", tuple(_paper_rows(columns))),
        Block("", tuple(_size_rows(columns))),
    ]
    reduced = ", embeddings reduced to 128 dimensions by PCA" * comparison.reduced
    tasks = "; ".join(dict.fromkeys(column.task for column in columns))
    return Sheet(
        title=f"{tasks}{reduced}",
        corner="Encoder",
        heads=tuple(
            Head(
                column.task,
                column.metric_title,
                "" if not column.ranked else "up" if column.higher_is_better else "down",
                _SHORT.get(column.probe, column.probe_title),
            )
            for column in columns
        ),
        blocks=tuple(block for block in blocks if block.rows),
    )


def _encoder_rows(names: Iterable[str], columns: Sequence[Column]) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    for name in names:
        yield name, tuple(_entry(column.cell(name)) for column in columns)


def _entry(cell: Cell | None) -> Entry:
    if cell is None:
        return Entry("\u2013")
    figure = cell.figure
    low, high = (number(bound) if math.isfinite(bound) else "" for bound in (figure.low, figure.high))
    return Entry(number(figure.mean), low, high, bold=cell.best, tie=bool(cell.tie))


def _floor_rows(columns: Sequence[Column]) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """What needs no encoder."""
    if any(column.majority for column in columns):
        shares = (number(column.majority.mean) if column.majority else "" for column in columns)
        yield "most frequent class", tuple(map(Entry, shares))
    if any(math.isfinite(column.chance) for column in columns):
        yield "chance", tuple(Entry(number(column.chance)) for column in columns)


def _paper_rows(columns: Sequence[Column]) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    for name in dict.fromkeys(mark.strategy for column in columns for mark in column.paper):
        yield name, tuple(Entry(number(column.paper_value(name))) for column in columns)


def _size_rows(columns: Sequence[Column]) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    yield "items asked (n)", tuple(Entry(str(column.n)) for column in columns)
    yield "groups", tuple(Entry(str(column.groups) if column.groups else "") for column in columns)
    yield "seeds (draws)", tuple(Entry(str(column.seeds or "")) for column in columns)


def number(value: float) -> str:
    """Three decimals; empty for NaN."""
    return (f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}") if math.isfinite(value) else ""


# As a table to compute with.


def rows(comparison: Comparison) -> list[dict[str, Any]]:
    """A row for every figure, those of the paper too; plain values, None for no number."""
    found = []
    for column in comparison.columns:
        about = {
            "task": column.task, "kind": column.task_kind, "probe": column.probe, "metric": column.metric,
            "higher_is_better": column.higher_is_better, "chance": _finite(column.chance), "split": column.split,
            "reduced": comparison.reduced,
        }  # fmt: skip
        found += [about | _measured(comparison, cell) for cell in column.cells]
        if column.majority is not None:
            found.append(about | _row(MAJORITY, "", "measured", column.majority.mean) | {"baseline": True})
        found += [about | _row(mark.strategy, mark.strategy, SOURCE, mark.value) for mark in column.paper]
    return found


def _row(encoder: str, strategy: str, source: str, mean: float) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("low", "high", "n", "groups", "seeds", "best", "tie", "difference", "difference_low", "difference_high", "dim",
         "training_runs", "trained_on", "excluded", "c", "weights", "notes")
    )  # fmt: skip
    return {
        "encoder": encoder,
        "strategy": strategy,
        "source": source,
        "baseline": False,
        "mean": _finite(mean),
    } | empty


def _measured(comparison: Comparison, cell: Cell) -> dict[str, Any]:
    record, figure, apart = cell.record, cell.figure, cell.difference
    chosen = record.details.get("chosen")
    return _row(record.encoder, record.strategy, "measured", figure.mean) | {
        "baseline": record.encoder in comparison.baselines,
        "low": _finite(figure.low), "high": _finite(figure.high), "n": figure.n, "groups": figure.groups,
        "seeds": record.seeds, "best": cell.best, "tie": cell.tie,
        "difference": _finite(apart.mean) if apart else None, "difference_low": _finite(apart.low) if apart else None,
        "difference_high": _finite(apart.high) if apart else None, "dim": record.dim,
        "training_runs": comparison.runs[record.encoder], "trained_on": record.details.get("trained_on"),
        "excluded": record.details.get("excluded"),
        "c": " ".join(f"{c:g}" for c in chosen) if isinstance(chosen, list | tuple) else None,
        "weights": record.weights_hash, "notes": " ".join(record.notes) or None,
    }  # fmt: skip


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def csv_text(comparison: Comparison) -> str:
    """`rows` as CSV; text that a spreadsheet would run as a formula begins with an apostrophe."""
    found = rows(comparison)
    return _csv(list(found[0]) if found else ["task"], (row.values() for row in found))


def _csv(head: Sequence[str], lines: Iterable[Iterable[Any]]) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(head)
    table.writerows([_plain(value) for value in line] for line in lines)
    return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return safe_cell(value) if isinstance(value, str) else value


# What the paper's tables say.


def directions_rows(judged: Sequence[Judgement]) -> list[dict[str, Any]]:
    """A row for every direction; plain values."""
    return [
        {
            "number": each.direction.number, "direction": each.direction.text, "weak": each.direction.weak,
            "verdict": each.outcome.verdict, **_bounds(each.outcome.margin), "missing": _missing(each),
            "claims": [
                {"claim": _claim(claim.parts, claim.above), "task": claim.task, "verdict": outcome.verdict,
                 **_bounds(outcome.margin)}
                for claim, outcome in each.claims
            ],
        }
        for each in judged
    ]  # fmt: skip


def _bounds(margin: Interval | None) -> dict[str, float | None]:
    if margin is None:
        return {"margin": None, "low": None, "high": None}
    return {"margin": _finite(margin.mean), "low": _finite(margin.low), "high": _finite(margin.high)}


def _missing(judged: Judgement) -> list[str]:
    return [f"{strategy} ({column})" for strategy, column in judged.outcome.missing]


def _claim(parts: Sequence[tuple[float, str]], above: float) -> str:
    """As a person writes it: melcpc - self > 0."""
    signs = [
        ("- " if weight < 0 else "+ " if place else "") + name for place, (weight, name) in enumerate(parts)
    ]
    return f"{' '.join(signs)} > {above:g}"


def directions_sheet(judged: Sequence[Judgement]) -> Sheet:
    """Each direction, what became of it, and the margin of its weakest claim."""
    heads = (Head("", "Verdict"), Head("", "Margin"), Head("", "Claims that hold"))
    lines = []
    for each in judged:
        bounds = _bounds(each.outcome.margin)
        holding = sum(outcome.verdict == "holds" for _, outcome in each.claims)
        entries = (
            Entry(each.outcome.verdict),
            Entry(_signed(bounds["margin"]), _signed(bounds["low"]), _signed(bounds["high"])),
            Entry(f"{holding} of {len(each.claims)}" if each.claims else ""),
        )
        weak = " (weak)" * each.direction.weak
        lines.append((f"{each.direction.number}. {each.direction.text}{weak}", entries))
    return Sheet(f"What the tables of {SOURCE} say, here", "Direction", heads, (Block("", tuple(lines)),))


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.3f}"


def directions_notes(judged: Sequence[Judgement], basis: Basis) -> tuple[str, ...]:
    """What stands for what, and what was not measured."""
    notes = [
        "A direction holds where the paired 95 % interval of every claim's margin lies above 0, fails where one lies "
        "below, and is a tie otherwise. Margins are of the weakest claim, in the task's unit (a rank correlation where "
        "orders are compared).",
        *basis.notes,
        *(
            f"{each.direction.number} needs {', '.join(_missing(each))}."
            for each in judged
            if each.outcome.missing and each.outcome.verdict == "not measured"
        ),
    ]
    return tuple(notes)


def write_directions(path: Path, judged: Sequence[Judgement], basis: Basis) -> None:
    """Write the directions in the format that the suffix names.

    Raises
    ------
    UserError
        An unknown suffix, or a place that cannot be written.
    """
    page, notes = [directions_sheet(judged)], directions_notes(judged, basis)
    kind = suffix(path)
    if kind == ".csv":
        save(path, directions_csv(judged))
    else:
        save(
            path,
            sheets.markdown(page, notes) if kind == ".md" else sheets.latex(page, notes, "tab:directions"),
        )


def directions_csv(judged: Sequence[Judgement]) -> str:
    """A row for every direction, and one for each of its claims."""
    lines: list[list[Any]] = []
    for row in directions_rows(judged):
        bounds = [row[name] for name in ("verdict", "margin", "low", "high")]
        lines.append([row["number"], row["direction"], "", "", *bounds, " ".join(row["missing"])])
        lines += [
            [row["number"], row["direction"], claim["task"], claim["claim"],
             *(claim[name] for name in ("verdict", "margin", "low", "high")), ""]
            for claim in row["claims"]
        ]  # fmt: skip
    return _csv(
        ["number", "direction", "task", "claim", "verdict", "margin", "low", "high", "missing"], lines
    )
