"""A map as a file: a picture for a page (matplotlib draws it, never a window), or a table."""

from __future__ import annotations

import csv
import io
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from core import paths
from core.errors import UserError
from core.evaluation.picture import metadata, settings
from core.export import safe_cell
from core.files import atomic
from core.library.projections import Points
from core.library.records import Fact
from core.library.store import Library
from core.projection.regions import regions

PICTURES = (".png", ".svg")
SUFFIXES = (*PICTURES, ".csv")
COLOURS = ("folder", "album", "artist", "genre", "label", "cluster", "kept")
NAMED = 20
"""Groups with a colour of their own; the others share a grey."""

_INCHES, _LEGEND, _HEAD, _DPI = 9.0, 3.0, 0.75, 150
_FLATTEST, _TALLEST = 0.5, 1.2
"""Height of the map, by its width."""
_MARGIN = 0.09
"""Around the points, for the names at the edge."""
_GREY = "#9a9a9a"
_NAME = 34
"""Letters of a name in the legend."""


@dataclass(frozen=True, eq=False)
class Colouring:
    """What colour stands for: groups (`codes` into `names`, below 0 none), or a number for each point."""

    title: str
    codes: NDArray[np.int64] | None = None
    names: tuple[str, ...] = ()
    numbers: NDArray[np.floating] | None = None


def colouring(library: Library, by: str, points: Points) -> Colouring:
    """How the points of a map are coloured."""
    if by == "kept":
        return Colouring("Share of true neighbours kept", numbers=points.kept)
    if by == "cluster":
        names = tuple(f"Group {number + 1}" for number in range(int(points.clusters.max(initial=-1)) + 1))
        return Colouring("Group", points.clusters.astype(np.int64), names)
    known = library.facets.categories(by)
    names = known.values if by != "folder" else tuple(os.path.basename(n) or n for n in known.values)  # noqa: PTH119 - text
    return Colouring(by.capitalize(), known.of(points.tracks), names)


def write(path: Path, points: Points, how: Colouring, title: str, note: str) -> None:
    """Write a picture in the format that the suffix names.

    Raises
    ------
    UserError
        An unknown suffix, or a place that cannot be written.
    """
    suffix = checked(path, PICTURES)
    out = io.BytesIO()
    with mpl.rc_context(settings()), warnings.catch_warnings():
        # A box in the place of a letter of a rare script is no reason to fail.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        warnings.filterwarnings("ignore", "Matplotlib currently does not support", UserWarning)
        figure = _figure(points, how, title, note)
        figure.savefig(out, format=suffix[1:], dpi=_DPI, metadata=metadata(suffix[1:]))
    with atomic(path) as file:
        file.write(out.getvalue())


def checked(path: Path, known: Sequence[str] = SUFFIXES) -> str:
    """The suffix; UserError where it is none of those that are known."""
    suffix = path.suffix.lower()
    if suffix not in known:
        raise UserError(
            f"{path.name} does not say which format to write.", f"End the name in {', '.join(known)}."
        )
    return suffix


def _figure(points: Points, how: Colouring, title: str, note: str) -> Figure:
    low, high = points.points.min(axis=0), points.points.max(axis=0)
    middle, span = (low + high) / 2, (high - low) * (1 + 2 * _MARGIN)
    shape = float(np.clip(span[1] / max(float(span[0]), 1e-9), _FLATTEST, _TALLEST))
    wide, tall = _INCHES + _LEGEND, _INCHES * shape + _HEAD
    figure = Figure((wide, tall), facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, _INCHES / wide, _INCHES * shape / tall))
    axes.set_axis_off()  # directions and distances mean nothing by themselves
    half = max(float(span[0]), float(span[1]) / shape, 1e-9) / 2
    axes.set_xlim(middle[0] - half, middle[0] + half)
    axes.set_ylim(middle[1] - half * shape, middle[1] + half * shape)
    size = float(np.clip(30_000 / max(len(points), 1), 0.2, 26))
    if how.numbers is not None:
        place = ((_INCHES + 0.3) / wide, 0.3, 0.25 / wide, 0.5)
        _gradient(axes, figure.add_axes(place), points, how, size)
    elif how.codes is not None:
        _groups(axes, points, how, size)
    figure.text(0.15 / wide, 1 - 0.18 / tall, title, fontsize=13, va="top")
    figure.text(0.15 / wide, 1 - 0.48 / tall, note, fontsize=8.5, va="top", color="#555555")
    return figure


