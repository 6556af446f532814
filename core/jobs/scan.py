"""Scan: find audio files below a folder, read their tags, note what changed. Reads no audio."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from core import paths
from core.errors import UserError
from core.folders import Entry, Walk, reachable
from core.jobs.runner import Job, JobContext
from core.library import tags
from core.library.records import Found, Known, RootRecord

BATCH = 200
BATCH_S = 0.5
_SEPARATOR = os.sep.encode()
_LATEST_NS = 2**63 - 1
"""In the year 2262: what SQLite can hold. Broken clocks have set times far beyond."""


class Params(BaseModel):
    """What to scan: these paths (as text with surrogate escapes), or every root where there are none."""

    paths: list[str] = Field(default_factory=list)
    kind: str = "music"


@dataclass
class Tally:
    """What a scan counted."""

    found: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    other: int = 0


class Scan(Job[Params]):
    """Find what is new, changed, moved or gone."""

    kind: ClassVar[str] = "scan"
    title: ClassVar[str] = "Looking for music"
    Params: ClassVar[type[BaseModel]] = Params

    def run(self, ctx: JobContext) -> dict[str, Any]:
        """Scan each path; see `Tally` for the result."""
        tally = Tally()
        for root, start in self._targets(ctx):
            _RootScan(ctx, root, tally).run(start)
        return asdict(tally)

    def _targets(self, ctx: JobContext) -> Iterator[tuple[RootRecord, bytes]]:
        """Roots, each with the place in it to begin at."""
        if not self.params.paths:
            yield from ((root, root.raw_path) for root in ctx.library.roots.all())
            return
        places = [paths.raw(text) for text in self.params.paths]
        for place in places:  # all of them before anything is added
            if not os.path.exists(place):
                raise UserError(f"There is nothing at {paths.display(place)}.", "Is the drive connected?")
        for start in _outermost(places):
            yield ctx.library.roots.add(start, self.params.kind), start


def _outermost(places: list[bytes]) -> list[bytes]:
    """Places less those that lie within others, each once."""
    kept: list[bytes] = []
    for place in sorted(places, key=len):
        if all(paths.relative(place, other) is None for other in kept):
            kept.append(place)
    return kept


class _RootScan:
    """The scan of one root, or of a place in it."""

    def __init__(self, ctx: JobContext, root: RootRecord, tally: Tally) -> None:
        self.ctx, self.root, self.tally = ctx, root, tally
        self.known = ctx.library.files.known(root.id)
        self.walk = Walk(ctx.check, self._unreadable)
        self.seen: set[bytes] = set()
        self.back: list[int] = []
        self.batch: list[Found] = []
        self.stored = time.monotonic()
        self._prefix = len(paths.join(root.raw_path, b"x")) - 1

    def run(self, start: bytes) -> None:
        """Look through everything below `start`."""
        if self._is_offline():
            return
        self.ctx.library.roots.set_online(self.root.id, online=True)
        for entry in self.walk.entries(start):
            self.ctx.check()
            self._look_at(entry)
            if len(self.batch) >= BATCH or (self.batch and time.monotonic() - self.stored > BATCH_S):
                self._store()
            self.ctx.report("Looking for music", self.tally.found, None, folder=self.root.path)
        self._store()
        self.ctx.library.files.back(self.back)
        if self._is_offline():  # unplugged in the meantime: what was not met again is not missing
            return
        self.tally.other += self.walk.other
        if start == self.root.raw_path:
            self.ctx.library.roots.scanned(self.root.id, self.walk.other)
        self._note_missing(self._relative(start))

    def _is_offline(self) -> bool:
        """Whether the root cannot be reached; it is said and noted then."""
        had_music = bool(self.seen) or any(file.present for file in self.known.values())
        if reachable(self.root.raw_path, had_music=had_music):
            return False
        self.ctx.library.roots.set_online(self.root.id, online=False)
        reason = "This folder cannot be reached now. Its tracks keep everything and wait for it."
        self.ctx.skip(self.root.path, reason)
        return True

    def _unreadable(self, folder: bytes, reason: str) -> None:
        self.ctx.skip(paths.display(folder), f"This folder cannot be read: {reason}.")

    def _relative(self, path: bytes) -> bytes:
        return path[self._prefix :]

    def _store(self) -> None:
        self.ctx.library.files.put(self.root.id, self.batch, self.known)
        self.batch, self.stored = [], time.monotonic()

    def _look_at(self, entry: Entry) -> None:
        relative = self._relative(entry.path)
        before = self.known.get(relative)
        if entry.gone and before and before.state != "skipped":
            return  # it was read when its link led somewhere: missing, until that drive is back
        self.tally.found += 1
        self.seen.add(relative)
        found = _found(relative, entry)
        if before and (_unchanged(before, found) or _unknowable(before, entry)):
            self.tally.unchanged += 1
            if not before.present:
                self.back.append(before.id)
            return
        self.tally.changed += before is not None
        self.tally.new += before is None
        self.batch.append(_with_tags(found, entry.path))

    def _note_missing(self, start: bytes) -> None:
        """Files below `start` that were not met again; a folder that could not be read proves nothing."""
        hidden = [self._relative(folder) for folder in self.walk.unread]
        known = self.ctx.library.files.known(self.root.id)  # anew: moved files have left their old place
        gone = [
            file.id for path, file in known.items()
            if file.present and path not in self.seen and _below(path, start)
            and not any(_below(path, folder) for folder in hidden)
        ]  # fmt: skip
        self.tally.missing += len(gone)
        self.ctx.library.files.missing(gone)


def _unchanged(before: Known, found: Found) -> bool:
    """Size and time stand for the content; what was a pipe and is a file now has changed all the same."""
    same = (before.size, before.mtime_ns) == (found.size, found.mtime_ns)
    return same and (before.state == "skipped") == (found.state == "skipped")


def _unknowable(before: Known, entry: Entry) -> bool:
    """Whether a file that was read once cannot be looked at now, which says nothing about it."""
    return entry.status is None and before.state != "skipped"


def _below(path: bytes, folder: bytes) -> bool:
    return not folder or path == folder or path.startswith(folder + _SEPARATOR)


def _found(relative: bytes, entry: Entry) -> Found:
    status = entry.status
    return Found(
        raw_path=relative,
        folder=paths.display(os.path.dirname(entry.path)),
        name=paths.display(os.path.basename(entry.path)),
        size=status.st_size if status else 0,
        mtime_ns=max(-_LATEST_NS, min(status.st_mtime_ns, _LATEST_NS)) if status else 0,
        state="skipped" if entry.problem else "pending",
        reason=entry.problem,
    )


def _with_tags(found: Found, path: bytes) -> Found:
    """`found` with what its tags say; broken tags leave a note and never fail a file."""
    if found.state == "skipped":
        return found
    read, note = tags.read(path)
    columns: dict[str, object] = {
        "title": read.title, "artist": read.artist, "album": read.album, "album_artist": read.album_artist,
        "genre": read.genre, "year": read.year, "track_number": read.track_number, "disc_number": read.disc_number,
        "seconds": read.seconds, "codec": read.codec, "sample_rate": read.sample_rate, "channels": read.channels,
        "bit_rate": read.bit_rate, "tag_note": note,
    }  # fmt: skip
    return replace(found, tags=columns)
