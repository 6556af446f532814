"""A chart as a file: a picture or a drawing with its legend, or all the numbers behind it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from app.charts.curves import CurveChart
from app.charts.drawings import STAGES, Chart, Overlaid
from app.charts.rendering import SCALE, encoded, painted, rendered, write
from core.library.records import Points

LEGEND, MARGIN, SIGN, GAP = 26, 16.0, 16.0, 18.0
"""Height of the legend's rows, what is free on both sides, width of a colour's line, and what is between two names."""
Sign = tuple[str, str, float]
"""Name, colour, and the width of the name."""


def picture(chart: CurveChart, runs: Sequence[Overlaid], suffix: str) -> Callable[[], bytes]:
    """The chart as it is seen, with a legend below it; `.png` or `.svg`. What it returns is for a thread to call."""
    rows = _rows(chart, _legend(chart, runs))
    size = chart.size() + QSize(0, LEGEND * len(rows))
    paint, ground = partial(_paint, chart, rows), chart.colours.surface
    with chart.sharp(1 if suffix == ".svg" else SCALE):
        if suffix == ".svg":
            drawing = rendered(paint, size, ground, chart.title, suffix)
            return lambda: drawing
        return partial(encoded, painted(paint, size, ground))


def _paint(chart: CurveChart, rows: Sequence[Sequence[Sign]], painter: QPainter) -> None:
    chart.save.hide()  # a button is no part of a chart
    chart.render(painter, QPoint(), QRegion(chart.rect()), QWidget.RenderFlag.DrawChildren)
    chart.save.show()
    painter.setFont(chart.font())
    painter.setPen(QColor(chart.colours.text))
    for row, signs in enumerate(rows):
        x, top = MARGIN, chart.height() + row * LEGEND
        for name, colour, width in signs:
            painter.fillRect(QRectF(x, top + LEGEND / 2 - 2, SIGN, 3), QColor(colour))
            painter.drawText(
                QRectF(x + SIGN + 6, top, width, LEGEND - 4), Qt.AlignmentFlag.AlignVCenter, name
            )
            x += SIGN + 6 + width + GAP


def _rows(chart: CurveChart, legend: Sequence[tuple[str, str]]) -> list[list[Sign]]:
    """The legend in as many rows as it needs; a name that is wider than the chart is cut."""
    metrics, room = chart.fontMetrics(), chart.width() - 2 * MARGIN
    rows: list[list[Sign]] = []
    left = 0.0
    for name, colour in legend:
        told = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, round(room - SIGN - 10))
        width = metrics.horizontalAdvance(told) + 4.0
        if not rows or left + SIGN + 6 + width > room:
            rows.append([])
            left = 0.0
        rows[-1].append((told, colour, width))
        left += SIGN + 6 + width + GAP
    return rows


def _legend(chart: CurveChart, runs: Sequence[Overlaid]) -> list[tuple[str, str]]:
    if any(line.style == "area" for line in chart.lines):
        return [(name, colour) for _, name, colour in STAGES]
    return [(run.name, run.colour) for run in runs]


def write_table(path: Path, chart: Chart, runs: Sequence[Overlaid], points: Mapping[int, Points]) -> None:
    """Every value of the chart's metrics, none left out: run, metric, step, value."""
    metrics = [name for name in (chart.trained, chart.validated) if name] or [name for name, _, _ in STAGES]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("run", "metric", "step", "value"))
    for run in runs:
        for metric in metrics:
            steps, values = points[run.id].curves.get(metric, ((), ()))
            table.writerows(
                (run.name, metric, int(step), repr(float(value)))
                for step, value in zip(steps, values, strict=True)
            )
    write(path, text.getvalue().encode())
