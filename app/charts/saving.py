"""A chart as a file: a picture or a drawing with its legend, or all the numbers behind it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from app.charts.curves import CurveChart
from app.charts.drawings import STAGES, Chart, Overlaid
from core import files
from core.library.records import Points

SCALE = 3
"""Pixels of a picture for each one on the screen, enough for print."""
LEGEND = 26


def picture(chart: CurveChart, runs: Sequence[Overlaid], suffix: str) -> bytes:
    """The chart as it is seen, with a legend below it; `.png` or `.svg`."""
    size = chart.size() + QSize(0, LEGEND)
    if suffix == ".svg":
        return _drawing(chart, runs, size)
    image = QImage(size * SCALE, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.white)
    image.setDevicePixelRatio(SCALE)
    _paint(image, chart, runs, size)
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload] # the stubs know no QBuffer here
    return bytes(buffer.data().data())


def _drawing(chart: CurveChart, runs: Sequence[Overlaid], size: QSize) -> bytes:
    buffer, generator = QBuffer(), QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRect(QPoint(), size))
    generator.setTitle(chart.title)
    _paint(generator, chart, runs, size)
    return bytes(buffer.data().data())


def _paint(device: Any, chart: CurveChart, runs: Sequence[Overlaid], size: QSize) -> None:
    painter = QPainter(device)
    colours = chart.colours
    painter.fillRect(QRect(QPoint(), size), QColor(colours.surface))
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
    painter.end()


def _legend(chart: CurveChart, runs: Sequence[Overlaid]) -> list[tuple[str, str]]:
    if any(line.style == "area" for line in chart.lines):
        return [(name, colour) for _, name, colour in STAGES]
    return [(run.name, run.colour) for run in runs]


def write(path: Path, content: bytes) -> None:
    """Write a finished picture, whole or not at all."""
    with files.atomic(path) as file:
        file.write(content)


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
