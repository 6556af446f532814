"""A confusion matrix of 2 to some 100 classes, drawn by a painter on whatever. Pure functions of their data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from app.theme import SERIES, Colours

SIDE_SHARE, TOP_SHARE = 0.3, 0.3
"""Of the width and of the height, what names may take."""
PAD, CAPTION = 6.0, 15.0
TALLEST, WIDEST = 46.0, 84.0
NAMED = 10.5
"""Cells (px) from which on every row and column has its name beside it."""
WRITTEN = (27.0, 14.0)
"""Width and height (px) from which on the share stands in the cell."""
GAMMA = 0.6
"""Of the colours: a few mistakes are to be seen beside many right answers."""
MISTAKE = SERIES[5]
IS, CALLED = "is …", "… was called"

Cell = tuple[int, int]
"""Numbers of the class that it is, and of the one that it was called."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """How often what was called what.

    Parameters
    ----------
    counts
        (classes, classes): the row's class was called the column's.
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """Each row's counts divided by their sum; 0 for a class that was never asked."""
        sums = self.counts.sum(axis=1, keepdims=True)
        return np.asarray(self.counts / np.maximum(sums, 1), np.float64)

    def same(self, other: Matrix) -> bool:
        """Whether nothing would look different."""
        return self.names == other.names and np.array_equal(self.counts, other.counts)

    def told(self, cell: Cell) -> str:
        """A cell in words."""
        row, column = cell
        count, share = int(self.counts[cell]), 100 * self.shares[cell]
        if not count:
            return f"{self.names[row]} was never {'recognised' if row == column else f'called {self.names[column]}'}."
        often = "once" if count == 1 else f"{count:,} times"
        of = f"{share:.0f} % of the answers about {self.names[row]}"
        if row == column:
            return f"{self.names[row]} was recognised {often}: {of}."
        return f"{self.names[row]} was called {self.names[column]} {often}: {of}."


EMPTY = Matrix((), np.empty((0, 0), np.int64))


class Grid:
    """Where rows, columns and names lie within a rectangle.

    Parameters
    ----------
    rect
        All of it, px.
    """

    def __init__(self, matrix: Matrix, rect: QRectF, font: QFont) -> None:
        self.matrix, self.rect = matrix, rect
        n = max(len(matrix.names), 1)
        self.font = QFont(font)
        self.font.setPointSizeF(max(font.pointSizeF() * 0.9, 6.0))
        metrics = QFontMetricsF(self.font)
        longest = max((metrics.horizontalAdvance(name) for name in matrix.names), default=0.0) + 2
        self.side = min(longest, rect.width() * SIDE_SHARE)
        self.top = min(longest, rect.height() * TOP_SHARE)
        self.named = True
        self.named = self._cell(n, rect)[1] >= NAMED
        if not self.named:
            self.side = self.top = 0.0
        self.wide, self.tall = self._cell(n, rect)
        self.origin = QPointF(rect.left() + self.side + CAPTION + PAD, rect.top() + self.top + CAPTION + PAD)
        if self.named:  # the font has to fit into the rows
            size = min(self.font.pointSizeF(), max(self.tall * 0.62, 5.5))
            self.font.setPointSizeF(size)

    def _cell(self, n: int, rect: QRectF) -> tuple[float, float]:
        width = (rect.width() - self.side - CAPTION - 2 * PAD) / n
        height = (rect.height() - self.top - CAPTION - 2 * PAD) / n
        tall = max(min(height, TALLEST, max(width, 1.0) * 1.2), 1.0)
        flat = 2.2 if self.named else 1.6
        return max(min(width, WIDEST, tall * flat), 1.0), tall

    def cell(self, cell: Cell) -> QRectF:
        """Where a cell is."""
        row, column = cell
        return QRectF(
            self.origin.x() + column * self.wide, self.origin.y() + row * self.tall, self.wide, self.tall
        )

    def cell_at(self, point: QPointF) -> Cell | None:
        """The cell at that point."""
        n = len(self.matrix.names)
        column, row = (point.x() - self.origin.x()) / self.wide, (point.y() - self.origin.y()) / self.tall
        return (int(row), int(column)) if 0 <= row < n and 0 <= column < n else None


