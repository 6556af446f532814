"""Scan: find audio files below a folder, read their tags, note what changed. Reads no audio."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from core import paths
from core.errors import UserError
from core.jobs.runner import Job, JobContext
from core.library import tags
from core.library.records import Found, Known, RootRecord

BATCH = 200
BATCH_S = 0.5

AUDIO_SUFFIXES = frozenset(
    b".mp3 .mp2 .mpga .m4a .m4b .mp4 .aac .alac .flac .ogg .oga .opus .spx .wav .wave .w64 .rf64 .bwf .aif .aiff "
    b".aifc .wma .asf .wv .ape .mpc .mp+ .tta .tak .ac3 .eac3 .dts .amr .au .snd .caf .dsf .dff .mka .webm .weba .ra "
    b".rm .3gp .m4r .shn .ofr .voc .adts .oma".split()
)
"""Names that a person's music has; what is inside is found out when it is read."""


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


@dataclass(frozen=True)
class Entry:
    """A candidate: where it is, and what kind of thing it is (None: it could not be looked at)."""

    path: bytes
    status: os.stat_result | None
    problem: str = ""


class Scan(Job[Params]):
    """Find what is new, changed, moved or gone."""

    kind: ClassVar[str] = "scan"
    title: ClassVar[str] = "Looking for music"
    Params: ClassVar[type[BaseModel]] = Params

    def run(self, ctx: JobContext) -> dict[str, Any]:
        """Scan each path; see `Tally` for the result."""
        tally = Tally()
        for root, start in self._targets(ctx):
            _scan_root(ctx, root, start, tally)
        return asdict(tally)

    def _targets(self, ctx: JobContext) -> list[tuple[RootRecord, bytes]]:
        if not self.params.paths:
            return [(root, root.raw_path) for root in ctx.library.roots.all()]
        targets = []
        for text in self.params.paths:
            path = paths.raw(text)
            if not os.path.exists(path):
                raise UserError(f"There is nothing at {paths.display(path)}.", "Is the drive connected?")
            targets.append((ctx.library.roots.add(path, self.params.kind), path))
        return targets


def _scan_root(ctx: JobContext, root: RootRecord, start: bytes, tally: Tally) -> None:
    known = ctx.library.files.known(root.id)
    whole = start == root.raw_path
    if whole and not _reachable(root.raw_path, known):
        ctx.library.roots.set_online(root.id, online=False)
        ctx.skip(root.path, "This folder cannot be reached now. Its tracks keep everything and wait for it.")
        return
    ctx.library.roots.set_online(root.id, online=True)
    scan = _RootScan(ctx, root, known, tally)
    scan.run(start)
    if whole:
        ctx.library.roots.scanned(root.id, scan.other)
    scan.note_missing(start)


def _reachable(path: bytes, known: dict[bytes, Known]) -> bool:
    """A folder that is gone, or is empty where there were files, is an unmounted drive and not an empty library."""
    try:
        if not os.path.isdir(path):
            return os.path.lexists(path)
        with os.scandir(path) as entries:
            return next(entries, None) is not None or not any(file.present for file in known.values())
    except OSError:
        return False


