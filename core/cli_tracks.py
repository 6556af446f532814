"""What commands that list tracks share: naming them on the command line, and showing them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core import paths, progress
from core.cli_base import Session
from core.errors import UserError
from core.library.records import EncoderRecord, Row

if TYPE_CHECKING:  # loaded by the command that compares
    from core.neighbours import Neighbours

UNKNOWN_ENCODER = -1
LONGEST_NUMBER = 18
"""Digits of a track's number; more do not fit the library."""


def file_named(session: Session, text: str) -> Row | None:
    """The row of the file at a path; None where `text` is the number of a track.

    Raises
    ------
    UserError
        The library has no file there.
    """
    # isdecimal: "²" is a digit to Python, and no number; a file may be called 7.
    if text.isdecimal() and len(text) <= LONGEST_NUMBER and not os.path.lexists(text):
        return None
    path = paths.raw(text)
    file = session.library.rows.find(path)
    record = session.library.rows.page(UNKNOWN_ENCODER, "", [file]) if file is not None else []
    if not record:
        raise UserError(
            f"{paths.display(path)} is not in the library.", "Add its folder with: earmap add FOLDER"
        )
    return record[0]


def track_named(session: Session, text: str) -> int:
    """The track that a number or a path names, whether or not it has a vector.

    Raises
    ------
    UserError
        There is none.
    """
    row = file_named(session, text)
    track = int(text) if row is None else row.track_id
    if track is None or (row is None and track not in session.library.rows.files_of([track])):
        hint = "Make its vector with: earmap embed" if row else "Its number is told by: earmap similar --json"
        raise UserError(f"{text} is no track of this library yet.", hint)
    return track


def compared_track(session: Session, text: str, neighbours: Neighbours) -> int:
    """The track that a number or a path names; UserError where it cannot be compared."""
    row = file_named(session, text)
    if row is not None and row.state in ("failed", "skipped"):
        raise UserError(f"{row.title} could not be read.", row.reason)
    track = int(text) if row is None else row.track_id or 0
    if not neighbours.has(track):
        raise UserError(f"{text} has no vector under this encoder yet.", "Make it with: earmap embed")
    return track


def rows_by_id(session: Session, record: EncoderRecord | None, files: Sequence[int]) -> dict[int, Row]:
    """Rows of files, by id; those that are gone are left out."""
    encoder = UNKNOWN_ENCODER if record is None else record.id
    return {row.file_id: row for row in session.library.rows.page(encoder, session.plan, files)}


def row_json(row: Row) -> dict[str, Any]:
    """A track for a machine."""
    return {
        "track": row.track_id, "path": paths.json_text(row.path), "title": row.title, "artist": row.artist,
        "album": row.album,
    }  # fmt: skip


def name(row: Row) -> str:
    """A track for a person."""
    shown = " - ".join(part for part in (row.artist, row.title) if part)
    return progress.printable(shown + (f"  [{row.album}]" if row.album else ""))
