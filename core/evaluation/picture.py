"""A comparison as a picture for a paper: marks with intervals, tasks in panels, baselines apart, nothing left unsaid.

matplotlib is asked for a figure only, never for a window; the program's own window draws with other means.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from core.errors import UserError
from core.evaluation import panels
from core.evaluation.columns import PROBES, Column, Comparison
from core.evaluation.footnotes import told, where
from core.evaluation.panels import ABOVE, BELOW, SMALL, TINY, Line, Paint, Rows, Section
from core.evaluation.reference import SOURCE
from core.evaluation.sheets import plain
from core.files import atomic

SUFFIXES = (".png", ".svg", ".pdf")
DPI = 200

_SIDE_BY_SIDE = 4
_PANEL, _GUTTER, _MARGIN = 1.72, 0.56, 0.12
_PANELS = {1: 3.2, 2: 2.3}
"""Width of panels where there are so few side by side."""
_AXIS = 0.5
_LEGEND, _LEADING = 0.26, 0.118
_NAME = 30
"""Signs of a name in a line."""
_SCRIPTS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Hiragino Sans", "Yu Gothic", "Microsoft YaHei", "WenQuanYi Zen Hei",
    "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Thai", "Noto Sans Devanagari", "Arial Unicode MS",
)  # fmt: skip
"""Asked after matplotlib's own font, where they are installed."""


@dataclass(frozen=True)
class Strip:
    """Panels side by side, which share their rows.

    Parameters
    ----------
    row, head
        Heights in inches: of a row, and of the words above.
    """

    panels: tuple[tuple[Column, ...], ...]
    rows: Rows
    row: float
    head: float

    @property
    def body(self) -> float:
        """Height of the panels themselves."""
        return (self.rows.height + ABOVE + BELOW) * self.row

    @property
    def height(self) -> float:
        """With what is above and below."""
        return self.head + self.body + _AXIS


@dataclass(frozen=True)
class Layout:
    """Where everything is, in inches.

    Parameters
    ----------
    names
        Width of the rows' names.
    panel
        Width of a panel without its figures.
    caption
        Lines of text.
    """

    strips: tuple[Strip, ...]
    names: float
    panel: float
    caption: tuple[str, ...] = ()

    @property
    def width(self) -> float:
        """Of the picture."""
        across = max(len(strip.panels) for strip in self.strips)
        return 2 * _MARGIN + self.names + across * (self.panel + _GUTTER)

    @property
    def foot(self) -> float:
        """Height of what stands below the panels."""
        return _LEGEND + len(self.caption) * _LEADING

    @property
    def height(self) -> float:
        """Of the picture."""
        return 2 * _MARGIN + sum(strip.height for strip in self.strips) + self.foot

    def place(self, line: int, column: int) -> tuple[float, float, float, float]:
        """Of a panel, as shares of the picture: left, bottom, width, height."""
        strip = self.strips[line]
        left = _MARGIN + self.names + column * (self.panel + _GUTTER)
        bottom = _MARGIN + sum(each.height for each in self.strips[:line]) + strip.head + strip.body
        return left / self.width, 1 - bottom / self.height, self.panel / self.width, strip.body / self.height


