"""Playlists that a person keeps: they outlive the tracks that they name, and the library's moves.

Nothing is ever lost from a list because a file is gone: its place stays, with title, artist and path, and
has a track again as soon as the library has one there.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, delete, func, insert, select, text, update

from core import paths
from core.errors import UserError
from core.library.database import Database
from core.library.duplicates import ids_json
from core.library.models import Playlist, PlaylistItem
from core.library.records import ImportRecord, PlaylistItemRecord, PlaylistRecord
from core.library.rows import Rows
from core.library.text import storable
from core.library.whereabouts import files_at
from core.playlist import Entry

LONGEST = 200
UNNAMED = "Playlist"

Place = int | PlaylistItemRecord
"""What a list is made of: a track's id, or a place of a list as it was read, with or without a track."""

_COUNT = select(func.count()).where(PlaylistItem.playlist_id == Playlist.id).scalar_subquery()
_COLUMNS = (
    Playlist.id, Playlist.name, Playlist.kind, Playlist.rule, Playlist.created_at, Playlist.changed_at, _COUNT,
)  # fmt: skip


class Playlists:
    """The tables of playlists."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._rows = Rows(database)

    def all(self) -> list[PlaylistRecord]:
        """Every playlist, in alphabetical order."""
        statement = select(*_COLUMNS).order_by(func.fold(Playlist.name), Playlist.id)
        with self._db.read() as connection:
            return [PlaylistRecord(*row) for row in connection.execute(statement)]

    def get(self, playlist_id: int) -> PlaylistRecord:
        """One playlist.

        Raises
        ------
        UserError
            It is gone.
        """
        with self._db.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(Playlist.id == playlist_id)).one_or_none()
        if row is None:
            raise _gone()
        return PlaylistRecord(*row)

    def find(self, name: str) -> PlaylistRecord | None:
        """The playlist of that name; in other letters, as large for small, where none is spelled so."""
        known = {one.name: one for one in self.all()}
        folded = {one.name.casefold(): one for one in known.values()}
        return known.get(name) or folded.get(name.casefold())

    def items(self, playlist_id: int) -> list[PlaylistItemRecord]:
        """The places of a list, in order, with what the library knows of them now.

        `track_id` is None where the library has no such track, `file_id` where no file of it is there.
        """
        self.get(playlist_id)
        columns = (
            PlaylistItem.position, PlaylistItem.track_id, PlaylistItem.title, PlaylistItem.artist,
            PlaylistItem.raw_path,
        )  # fmt: skip
        statement = (
            select(*columns).where(PlaylistItem.playlist_id == playlist_id).order_by(PlaylistItem.position)
        )
        with self._db.read() as connection:
            stored = [
                PlaylistItemRecord(place, track, None, title, artist, path)
                for place, track, title, artist, path in connection.execute(statement)
            ]
            lost = files_at(connection, [item.raw_path for item in stored if item.track_id is None])
        return self._known(stored, lost)

    def _known(
        self, stored: Sequence[PlaylistItemRecord], files: dict[bytes, int]
    ) -> list[PlaylistItemRecord]:
        """Places with the files that stand for their tracks; `files` are those of places without a track."""
        own = self._rows.files_of([item.track_id for item in stored if item.track_id is not None])
        place = [
            files.get(item.raw_path) if item.track_id is None else own.get(item.track_id) for item in stored
        ]
        rows = {row.file_id: row for row in self._rows.page(-1, "", sorted({key for key in place if key}))}
        found = [(item, rows.get(key) if key else None) for item, key in zip(stored, place, strict=True)]
        return [
            item
            if row is None
            else replace(
                item, track_id=row.track_id, file_id=row.file_id, title=row.title, artist=row.artist,
                raw_path=row.path,
            )
            for item, row in found
        ]  # fmt: skip

    def create(
        self,
        name: str,
        items: Iterable[Place] = (),
        kind: str = "list",
        rule: dict[str, object] | None = None,
    ) -> PlaylistRecord:
        """Keep a new list; a name that is taken gets a number ("Sunday 2").

        Parameters
        ----------
        items
            Tracks, or places of another list (so that a list that was deleted can come back as it was).
            Tracks that are gone are passed over.
        kind, rule
            How it came about: list, similar, path, radio, lasso, import; and what `core.asking` needs to ask again.

        Raises
        ------
        UserError
            A name of no letters, or far too many.
        """
        now, places = time.time(), self._places(items)
        values = {"kind": kind, "rule": rule or {}, "created_at": now, "changed_at": now}
        with self._db.write() as connection:
            taken = connection.execute(select(Playlist.name)).scalars().all()
            values["name"] = _unused(_checked(name), taken)
            key = connection.execute(insert(Playlist).values(**values).returning(Playlist.id)).scalar_one()
            _fill(connection, key, places)
        return self.get(key)

    def rename(self, playlist_id: int, name: str) -> PlaylistRecord:
        """Give a list another name.

        Raises
        ------
        UserError
            The name is taken or unusable, or the list is gone.
        """
        wanted = _checked(name)
        with self._db.write() as connection:
            others = (
                connection.execute(select(Playlist.name).where(Playlist.id != playlist_id)).scalars().all()
            )
            if wanted.casefold() in {other.casefold() for other in others}:
                raise UserError(f"There is a playlist called {wanted} already.", "Choose another name.")
            _touch(connection, playlist_id, name=wanted)
        return self.get(playlist_id)

    def set_items(
        self, playlist_id: int, items: Iterable[Place], rule: dict[str, object] | None = None
    ) -> PlaylistRecord:
        """Put other tracks or places into a list, in this order: what reorders, removes, restores and refreshes.

        `rule`: what it came about by now; None leaves the rule that is there.
        """
        places = self._places(items)
        with self._db.write() as connection:
            _touch(connection, playlist_id, **({} if rule is None else {"rule": rule}))
            connection.execute(delete(PlaylistItem).where(PlaylistItem.playlist_id == playlist_id))
            _fill(connection, playlist_id, places)
        return self.get(playlist_id)

    def reorder(self, playlist_id: int, positions: Sequence[int]) -> PlaylistRecord:
        """Only these places of a list, in this order. A position that is not there is passed over."""
        known = {item.position: item for item in self.items(playlist_id)}
        return self.set_items(playlist_id, [known[place] for place in positions if place in known])

    def add(self, playlist_id: int, items: Iterable[Place]) -> PlaylistRecord:
        """Put tracks or places behind a list's last one; a track may be in it more than once."""
        places = self._places(items)
        last = select(func.coalesce(func.max(PlaylistItem.position) + 1, 0))
        with self._db.write() as connection:
            _touch(connection, playlist_id)
            here = last.where(PlaylistItem.playlist_id == playlist_id)
            _fill(connection, playlist_id, places, connection.execute(here).scalar_one())
        return self.get(playlist_id)

    def delete(self, playlist_id: int) -> None:
        """Forget a list; its tracks and files stay. One that is gone already is no mistake."""
        with self._db.write() as connection:
            connection.execute(delete(Playlist).where(Playlist.id == playlist_id))

    def import_entries(self, name: str, entries: Sequence[Entry]) -> ImportRecord:
        """Keep a list that another program wrote, with the places that the library has no file for.

        A path that the library knows no file at is looked for by folder and name, see `files_at`.
        """
        with self._db.read() as connection:
            files = files_at(connection, [entry.path for entry in entries], moved=True)
        stored = [
            PlaylistItemRecord(place, None, None, entry.title or _title(entry.path), entry.artist, entry.path)
            for place, entry in enumerate(entries)
        ]
        items = self._known(stored, files)
        made = self.create(name, items, kind="import")
        missing = sum(item.file_id is None for item in items)
        moved = sum(
            item.file_id is not None and item.raw_path != entry.path
            for item, entry in zip(items, entries, strict=True)
        )
        return ImportRecord(made, len(items) - missing, missing, moved)

    def _places(self, items: Iterable[Place]) -> list[PlaylistItemRecord]:
        """Places for the table: texts and paths of tracks as they are now."""
        given = list(items)
        tracks = [item for item in given if not isinstance(item, PlaylistItemRecord)]
        known = {
            item.track_id: item
            for item in self._known(
                [PlaylistItemRecord(0, int(track), None, "", "", b"") for track in tracks], {}
            )
        }
        return [item if isinstance(item, PlaylistItemRecord) else known[int(item)] for item in given]


