"""Credits: whose the bundled music is, and under which licence; a page that each licence asks for."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core import bundled_music
from core.bundled_music import Credit

COLUMNS = ("Title", "Artist", "Style", "Licence", "From")
WIDTHS = (190, 190, 90, 130)
INTRODUCTION = (
    "{n} excerpts of half a minute, freely licensed by those who made them. Each was cut from a longer piece, faded at "
    "its ends and brought to one loudness; it may be passed on under the licence of its piece."
)


class CreditsDialog(QDialog):
    """A row for each track; below it what the licence of the chosen one asks to be said."""

    def __init__(self, credits: Sequence[Credit], parent: QWidget | None = None) -> None:  # noqa: A002 - the word
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Music credits")
        self.resize(900, 620)
        self._credits = tuple(credits)
        self.table = self._filled()
        self.details = QLabel()
        self.details.setWordWrap(True)
        self.details.setTextFormat(Qt.TextFormat.RichText)
        self.details.setOpenExternalLinks(True)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.details.setMinimumHeight(124)
        self.details.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._lay_out()
        self.table.currentCellChanged.connect(lambda row, *_: self._show(row))
        self.table.setCurrentCell(0, 0)

    def show_file(self, name: str) -> None:
        """Go to the track of that file name, if there is one."""
        rows = [row for row, credit in enumerate(self._credits) if credit.file == name]
        if rows:
            self.table.setCurrentCell(rows[0], 0)

    def _filled(self) -> QTableWidget:
        table = QTableWidget(len(self._credits), len(COLUMNS))
        table.setAccessibleName("Bundled music")
        table.setHorizontalHeaderLabels(list(COLUMNS))
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        for row, credit in enumerate(self._credits):
            for column, text in enumerate(
                (credit.title, credit.artist, credit.style, credit.licence, credit.source)
            ):
                table.setItem(row, column, QTableWidgetItem(text))
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate(WIDTHS):
            table.setColumnWidth(column, width)
        header.setStretchLastSection(True)
        return table

    def _lay_out(self) -> None:
        heading, introduction = QLabel("Music credits"), QLabel(INTRODUCTION.format(n=len(self._credits)))
        heading.setProperty("role", "title")
        introduction.setProperty("role", "muted")
        introduction.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        texts = buttons.addButton("Licence texts", QDialogButtonBox.ButtonRole.ActionRole)
        texts.setToolTip("Open the folder that holds the licences word by word.")
        texts.clicked.connect(_show_texts)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(12)
        for widget in (heading, introduction):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.details)
        layout.addWidget(buttons)

    def _show(self, row: int) -> None:
        self.details.setText(words(self._credits[row]) if 0 <= row < len(self._credits) else "")


def words(credit: Credit) -> str:
    """What is to be said of a track, as rich text."""
    begin, end = (f"{int(at) // 60}:{int(at) % 60:02d}" for at in credit.excerpt)
    album = f", from <i>{escape(credit.album)}</i>" if credit.album else ""
    lines = [
        f"<b>{escape(credit.title)}</b> by {escape(credit.artist)}{album}",
        f"{begin} to {end} of the piece. © {escape(credit.copyright)}.",
        f"Licence: <a href='{escape(credit.licence_url)}'>{escape(credit.licence_name)}</a>",
        f"Source: <a href='{escape(credit.source_url)}'>{escape(credit.source)}</a>, "
        f"in Debian's package {escape(credit.package)}",
    ]
    if credit.notice:
        lines.append(escape(credit.notice))
    return "<br>".join(lines)


def _show_texts() -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(bundled_music.folder() / "licences")))