def write(path: Path, comparison: Comparison, *, dark: bool = False) -> None:
    """Write a picture in the format that the suffix names.

    Raises
    ------
    UserError
        An unknown suffix, nothing to draw, or a place that cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(
            f"{path.name} does not say which format to write.", f"End the name in {', '.join(SUFFIXES)}."
        )
    content = draw(comparison, suffix[1:], dark=dark)
    with atomic(path) as file:
        file.write(content)


def draw(comparison: Comparison, kind: str = "png", *, dark: bool = False) -> bytes:
    """A picture as a file's content: the same for the same comparison.

    Parameters
    ----------
    kind
        png, svg or pdf.

    Raises
    ------
    UserError
        There is nothing to draw.
    """
    comparison, notes = _drawable(comparison)
    if not comparison.columns:
        raise UserError("There is nothing to draw yet.", "Measure something with: earmap evaluate")
    out = io.BytesIO()
    with mpl.rc_context(settings()), warnings.catch_warnings():
        # A box in the place of a letter of a rare script is no reason to fail.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        warnings.filterwarnings("ignore", "Matplotlib currently does not support", UserWarning)
        figure = _figure(comparison, notes, panels.DARK if dark else panels.LIGHT)
        figure.savefig(out, format=kind, dpi=DPI, facecolor=figure.get_facecolor(), metadata=metadata(kind))
    return out.getvalue()


def settings() -> dict[Any, Any]:
    """matplotlib's, for every picture that is written: fonts for all scripts, and the same bytes every time."""
    here = set(font_manager.fontManager.get_font_names())
    return {
        "font.family": ["DejaVu Sans", *(name for name in _SCRIPTS if name in here)],
        "text.parse_math": False,  # a dollar in a name is a dollar
        "text.usetex": False,
        "pdf.fonttype": 42,  # publishers refuse type 3
        "svg.hashsalt": "earmap",
        "axes.unicode_minus": True,
    }


def metadata(kind: str) -> dict[str, Any]:
    """What a file (png, svg, pdf) says of itself: no date."""
    return {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]


def _drawable(comparison: Comparison) -> tuple[Comparison, tuple[str, ...]]:
    """Without the library's report where there is anything else: it has no intervals, and is read in the table."""
    kinds = {column.task_kind for column in comparison.columns}
    if len(kinds) > 1 and "report" in kinds:
        comparison = comparison.only(lambda column: column.task_kind != "report")
        return comparison, (*notes(comparison), "The library's report without labels is in the table.")
    return comparison, notes(comparison)


def notes(comparison: Comparison) -> tuple[str, ...]:
    """What the caption says."""
    columns = comparison.columns
    lines = [
        "Marks: means; lines: 95 % intervals, by bootstrap over groups. Bold: the best of a probe; =: a tie with it, "
        "as the paired 95 % interval of the difference contains 0.",
        comparison.about_runs(),
    ]
    if any(column.paper for column in columns):
        lines.append(
            f"Hollow: {SOURCE}, the paper's figures of its own encoders on its own data; not measured here."
        )
    if comparison.reduced:
        lines.append("Embeddings of more than 128 dimensions were reduced to 128 by PCA.")
    unpaired = [where(column) for column in columns if len(column.cells) > 1 and not _paired(column)]
    if unpaired:
        lines.append(f"Differences are not paired, and no ties told: {'; '.join(dict.fromkeys(unpaired))}.")
    lines += told(columns, {column.key: column.brief for column in columns})
    return tuple(dict.fromkeys(line for line in (*lines, *comparison.notes) if line))


def _paired(column: Column) -> bool:
    return any(cell.tie is not None for cell in column.cells)


def _figure(comparison: Comparison, said: Sequence[str], paint: Paint) -> Figure:
    layout = _layout(comparison, said)
    figure = Figure((layout.width, layout.height), facecolor=paint.ground)
    FigureCanvasAgg(figure)
    for line, strip in enumerate(layout.strips):
        for number, panel in enumerate(strip.panels):
            axes = figure.add_axes(layout.place(line, number))
            panels.draw(axes, panel, strip.rows, paint, layout.panel + _GUTTER)
            if number == 0:
                _names(axes, strip.rows, paint)
    _foot(figure, comparison, layout, paint)
    return figure


