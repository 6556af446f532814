"""The map as a picture (PNG), a drawing (SVG) or a table (CSV), each with what its colours mean."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from app.census import Reader
from app.drawing import Drawing
from app.map.palette import OTHER, ground
from app.map_colours import HIDDEN, NAMED, NONE, STEPS, Filter, Scheme, categories, slots
from app.theme import Colours
from core import paths
from core.files import atomic

KINDS = "Picture (*.png);;Drawing (*.svg);;Table (*.csv)"
SUFFIXES = (".png", ".svg", ".csv")
PICTURE = QSize(1400, 1000)
RATIO = 2.0
KEY, FOOT, LINE = 250, 44, 22
SIDE, DOT = 1000.0, 4.0
PAGE = 5_000


@dataclass(frozen=True, eq=False)
class Shown:
    """What is written.

    Parameters
    ----------
    sentence
        What one looks at, plain text.
    hues
        (256, 3) colours of the categories.
    """

    drawing: Drawing
    scheme: Scheme
    shown: Filter
    hues: NDArray[np.uint8]
    colours: Colours
    sentence: str

    def hue(self, category: int) -> str:
        """A category's colour as `#rrggbb`."""
        return "#{:02x}{:02x}{:02x}".format(*self.hues[category].tolist())

    def key(self) -> list[tuple[str, str]]:
        """(colour, words) of each line of the legend."""
        scheme = self.scheme
        if scheme.info.kind == "numbers":
            low, high = scheme.range
            parts = [(place, low + (high - low) * place / 4) for place in range(5)]
            lines = [
                (self.hue(min(place * STEPS // 4, STEPS - 1)), scheme.text(number)) for place, number in parts
            ]
        else:
            of = slots(scheme, self.shown)
            named = np.flatnonzero(of < NAMED).tolist()
            lines = [(self.hue(int(of[code])), scheme.titles[code]) for code in named]
            rest = int(np.count_nonzero(of == OTHER))
            lines += [(self.hue(OTHER), f"{rest} others")] if rest else []
        return lines + (
            [(self.hue(NONE), scheme.info.none)] if scheme.without and -1 not in self.shown.hidden else []
        )


def picture(image: QImage, what: Shown, ratio: float = RATIO) -> QImage:
    """The rendered map with legend and sentence around it, for the GUI thread."""
    wide, high = image.width() / ratio + KEY, image.height() / ratio + FOOT
    result = QImage(round(wide * ratio), round(high * ratio), QImage.Format.Format_RGB32)
    result.setDevicePixelRatio(ratio)
    result.fill(QColor(ground(what.colours)))
    image.setDevicePixelRatio(ratio)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.drawImage(0, 0, image)
    _paint_key(painter, what, wide - KEY + 12, high)
    painter.setPen(QColor(what.colours.muted))
    foot = QRectF(14, high - FOOT, wide - 28, FOOT)
    painter.drawText(foot, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, what.sentence)
    painter.end()
    return result


def _paint_key(painter: QPainter, what: Shown, left: float, high: float) -> None:
    title = QFont(painter.font())
    title.setBold(True)
    painter.save()
    painter.setFont(title)
    painter.setPen(QColor(what.colours.text))
    painter.drawText(QRectF(left, 14, KEY - 24, LINE), what.scheme.info.title)
    painter.restore()
    for place, (colour, words) in enumerate(what.key()[: int((high - FOOT - 50) / LINE)]):
        top = 42 + place * LINE
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawEllipse(QRectF(left, top + 5, 10, 10))
        painter.setPen(QColor(what.colours.text))
        cut = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, KEY - 50)
        painter.drawText(QRectF(left + 18, top, KEY - 44, LINE), Qt.AlignmentFlag.AlignVCenter, cut)


def write_picture(path: Path, image: QImage) -> None:
    """In a thread: the PNG.

    Raises
    ------
    UserError
        The place cannot be written.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload] # the stubs want bytes, Qt takes text
    with atomic(path) as file:
        file.write(bytes(buffer.data().data()))


def write_drawing(path: Path, what: Shown) -> None:
    """In a thread: the SVG, a circle for each point that is shown, by colour.

    Raises
    ------
    UserError
        The place cannot be written.
    """
    with atomic(path) as file:
        file.writelines(line.encode() + b"\n" for line in _svg(what))


def _svg(what: Shown) -> Iterator[str]:
    at = _scaled(what.drawing.xy)
    of = categories(what.scheme, what.shown)
    wide, high = SIDE + KEY, SIDE + FOOT
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" font-family="sans-serif">'
    yield f'<rect width="100%" height="100%" fill="{ground(what.colours)}"/>'
    for category in np.unique(of[of != HIDDEN])[::-1].tolist():  # what has no name lies under what has one
        yield f'<g fill="{what.hue(category)}">'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{DOT}"/>' for x, y in at[of == category].tolist())
        yield "</g>"
    yield f'<g font-size="13" fill="{what.colours.text}">'
    yield f'<text x="{SIDE + 12}" y="30" font-weight="bold">{escape(what.scheme.info.title)}</text>'
    for place, (colour, words) in enumerate(what.key()):
        top = 54 + place * LINE
        yield f'<circle cx="{SIDE + 17}" cy="{top - 4}" r="5" fill="{colour}"/>'
        yield f'<text x="{SIDE + 30}" y="{top}">{escape(words)}</text>'
    yield f'<text x="14" y="{high - 16}" font-size="12">{escape(what.sentence)}</text></g></svg>'


def _scaled(xy: NDArray[np.float32]) -> NDArray[np.float64]:
    """Positions in a square of `SIDE`, y pointing down."""
    points = xy.astype(np.float64) * (1, -1)
    low, high = points.min(axis=0), points.max(axis=0)
    size = float((high - low).max()) or 1.0
    room = 0.94 * SIDE
    result: NDArray[np.float64] = (points - (low + high) / 2) / size * room + SIDE / 2
    return result


def write_table(path: Path, what: Shown, reader: Reader) -> None:
    """In a thread: the CSV, a line for each point.

    Raises
    ------
    UserError
        The place cannot be written.
    """
    with atomic(path) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="", errors="replace")
        writer = csv.writer(text)
        writer.writerow(("path", "title", "artist", "album", "x", "y", "trust", what.scheme.info.name))
        for start in range(0, len(what.drawing), PAGE):
            writer.writerows(_lines(what, slice(start, start + PAGE), reader))
        text.flush()
        text.detach()


def _lines(what: Shown, part: slice, reader: Reader) -> Iterator[Sequence[object]]:
    drawing, scheme = what.drawing, what.scheme
    rows = {row.file_id: row for row in reader.page(drawing.files[part].tolist())}
    for place in range(*part.indices(len(drawing))):
        row = rows.get(int(drawing.files[place]))
        if row is not None:
            (x, y), trust = drawing.xy[place].tolist(), float(drawing.kept[place])
            known = "" if math.isnan(trust) else f"{trust:.4f}"
            yield (paths.display(row.path), row.title, row.artist, row.album, f"{x:.6g}", f"{y:.6g}", known,
                   _value(scheme, place))  # fmt: skip


def _value(scheme: Scheme, place: int) -> str:
    if scheme.info.kind == "numbers":
        number = float(scheme.numbers[place])
        return "" if math.isnan(number) else f"{number:g}"
    code = int(scheme.codes[place])
    return "" if code < 0 else scheme.values[code]
