"""What the Similar panel can be asked: four questions side by side, one of them put."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from app.neighbourhood import Mode

MODES: tuple[tuple[Mode, str, str], ...] = (
    ("similar", "Similar", "What sounds like the chosen tracks."),
    ("path", "Path", "From one track to another in even steps, by way of others if you like."),
    ("radio", "Radio", "A queue near the chosen tracks that goes on by itself."),
    (
        "moment",
        "Moment",
        "Where a few seconds of a track turn up in others: mark them in the player's waveform.",
    ),
)


class ModeBar(QWidget):
    """Four buttons, one of them down.

    Signals
    -------
    chosen(str)
        A person chose this mode.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "segments")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.buttons: dict[str, QToolButton] = {}
        group = QButtonGroup(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3, 3, 3, 3)
        layout.setSpacing(2)
        for mode, text, tip in MODES:
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setObjectName(mode)
            group.addButton(button)
            layout.addWidget(button)
            self.buttons[mode] = button
        self.buttons["similar"].setChecked(True)
        group.buttonClicked.connect(lambda button: self.chosen.emit(button.objectName()))

    @property
    def mode(self) -> Mode:
        """The one that is down."""
        return next(mode for mode in get_args(Mode) if self.buttons[mode].isChecked())

    def set_mode(self, mode: Mode) -> None:
        """Put another one down."""
        self.buttons[mode].setChecked(True)
