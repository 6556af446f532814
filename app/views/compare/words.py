"""Results in words, and as bars."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from app import wording
from app.charts.bar_drawing import Bar, Bars, Style
from core.evaluation.said import titled
from core.library.records import EvaluationRecord, Figure

if TYPE_CHECKING:  # they bring SciPy, in the thread that first needs it
    from core.evaluation.columns import Cell, Column, Comparison

PAPER = "Choi et al. 2022: the paper’s own figure"
GONE = "This encoder is no longer in the library; what it scored stays."
PROBES = (("", "Both probes"), ("svm", "Linear SVM"), ("logistic", "Logistic regression"))
MAJORITY = "Always the commonest"
NOBODY = "\0"
"""Key of the bar that is no encoder's."""

# What a figure says, for a musician; the field's terms are in tooltips.
MEANINGS = {
    "accuracy": "share that is named rightly",
    "roc_auc": "how well tracks with a tag stand before those without",
    "pr_auc": "how clean the top of each tag’s list is",
    "hit_rate": "share of lists with a fitting track among the first ten",
    "percentile": "where fitting tracks stand: 0 first, 1 last",
    "mrr": "1 / place of the first fitting track",
    "same_artist": "share of the ten nearest by the same artist",
    "same_album": "share of the ten nearest of the same album",
    "same_album_other_artists": "as Same album, the same artist left out",
    "any_artist": "share of tracks with the artist among the ten nearest",
    "any_album": "share of tracks with the album among the ten nearest",
    "any_album_other_artists": "as before, the same artist left out",
    "hubness": "how much a few tracks are everybody’s neighbours",
    "reached": "share of tracks that are anybody’s neighbour",
    "effective_rank": "directions in which tracks differ",
    "consistency": "how alike the parts of one track are",
}
DOTS = frozenset({"roc_auc", "percentile"})
"""Of these 0 says nothing: they are drawn from chance."""
UNITS = {
    "class": ("track", "class", "classes"), "tags": ("track", "tag", "tags"),
    "playlists": ("playlist", "track", "tracks"), "report": ("track", "", ""),
}  # fmt: skip

Title = Callable[[str], str]


def number(value: float, digits: int = 3) -> str:
    """`0.480`; a dash where there is none."""
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def signed(value: float) -> str:
    """`+0.031`, `−0.210`."""
    told = f"{value:+.3f}" if math.isfinite(value) else "–"
    return "0.000" if told in ("+0.000", "-0.000") else told.replace("-", "−")


def digits_of(column: Column) -> int:
    """Behind the point: fewer for what is no share."""
    largest = max(
        (abs(cell.figure.mean) for cell in column.cells if math.isfinite(cell.figure.mean)), default=0
    )
    return 3 if largest < 10 else 1


def interval(figure: Figure, digits: int = 3) -> str:
    """`0.461 to 0.499`; empty where there is none."""
    if not (math.isfinite(figure.low) and math.isfinite(figure.high)):
        return ""
    return f"{number(figure.low, digits)} to {number(figure.high, digits)}"


def asked(column: Column) -> str:
    """`8,000 tracks in 400 groups, 5 seeds`."""
    unit = UNITS.get(column.task_kind, ("track", "", ""))[0]
    groups = f" in {wording.count(column.groups, 'group')}" if 0 < column.groups < column.n else ""
    seeds = f", {wording.count(column.seeds, 'seed')}" if column.task_kind != "report" else ""
    return f"{wording.count(column.n, unit)}{groups}{seeds}"


def note(column: Column) -> str:
    """What a chart shows, in a few words."""
    meaning = MEANINGS.get(column.metric, "")
    better = "more is better" if column.higher_is_better else "less is better"
    return " · ".join(filter(None, (column.probe_title, meaning, better, asked(column))))


