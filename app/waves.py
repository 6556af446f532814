"""Waveforms of tracks that are looked at and not played: one after the other, by a process of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.playback.sketcher import Sketcher

PATIENCE_MS = 15_000
"""A track that has no waveform by then is passed over (ms): it cannot be read, or only just."""


class Waves(QObject):
    """Asks for waveforms in turn, the newest wish first; what is not wished any more is forgotten.

    Signals
    -------
    drawn(int, object)
        Track, (800, 2) float32 as `Sketcher.waveform`.
    """

    drawn = Signal(int, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._wanted: list[tuple[int, bytes]] = []
        self._drawing: int | None = None
        self._sketcher = Sketcher(self)
        self._sketcher.waveform.connect(self._take)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._next)

    def want(self, tracks: list[tuple[int, bytes]]) -> None:
        """Draw these (track, path), and nothing else that waits."""
        self._wanted = list(tracks)
        self._next()

    def close(self) -> None:
        """End the process."""
        self._patience.stop()
        self._sketcher.close()

    def _next(self) -> None:
        self._patience.stop()
        self._drawing = None
        if self._wanted:
            track_id, path = self._wanted.pop(0)
            self._drawing = track_id
            self._patience.start()
            self._sketcher.show(track_id, path)

    def _take(self, track_id: int, peaks: NDArray[np.float32]) -> None:
        self.drawn.emit(track_id, peaks)
        if track_id == self._drawing and not np.isnan(peaks).any():
            self._next()
