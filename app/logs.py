"""The log file: written by a thread of its own, so that a slow disk never holds up the window."""

from __future__ import annotations

import logging
import os
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path

import platformdirs
from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from core.settings import APP

FORMAT = "%(asctime)s %(levelname)s %(process)d %(threadName)s %(name)s: %(message)s"
LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING, QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}  # fmt: skip


def log_file() -> Path:
    """Where the log lives (`EARMAP_LOG_DIR` overrides the folder)."""
    folder = os.environ.get("EARMAP_LOG_DIR") or platformdirs.user_log_dir(APP, appauthor=False)
    return Path(folder) / "earmap.log"


def _qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    logging.getLogger("qt").log(LEVELS.get(kind, logging.WARNING), "%s (%s)", text, context.category)


def _file_handler(path: Path) -> logging.Handler:
    """A rotating file, or nothing where the folder cannot be written: the program runs without a log."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            path, maxBytes=2_000_000, backupCount=3, encoding="utf-8"
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter(FORMAT))
    return handler


@contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Log to `path`, Qt's own messages included, while the block runs."""
    waiting: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    entrance, handler = QueueHandler(waiting), _file_handler(path)
    listener = QueueListener(waiting, handler)
    root = logging.getLogger()
    before = root.level
    root.addHandler(entrance)
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    listener.start()
    previous = qInstallMessageHandler(_qt_message)
    try:
        yield
    finally:
        qInstallMessageHandler(previous)
        root.removeHandler(entrance)
        root.setLevel(before)
        listener.stop()
        handler.close()