def _dots(axes: Axes, points: NDArray[np.float32], size: float, **how: Any) -> Any:
    return axes.scatter(
        points[:, 0], points[:, 1], s=size, linewidths=0, alpha=0.85, rasterized=len(points) > 5_000, **how
    )


def _gradient(axes: Axes, scale: Axes, points: Points, how: Colouring, size: float) -> None:
    assert how.numbers is not None
    known = np.isfinite(how.numbers)
    _dots(axes, points.points[~known], size, color=_GREY)
    drawn = _dots(axes, points.points[known], size, c=how.numbers[known], cmap="viridis", vmin=0, vmax=1)
    scale.get_figure().colorbar(drawn, cax=scale, label=how.title)  # type: ignore[union-attr] # it is on one


def _groups(axes: Axes, points: Points, how: Colouring, size: float) -> None:
    """The largest groups in colours, the smallest on top, and their names where they are."""
    assert how.codes is not None
    counts = np.bincount(how.codes[how.codes >= 0], minlength=len(how.names))
    named = [code for code in np.argsort(-counts, kind="stable")[:NAMED].tolist() if counts[code]]
    rest = ~np.isin(how.codes, named)
    if rest.any():
        _dots(axes, points.points[rest], size, color=_GREY, label=f"other or none ({int(rest.sum())})")
    for number, code in enumerate(named):
        here = how.codes == code
        label = f"{_short(how.names[code])} ({int(counts[code])})"
        _dots(axes, points.points[here], size, color=mpl.colormaps["tab20"](number), label=label)
    for x, y, text, _ in regions(points.points, how.codes, how.names, most=25):
        axes.annotate(
            _short(text), (x, y), ha="center", va="center", fontsize=8,
            path_effects=[patheffects.withStroke(linewidth=2.5, foreground="white")],
        )  # fmt: skip
    marks = axes.legend(
        title=how.title, loc="upper left", bbox_to_anchor=(1.01, 0.98), frameon=False, fontsize=8, borderaxespad=0,
    )  # fmt: skip
    for handle in marks.legend_handles:
        handle.set_sizes([26])  # type: ignore[union-attr] # a scatter's handle is a collection


def _short(text: str) -> str:
    return text if len(text) <= _NAME else f"{text[: _NAME - 1]}…"


def write_table(path: Path, library: Library, points: Points) -> None:
    """Write a line a track as CSV: where it is and what is known of it; paths as `core.export` spells them.

    Raises
    ------
    UserError
        A place that cannot be written.
    """
    facts = library.rows.facts()
    place = library.rows.paths([fact.file_id for fact in facts.values()])
    with atomic(path) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
        out = csv.writer(text)
        out.writerow(
            ["id", "path", "title", "artist", "album", "folder", "x", "y", "kept", "placed", "group"]
        )
        for row, track in enumerate(points.tracks.tolist()):
            fact = facts.get(track)
            out.writerow([track, *_known(fact, place), *_where(points, row)])
        text.detach()


def _known(fact: Fact | None, place: dict[int, bytes]) -> list[str]:
    if fact is None:  # its drive is away: it keeps its place on the map
        return [""] * 5
    path = paths.json_text(place[fact.file_id]).encode("utf-8", "backslashreplace").decode()
    return [safe_cell(value) for value in (path, fact.title, fact.artist, fact.album, fact.folder)]


def _where(points: Points, row: int) -> list[str]:
    x, y = points.points[row].tolist()
    kept = float(points.kept[row])
    group = int(points.clusters[row])
    return [
        f"{x:.6g}", f"{y:.6g}", "" if np.isnan(kept) else f"{kept:.3f}", str(int(points.placed[row])),
        str(group + 1) if group >= 0 else "",
    ]  # fmt: skip
