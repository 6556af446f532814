"""Playlists as the window knows them: which there are, and every change a person makes to one.

Changes are written one after the other, in the order in which they were made; reading goes on meanwhile.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app import tracks, wording
from app.census import Change, Reader
from app.session import Session
from core import playlist, playlist_reading
from core.library.records import ImportRecord, PlaylistItemRecord, PlaylistRecord, Row
from core.playlist import Entry

if TYPE_CHECKING:  # SQLAlchemy is imported by the thread that first reads
    from core.answers import Found

Place = int | PlaylistItemRecord
"""A track's id, or a place of a list as it was read."""
Records = tuple[PlaylistRecord, ...]


@dataclass(frozen=True)
class Placed:
    """A place in a list with its row in the library; None where there is no file of it."""

    item: PlaylistItemRecord
    row: Row | None

    @property
    def there(self) -> bool:
        """Whether it can be played now."""
        return self.row is not None and self.row.online

    @property
    def entry(self) -> Entry:
        """The place for a playlist file: also one that is missing here is told to others."""
        if self.row is not None:
            return tracks.entry(self.row)
        return Entry(self.item.raw_path, self.item.title, self.item.artist)


@dataclass(frozen=True)
class Contents:
    """A list and its places."""

    record: PlaylistRecord
    places: tuple[Placed, ...]


def read(playlist_id: int, reader: Reader) -> Contents:
    """In a thread: a list with what is shown of it.

    Raises
    ------
    UserError
        It is gone.
    """
    library = reader.library
    record, items = library.playlists.get(playlist_id), library.playlists.items(playlist_id)
    rows = {row.file_id: row for row in reader.page([item.file_id for item in items if item.file_id])}
    return Contents(record, tuple(Placed(item, rows.get(item.file_id or 0)) for item in items))


