"""Writing a clip store: samples first, onto the disk, then the line that makes them valid.

One writer at a time. Killed at any moment, the store opens and goes on: what no line speaks for is cut off.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import filelock
import numpy as np

from core.audio import clip_index
from core.audio.clip_index import INDEX, SAMPLE_BYTES, Clip, Index, shard_path
from core.audio.clips import Int16
from core.errors import UserError
from core.files import atomic, unwritable

SHARD_BYTES = 256 << 20
"""Size from which on a new shard is begun; a longer clip has one of its own."""
_PIECE = 1 << 20


def store_bytes(folder: Path) -> int:
    """What the stores below a folder take on the disk."""
    return sum(path.stat().st_size for path in folder.rglob("shard-*.i16") if path.is_file())


class ClipStore:
    """A store, open for writing; use it in a `with`.

    Parameters
    ----------
    folder
        Made where it is missing.
    plan
        What a clip is of its track (`clip_index.plan_name`).

    Attributes
    ----------
    clips
        What is stored for good, by identity.

    Raises
    ------
    UserError
        Somebody else is writing; the store is broken; no room.
    """

    def __init__(self, folder: Path, plan: str, shard_bytes: int = SHARD_BYTES) -> None:
        self.folder, self.plan = folder, plan
        self.clips: dict[str, Clip] = {}
        self._shard_bytes = shard_bytes
        self._lock = filelock.FileLock(folder / "lock")
        self._pending: list[Clip] = []
        self._shard: BinaryIO | None = None
        self._number, self._end, self._next = -1, 0, 0

    # -- opening and closing ----------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise UserError(
                "Another run is making these clips just now.", "Wait until it is done, or stop it."
            ) from error
        except OSError as error:
            raise unwritable(self.folder, error) from error
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise
        return self

    def _open(self) -> None:
        index = clip_index.read(self.folder) or Index(self.plan, {})
        if index.plan != self.plan:
            raise clip_index.damaged(self.folder)
        self.clips, self._next = dict(index.clips), index.next_shard
        try:
            if not index.lines or index.lines > 2 * len(index.clips) + 1000:
                self._write_anew()
            else:
                os.truncate(self.folder / INDEX, index.sound_bytes)
            self._clean_up(index)
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def _write_anew(self) -> None:
        index = Index(self.plan, self.clips, self._next)
        with atomic(self.folder / INDEX) as file:
            file.writelines(clip_index.all_lines(index))
        _sync_folder(self.folder)

    def _clean_up(self, index: Index) -> None:
        """Remove what no line speaks for, and go on in the last shard if there is room.

        Only the last shard can have a torn end. In others a clip may have moved away while somebody reads it:
        under a mapped file the end must not be cut off, which would kill the reader.
        """
        ends = index.ends()
        last = max(ends, default=-1)
        for path in self.folder.glob("shard-*.i16"):
            number = path.stem.removeprefix("shard-")
            end = ends.get(int(number)) if number.isdecimal() else None
            if end is None:
                with suppress(PermissionError):  # Windows keeps what somebody has mapped
                    path.unlink()
            elif int(number) == last and path.stat().st_size > end * SAMPLE_BYTES:
                with suppress(PermissionError):
                    os.truncate(path, end * SAMPLE_BYTES)
        if last >= 0 and shard_path(self.folder, last).stat().st_size == ends[last] * SAMPLE_BYTES:
            self._number, self._end = last, ends[last]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Store what is finished; after an error as far as that goes."""
        try:
            if error is None:
                self.commit()
            else:
                with suppress(UserError):
                    self.commit()
        finally:
            self._close_shard()
            self._lock.release()

    # -- adding -----------------------------------------------------------------------------------

    def add(self, clip: Clip, sound: Iterable[Int16]) -> None:
        """Take a clip's samples, pieces `(n,)`; stored for good by the next `commit`.

        `samples`, `digest`, `shard` and `at` are found here. A clip without samples, or one that is
        there already, is passed over.

        Raises
        ------
        UserError
            No room or no permission, or `digest` was given and is another; what was added before stays.
        """
        if clip.identity in self.clips or any(clip.identity == other.identity for other in self._pending):
            return
        try:
            samples, digest = self._write_sound(sound)
        except OSError as error:
            self._cut_back()
            raise unwritable(self.folder, error) from error
        except BaseException:
            self._cut_back()
            raise
        if clip.digest and digest != clip.digest:
            self._cut_back()
            raise UserError(f"The sound of {clip.title or clip.identity} is damaged.", clip_index.HINT)
        if samples:
            self._pending.append(
                replace(clip, samples=samples, digest=digest, shard=self._number, at=self._end)
            )
            self._end += samples

    def _write_sound(self, sound: Iterable[Int16]) -> tuple[int, str]:
        """Samples behind those that are there: how many, and their hash."""
        shard, digest, samples = self._open_shard(), hashlib.blake2b(digest_size=16), 0
        for piece in sound:
            data = np.ascontiguousarray(piece, "<i2").data
            digest.update(data)
            _write(shard, data)
            samples += piece.size
        return samples, digest.hexdigest()

    def _open_shard(self) -> BinaryIO:
        if self._end * SAMPLE_BYTES >= self._shard_bytes:
            self.commit()
            self._close_shard()
            self._number = -1
        if self._number < 0:
            self._number, self._end = self._next, 0
            self._next += 1
            self._shard = shard_path(self.folder, self._number).open("xb", buffering=0)
            _sync_folder(self.folder)
        if self._shard is None:
            self._shard = shard_path(self.folder, self._number).open("r+b", buffering=0)
            self._shard.seek(self._end * SAMPLE_BYTES)
        return self._shard

    def _cut_back(self) -> None:
        """Give up the room that an unfinished clip has taken."""
        if self._shard is not None:
            with suppress(OSError):
                self._shard.seek(self._end * SAMPLE_BYTES)
                self._shard.truncate()

    def _close_shard(self) -> None:
        if self._shard is not None:
            self._cut_back()
            self._shard.close()
            self._shard = None

    def describe(self, clip: Clip) -> None:
        """New title, artist, album or recording of a clip that is there."""
        self._pending.append(clip)

    def commit(self) -> None:
        """Make what was added valid.

        Raises
        ------
        UserError
            No room or no permission; the next commit tries again.
        """
        if not self._pending:
            return
        try:
            if self._shard is not None:
                os.fsync(self._shard.fileno())
            self._append(b"".join(map(clip_index.clip_line, self._pending)))
        except OSError as error:
            raise unwritable(self.folder, error) from error
        self.clips |= {clip.identity: clip for clip in self._pending}
        self._pending = []

    def _append(self, lines: bytes) -> None:
        """Lines onto the disk, all or none."""
        with (self.folder / INDEX).open("r+b", buffering=0) as file:
            before = file.seek(0, os.SEEK_END)
            try:
                _write(file, memoryview(lines))
                os.fsync(file.fileno())
            except OSError:
                with suppress(OSError):
                    file.truncate(before)
                raise

    # -- making room ------------------------------------------------------------------------------

    def make_room(self, wanted: int, keep: Collection[str]) -> int:
        """Drop clips whose identity is not in `keep`, the oldest first, until `wanted` bytes are freed.

        A shard with such clips is written anew without them, then deleted: who has it open keeps it.

        Returns
        -------
        Bytes freed, which may be less or more.
        """
        self.commit()
        freed = 0
        for number in sorted({clip.shard for clip in self.clips.values()}):
            if freed >= wanted:
                break
            inside = [clip for clip in self.clips.values() if clip.shard == number]
            gone = [clip for clip in inside if clip.identity not in keep]
            if gone:
                self._drop(number, [clip for clip in inside if clip.identity in keep], gone)
                freed += SAMPLE_BYTES * sum(clip.samples for clip in gone)
        return freed

    def _drop(self, number: int, kept: list[Clip], gone: list[Clip]) -> None:
        """Move some clips of a shard to another, and forget the others."""
        if number == self._number:
            self._close_shard()
            self._number, self._end = -1, 0
        for clip in gone:
            del self.clips[clip.identity]
        old = shard_path(self.folder, number)
        try:
            with old.open("rb") as source:
                for clip in kept:
                    del self.clips[clip.identity]
                    self.add(clip, _pieces(source, clip))
            self.commit()
            self._append(b"".join(clip_index.gone_line(clip.identity) for clip in gone))
            with suppress(PermissionError):
                old.unlink()
        except OSError as error:
            raise unwritable(self.folder, error) from error


def _pieces(source: BinaryIO, clip: Clip) -> Iterable[Int16]:
    """A clip's samples out of a shard's file."""
    source.seek(clip.at * SAMPLE_BYTES)
    left = clip.samples * SAMPLE_BYTES
    while left and (data := source.read(min(left, _PIECE))):
        left -= len(data)
        yield np.frombuffer(data, "<i2")


def _write(file: BinaryIO, data: memoryview) -> None:
    """All of it: without a buffer, a nearly full disk takes less than it is given."""
    left = data.cast("B")
    while left:
        left = left[file.write(left) :]


def _sync_folder(folder: Path) -> None:
    """A new name onto the disk (POSIX)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
