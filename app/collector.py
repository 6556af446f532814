"""Python's garbage collection at times of our choosing.

By itself it runs in whichever thread made the most objects, stops all the others, and with a large library
takes 50 to 150 ms: a hitch in the window because a thread read rows. Here the objects of the start are taken
out of its sight for good, and it runs between two events, often and briefly.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

YOUNG_MS = 1000
FULL_EVERY = 60
"""Every so many young collections one looks at all that came after the start."""

MANY, PATIENCE = 20_000, 3
"""So many new objects at once are rows on their way through a thread; for so many turns their going is waited for. Then
they are taken for lasting, and out of sight as well: to look at a million of them takes 0.3 s."""

OLD = 200_000
"""Where more may have come since the last full collection, they take the place of the next one out of sight: it would
take over 30 ms."""


def hold() -> None:
    """Collect nothing until a `Collector` takes over.

    Of all that is loaded at the start nothing goes, and to look through it took 40 ms in the window's thread and 80 ms
    in a reader's.
    """
    gc.disable()


def release() -> None:
    """Python collects by itself again, if no `Collector` has seen to that."""
    gc.enable()


class Collector(QObject):
    """Collects on the GUI thread between `start` and `close`; else Python does by itself."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._turns = self._waited = self._grown = 0
        self._timer = QTimer(self)
        self._timer.setInterval(YOUNG_MS)
        self._timer.timeout.connect(self._collect)

    def start(self) -> None:
        """Take over."""
        gc.disable()
        gc.freeze()
        self._timer.start()

    def close(self) -> None:
        """Give back."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    def _collect(self) -> None:
        if gc.get_count()[0] > MANY:
            self._waited += 1
            if self._waited == PATIENCE:
                self._waited = self._grown = 0
                gc.freeze()
            return
        self._turns, self._waited, self._grown = self._turns + 1, 0, self._grown + gc.get_count()[0]
        if self._turns % FULL_EVERY:
            gc.collect(1)
            return
        gc.freeze() if self._grown > OLD else gc.collect(2)
        self._grown = 0
