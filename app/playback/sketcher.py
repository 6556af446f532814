"""The window's end of the process that draws waveforms and lists sound cards."""

from __future__ import annotations

import base64
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.playback.host import Host
from app.playback.protocol import Item, Message

_KEPT = 256
"""Waveforms kept (6 KB each)."""


class Sketcher(QObject):
    """Asks for waveforms and remembers them.

    Signals
    -------
    waveform(int, object)
        Track, (800, 2) float32: least and greatest sample, NaN where not read yet. Several times while
        a track is read.
    devices_changed(list)
        Names of the sound cards.
    """

    waveform = Signal(int, object)
    devices_changed = Signal(list)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._kept: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        self._host = Host("sketch", self)
        self._host.message.connect(self._on_message)

    def show(self, track_id: int, path: bytes) -> None:
        """Give the waveform of a track; one that is being drawn for another track is left."""
        peaks = self._kept.get(track_id)
        if peaks is None:
            self._host.send(do="draw", item=Item(track_id, path).to_json())
        else:
            self._kept.move_to_end(track_id)
            self.waveform.emit(track_id, peaks)

    def list_devices(self) -> None:
        """Look for sound cards."""
        self._host.send(do="devices")

    def close(self) -> None:
        """End the process."""
        self._host.close()

    def _on_message(self, message: Message) -> None:
        if message["event"] == "devices":
            self.devices_changed.emit(message["names"])
            return
        peaks = np.frombuffer(base64.b64decode(message["peaks"]), np.float32).reshape(-1, 2)
        if message["whole"]:
            self._kept[message["key"]] = peaks
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self.waveform.emit(message["key"], peaks)