def _touch(connection: Connection, playlist_id: int, **values: object) -> None:
    statement = update(Playlist).where(Playlist.id == playlist_id).values(changed_at=time.time(), **values)
    if not connection.execute(statement).rowcount:
        raise _gone()


def _fill(
    connection: Connection, playlist_id: int, items: Sequence[PlaylistItemRecord], first: int = 0
) -> None:
    """Put places into the table. Of a track that is gone only what its place says of it is kept, if anything."""
    asked = {"ids": ids_json({item.track_id for item in items if item.track_id is not None})}
    statement = text("SELECT id FROM track WHERE id IN (SELECT value FROM json_each(:ids))")
    there = set(connection.execute(statement, asked).scalars())
    kept = [
        {
            "playlist_id": playlist_id, "track_id": item.track_id if item.track_id in there else None,
            "title": storable(item.title), "artist": storable(item.artist), "raw_path": item.raw_path,
        }
        for item in items
        if item.track_id in there or item.raw_path or item.title
    ]  # fmt: skip
    if kept:
        rows = [row | {"position": first + place} for place, row in enumerate(kept)]
        connection.execute(insert(PlaylistItem), rows)


def _checked(name: str) -> str:
    clean = " ".join(storable(unicodedata.normalize("NFC", name)).split())
    if not 0 < len(clean) <= LONGEST:
        raise UserError(f"A playlist's name has between 1 and {LONGEST} letters.", "Choose another name.")
    return clean


def _unused(name: str, taken: Iterable[str]) -> str:
    """`name`, or with the first number that makes it new; case does not."""
    folded = {other.casefold() for other in taken}
    candidate, number = name, 1
    while candidate.casefold() in folded:
        number += 1
        candidate = f"{name[: LONGEST - 8]} {number}"
    return candidate


def _title(path: bytes) -> str:
    """A file's name without its ending."""
    name = paths.display(path).replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _gone() -> UserError:
    return UserError("This playlist is gone.", "It was deleted in another window or by a command.")
