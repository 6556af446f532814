"""What lies under the pointer: cover, title, artist, album, and how far the map can be believed there."""

from __future__ import annotations

import math
from collections import OrderedDict
from functools import partial

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QImage, QImageReader, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import tracks
from app.census import Reader
from app.columns import clock
from app.session import Session
from app.views.elided import Elided
from core.library.records import Row

COVER = 72
WIDTH = 300
KEPT = 200
"""Covers that stay in memory."""
LARGEST = 6000
"""Pixels on a side that a cover may have."""
LATER_MS = 60
"""A pointer that only passes asks for nothing."""


class HoverCard(QFrame):
    """A card beside the pointer, inside its parent.

    Parameters
    ----------
    session
        Asks the library.
    parent
        The canvas.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._session, self._room = session, parent
        self.file_id, self._trust, self._at = 0, math.nan, QPoint()
        self._covers: OrderedDict[int, QPixmap] = OrderedDict()
        self.cover, self.trust = QLabel(), QLabel()
        self.title, self.artist, self.album = Elided(), Elided(), Elided()
        self._later = QTimer(self, singleShot=True, interval=LATER_MS)
        self._later.timeout.connect(self._ask)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        self.title.setProperty("role", "strong")
        for label in (self.artist, self.album, self.trust):
            label.setProperty("role", "small")
        self.trust.setWordWrap(True)
        self.cover.setFixedSize(COVER, COVER)
        self.cover.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text = QVBoxLayout()
        text.setSpacing(1)
        for label in (self.title, self.artist, self.album, self.trust):
            text.addWidget(label)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 8, 10, 8)
        layout.setSpacing(10)
        layout.addWidget(self.cover)
        layout.addLayout(text, 1)
        self.setFixedWidth(WIDTH)

    # -- what the map says

    def show_at(self, file_id: int, trust: float, at: QPoint) -> None:
        """The pointer is on this file's point, at this place of the parent."""
        self._at = at
        if file_id == self.file_id and not self.isHidden():
            return
        self.file_id, self._trust = file_id, trust
        self.hide()
        self._later.start()

    def leave(self) -> None:
        """The pointer is on no point."""
        self.file_id = 0
        self._later.stop()
        self.hide()

    def _ask(self) -> None:
        if self.file_id:
            known = self.file_id in self._covers
            ratio = self.devicePixelRatio()
            self._session.ask(partial(_look_up, self.file_id, known, ratio), self._take, latest="map card")

    def _take(self, found: tuple[Row, QImage | None] | None) -> None:
        if found is None or found[0].file_id != self.file_id or not self._room.isVisible():
            return
        row, image = found
        if image is not None:
            self._covers[row.file_id] = QPixmap.fromImage(image)
            while len(self._covers) > KEPT:
                self._covers.popitem(last=False)
        self._show(row)

    def _show(self, row: Row) -> None:
        cover = self._covers.get(row.file_id)
        none = cover is None or cover.isNull()
        self.cover.setPixmap(
            self._session.theme.pixmap("note", 32, "faint") if none or cover is None else cover
        )
        self.title.set_whole(row.title)
        self.artist.set_whole(" · ".join(filter(None, (row.artist, clock(row.seconds)))))
        self.album.set_whole(row.album or tracks.folder_name(row))
        self.trust.setVisible(not math.isnan(self._trust))
        if not math.isnan(self._trust):
            self.trust.setText(f"{self._trust:.0%} of its true neighbours are near it here")
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()

    def _place(self) -> None:
        """Beside the pointer, wholly inside the parent."""
        room, size = self._room.rect().adjusted(6, 6, -6, -6), self.size()
        place = QRect(self._at + QPoint(18, 16), size)
        if place.right() > room.right():
            place.moveRight(self._at.x() - 14)
        if place.bottom() > room.bottom():
            place.moveBottom(self._at.y() - 14)
        self.move(max(place.left(), room.left()), max(place.top(), room.top()))


def _look_up(file_id: int, known: bool, ratio: float, reader: Reader) -> tuple[Row, QImage | None] | None:
    """In a thread: the file's row, and its cover where it is not known yet."""
    rows = reader.page([file_id])
    if not rows:
        return None
    return rows[0], None if known else cover_image(rows[0].path, ratio)


def cover_image(path: bytes, ratio: float = 1.0, side: int = COVER) -> QImage:
    """The cover as a square of `side` logical pixels; a null image where there is none or it is broken."""
    from core.library import covers

    data = covers.find(path)
    if data is None:
        return QImage()
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    image_reader = QImageReader(buffer)
    image_reader.setAutoTransform(True)
    size = image_reader.size()
    if not size.isValid() or max(size.width(), size.height()) > LARGEST:
        return QImage()
    pixels = round(side * ratio)
    image_reader.setScaledSize(size.scaled(QSize(pixels, pixels), Qt.AspectRatioMode.KeepAspectRatio))
    image = image_reader.read()
    image.setDevicePixelRatio(ratio)
    return image
