"""Vectors and playlists of a library, written for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core import export, playlist
from core.errors import UserError
from core.library.records import EncoderRecord, PlaylistItemRecord, Row
from core.library.store import Library
from core.neighbours import Neighbours

NO_ENCODER = -1
"""Where only what is known of files counts, whatever their vectors."""


def export_vectors(library: Library, encoder: EncoderRecord, plan: str, out: Path) -> int:
    """Write one row a track that can be played now; how many.

    Raises
    ------
    UserError
        An unknown suffix, a place that cannot be written, or no vectors.
    """
    neighbours = Neighbours(library, encoder, plan)
    neighbours.refresh()
    snapshot = neighbours.snapshot
    facts = library.rows.facts()
    rows = np.array([row for row, key in enumerate(snapshot.ids.tolist()) if key in facts], np.int64)
    if not len(snapshot):
        hint = "Make vectors with: earmap embed"
        raise UserError(f"The encoder {encoder.name} has embedded nothing yet.", hint)
    if not len(rows):
        hint = "Connect their drive, then scan: earmap add FOLDER"
        raise UserError("None of the tracks that were embedded can be reached now.", hint)
    ids = snapshot.ids[rows]
    known = [facts[key] for key in ids.tolist()]
    place = library.rows.paths([fact.file_id for fact in known])
    export.vectors(
        out, ids, [place[fact.file_id] for fact in known], [fact.title for fact in known],
        [fact.artist for fact in known], [fact.album for fact in known],
        snapshot.raw if len(rows) == len(snapshot) else snapshot.raw[rows],
        {"encoder": encoder.name, "strategy": encoder.strategy, "config": encoder.config, "plan": plan,
         "front_end": encoder.front_end, "weights_hash": encoder.weights_hash},
    )  # fmt: skip
    return len(rows)


def export_playlist(library: Library, files: Sequence[int], out: Path, *, relative: bool = True) -> int:
    """Write files, in order, as M3U8 or XSPF; how many.

    Raises
    ------
    UserError
        An unknown suffix, a place that cannot be written, or no files.
    """
    entries = [
        playlist.Entry(row.path, row.title, row.artist, row.album, row.seconds)
        for row in library.rows.page(NO_ENCODER, "", files)
    ]
    if not entries:
        raise UserError("There is no track to write.", "Search for something else, or add music first.")
    if relative or out.suffix.lower() != ".m3u8":
        playlist.write(out, entries)
    else:
        playlist.write_m3u8(out, entries, relative=False)
    return len(entries)


def export_kept(
    library: Library, playlist_id: int, out: Path, *, relative: bool = True, nfc: bool = False
) -> tuple[int, int]:
    """Write a playlist of the library, in order; how many tracks, and how many of them are missing here.

    What is missing is written as well: where the list is read the file may be there.

    Raises
    ------
    UserError
        An unknown suffix, a place that cannot be written, no tracks, or the list is gone.
    """
    items = library.playlists.items(playlist_id)
    files = sorted({item.file_id for item in items if item.file_id is not None})
    rows = {row.file_id: row for row in library.rows.page(NO_ENCODER, "", files)}
    entries = [_entry(item, rows) for item in items]
    if not entries:
        raise UserError("There is no track in this playlist.", "Put some in first.")
    if out.suffix.lower() == ".m3u8":
        playlist.write_m3u8(out, entries, relative, nfc)
    else:
        playlist.write(out, entries)
    return len(entries), sum(item.file_id is None for item in items)


def _entry(item: PlaylistItemRecord, rows: dict[int, Row]) -> playlist.Entry:
    row = None if item.file_id is None else rows.get(item.file_id)
    if row is None:
        return playlist.Entry(item.raw_path, item.title, item.artist)
    return playlist.Entry(row.path, row.title, row.artist, row.album, row.seconds)
