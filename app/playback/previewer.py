"""The window's side of previews: what is previewed now, and whose fault it is when that fails."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.playback.host import Host
from app.playback.protocol import Message
from app.playback.queue import Entry, Playable

_PREVIEW_S, _SHORTEST_S = 30.0, 0.1
"""How long a preview goes on, and the shortest one (s)."""


def excerpt(playable: Playable, from_second: float | None) -> Playable:
    """What is heard of `playable`: from a second on, else the excerpt that it is, else from the middle."""
    start, length = playable.start_s, playable.length_s
    if from_second is not None:
        start, length = from_second, None
    elif length is None:
        start = (playable.seconds or 0.0) / 2
    if length is None:  # not beyond the end, so that it fades there, too
        length = min(_PREVIEW_S, (playable.seconds or float("inf")) - start)
    return replace(playable, start_s=start, length_s=max(length, _SHORTEST_S))


class Previewer(QObject):
    """Asks the engine for one preview at a time.

    Signals
    -------
    changed(object)
        The `Playable` that is previewed now, or None.
    failed(object, str)
        A `Playable` that cannot be previewed, and why.
    """

    changed = Signal(object)
    failed = Signal(object, str)

    def __init__(self, engine: Host, parent: QObject) -> None:
        super().__init__(parent)
        self._engine = engine
        self._entry: Entry | None = None
        self._decoding: int | None = None

    @property
    def current(self) -> Playable | None:
        """What is previewed now."""
        return self._entry.playable if self._entry else None

    def start(self, entry: Entry) -> None:
        """Preview `entry`."""
        self._engine.send(do="preview", item=entry.item().to_json())
        self._set(entry)

    def stop(self) -> None:
        """Let it fade out."""
        if self._entry is not None:
            self._engine.send(do="stop-preview")
            self._set(None)

    def take(self, message: Message) -> None:
        """Hear what the engine says of previews."""
        event, key = message["event"], message["key"]
        if event == "preview-decoding":
            self._decoding = key
        elif self._entry is not None and key == self._entry.key:
            if event == "preview-failed":
                self.failed.emit(self._entry.playable, message["sentence"])
            else:
                self._set(None)

    def bury(self) -> bool:
        """The engine is dead: whether a preview's file is to blame.

        A preview's decoder runs but for a moment: while it does, it is more likely to be at fault than
        what plays.
        """
        key, self._decoding = self._decoding, None
        if key is not None and self._entry is not None and key == self._entry.key:
            self.failed.emit(self._entry.playable, "The decoder crashed on this file.")
        self._set(None)
        return key is not None

    def _set(self, entry: Entry | None) -> None:
        if entry != self._entry:
            self._entry = entry
            self.changed.emit(self.current)