def _layout(comparison: Comparison, said: Sequence[str]) -> Layout:
    groups = panels.grouped(comparison.columns)
    down = -(-len(groups) // _SIDE_BY_SIDE)
    across = -(-len(groups) // down)
    panel = _PANELS.get(across, _PANEL)
    strips = tuple(
        _strip(comparison, groups[start : start + across], panel) for start in range(0, len(groups), across)
    )
    shown = [_name(line) for strip in strips for line, _ in strip.rows.places()]
    layout = Layout(strips, max(map(_width, shown)) + 0.15, panel)
    signs = round((layout.width - 2 * _MARGIN) * 72 / (TINY * 0.55))
    return replace(layout, caption=tuple(line for note in said for line in textwrap.wrap(plain(note), signs)))


def _strip(comparison: Comparison, groups: Sequence[tuple[Column, ...]], panel: float) -> Strip:
    rows = Rows(_sections(comparison, [column for group in groups for column in group]))
    signs = max(_name(line).count("\n") + 1 for line, _ in rows.places())
    return Strip(
        panels=tuple(groups),
        rows=rows,
        row=max(0.2, 0.155 * max(map(len, groups)), 0.135 * signs),
        head=max(panels.head(group, panel + _GUTTER) for group in groups) / 72,
    )


def _sections(comparison: Comparison, columns: Sequence[Column]) -> tuple[Section, ...]:
    """Baselines, what was trained here, and strategies of which there are the paper's figures alone."""
    here = {cell.record.encoder for column in columns for cell in column.cells}
    lines = [Line(name, comparison.strategies[name]) for name in comparison.encoders if name in here]
    drawn = {line.strategy for line in lines}
    marks = dict.fromkeys(mark.strategy for column in columns for mark in column.paper)
    sections = (
        Section("baselines", tuple(line for line in lines if line.name in comparison.baselines), banded=True),
        Section("trained", tuple(line for line in lines if line.name not in comparison.baselines)),
        Section(
            f"{SOURCE} only", tuple(Line(name, name, measured=False) for name in marks if name not in drawn)
        ),
    )
    return tuple(section for section in sections if section.lines)


def _name(line: Line) -> str:
    return panels.wrapped(line.name, _NAME, 2)


def _width(text: str) -> float:
    """Of a name, in inches."""
    canvas = FigureCanvasAgg(Figure(dpi=72))
    font = font_manager.FontProperties(size=SMALL)
    renderer = canvas.get_renderer()
    return (
        max(float(renderer.get_text_width_height_descent(part, font, False)[0]) for part in text.split("\n"))
        / 72
    )


def _names(axes: Axes, rows: Rows, paint: Paint) -> None:
    """Left of a panel: the rows' names, and what their sections are."""
    for line, place in rows.places():
        axes.annotate(
            _name(line), (0, place), (-6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="right", va="center", fontsize=SMALL, color=paint.text if line.measured else paint.muted,
            linespacing=1.05, annotation_clip=False,
        )  # fmt: skip
    for section, top in rows.tops():
        axes.annotate(
            section.label, (0, top - 0.62), (-6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="right", va="bottom", fontsize=TINY, fontstyle="italic", color=paint.muted, annotation_clip=False,
        )  # fmt: skip


def _foot(figure: Figure, comparison: Comparison, layout: Layout, paint: Paint) -> None:
    """What the marks are, and what is to be said."""
    left, top = _MARGIN / layout.width, (layout.foot + _MARGIN) / layout.height
    figure.legend(
        handles=_marks(comparison, paint), loc="upper left", bbox_to_anchor=(left, top), ncols=4, frameon=False,
        fontsize=SMALL, labelcolor=paint.text, handletextpad=0.4, columnspacing=1.6, borderaxespad=0, borderpad=0,
        handlelength=1.8,
    )  # fmt: skip
    for number, line in enumerate(layout.caption):
        y = layout.foot + _MARGIN - _LEGEND - number * _LEADING
        figure.text(left, y / layout.height, line, va="top", fontsize=TINY, color=paint.muted)


def _marks(comparison: Comparison, paint: Paint) -> list[Line2D]:
    titles = {"cosine": "cosine, nothing is fitted", "": "no probe"}
    found = []
    for probe in dict.fromkeys(column.probe for column in comparison.columns):
        colour, title = paint.of(probe), titles.get(probe, PROBES.get(probe, probe))
        found.append(
            Line2D(
                [], [], color=colour, marker=panels.shape(probe), markersize=3.9, linewidth=1.3, label=title
            )
        )
    if any(column.paper for column in comparison.columns):
        found.append(
            Line2D([], [], linestyle="none", marker="o", markersize=4.6, markerfacecolor="none", markeredgewidth=0.8,
                   markeredgecolor=paint.text, label=f"hollow: {SOURCE}")
        )  # fmt: skip
    return found
