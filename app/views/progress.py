"""A bar that tells how far something is."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar


class Progress(QProgressBar):
    """Without words, and painted together with what else has changed.

    Qt's own paints at once with every step, and with it all that waits to be painted in its window: a map that
    moves would be drawn twice in one turn.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setTextVisible(False)

    def setValue(self, value: int) -> None:  # noqa: N802 - Qt's name
        """Go there, and be painted when the turn is over."""
        if value != self.value():
            self.setUpdatesEnabled(False)
            super().setValue(value)
            self.setUpdatesEnabled(True)

    def show_share(self, done: int, total: int) -> None:
        """So much of a total is done; total 0: nobody knows of how much."""
        self.setRange(0, total)
        self.setValue(done)
