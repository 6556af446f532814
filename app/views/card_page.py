"""One encoder's card as a page: what it is, what it learned from, how good it is, its limits, how to make it again."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app import encoder_card
from app.charts.drawings import CHARTS
from app.charts.lines import Line
from app.charts.series import Curve
from app.encoder_card import OTHERS, Score, Sheet, Source
from app.theme import SERIES, Theme

WHOLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
LEFT_WIDTH = 170
"""Of what a line is about, in lists of such lines."""
INTERVALS = "In brackets: the 95 % interval."


class CardPage(QWidget):
    """All that a sheet says, from top to bottom; curves come with `show_curves`."""

    def __init__(self, theme: Theme, sheet: Sheet) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self._theme, self.sheet = theme, sheet
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 12, 24, 24)
        self._column.setSpacing(6)
        self._curves = QHBoxLayout()
        self._curves.setSpacing(10)
        self._fill()
        self._column.addStretch(1)

    def _fill(self) -> None:
        sheet = self.sheet
        if sheet.about:
            self._column.addWidget(paragraph(sheet.about))
        self._column.addSpacing(2)
        self._lines(sheet.facts)
        self._heading("What it learned from")
        if sheet.untold:
            self._column.addWidget(paragraph(sheet.untold))
        self._lines(sheet.learning)
        if sheet.sources:
            self._sources(sheet.sources)
        self._heading("How good it is")
        self._scores(sheet.scores)
        self._lines(sheet.measured)
        if not sheet.scores and not sheet.measured:
            self._column.addWidget(paragraph(encoder_card.MEASURE if sheet.plain else encoder_card.NO_SCORES))
        if sheet.curves:
            self._heading("How it learned")
            self._column.addLayout(self._curves)
        if sheet.limits:
            self._heading("What it cannot do")
            items = "".join(f"<li style='margin-bottom: 3px'>{escape(limit)}</li>" for limit in sheet.limits)
            self._column.addWidget(paragraph(f"<ul style='margin-left: -22px'>{items}</ul>", rich=True))
        if sheet.rebuild:
            self._heading("How to make it again")
            self._column.addWidget(_command(sheet.rebuild))

    # -- parts

    def _heading(self, text: str) -> None:
        label = QLabel(text)
        label.setProperty("role", "heading")
        self._column.addSpacing(14)
        self._column.addWidget(label)

    def _lines(self, lines: Sequence[tuple[str, ...]]) -> None:
        """(what, value), or (what, value, tooltip)."""
        if not lines:
            return
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(4)
        grid.setColumnMinimumWidth(0, LEFT_WIDTH)
        grid.setColumnStretch(1, 1)
        for row, (what, value, *tip) in enumerate(lines):
            label = QLabel(what)
            label.setToolTip("".join(tip))
            label.setProperty("role", "muted")
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(paragraph(value), row, 1)
        self._column.addLayout(grid)

    def _sources(self, sources: Sequence[Source]) -> None:
        rows: list[tuple[str, ...]] = [("Source", "Licence", "Length", "Tracks")]
        rows += [_source_row(source) for source in sources]
        table = _table(rows, numbers=(2, 3), stretch=1)
        for row, source in enumerate(sources, start=1):
            told = "\n".join(filter(None, (source.author and f"By {source.author}", source.url)))
            item = table.itemAtPosition(row, 0)
            if told and item is not None and (cell := item.widget()) is not None:
                cell.setToolTip(told)
        self._column.addSpacing(4)
        self._column.addWidget(_framed(table))

    def _scores(self, scores: Sequence[Score]) -> None:
        if not scores:
            return
        rows = [("Task", "This encoder", *(title for _, title in OTHERS), "")]
        rows += [_score_row(score) for score in scores]
        self._column.addWidget(_framed(_table(rows, numbers=(1, 2, 3), stretch=4, strong=1)))
        note = QLabel(INTERVALS)
        note.setProperty("role", "small")
        self._column.addWidget(note)

    # -- curves

    def show_curves(self) -> None:
        """Draw the curves; pyqtgraph has to be loaded."""
        from app.charts.curves import CurveChart

        for chart in (one for one in CHARTS if one.key in encoder_card.SHOWN_CURVES):
            lines = [
                *self._line(chart.trained, "training", "line"),
                *self._line(chart.validated, "held out", "marks"),
            ]
            if not lines:
                continue
            drawn = CurveChart(self._theme, chart.title, chart.note, chart.tip, chart.floor, chart.ceiling)
            drawn.save.hide()
            steps = [float(x) for line in lines for x in line.curve.x[[0, -1]]]
            drawn.show_lines(lines, (min(steps), max(steps)))
            drawn.show_reference(self.sheet.chance if chart.chance == "chance" else None)
            drawn.hovered.connect(drawn.show_at)
            self._theme.changed.connect(drawn.dress)
            self._curves.addWidget(drawn, 1)

    def _line(self, metric: str, name: str, style: str) -> list[Line]:
        if metric not in self.sheet.curves:
            return []
        steps, values = (np.array(part, np.float64) for part in self.sheet.curves[metric])
        order = np.argsort(steps, kind="stable")
        colour = SERIES[0] if style == "line" else SERIES[5]
        curve = Curve(steps[order], values[order])
        return [Line(metric, curve, colour, name, "line" if style == "line" else "marks")]


def paragraph(text: str, *, rich: bool = False) -> QLabel:
    """Text that wraps and can be copied; only what the program wrote may be rich."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText if rich else Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(WHOLE)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return label


