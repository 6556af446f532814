"""The one switch at the top: which model stands behind the neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget


@dataclass(frozen=True)
class EncoderChoice:
    """An encoder as a person sees it: `key` for the program, `title` in the list, `tip` beside it."""

    key: str
    title: str
    tip: str = ""


class EncoderSwitch(QWidget):
    """A labelled list of encoders; `chosen(key)` fires when a person picks one."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.combo = QComboBox()
        self.combo.setMinimumWidth(200)
        self.combo.setPlaceholderText("None yet")
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
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
            for choice in choices:
                self.combo.addItem(choice.title, choice.key)
                self.combo.setItemData(self.combo.count() - 1, choice.tip, Qt.ItemDataRole.ToolTipRole)
            self.combo.setCurrentIndex(self.combo.findData(current))
        self.combo.setEnabled(bool(choices))
        reason = "" if choices else " Not now: add music first."
        self.combo.setToolTip(f"How tracks are compared: the model behind the neighbours.{reason}")
