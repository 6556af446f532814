"""The one switch at the top: which model stands behind the neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

WIDTH = 230
POPUP_MARGIN = 40
"""Beside the longest line of the list: room for a scroll bar and the frame."""
UNHEARD = "not listened with yet"
UNHEARD_TIP = "It came with Earmap. Choose it, and it listens to your music."


@dataclass(frozen=True)
class EncoderChoice:
    """An encoder as a person sees it: `key` for the program, `title` in the list, `tip` beside it.

    `unheard`: it came with the program and has not listened to this library.
    """

    key: str
    title: str
    tip: str = ""
    unheard: bool = False


class EncoderSwitch(QWidget):
    """A labelled list of encoders; `chosen(key)` fires when a person picks one."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.combo = QComboBox()
        self.combo.setFixedWidth(WIDTH)
        self.combo.setPlaceholderText("None yet")
        self.combo.setMaxVisibleItems(20)
        self.combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.combo.setAccessibleName("Encoder")
        self.combo.activated.connect(lambda index: self.chosen.emit(self.combo.itemData(index)))
        label = QLabel("&Encoder")
        label.setProperty("role", "muted")
        label.setBuddy(self.combo)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(label)
        layout.addWidget(self.combo)
        self.set_choices([], "")

    @property
    def current(self) -> str:
        """The key of the encoder that is picked, empty if there is none."""
        return self.combo.currentData() or ""

    def set_choices(self, choices: Sequence[EncoderChoice], current: str) -> None:
        """Offer `choices` with `current` picked; fires nothing."""
        with QSignalBlocker(self.combo):
            self.combo.clear()
            for heard in (True, False):
                self._add([choice for choice in choices if choice.unheard is not heard], current)
            self.combo.setCurrentIndex(self.combo.findData(current))
        self.combo.setEnabled(bool(choices))
        room = self.combo.view().sizeHintForColumn(0) + POPUP_MARGIN
        self.combo.view().setMinimumWidth(room if choices else 0)
        reason = "" if choices else " Not now: add music first."
        self.combo.setToolTip(f"How tracks are compared: the model behind the neighbours.{reason}")

    def _add(self, choices: Sequence[EncoderChoice], current: str) -> None:
        """A group of the list, with a line before it where there is another."""
        if choices and self.combo.count():
            self.combo.insertSeparator(self.combo.count())
        for choice in choices:
            later = choice.unheard and choice.key != current
            self.combo.addItem(f"{choice.title} · {UNHEARD}" if later else choice.title, choice.key)
            tip = "\n".join(filter(None, (choice.tip, UNHEARD_TIP if later else "")))
            self.combo.setItemData(self.combo.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
