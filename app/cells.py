"""How a track looks in a table: text, state icon, colour, tooltip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon

from app.columns import COLUMNS
from app.theme import Theme
from app.tracks import number
from core import paths
from core.library.records import Row

FILE_ID = int(Qt.ItemDataRole.UserRole)
STATE_ICONS = {
    "embedded": ("check", "faint"), "pending": ("clock", "faint"), "partial": ("partial", "warning"),
    "failed": ("error", "error"), "skipped": ("info", "muted"), "offline": ("offline", "muted"),
}  # fmt: skip
STATE_WORDS = {
    "embedded": "Listened to: has neighbours.",
    "pending": "Waiting to be listened to.",
    "partial": "Only a part could be read.",
    "failed": "Could not be read.",
    "skipped": "Left out.",
    "offline": "Its folder cannot be reached now; what is known of it is kept.",
}

Show = Callable[[Row, int], Any]


def state_of(row: Row) -> str:
    """The state to show: being out of reach comes before all else."""
    return row.state if row.online else "offline"


def state_tip(row: Row) -> str:
    """The state in words, with the reason."""
    return f"{STATE_WORDS[state_of(row)]} {row.reason}".strip()


def alignment(column: int) -> Qt.AlignmentFlag:
    """Numbers to the right."""
    side = Qt.AlignmentFlag.AlignRight if COLUMNS[column].right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class Cells:
    """What the cells show, in the theme of the moment.

    `roles` maps Qt's role to what answers it; `playing` is the number (`tracks.number`) of the track that plays.
    """

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._icons: dict[str, QIcon] = {}
        self._faint = self._accent = QColor()
        self.playing: int | None = None
        self.draw()
        role = Qt.ItemDataRole
        self.roles: dict[int, Show] = {
            int(role.DisplayRole): self._text, int(role.DecorationRole): self._icon,
            int(role.ForegroundRole): self._colour, int(role.ToolTipRole): self._tip,
            int(role.TextAlignmentRole): self._alignment, int(role.AccessibleTextRole): self._spoken,
            FILE_ID: self._file_id,
        }  # fmt: skip

    def draw(self) -> None:
        """Take on the theme's present colours."""
        self._icons = {state: self._theme.icon(*icon) for state, icon in STATE_ICONS.items()}
        self._icons["playing"] = self._theme.icon("volume", "accent")
        self._faint, self._accent = QColor(self._theme.colours.faint), QColor(self._theme.colours.accent)

    def _text(self, row: Row, column: int) -> str:
        return COLUMNS[column].text(row)

    def _icon(self, row: Row, column: int) -> QIcon | None:
        if column != 0:
            return None
        return self._icons["playing" if number(row) == self.playing else state_of(row)]

    def _colour(self, row: Row, column: int) -> QColor | None:
        if number(row) == self.playing and COLUMNS[column].name == "title":
            return self._accent
        return None if row.online and row.state not in ("failed", "skipped") else self._faint

    def _tip(self, row: Row, column: int) -> str:
        if column == 0:
            return state_tip(row)
        text = COLUMNS[column].text(row)
        return f"{text}\n{paths.display(row.path)}" if COLUMNS[column].name == "title" else text

    def _alignment(self, _row: Row, column: int) -> Qt.AlignmentFlag:
        return alignment(column)

    def _spoken(self, row: Row, column: int) -> str:
        return state_tip(row) if column == 0 else COLUMNS[column].text(row)

    def _file_id(self, row: Row, _column: int) -> int:
        return row.file_id
