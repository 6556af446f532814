"""What an encoder can learn from: tracks with the file that stands for each, chosen by folders, search or ids."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, text

from core import paths
from core.library import search
from core.library.duplicates import ids_json

# Embedded by whichever encoder: what a search for a state asks here.
_EMBEDDING = "LEFT JOIN embedding e ON e.id = (SELECT min(id) FROM embedding WHERE track_id = f.track_id)"


@dataclass(frozen=True)
class MusicFile:
    """A track that was asked for, and where its sound is.

    Attributes
    ----------
    identity
        Hash of its packets; "" where no pass has read them yet.
    verified
        That is the identity of the file as it is now.
    online, state, reason, failures
        Of the file: whether its folder can be reached, and how reading it has ended so far.
    root
        The folder that a person added.
    seconds
        As the tags say or the decoder has found, None where unknown.
    """

    file_id: int
    path: bytes
    root: bytes
    identity: str
    verified: bool
    online: bool
    state: str
    reason: str
    failures: int
    seconds: float | None
    title: str
    artist: str
    album: str
    album_artist: str


def music(
    connection: Connection, roots: Collection[int] | None, query: str, track_ids: Collection[int] | None
) -> list[MusicFile]:
    """One file a track, of all music that meets every condition; those that can be read come first.

    Parameters
    ----------
    roots
        None: every folder of music. Data sets are taken where they are named.
    query
        As in the search box.
    track_ids
        None: all.
    """
    where = search.parse(query)
    where.add(_among(where, "f.root_id", roots) if roots is not None else "r.kind = 'music'")
    if track_ids is not None:
        where.add(_among(where, "f.track_id", track_ids))
    statement = text(f"""
        SELECT f.id, r.raw_path, f.raw_path, coalesce(t.identity, ''), f.verified, r.online, f.state, f.reason,
          f.failures, coalesce(f.seconds, t.seconds), {search.TITLE},
          CASE WHEN f.artist <> '' THEN f.artist ELSE f.album_artist END, f.album, f.album_artist
        FROM file f JOIN root r ON r.id = f.root_id LEFT JOIN track t ON t.id = f.track_id
        {_EMBEDDING if "e.id" in where.sql else ""}
        WHERE f.present AND NOT f.duplicate AND {where.sql}
        ORDER BY r.online DESC, f.state IN ('failed', 'skipped'), f.id
    """)  # noqa: S608 - values are bound
    found: dict[str, MusicFile] = {}
    for key, root, relative, identity, verified, online, *rest in connection.execute(statement, where.values):
        file = MusicFile(key, paths.join(root, relative), root, identity, bool(verified), bool(online), *rest)
        found.setdefault(identity or f"file {key}", file)  # music and a data set may share a track
    return list(found.values())


def _among(where: search.Where, column: str, ids: Collection[int]) -> str:
    return f"{column} IN (SELECT value FROM json_each({where.bind(ids_json(ids))}))"  # noqa: S608 - bound
