"""The window's end of a helper process."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal

from app.playback.protocol import decode, encode

_LOG = logging.getLogger(__name__)
_FAREWELL_MS = 250

FAILED_TO_START = -1
"""What `died` tells of a process that never lived."""

_ROOT = Path(__file__).parents[2]
_BOOT = "import sys; sys.path.append(sys.argv[1]); from app.playback.__main__ import main; main(sys.argv[2])"


class Host(QObject):
    """Starts `role` when the first message is sent, and again after it has died.

    Nothing here waits: Qt's event loop reads and writes the pipes.
    """

    message = Signal(dict)
    """What the process says."""

    died = Signal(int, bool)
    """It ended without being asked: exit status, and whether a signal killed it."""

    started = Signal()
    """A new process takes messages; those sent in this signal's handlers come first."""

    def __init__(self, role: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._role = role
        self._process: QProcess | None = None

    @property
    def running(self) -> bool:
        """Whether a process lives or is being started."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The process's number, 0 where there is none."""
        return self._process.processId() if self._process else 0

    def start(self) -> None:
        """Start the process if it does not run."""
        if self._process is not None:
            return
        process = QProcess(self)
        process.setProgram(sys.executable)
        process.setArguments(["-P", "-c", _BOOT, str(_ROOT), self._role])
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_errors)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        process.start()
        if self._process is not None:  # it may have failed at once
            self.started.emit()

    def send(self, **message: Any) -> None:
        """Say something, starting the process where needed."""
        self.start()
        if self._process is not None:
            self._process.write(encode(message))

    def close(self) -> None:
        """End the process: it sees the end of its input; where it does not, it is asked to go, and then killed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.blockSignals(True)
        process.closeWriteChannel()
        # A process that is still loading its libraries does not listen. Killed within PortAudio it may leave locks
        # behind (see `core.jack`), so that it gets the time to come out of there.
        if not process.waitForFinished(_FAREWELL_MS):
            process.terminate()
            if not process.waitForFinished(_FAREWELL_MS):
                process.kill()
                process.waitForFinished(1000)
        process.deleteLater()

    def _read(self) -> None:
        while self._process is not None and self._process.canReadLine():
            line = bytes(self._process.readLine().data())
            try:
                message = decode(line)
            except json.JSONDecodeError:
                _LOG.warning("%s said %r", self._role, line[:200])
                continue
            self.message.emit(message)

    def _read_errors(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
            _LOG.info("%s: %s", self._role, text.rstrip())

    def _on_error(self, error: QProcess.ProcessError) -> None:
        # Every other error is followed by `finished`.
        if error == QProcess.ProcessError.FailedToStart:
            self._bury(FAILED_TO_START, crashed=False)

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_errors()
        self._bury(code, crashed=status == QProcess.ExitStatus.CrashExit)

    def _bury(self, code: int, *, crashed: bool) -> None:
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
        self.died.emit(code, crashed)
