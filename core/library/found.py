"""What the scan found, on its way into the file table: new, changed, or moved from elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cache

from sqlalchemy import Connection, bindparam, case, literal, null, select, text, update

from core import paths
from core.library.models import File
from core.library.records import Found, Known
from core.library.search import search_text
from core.library.text import storable

_MOVED = text("""
SELECT f.id, f.size, f.mtime_ns, f.name, r.raw_path, f.raw_path
FROM json_each(:marks) mark CROSS JOIN file f
  ON f.size = json_extract(mark.value, '$[0]') AND f.mtime_ns = json_extract(mark.value, '$[1]')
JOIN root r ON r.id = f.root_id AND r.online AND r.kind = (SELECT kind FROM root WHERE id = :root)
""")

_SAME_PATH = select(File.raw_path, File.id).where(
    File.root_id == bindparam("root"), File.raw_path.in_(bindparam("paths", expanding=True))
)

_TAGS: dict[str, object] = {
    "title": "", "artist": "", "album": "", "album_artist": "", "genre": "", "year": None, "track_number": None,
    "disc_number": None, "seconds": None, "codec": "", "sample_rate": None, "channels": None, "bit_rate": None,
    "tag_note": "",
}  # fmt: skip
"""What a file is said to be before anything was read of it."""

PROBES = 100
"""Empty places looked at to find where a file came from: many files can share a size and a time."""


def rows_for(
    connection: Connection, root_id: int, batch: Sequence[Found], known: dict[bytes, Known]
) -> dict[bytes, int]:
    """The rows that stand for files of a batch, by path: known, stored by another process, or moved."""
    keys = {found.raw_path: known[found.raw_path].id for found in batch if found.raw_path in known}
    new = [found for found in batch if found.raw_path not in keys]
    if new:
        values = {"root": root_id, "paths": [found.raw_path for found in new]}
        keys |= {row.raw_path: row.id for row in connection.execute(_SAME_PATH, values)}
        new = [found for found in new if found.raw_path not in keys]
        keys |= _moved(connection, root_id, new)
    return keys


def columns(found: Found) -> dict[str, object]:
    """The row of a file of which nothing has been read; tags that it does not have (any more) are empty."""
    values: dict[str, object] = {
        "raw_path": found.raw_path, "folder": found.folder, "name": found.name, "size": found.size,
        "mtime_ns": found.mtime_ns, "state": found.state, "reason": found.reason, **_TAGS, **found.tags,
    }  # fmt: skip
    kept = {column: _fit(value) for column, value in values.items()}
    return kept | {"search": search_text(str(kept["name"]), kept)}


def _fit(value: object) -> object:
    """What SQLite can hold of a value."""
    if isinstance(value, str):
        return storable(value)
    return None if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def change(connection: Connection, key: int, found: Found, base: dict[str, object]) -> None:
    """A file that is another now, or in another place. What had been read stays usable until it is read again."""
    values = columns(found) | base | {"verified": False, "failures": 0}
    if found.state == "skipped":
        values |= {"track_id": null(), "duplicate": False}
    else:
        values["state"] = case((File.state.in_(("ok", "partial")), File.state), else_=literal("pending"))
    connection.execute(update(File).where(File.id == key).values(values))


def _has_something(folder: bytes) -> bool:
    """Whether a folder can be reached: the place of a drive that is not connected may be an empty folder."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def _moved(connection: Connection, root_id: int, new: Sequence[Found]) -> dict[bytes, int]:
    """Rows whose place is empty now, for new files of their size and time; one of the same name is preferred."""
    marks = json.dumps([(found.size, found.mtime_ns) for found in new])
    rows: dict[tuple[int, int], list[tuple[int, str, bytes]]] = {}
    there = cache(_has_something)
    for key, size, mtime_ns, name, root, relative in connection.execute(
        _MOVED, {"marks": marks, "root": root_id}
    ):
        folder = root if relative else os.path.dirname(root)  # noqa: PTH120 - pathlib knows no bytes
        if there(folder):
            rows.setdefault((size, mtime_ns), []).append((key, name, paths.join(root, relative)))
    moved: dict[bytes, int] = {}
    for found in new:
        alike = rows.get((found.size, found.mtime_ns), [])
        alike.sort(key=lambda row: row[1] != found.name)
        for row in alike[:PROBES]:
            if row[0] not in moved.values() and not os.path.lexists(row[2]):
                moved[found.raw_path] = row[0]
                break
    return moved
