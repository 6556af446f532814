"""One panel of a comparison's picture: a task's figure, an encoder a row, a mark and an interval for each probe."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from core.evaluation.columns import Cell, Column
from core.evaluation.sheets import plain

SMALL, TINY, NORMAL = 7.0, 6.2, 8.0
"""Sizes of text, in points."""
DODGE = 0.19
"""Of two probes, above and below the middle of their row."""
GAP = 0.8
"""Between sections, in rows."""
ABOVE, BELOW = 0.8, 0.6
"""Of the rows of a panel, for words."""


@dataclass(frozen=True)
class Paint:
    """Colours of a light or a dark picture; probes differ by shape as well, so that grey will do."""

    ground: str
    text: str
    muted: str
    line: str
    band: str
    svm: str
    logistic: str

    def of(self, probe: str) -> str:
        """Of a probe's marks."""
        return {"svm": self.svm, "logistic": self.logistic}.get(probe, self.text)


LIGHT = Paint("#ffffff", "#1b1f24", "#58616c", "#d9dde3", "#f1f3f5", "#0072b2", "#d55e00")
DARK = Paint("#1b1f24", "#e8ebef", "#a0a9b4", "#3a424c", "#252b32", "#56b4e9", "#e69f00")
SHAPES = {"svm": "o", "logistic": "s"}
"""Of a probe's marks; a diamond for what fits nothing."""


def shape(probe: str) -> str:
    """Of a probe's marks."""
    return SHAPES.get(probe, "D")


@dataclass(frozen=True)
class Line:
    """A row: an encoder, or (not `measured`) what the paper alone has."""

    name: str
    strategy: str
    measured: bool = True


@dataclass(frozen=True)
class Section:
    """Rows that belong together, `banded` to be set apart."""

    label: str
    lines: tuple[Line, ...]
    banded: bool = False


@dataclass(frozen=True)
class Rows:
    """Where each row is, downwards: the middle of the first is 0."""

    sections: tuple[Section, ...]

    def tops(self) -> list[tuple[Section, float]]:
        """Each section with the place of its first row."""
        found, place = [], 0.0
        for section in self.sections:
            found.append((section, place))
            place += len(section.lines) + GAP
        return found

    def places(self) -> list[tuple[Line, float]]:
        """Every row with its place."""
        return [(line, top + i) for section, top in self.tops() for i, line in enumerate(section.lines)]

    @property
    def height(self) -> float:
        """From the upper edge of the first row to the lower edge of the last."""
        return sum(len(section.lines) for section in self.sections) + GAP * (len(self.sections) - 1)


def grouped(columns: Iterable[Column]) -> list[tuple[Column, ...]]:
    """Columns that differ by their probe alone share a panel."""
    panels: dict[tuple[str, str, str], list[Column]] = {}
    for column in columns:
        panels.setdefault((column.task_kind, column.task, column.metric), []).append(column)
    return [tuple(panel) for panel in panels.values()]


def offset(panel: Sequence[Column], column: Column) -> float:
    """Of a probe's marks from the middle of their row."""
    place = panel.index(column) - (len(panel) - 1) / 2
    return 2 * DODGE * place if len(panel) <= 2 else 0.7 * place / (len(panel) - 1)


def draw(ax: Axes, panel: Sequence[Column], rows: Rows, paint: Paint, wide: float) -> None:
    """Everything of a panel `wide` inches wide but the encoders' names."""
    _frame(ax, rows, paint)
    ax.set_xlim(*limits(panel))
    _floors(ax, panel, rows, paint)
    for column in panel:
        for line, place in rows.places():
            if line.measured:
                _measured(ax, column, column.cell(line.name), paint, place + offset(panel, column))
        _paper(ax, column, rows, paint, offset(panel, column))
    _words(ax, panel, paint, wide)