class _RootScan:
    """The scan of one root."""

    def __init__(self, ctx: JobContext, root: RootRecord, known: dict[bytes, Known], tally: Tally) -> None:
        self.ctx, self.root, self.known, self.tally = ctx, root, known, tally
        self.other = 0
        self.seen: set[bytes] = set()
        self.unread: list[bytes] = []
        self.back: list[int] = []
        self.batch: list[Found] = []
        self.stored = time.monotonic()

    def run(self, start: bytes) -> None:
        for entry in self._walk(start):
            self.ctx.check()
            self._look_at(entry)
            if len(self.batch) >= BATCH or (self.batch and time.monotonic() - self.stored > BATCH_S):
                self._store()
            self.ctx.report("Looking for music", self.tally.found, None, folder=self.root.path)
        self._store()
        self.ctx.library.files.back(self.back)

    def _store(self) -> None:
        self.ctx.library.files.put(self.root.id, self.batch, self.known)
        self.batch, self.stored = [], time.monotonic()

    def _look_at(self, entry: Entry) -> None:
        self.tally.found += 1
        relative = entry.path[len(self.root.raw_path.rstrip(b"/\\")) + 1 :]
        self.seen.add(relative)
        before = self.known.get(relative)
        found = _found(relative, entry)
        if before and _unchanged(before, found):
            self.tally.unchanged += 1
            if not before.present:
                self.back.append(before.id)
            return
        self.tally.changed += before is not None
        self.tally.new += before is None
        self.batch.append(_with_tags(found, entry.path))

    def _walk(self, start: bytes) -> Iterator[Entry]:
        """Audio candidates below `start`; links are followed, loops are not."""
        if not os.path.isdir(start):
            yield _entry(start)
            return
        todo, visited = [start], set[tuple[int, int]]()
        while todo:
            folder = todo.pop()
            try:
                status = os.stat(folder)
                if (status.st_dev, status.st_ino) in visited and status.st_ino:
                    continue
                visited.add((status.st_dev, status.st_ino))
                with os.scandir(folder) as entries:
                    children = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self.unread.append(folder)
                self.ctx.skip(paths.display(folder), f"This folder cannot be read: {error.strerror}.")
                continue
            todo += [child.path for child in reversed(children) if _is_folder(child)]
            yield from self._candidates([child for child in children if not _is_folder(child)])

    def _candidates(self, children: list[os.DirEntry[bytes]]) -> Iterator[Entry]:
        for child in children:
            # "._name" is what macOS leaves on foreign drives: attributes, no audio.
            if os.path.splitext(child.name)[1].lower() in AUDIO_SUFFIXES and not child.name.startswith(b"._"):
                yield _entry(child.path)
            else:
                self.other += 1
                self.tally.other += 1

    def note_missing(self, start: bytes) -> None:
        """Files below `start` that were not met again; a folder that could not be read proves nothing."""
        prefix = start[len(self.root.raw_path.rstrip(b"/\\")) + 1 :]
        hidden = tuple(folder[len(self.root.raw_path.rstrip(b"/\\")) + 1 :] for folder in self.unread)
        known = self.ctx.library.files.known(self.root.id)  # anew: moved files have left their old place
        gone = [
            file.id for path, file in known.items()
            if file.present and path not in self.seen and _below(path, prefix)
            and not any(_below(path, folder) for folder in hidden)
        ]  # fmt: skip
        self.tally.missing += len(gone)
        self.ctx.library.files.missing(gone)


def _unchanged(before: Known, found: Found) -> bool:
    """Size and time stand for the content; what was a pipe and is a file now has changed all the same."""
    same = (before.size, before.mtime_ns) == (found.size, found.mtime_ns)
    return same and (before.state == "skipped") == (found.state == "skipped")


def _below(path: bytes, folder: bytes) -> bool:
    return not folder or path == folder or path.startswith(folder + b"/")


def _is_folder(child: os.DirEntry[bytes]) -> bool:
    try:
        return child.is_dir()
    except OSError:  # a loop of links
        return False


def _entry(path: bytes) -> Entry:
    """Look at what a name stands for, without opening it."""
    try:
        status = os.stat(path)
    except OSError:
        link = os.path.islink(path)
        problem = "This link points to nothing, or in a circle." if link else "This file cannot be looked at."
        return Entry(path, None, problem)
    if not stat.S_ISREG(status.st_mode):
        return Entry(path, status, "This is not a file but a pipe, a socket or a device.")
    return Entry(path, status)


def _found(relative: bytes, entry: Entry) -> Found:
    status = entry.status
    return Found(
        raw_path=relative,
        folder=paths.display(os.path.dirname(entry.path)),
        name=paths.display(os.path.basename(entry.path)),
        size=status.st_size if status else 0,
        mtime_ns=status.st_mtime_ns if status else 0,
        state="skipped" if entry.problem else "pending",
        reason=entry.problem,
    )


def _with_tags(found: Found, path: bytes) -> Found:
    """`found` with what its tags say; broken tags leave a note and never fail a file."""
    if found.state == "skipped":
        return found
    read, note = tags.read(path)
    columns = {
        "title": read.title, "artist": read.artist, "album": read.album, "album_artist": read.album_artist,
        "genre": read.genre, "year": read.year, "track_number": read.track_number, "disc_number": read.disc_number,
        "seconds": read.seconds, "codec": read.codec, "sample_rate": read.sample_rate, "channels": read.channels,
        "bit_rate": read.bit_rate, "tag_note": note,
    }  # fmt: skip
    return Found(**{**found.__dict__, "tags": columns})
