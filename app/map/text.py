"""Words on the map: drawn once with a rim of the ground's colour, kept, and put where they cover no others."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

KEPT = 600
"""So many drawn words are kept."""

MEASURED = 4000
"""Of so many words the extent is kept."""

LONGEST = 220
"""A title is cut there (logical pixels)."""

RIM = 3.0


@dataclass(frozen=True)
class Style:
    """How a word looks; `size` in logical pixels."""

    size: float
    weight: QFont.Weight
    colour: str
    rim: str
    spacing: float = 0.0

    def font(self, like: QFont) -> QFont:
        """The window's font in this size."""
        font = QFont(like)
        font.setPixelSize(max(round(self.size), 6))
        font.setWeight(self.weight)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, self.spacing)
        return font


class Words:
    """Drawn words by text and style; the oldest are forgotten.

    Drawing one takes one or two milliseconds, measuring one a tenth, and a look elsewhere brings a hundred. So a frame
    takes on as many new ones as there is time for, and the next one goes on.

    Attributes
    ----------
    behind
        Whether words are missing in this frame for want of time.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Style, float, str], QPixmap] = OrderedDict()
        self._extents: OrderedDict[tuple[str, Style, str], tuple[float, float]] = OrderedDict()
        self._left = math.inf
        self.behind = False

    def begin(self, seconds: float = math.inf) -> None:
        """A frame begins; on new words it may spend so long, and on one in any case."""
        self._left, self.behind = seconds, False

    @contextmanager
    def _spent(self) -> Iterator[None]:
        """What is done here is done for a new word."""
        start = time.perf_counter()
        yield
        self._left -= time.perf_counter() - start
        self.behind = self._left < 0

    def draw(self, painter: QPainter, place: QRectF, text: str, style: Style) -> None:
        """A word with its rim; `place` is of the size that `extent` says."""
        pixmap = self._pixmap(text, style, painter)
        if pixmap is not None:
            painter.drawPixmap(place.topLeft(), pixmap)

    def _pixmap(self, text: str, style: Style, like: QPainter) -> QPixmap | None:
        """A kept word, or a new one; None: another time."""
        ratio = like.device().devicePixelRatio()
        key = (text, style, ratio, like.font().family())
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if self.behind:
            return None
        with self._spent():
            self._kept[key] = result = _drawn(text, style, like.font(), ratio)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return result

    def extent(self, painter: QPainter, text: str, style: Style) -> tuple[float, float] | None:
        """Width and height with the rim; found without drawing, since most titles find no room. None: another time."""
        key = (text, style, painter.font().family())
        if key in self._extents:
            self._extents.move_to_end(key)
            return self._extents[key]
        if self.behind:
            return None
        with self._spent():
            font = style.font(painter.font())
            self._extents[key] = result = _extent(_cut(text, font), font)
        if len(self._extents) > MEASURED:
            self._extents.popitem(last=False)
        return result


class PlainWords(Words):
    """Words as words, for a drawing that stays sharp and can be searched."""

    def draw(self, painter: QPainter, place: QRectF, text: str, style: Style) -> None:
        """A word with its rim."""
        before = painter.font()
        _write(painter, place.topLeft(), _cut(text, style.font(before)), style, before)
        painter.setFont(before)


def _cut(text: str, font: QFont) -> str:
    return QFontMetricsF(font).elidedText(" ".join(text.split()), Qt.TextElideMode.ElideRight, LONGEST)


def _extent(told: str, font: QFont) -> tuple[float, float]:
    metrics = QFontMetricsF(font)
    return metrics.horizontalAdvance(told) + 2 * RIM, metrics.height() + 2 * RIM


def _drawn(text: str, style: Style, like: QFont, ratio: float) -> QPixmap:
    font = style.font(like)
    told = _cut(text, font)
    width, height = _extent(told, font)
    pixmap = QPixmap(max(round(width * ratio), 1), max(round(height * ratio), 1))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _write(painter, QPointF(), told, style, like)
    painter.end()
    return pixmap


def _write(painter: QPainter, corner: QPointF, told: str, style: Style, like: QFont) -> None:
    font = style.font(like)
    base, path = corner + QPointF(RIM, RIM + QFontMetricsF(font).ascent()), QPainterPath()
    path.addText(base, font, told)
    rim = QColor(style.rim)
    rim.setAlphaF(0.85)
    line, cap, join = Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    painter.strokePath(path, QPen(rim, RIM, line, cap, join))
    painter.setFont(font)
    painter.setPen(QColor(style.colour))
    painter.drawText(base, told)


class Room:
    """What of the picture is taken by words and by what they must not cover."""

    def __init__(self, size: tuple[float, float]) -> None:
        self._whole = QRectF(0, 0, *size)
        self._taken = np.empty((64, 4))
        self._n = 0

    def keep_free(self, boxes: NDArray[np.float64]) -> None:
        """No word on these: (n, 4) left, top, right, bottom."""
        if self._n + len(boxes) > len(self._taken):
            self._taken = np.concatenate([self._taken[: self._n], boxes, np.empty((64, 4))])
        self._taken[self._n : self._n + len(boxes)] = boxes
        self._n += len(boxes)

    def take(self, places: Iterable[QRectF], *, anyhow: bool = False) -> QRectF | None:
        """The first of these places that is free and wholly in the picture, taken from now on.

        Parameters
        ----------
        anyhow
            Where none is, one that is not free or that the edge cuts.
        """
        inside = [place for place in places if self._whole.intersects(place)]
        if anyhow:
            inside.sort(
                key=lambda place: not self._whole.contains(place)
            )  # better whole than cut by the edge
        else:
            inside = [place for place in inside if self._whole.contains(place)]
        if not inside:
            return None
        boxes = np.array([(place.left(), place.top(), place.right(), place.bottom()) for place in inside])
        free = self._free(boxes)
        if not (free.any() or anyhow):
            return None
        first = int(free.argmax())  # 0 where none is
        self.keep_free(boxes[first : first + 1])
        return inside[first]

    def inward(self, place: QRectF) -> QRectF:
        """A place above or below a dot, moved along until the edge does not cut it, but not away from the dot."""
        ahead = max(self._whole.left() - place.left(), 0.0) - max(place.right() - self._whole.right(), 0.0)
        return place.translated(ahead, 0.0) if abs(ahead) <= place.width() / 2 else place

    def _free(self, boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(m,) which of these (m, 4) meet nothing; all at once, since there are many words in a frame."""
        left, top, right, bottom = self._taken[: self._n].T
        a, b, c, d = boxes.T[:, :, None]
        result: NDArray[np.bool_] = ((left >= c) | (right <= a) | (top >= d) | (bottom <= b)).all(axis=1)
        return result


def beside(x: float, y: float, width: float, height: float, gap: float) -> list[QRectF]:
    """Where a title may stand by a dot: right, left, above, below; half a rim nearer than aside, not on the dot."""
    middle = y - height / 2
    return [
        QRectF(x + gap, middle, width, height), QRectF(x - gap - width, middle, width, height),
        QRectF(x - width / 2, y - gap - height + RIM / 2, width, height),
        QRectF(x - width / 2, y + gap - RIM / 2, width, height),
    ]  # fmt: skip