def limits(panel: Sequence[Column]) -> tuple[float, float]:
    """Room for every mark; no further than 0 and 1 where nothing can lie beyond."""
    values = [value for column in panel for value in _values(column) if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or 0.05
    shares = all(0 <= value <= 1 for value in values)
    low, high = low - room, high + room
    return (max(low, -0.02), min(high, 1.02)) if shares else (low, high)


def _values(column: Column) -> list[float]:
    measured = [x for cell in column.cells for x in (cell.figure.mean, cell.figure.low, cell.figure.high)]
    floor = [column.majority.mean] if column.majority else []
    return [*measured, column.chance, *floor, *(mark.value for mark in column.paper)]


def _frame(ax: Axes, rows: Rows, paint: Paint) -> None:
    ax.set_ylim(rows.height - 0.5 + BELOW, -0.5 - ABOVE)
    ax.set_facecolor(paint.ground)
    for name, spine in ax.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(paint.muted)
        spine.set_linewidth(0.6)
    ax.set_yticks([])
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    ax.tick_params(axis="x", colors=paint.muted, labelsize=SMALL, width=0.6, length=2.5, pad=2)
    ax.grid(visible=True, axis="x", color=paint.line, linewidth=0.5, zorder=0)
    for section, top in rows.tops():
        if section.banded:
            ax.axhspan(top - 0.5, top + len(section.lines) - 0.5, color=paint.band, linewidth=0, zorder=-1)


def _floors(ax: Axes, panel: Sequence[Column], rows: Rows, paint: Paint) -> None:
    """Lines of chance, and of the most frequent class."""
    chance = {column.chance for column in panel if math.isfinite(column.chance)}
    majority = {column.majority.mean for column in panel if column.majority}
    for values, style, word, place, align in (
        (chance, (0, (4, 2)), "chance", rows.height - 0.5 + BELOW, "bottom"),
        (majority, (0, (1, 1.6)), "most frequent class", -0.45 - ABOVE, "top"),
    ):
        for value in values:
            ax.axvline(value, color=paint.muted, linewidth=0.9, linestyle=style, zorder=1.5)
            ax.annotate(
                word, (value, place), (2.5 if _left(ax, value) else -2.5, 0), textcoords="offset points", va=align,
                ha="left" if _left(ax, value) else "right", fontsize=TINY, color=paint.muted, annotation_clip=False,
            )  # fmt: skip


def _left(ax: Axes, value: float) -> bool:
    low, high = ax.get_xlim()
    return value < (low + high) / 2


def _measured(ax: Axes, column: Column, cell: Cell | None, paint: Paint, y: float) -> None:
    """A mark, its interval, and the figure at the right edge."""
    if cell is None or not math.isfinite(cell.figure.mean):
        _figure(ax, "\u2013", y, paint.muted)
        return
    figure, colour = cell.figure, paint.of(column.probe)
    if math.isfinite(figure.low):
        ax.plot(
            [figure.low, figure.high], [y, y], color=colour, linewidth=1.3, solid_capstyle="butt", zorder=3
        )
    ax.plot(
        [figure.mean], [y], shape(column.probe), color=colour, markersize=3.9, markeredgewidth=0, zorder=4
    )
    stands_out = cell.best or bool(cell.tie)
    text = _short(figure.mean) + " =" * bool(cell.tie)
    _figure(ax, text, y, paint.text if stands_out else paint.muted, bold=cell.best)


def _figure(ax: Axes, text: str, y: float, colour: str, *, bold: bool = False) -> None:
    ax.annotate(
        text, (1, y), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center_baseline",
        fontsize=TINY, color=colour, fontweight="bold" if bold else "normal", annotation_clip=False,
    )  # fmt: skip


def _paper(ax: Axes, column: Column, rows: Rows, paint: Paint, away: float) -> None:
    """Hollow marks, in every row of the strategy."""
    for line, y in rows.places():
        value = column.paper_value(line.strategy)
        if math.isfinite(value):
            ax.plot(
                [value], [y + away], shape(column.probe), markersize=4.6, markerfacecolor="none",
                markeredgecolor=paint.of(column.probe), markeredgewidth=0.8, zorder=3.5,
            )  # fmt: skip


def _short(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def title(panel: Sequence[Column], wide: float) -> str:
    """The task, in the lines that it takes over a panel `wide` inches wide."""
    return wrapped(panel[0].task, round(wide * 72 / (NORMAL * 0.64)), 3)


def size(panel: Sequence[Column]) -> str:
    """How many were asked; a line for each probe only where they differ."""
    return "\n".join(dict.fromkeys(map(about, panel)))


def head(panel: Sequence[Column], wide: float) -> float:
    """Height of the words above a panel, in points."""
    return 7 + 8.4 * (size(panel).count("\n") + 1) + 1.22 * NORMAL * (title(panel, wide).count("\n") + 1)


def _words(ax: Axes, panel: Sequence[Column], paint: Paint, wide: float) -> None:
    """The task above, how many were asked, and which way is better."""
    first, below = panel[0], size(panel)
    ax.annotate(
        below, (0, 1), (0, 2), xycoords="axes fraction", textcoords="offset points", va="bottom", fontsize=TINY,
        color=paint.muted,
    )  # fmt: skip
    ax.annotate(
        title(panel, wide), (0, 1), (0, 5 + 8.4 * (below.count("\n") + 1)), xycoords="axes fraction",
        textcoords="offset points", va="bottom", fontsize=NORMAL, fontweight="bold", color=paint.text, linespacing=1.1,
    )  # fmt: skip
    better = "higher is better \u2192" if first.higher_is_better else "\u2190 lower is better"
    ax.set_xlabel(
        first.metric_title + f" ({better})" * first.ranked, fontsize=SMALL, color=paint.text, labelpad=2
    )


def about(column: Column) -> str:
    """What was asked, in a line."""
    groups = f", {column.groups:,} groups" if column.groups else ""
    seeds = f", {column.seeds} seed{'s' * (column.seeds != 1)}" if column.seeds else ""
    return f"n = {column.n:,}{groups}{seeds}"


def wrapped(text: str, width: int, lines: int) -> str:
    """Text in at most so many lines; what does not fit loses its middle."""
    text = plain(text)
    room = width * lines
    while True:
        parts = textwrap.wrap(text, width, break_on_hyphens=True)
        if len(parts) <= lines:
            return "\n".join(parts)
        room -= max(1, width // 8)
        text = f"{text[: room // 2].rstrip()}\u2026{text[len(text) - room // 2 :].lstrip()}"
