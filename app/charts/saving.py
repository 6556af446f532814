"""A chart as a file: a picture or a drawing with its legend, or all the numbers behind it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from app.charts.curves import CurveChart
from app.charts.drawings import STAGES, Chart, Overlaid
from app.charts.rendering import rendered, write
from core.library.records import Points

LEGEND = 26


def picture(chart: CurveChart, runs: Sequence[Overlaid], suffix: str) -> bytes:
    """The chart as it is seen, with a legend below it; `.png` or `.svg`."""
    size = chart.size() + QSize(0, LEGEND)
    paint = partial(_paint, chart, runs, size)
    return rendered(paint, size, chart.colours.surface, chart.title, suffix)


def _paint(chart: CurveChart, runs: Sequence[Overlaid], size: QSize, painter: QPainter) -> None:
    colours = chart.colours
    chart.save.hide()  # a button is no part of a chart
    chart.render(painter, QPoint(), QRegion(chart.rect()), QWidget.RenderFlag.DrawChildren)
    chart.save.show()
    painter.setFont(chart.font())
    x = 16.0
    for name, colour in _legend(chart, runs):
        width = painter.fontMetrics().horizontalAdvance(name)
        painter.fillRect(QRectF(x, size.height() - LEGEND / 2 - 2, 16, 3), QColor(colour))
        painter.setPen(QColor(colours.text))
        painter.drawText(
            QRectF(x + 22, size.height() - LEGEND, width + 4, LEGEND - 4), Qt.AlignmentFlag.AlignVCenter, name
        )
        x += width + 44


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
