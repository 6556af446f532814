"""Every file of a folder, or of a person's music, with what is known of it: what data sets are matched with."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from sqlalchemy import Connection, text

from core import paths

_FILES = text("""
SELECT r.raw_path, f.raw_path, f.track_id, f.present, r.online, f.state, f.reason, coalesce(f.seconds, t.seconds),
  f.title, f.artist, f.album, f.album_artist, f.genre, f.year,
  (SELECT json_group_array(l.value) FROM label l WHERE l.track_id = f.track_id AND l.field = 'label')
FROM root r JOIN file f ON r.id = f.root_id LEFT JOIN track t ON t.id = f.track_id
WHERE CASE WHEN :root IS NULL THEN r.kind = 'music' ELSE r.id = :root END ORDER BY r.id, f.raw_path
""")


class ListedFile(NamedTuple):
    """A file that the library knows, whether it can be read or not.

    Attributes
    ----------
    root, raw_path
        Its folder, and the path relative to that.
    track_id
        None where no pass has read it yet.
    online
        Whether its folder can be reached.
    seconds
        None where unknown.
    labels_json
        A person's own, as a JSON array.
    """

    root: bytes
    raw_path: bytes
    track_id: int | None
    present: bool
    online: bool
    state: str
    reason: str
    seconds: float | None
    title: str
    artist: str
    album: str
    album_artist: str
    genre: str
    year: int | None
    labels_json: str

    @property
    def path(self) -> bytes:
        """Absolute."""
        return paths.join(self.root, self.raw_path)

    @property
    def parts(self) -> tuple[str, ...]:
        """Folders below `root`, and the name, for a person; the name alone where the root is the file."""
        whole = self.raw_path or os.path.basename(self.root)  # noqa: PTH119 - bytes
        return tuple(paths.display(whole).replace(os.sep, "/").split("/"))

    @property
    def labels(self) -> tuple[str, ...]:
        """A person's own labels."""
        return tuple(json.loads(self.labels_json))

    @property
    def problem(self) -> str:
        """Why nothing can be asked about it, to follow "N files"; "" where it can."""
        if not self.online:
            return "are on a drive that cannot be reached"
        if not self.present:
            return "are gone from the disk"
        if self.state in ("failed", "skipped"):
            return f"cannot be read: {self.reason.rstrip('. ') or 'no reason is known'}"
        return "have not been read yet" if self.track_id is None else ""


def listing(connection: Connection, root_id: int | None) -> list[ListedFile]:
    """The files of a root, or of all music, in order of their paths; duplicates and files that are gone included."""
    return [ListedFile(*row) for row in connection.execute(_FILES, {"root": root_id})]