def draw(
    painter: QPainter, grid: Grid, colours: Colours, *, chosen: Cell | None = None, hovered: Cell | None = None,
    focus: bool = False,
) -> None:  # fmt: skip
    """Paint a matrix; the row and the column of the cell below the pointer, else of the chosen one, stand out."""
    _draw_cells(painter, grid, colours)
    marked = hovered or chosen
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _draw_captions(painter, grid, colours)
    if grid.named:
        _draw_names(painter, grid, colours, marked)
    for cell, colour, width in ((hovered, colours.muted, 1.0), (chosen, colours.text, 2.0 if focus else 1.4)):
        if cell is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colour), width))
            painter.drawRect(grid.cell(cell).adjusted(0.5, 0.5, -0.5, -0.5))


def _draw_cells(painter: QPainter, grid: Grid, colours: Colours) -> None:
    """Right answers in one colour, mistakes in the other, each the deeper the larger its share of the row."""
    n = len(grid.matrix.names)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    last = grid.cell((n - 1, n - 1)).bottomRight()
    painter.fillRect(QRectF(grid.origin, last), QColor(colours.sunken))
    shares = grid.matrix.shares
    space = 1.0 if grid.tall >= 9 else 0.0
    written = grid.wide >= WRITTEN[0] and grid.tall >= WRITTEN[1]
    painter.setFont(grid.font)
    for row, column in zip(*(part.tolist() for part in np.nonzero(grid.matrix.counts)), strict=True):
        share = float(shares[row, column])
        depth = share**GAMMA
        colour = QColor(colours.accent if row == column else MISTAKE)
        colour.setAlphaF(0.06 + 0.94 * depth)
        place = grid.cell((row, column))
        painter.fillRect(place.adjusted(0, 0, -space, -space), colour)
        if written:
            painter.setPen(QColor(colours.on_accent if depth > 0.62 else colours.text))
            text = f"{100 * share:.0f}" if share >= 0.005 else "·"
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def _draw_captions(painter: QPainter, grid: Grid, colours: Colours) -> None:
    small = QFont(grid.font)
    small.setItalic(True)
    painter.setFont(small)
    painter.setPen(QColor(colours.muted))
    across = QRectF(grid.origin.x(), grid.rect.top(), grid.rect.width(), CAPTION)
    painter.drawText(across, Qt.AlignmentFlag.AlignVCenter, CALLED)
    painter.save()
    height = grid.tall * len(grid.matrix.names)
    painter.translate(grid.rect.left(), grid.origin.y() + height)
    painter.rotate(-90)
    painter.drawText(
        QRectF(0, 0, height, CAPTION), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, IS
    )
    painter.restore()


def _draw_names(painter: QPainter, grid: Grid, colours: Colours, marked: Cell | None) -> None:
    bold = QFont(grid.font)
    bold.setBold(True)
    row, column = marked or (-1, -1)
    for place, name in enumerate(grid.matrix.names):
        _name(painter, grid, colours, (bold if place == row else grid.font), name, place, across=False)
        _name(painter, grid, colours, (bold if place == column else grid.font), name, place, across=True)


def _name(
    painter: QPainter, grid: Grid, colours: Colours, font: QFont, name: str, place: int, *, across: bool
) -> None:
    room = grid.top if across else grid.side
    text = QFontMetricsF(font).elidedText(name, Qt.TextElideMode.ElideRight, room)
    painter.setFont(font)
    painter.setPen(QColor(colours.text if font.bold() else colours.muted))
    at = grid.cell((0, place) if across else (place, 0))
    if not across:
        rect = QRectF(at.left() - PAD - room, at.top(), room, at.height())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
        return
    painter.save()
    painter.translate(at.left(), at.top() - PAD)
    painter.rotate(-90)
    painter.drawText(QRectF(0, 0, room, at.width()), Qt.AlignmentFlag.AlignVCenter, text)
    painter.restore()