class Playlists(QObject):
    """The lists, and what can be done with them.

    Signals
    -------
    changed
        `records`: other lists, other names, other lengths.
    edited(int)
        This list holds something else now.
    made(PlaylistRecord)
        A person has just made this one.
    removed(PlaylistRecord)
        This one is gone; `restore` brings it back.
    refreshed(Contents)
        This list was asked again; it held that before.
    """

    changed = Signal()
    edited = Signal(int)
    made = Signal(object)
    removed = Signal(object)
    refreshed = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.records: Records = ()
        self.known = False
        self._waiting: deque[tuple[Callable[[Reader], Any], Callable[[Any], None]]] = deque()
        self._writing = False
        self._lost: Contents | None = None
        session.library_changed.connect(self._library_changed)

    # -- reading

    def look(self) -> None:
        """Read which lists there are."""
        self._session.ask(_all, self._take, latest="playlists")

    def ask(
        self, playlist_id: int, then: Callable[[Contents], None], latest: str = "",
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:  # fmt: skip
        """Read one list; `latest` is as in `Background.run`."""
        self._session.ask(partial(read, playlist_id), then, failed, latest)

    def named(self, playlist_id: int) -> PlaylistRecord | None:
        """A list that is known."""
        return next((record for record in self.records if record.id == playlist_id), None)

    def _take(self, records: Records) -> None:
        first, self.known = not self.known, True
        if first or records != self.records:
            self.records = records
            self.changed.emit()

    def _library_changed(self, _: Change) -> None:
        self.look()

    # -- changing

    def create(
        self, name: str, places: Sequence[Place] = (), kind: str = "list", rule: dict[str, Any] | None = None
    ) -> None:
        """Keep a new list; a name that is taken gets a number."""
        given = list(places)
        self._write(
            lambda reader: reader.library.playlists.create(name, given, kind, rule),
            self._created,
        )

    def make(self, question: Callable[[Reader], PlaylistRecord]) -> None:
        """Keep a new list that `question` makes in a thread."""
        self._write(question, self._created)

    def refresh(self, playlist_id: int) -> None:
        """Ask again by a list's rule; `refreshed` tells what was in it before."""
        self._write(partial(_refresh, playlist_id), self._refreshed)

    def rename(self, playlist_id: int, name: str) -> None:
        """Call a list otherwise."""
        self._write(lambda reader: reader.library.playlists.rename(playlist_id, name), self._edited)

    def set_places(
        self, playlist_id: int, places: Sequence[Place], rule: dict[str, Any] | None = None
    ) -> None:
        """What a list holds from now on, in this order."""
        given = list(places)
        self._write(lambda reader: reader.library.playlists.set_items(playlist_id, given, rule), self._edited)

    def add(self, playlist_id: int, places: Sequence[Place]) -> None:
        """Put these behind a list's last one."""
        given = list(places)
        then = partial(self._added, len(given))
        self._write(lambda reader: reader.library.playlists.add(playlist_id, given), then)

    def remove(self, playlist_id: int) -> None:
        """Forget a list, until `restore`; tracks and files stay."""
        self._write(partial(_remove, playlist_id), self._gone)

    def restore(self) -> None:
        """Bring back the list that was removed last."""
        lost, self._lost = self._lost, None
        if lost is not None:
            record = lost.record
            self.create(record.name, [place.item for place in lost.places], record.kind, record.rule)

    def _created(self, record: PlaylistRecord) -> None:
        self.made.emit(record)

    def _edited(self, record: PlaylistRecord) -> None:
        self.edited.emit(record.id)

    def _added(self, count: int, record: PlaylistRecord) -> None:
        self._session.notifier.done(f"{wording.count(count, 'track')} added to “{record.name}”.")
        self.edited.emit(record.id)

    def _refreshed(self, result: tuple[Contents, Found]) -> None:
        before, found = result
        old = {place.item.track_id for place in before.places}
        new = sum(one.track_id not in old for one in found.matches)
        told = f"{wording.count(new, 'track')} new." if new else "It is as it was."
        self._session.notifier.done(f"“{before.record.name}” was asked again.", told)
        self.refreshed.emit(before)
        self.edited.emit(before.record.id)

    def _gone(self, lost: Contents) -> None:
        self._lost = lost
        self.removed.emit(lost.record)

    # -- files

    def export(self, contents: Contents, path: Path) -> None:
        """Write a list for other programs; the suffix names the kind."""
        write_file(self._session, path, [place.entry for place in contents.places])

    def import_files(self, files: Sequence[bytes]) -> None:
        """Take playlist files in; what the library lacks keeps its place in the list."""
        for path in files:
            self._write(partial(_import, path), self._imported)

    def _imported(self, found: ImportRecord) -> None:
        name, count = found.playlist.name, wording.count(found.playlist.n, "track")
        missing = (
            f"{found.missing:,} of them are not in your library; they keep their places."
            if found.missing
            else ""
        )
        moved = f"{found.moved:,} were found in another folder than the list says." if found.moved else ""
        self._session.notifier.done(
            f"“{name}” was taken in, {count}.", " ".join(filter(None, (missing, moved)))
        )

    # -- one change after the other

    def _write(self, change: Callable[[Reader], Any], then: Callable[[Any], None]) -> None:
        self._waiting.append((change, then))
        self._write_next()

    def _write_next(self) -> None:
        if not self._writing and self._waiting:
            self._writing = True
            change, then = self._waiting.popleft()
            self._session.ask(change, partial(self._written, then), self._failed)

    def _written(self, then: Callable[[Any], None], result: object) -> None:
        self._writing = False
        then(result)
        self.look()
        self._write_next()

    def _failed(self, error: BaseException) -> None:
        """Say so, and let the views show again what is so."""
        self._writing = False
        self._session.notifier.error(error)
        self.changed.emit()
        self._write_next()


def write_file(session: Session, path: Path, entries: Sequence[Entry]) -> None:
    """Write a playlist file in the background, and say so."""
    write = partial(playlist.write, path, entries)
    session.background.run(write, lambda _: session.notifier.done("The playlist was written.", str(path)))


def _all(reader: Reader) -> Records:
    return tuple(reader.library.playlists.all())


def _refresh(playlist_id: int, reader: Reader) -> tuple[Contents, Found]:
    """In a thread: another list by the same rule, and what was there before."""
    from core.asking import refreshed

    before = read(playlist_id, reader)
    return before, refreshed(reader.library, before.record)[1]


def _import(path: bytes, reader: Reader) -> ImportRecord:
    """In a thread: a playlist file as a list of its name."""
    file = Path(os.fsdecode(path))
    return reader.library.playlists.import_entries(file.stem, playlist_reading.read(file).entries)


def _remove(playlist_id: int, reader: Reader) -> Contents:
    """In a thread: what was in it is kept, so that it can come back."""
    contents = read(playlist_id, reader)
    reader.library.playlists.delete(playlist_id)
    return contents
