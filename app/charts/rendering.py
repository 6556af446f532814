"""What a painter draws, as the bytes of a picture or of a drawing; works in threads too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QPoint, QRect, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from core import files

SCALE = 3
"""Pixels of a picture for each one on the screen, enough for print."""

Paint = Callable[[QPainter], None]


def rendered(paint: Paint, size: QSize, ground: str, title: str, suffix: str) -> bytes:
    """A picture (`.png`) or a drawing (`.svg`) of that size (px of the screen) on a ground of that colour."""
    return _drawing(paint, size, ground, title) if suffix == ".svg" else _picture(paint, size, ground)


def _picture(paint: Paint, size: QSize, ground: str) -> bytes:
    return encoded(painted(paint, size, ground))


def painted(paint: Paint, size: QSize, ground: str) -> QImage:
    """A picture that is not yet compressed, which takes most of the time and needs no widget."""
    image = QImage(size * SCALE, QImage.Format.Format_RGB32)
    image.fill(QColor(ground))
    image.setDevicePixelRatio(SCALE)
    painter = QPainter(image)
    paint(painter)
    painter.end()
    return image


def encoded(image: QImage) -> bytes:
    """A picture as a PNG file."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload] # the stubs know no QBuffer here
    return bytes(buffer.data().data())


def _drawing(paint: Paint, size: QSize, ground: str, title: str) -> bytes:
    buffer, generator = QBuffer(), QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRect(QPoint(), size))
    generator.setTitle(title)
    painter = QPainter(generator)
    painter.fillRect(QRect(QPoint(), size), QColor(ground))
    paint(painter)
    painter.end()
    return bytes(buffer.data().data())


def write(path: Path, content: bytes) -> None:
    """Write a finished picture, whole or not at all."""
    with files.atomic(path) as file:
        file.write(content)
