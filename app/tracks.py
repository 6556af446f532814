"""What a row of the library is elsewhere: something to play, a file to drag out, a folder to open."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QDesktopServices

from app.player import Playable
from core.library.records import Row
from core.playlist import Entry, address

TRACKS = "application/x-earmap-tracks"
"""Tracks that are dragged within the window, beside the files that other programs see."""


def number(row: Row) -> int:
    """What the player knows the row by: its track; below zero a file that has not been read yet."""
    return -row.file_id if row.track_id is None else row.track_id


def folder_name(row: Row) -> str:
    """The innermost folder's name: what a track is shown with where its tags say nothing."""
    return row.folder.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def playable(row: Row, length_s: float | None = None) -> Playable:
    """The row for the player; with `length_s` an excerpt from its middle."""
    start = 0.0 if length_s is None else max((row.seconds or 0.0) / 2 - length_s / 2, 0.0)
    return Playable(number(row), row.path, row.title, row.artist, row.seconds, start, length_s)


def excerpt(row: Row, start_s: float, length_s: float | None = None) -> Playable:
    """The row for the player from a second on, for so long (None: to its end)."""
    return Playable(number(row), row.path, row.title, row.artist, row.seconds, start_s, length_s)


def entry(row: Row) -> Entry:
    """The row for a playlist."""
    return Entry(row.path, row.title, row.artist, row.album, row.seconds)


def mime(rows: Iterable[Row]) -> QMimeData:
    """The rows as files for another program, and as tracks for a playlist here."""
    data, given = QMimeData(), list(rows)
    data.setUrls([QUrl.fromEncoded(address(row.path).encode()) for row in given])
    data.setData(TRACKS, json.dumps([row.track_id for row in given if row.track_id is not None]).encode())
    return data


def dragged(data: QMimeData) -> list[int]:
    """The tracks in what is dragged; none where it comes from elsewhere."""
    return [int(key) for key in json.loads(bytes(data.data(TRACKS).data()) or b"[]")]


def show_in_folder(path: bytes) -> None:
    """Open the folder of `path` in the file manager, with the file chosen where that is possible."""
    if sys.platform == "win32":
        subprocess.Popen(["explorer", "/select,", os.fsdecode(path)])
    elif sys.platform == "darwin":
        subprocess.Popen(["open", "-R", os.fsdecode(path)])
    else:
        folder = os.fsencode(Path(os.fsdecode(path)).parent)
        QDesktopServices.openUrl(QUrl.fromEncoded(address(folder).encode()))