def about(column: Column, title: Title) -> str:
    """Everything that holds for all of a column, for a tooltip; `title` says what encoders are called."""
    probe = column.probe_title
    lines = [
        column.title,
        f"{column.metric_title}{f' of a {probe}' if probe else ''}: {MEANINGS.get(column.metric, '')}.",
        f"{asked(column)}; by chance {number(column.chance)}."
        if math.isfinite(column.chance)
        else f"{asked(column)}.",
        *(titled(note, title) for note in column.notes),
    ]
    return "\n".join(lines)


def standing(cell: Cell, column: Column) -> str:
    """How a cell stands to the best of its column."""
    if cell.best:
        return "The best here." if len(column.cells) > 1 else ""
    if cell.tie is None or cell.difference is None:
        return ""
    away = cell.difference
    told = f"{signed(away.mean)} (95 %: {signed(away.low)} to {signed(away.high)})"
    return f"Tied with the best: {told}." if cell.tie else f"Behind the best: {told}."


def strong(cell: Cell, column: Column) -> bool:
    """Whether it is the best or tied with it; without intervals nobody can tell."""
    told = math.isfinite(cell.figure.low) and len(column.cells) > 1
    return (cell.best and told) or cell.tie is True


def tip(cell: Cell, column: Column, title: Title, *, gone: bool) -> str:
    """Everything about a cell."""
    record, figure, digits = cell.record, cell.figure, digits_of(column)
    paper = column.paper_value(record.strategy)
    name = title(record.encoder)
    lines = [
        name if name == record.encoder else f"{name} ({record.encoder})",
        f"{column.title}: {number(figure.mean, digits)}"
        + (f", 95 %: {told}" if (told := interval(figure, digits)) else ""),
        standing(cell, column),
        f"By chance: {number(column.chance)}" if math.isfinite(column.chance) else "",
        f"Choi et al. 2022, measured there: {number(paper)}" if math.isfinite(paper) else "",
        asked(column),
        facts(record),
        GONE if gone else "",
    ]
    return "\n".join(line for line in lines if line)


def facts(record: EvaluationRecord) -> str:
    """Dimensions, C, and what it was trained on."""
    details = record.details
    parts = [f"{record.dim:,} dimensions"]
    chosen = details.get("chosen")
    if isinstance(chosen, list | tuple) and chosen:
        values = sorted({float(value) for value in chosen})
        parts.append(f"C {', '.join(f'{value:g}' for value in values)}")
    for name, text in (
        ("trained_on", "of these tracks it was trained on"),
        ("excluded", "left out, as it learned from them"),
    ):
        count = details.get(name)
        if isinstance(count, int) and count:
            parts.append(f"{count:,} {text}")
    return ", ".join(parts)


def bars(column: Column, comparison: Comparison, title: Title, present: Mapping[str, Any]) -> Bars:
    """A column as a chart: baselines first, the best and what is tied with it strong."""
    made = []
    for cell in column.cells:
        record = cell.record
        gone = record.encoder not in present
        paper = column.paper_value(record.strategy)
        made.append(
            Bar(
                record.encoder, title(record.encoder), cell.figure.mean, cell.figure.low, cell.figure.high,
                paper if math.isfinite(paper) else None, record.encoder in comparison.baselines,
                strong(cell, column), gone,
                tip(cell, column, title, gone=gone),
            )
        )  # fmt: skip
    if column.majority is not None:
        figure = column.majority
        told = f"{MAJORITY}: what naming the most frequent class every time scores, {number(figure.mean)}."
        made.insert(0, Bar(NOBODY, MAJORITY, figure.mean, figure.low, figure.high, baseline=True, tip=told))
    style: Style = "dots" if column.metric in DOTS else "bars"
    chance = column.chance if math.isfinite(column.chance) else None
    ordered = sorted(made, key=lambda bar: not bar.baseline)
    return Bars(
        column.key,
        column.metric_title if column.task_kind == "report" else f"{column.task}: {column.metric_title}",
        note(column),
        tuple(ordered),
        style,
        chance,
        digits_of(column),
        about(column, title),
    )
