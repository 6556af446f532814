"""What the window and its helper processes say to each other: one JSON object a line."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

Message = dict[str, Any]

ReplayGain = Literal["off", "track", "album"]
"""Whether the loudness that tags tell is evened out, and track by track or album by album."""

EXIT_STUCK = 75
"""Exit status of an engine whose sound card hangs: no file is to blame, a new process goes on."""


@dataclass(frozen=True)
class Item:
    """One entry of the queue.

    Parameters
    ----------
    key
        Names this entry (a track may be queued twice).
    path
        Raw bytes of the file's path.
    start_s, length_s
        Seconds; with `length_s` the item is an excerpt, faded in and out.
    """

    key: int
    path: bytes
    start_s: float = 0.0
    length_s: float | None = None

    def to_json(self) -> Message:
        """A path that is not UTF-8 travels in surrogate escapes."""
        path = os.fsdecode(self.path)
        return {"key": self.key, "path": path, "start": self.start_s, "length": self.length_s}

    @classmethod
    def from_json(cls, message: Message) -> Item:
        """The inverse of `to_json`."""
        return cls(message["key"], os.fsencode(message["path"]), message["start"], message["length"])


def encode(message: Message) -> bytes:
    """One line; ASCII, so that no stream's encoding matters."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """The inverse of `encode`."""
    message: Message = json.loads(line)
    return message


class Channel:
    """A helper process's end: commands come in by a thread, events go out from any thread.

    Standard output belongs to the channel alone; what a C library prints there goes to standard error.
    """

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._sink = sink
        self._lock = threading.Lock()
        self._commands: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, args=(source,), daemon=True, name="commands").start()

    @classmethod
    def over_standard_streams(cls) -> Channel:
        """Take standard input and output for the channel."""
        sink = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return cls(sys.stdin.buffer, sink)

    def _listen(self, source: BinaryIO) -> None:
        for line in source:
            self._commands.put(decode(line))
        self._commands.put(None)

    def send(self, **message: Any) -> None:
        """Say something; a window that is gone is found out at the other end of the channel."""
        with self._lock:
            try:
                self._sink.write(encode(message))
            except OSError:
                self._commands.put(None)

    def receive(self, timeout_s: float | None) -> Message:
        """The next command.

        Raises
        ------
        queue.Empty
            None came in `timeout_s`.
        EOFError
            The window is gone.
        """
        message = self._commands.get(timeout=timeout_s)
        if message is None:
            raise EOFError
        return message

    def pending(self) -> bool:
        """Whether a command waits."""
        return not self._commands.empty()
