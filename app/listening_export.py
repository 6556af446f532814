"""Rounds of blind listening as a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.census import Reader
from app.pairing import Names
from core import paths
from core.files import atomic
from core.library.records import Row

HEAD = (
    "time", "query_title", "query_artist", "query_path", "encoder_a", "weights_a", "encoder_b", "weights_b",
    "track_a_title", "track_a_artist", "track_a_path", "track_b_title", "track_b_artist", "track_b_path", "left",
    "choice",
)  # fmt: skip


def export(path: Path, names: Names | None, reader: Reader) -> None:
    """In a thread: write rounds as CSV, one a line, oldest first.

    Raises
    ------
    UserError
        The file cannot be written.
    """
    records = reader.library.listening.all(names)
    facts = reader.library.rows.facts()
    ids = {track for one in records for track in (one.query, one.track_a, one.track_b)}
    rows = {row.track_id: row for row in reader.page([facts[t].file_id for t in ids if t in facts])}
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEAD)
    for one in records:
        when = datetime.fromtimestamp(one.created_at, UTC).isoformat(timespec="seconds")
        writer.writerow((
            when, *_told(rows.get(one.query)), one.encoder_a, one.weights_a, one.encoder_b, one.weights_b,
            *_told(rows.get(one.track_a)), *_told(rows.get(one.track_b)), one.left, one.choice,
        ))  # fmt: skip
    with atomic(path) as file:
        file.write(text.getvalue().encode("utf-8", "surrogateescape"))


def _told(row: Row | None) -> Sequence[str]:
    """Title, artist and path; nothing of a track that cannot be reached now."""
    return ("", "", "") if row is None else (row.title, row.artist, paths.json_text(row.path))