def _command(text: str) -> QFrame:
    label = paragraph(text)
    label.setFont(fixed(label.font()))
    frame = QFrame()
    frame.setProperty("role", "card")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(12, 8, 12, 8)
    layout.addWidget(label)
    return frame


def fixed(like: QFont) -> QFont:
    """The font for commands and JSON, as large as the text around it."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(like.pointSizeF() * 0.95)
    return font


def _source_row(source: Source) -> tuple[str, ...]:
    hours = "" if source.hours is None else encoder_card.length(source.hours)
    return source.title, source.licence, hours, "" if source.tracks is None else f"{source.tracks:,}"


def _score_row(score: Score) -> tuple[str, ...]:
    better = "higher is better" if score.higher else "lower is better"
    task = f"{score.task}\n{score.metric}, {better}" + (f"\n{score.note}" if score.note else "")
    others = (score.others[key].text if key in score.others else "–" for key, _ in OTHERS)
    return task, score.own.text, *others, score.verdict


def _table(
    rows: Sequence[Sequence[str]], numbers: Sequence[int], stretch: int, strong: int = -1
) -> QGridLayout:
    """Rows of text below a heading; the columns `numbers` are set to the right, `stretch` takes what is left."""
    grid = QGridLayout()
    grid.setContentsMargins(12, 8, 12, 8)
    grid.setHorizontalSpacing(18)
    grid.setVerticalSpacing(8)
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            label = paragraph(text)
            wraps = column in (0, stretch)
            label.setWordWrap(wraps)
            label.setProperty("role", "small" if row == 0 else "strong" if column == strong else "")
            side = Qt.AlignmentFlag.AlignRight if column in numbers else Qt.AlignmentFlag.AlignLeft
            label.setAlignment(side | Qt.AlignmentFlag.AlignTop)
            if wraps:
                grid.addWidget(label, row, column)
            else:
                grid.addWidget(label, row, column, side | Qt.AlignmentFlag.AlignTop)
    grid.setColumnStretch(0, 3)
    grid.setColumnStretch(stretch, 2 if stretch else 3)
    return grid


def _framed(layout: QGridLayout) -> QFrame:
    frame = QFrame()
    frame.setProperty("role", "card")
    frame.setLayout(layout)
    return frame
