"""The dialog of encoders: all there are on the left, the card of the chosen one on the right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)  # fmt: skip
from shiboken6 import isValid

from app.encoder_card import Sheet, sheet_of
from app.encoder_files import WEIGHTLESS
from app.session import Session
from app.views.card_page import CardPage, fixed
from app.views.elided import Elided
from app.views.encoder_switch import UNHEARD
from core.bundled import Bundled
from core.library.records import EncoderRecord

NAME = int(Qt.ItemDataRole.UserRole)
ROW, LIST_WIDTH = 36, 250
USE_TIP = "Put this encoder behind neighbours, map and everything else."
LISTEN_TIP = "Earmap listens to your music with this encoder, and goes by it from then on."
NONE = "There is no encoder yet."


class EncoderCards(QDialog):
    """Shows cards.

    Parameters
    ----------
    session
        Knows the encoders; the dialog follows it while it is open.
    strategies
        What strategies are called and learn, by name, as far as that is known.

    Signals
    -------
    use_wanted(str), export_wanted(str)
        Put that encoder behind everything; write it to a file.
    """

    use_wanted = Signal(str)
    export_wanted = Signal(str)

    def __init__(
        self, session: Session, parent: QWidget, strategies: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Encoders")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(1040, 700)
        self._session, self._strategies = session, strategies or {}
        self._encoders: dict[str, EncoderRecord | Bundled] = {}
        self.page: CardPage | None = None
        self.list = QListWidget()
        self.title, self.origin, self.area = Elided(), QLabel(), QScrollArea()
        self.json, self.pages = QPlainTextEdit(), QStackedWidget()
        self.use, self.raw = self._button("Use it"), self._button("Card as JSON")
        self.export, self.leave = self._button("Export…"), self._button("Close")
        self._lay_out()
        self._connect()
        self._offer()

    # -- building

    def _button(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        return button

    def _lay_out(self) -> None:
        self.list.setObjectName("groups")
        self.list.setFixedWidth(LIST_WIDTH)
        self.list.setAccessibleName("Encoders")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.title.setProperty("role", "title")
        self.origin.setProperty("role", "muted")
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setAccessibleName("Card")
        self.json.setReadOnly(True)
        self.json.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.json.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.json.setFont(fixed(self.json.font()))
        self.json.setAccessibleName("Card as JSON")
        self.json.setTabChangesFocus(True)
        self.raw.setCheckable(True)
        self.raw.setToolTip("All that the card says, as it is kept in the encoder's file.")
        self.use.setProperty("role", "primary")
        self.pages.addWidget(self.area)
        self.pages.addWidget(self.json)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.list)
        layout.addLayout(self._right(), 1)

    def _right(self) -> QVBoxLayout:
        head = QVBoxLayout()
        head.setContentsMargins(24, 18, 24, 10)
        head.setSpacing(2)
        head.addWidget(self.title)
        head.addWidget(self.origin)
        foot = QHBoxLayout()
        foot.setContentsMargins(24, 12, 16, 12)
        foot.setSpacing(10)
        for button in (self.use, self.export, self.raw):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(self.leave)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.pages, 1)
        column.addLayout(foot)
        return column

    def _connect(self) -> None:
        self.list.currentItemChanged.connect(self._chosen)
        self.raw.toggled.connect(self.pages.setCurrentIndex)
        self.leave.clicked.connect(self.reject)
        self.use.clicked.connect(lambda: self.use_wanted.emit(self.name))
        self.export.clicked.connect(lambda: self.export_wanted.emit(self.name))
        self._session.encoders_changed.connect(self._offer)
        self._session.encoder_changed.connect(self._offer)

    # -- what is shown

    @property
    def name(self) -> str:
        """Of the encoder whose card is shown; empty where there is none."""
        row = self.list.currentRow()
        return "" if row < 0 else str(self.list.item(row).data(NAME))

    @property
    def sheet(self) -> Sheet | None:
        """What is shown of it."""
        return None if self.page is None else self.page.sheet

    def show_encoder(self, name: str) -> None:
        """Show the card of the encoder of that name, if there is one."""
        for row in range(self.list.count()):
            if self.list.item(row).data(NAME) == name:
                self.list.setCurrentRow(row)

    def _offer(self) -> None:
        """The list as it is now; the chosen one stays chosen."""
        session, chosen = self._session, self.name
        found: dict[str, EncoderRecord | Bundled] = {one.name: one for one in session.encoders}
        found |= {one.name: one for one in session.offered}
        if found != self._encoders:
            self._encoders = found
            self.list.blockSignals(True)
            self.list.clear()
            for one in found.values():
                self._add(one)
            self.list.blockSignals(False)
            first = session.encoder.name if session.encoder else session.wanted
            self.list.setCurrentRow(0)
            self.show_encoder(first)
            self.show_encoder(chosen)
            self._chosen()
        self._allow()

    def _add(self, encoder: EncoderRecord | Bundled) -> None:
        sheet = sheet_of(encoder)
        item = QListWidgetItem(sheet.title, self.list)
        item.setData(NAME, encoder.name)
        item.setSizeHint(QSize(0, ROW))
        item.setToolTip(f"{sheet.name}\n{sheet.origin}" + (f", {UNHEARD}" if sheet.unheard else ""))

    def _chosen(self, *_: object) -> None:
        encoder = self._encoders.get(self.name)
        if encoder is None:
            self.page = None
            self.title.set_whole(NONE)
            return
        sheet = sheet_of(encoder, self._strategies)
        self.page = CardPage(self._session.theme, sheet)
        self.area.setWidget(self.page)  # deletes the one before
        self.title.set_whole(sheet.title)
        self.json.setPlainText(sheet.text)
        self._allow()
        if sheet.curves:
            page = self.page
            self._session.background.run(_load, lambda _: self._draw(page), latest="card curves")

    def _draw(self, page: CardPage) -> None:
        if page is self.page and isValid(page):  # the dialog may have been closed meanwhile
            page.show_curves()

    def _allow(self) -> None:
        sheet = self.sheet
        for button in (self.use, self.export, self.raw):
            button.setEnabled(sheet is not None)
        if sheet is None:
            return
        used = self._session.encoder is not None and self._session.encoder.name == sheet.name
        state = "in use" if used else UNHEARD if sheet.unheard else ""
        known = sheet.name if sheet.name != sheet.title else ""
        self.origin.setText(" · ".join(filter(None, (known, sheet.origin, state))))
        self.use.setEnabled(not used)
        self.use.setText("Listen with it" if sheet.unheard else "Use it")
        self.use.setToolTip("Not now: it is in use." if used else LISTEN_TIP if sheet.unheard else USE_TIP)
        self.export.setEnabled(sheet.weights)
        why = f"Not now: {WEIGHTLESS.format(sheet.name)}"
        self.export.setToolTip("Write it with its card to a file to give away." if sheet.weights else why)


def _load() -> None:
    """In a thread: what takes half a second to import."""
    import app.charts.curves  # noqa: F401 - for the next import of it to be quick
