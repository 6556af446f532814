"""Something that goes from a beginning to an end in a while: the camera's flight, the points' way to another map."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEasingCurve, QVariantAnimation
from PySide6.QtWidgets import QStyle, QWidget


class Flight(QVariantAnimation):
    """Calls `step(share)` with a share from 0 to 1, at once and at each frame; the last call is with 1 exactly.

    Parameters
    ----------
    owner
        Its style says whether a person wants anything to move at all.
    """

    def __init__(self, owner: QWidget, easing: QEasingCurve.Type) -> None:
        super().__init__(owner)
        self._owner = owner
        self._step: Callable[[float], None] | None = None
        self.setStartValue(0.0)
        self.setEndValue(1.0)
        self.setEasingCurve(easing)
        self.valueChanged.connect(self._forward)

    def fly(self, ms: int, step: Callable[[float], None]) -> None:
        """Begin; what was flying before stops where it is."""
        self.stop()
        still = not self._owner.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration)
        if ms <= 0 or still or not self._owner.isVisible():
            step(1.0)
            return
        self.setDuration(ms)
        self._step = step
        step(0.0)
        self.start()

    def _forward(self, share: float) -> None:
        if self._step is not None and self.state() == QVariantAnimation.State.Running:
            self._step(share)
