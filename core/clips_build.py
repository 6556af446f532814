"""From a library to a clip store: what there is to learn from, what it will take, and making it.

Nothing is decoded that is in the store already, and what is finished is kept about once a second.
"""

from __future__ import annotations

import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from core import paths
from core.audio.clip_index import SAMPLE_BYTES
from core.audio.clip_store import ClipStore, store_bytes
from core.audio.clips import Clip, ClipSet, plan_name, plan_seconds
from core.audio.pool import DecodePool
from core.audio.records import Failed, Finished, Request, Window
from core.audio.spool import Spool
from core.clips_plan import (
    ClipPlan,
    Music,
    Sorted,
    clip_bytes,
    clip_lengths,
    clips_folder,
    described,
    foreign_clips,
    music_files,
    plan,
    sort_files,
    stored_clips,
)
from core.errors import UserError
from core.folders import reachable
from core.jobs.runner import JobContext
from core.library.music import MusicFile
from core.library.records import Read
from core.library.store import Library

__all__ = ["Build", "ClipPlan", "Music", "build", "clips_folder", "plan", "size_text"]

STAGE = "Preparing the music"
GB = 10**9
COMMIT_S = 1.0
SPARE_BYTES = 256 << 20
"""Left free on the disk whatever happens."""
_IDENTITY = re.compile(rb"\b[0-9a-f]{32}\b")


def build(ctx: JobContext, music: Music, seconds: float, budget_bytes: int) -> ClipSet:
    """Decode what has no clip yet, and give the clips of the music asked for.

    Interrupted however, the next one goes on from there. What cannot be read is passed over with a reason.

    Parameters
    ----------
    seconds
        From the middle of each track; 0: whole tracks.
    budget_bytes
        What all clips of this library may take on the disk.

    Raises
    ------
    UserError
        Not enough room or budget, nothing to learn from, somebody else is building, or a damaged store.
    """
    return Build(ctx, music, seconds, budget_bytes).run()


class Build:
    """One run of `build`.

    Attributes
    ----------
    tally
        `asked` = `clips` + `left_out` once it has run; `decoded` in this run, `clipped` samples in it.
    """

    def __init__(self, ctx: JobContext, music: Music, seconds: float, budget_bytes: int) -> None:
        self.ctx, self.music, self.budget = ctx, music, budget_bytes
        self.seconds = plan_seconds(plan_name(seconds))  # what its folder says
        self.folder = clips_folder(ctx.library, seconds)
        self.tally: Counter[str] = Counter()
        self._room = self._done = 0
        self._have: set[str] = set()  # identities of the music asked for
        self._files: dict[int, MusicFile] = {}  # on their way
        self._spools: dict[int, Spool] = {}
        self._reads: list[Read] = []
        self._began = self._committed = time.monotonic()
        self._cpu_s = 0.0

    def run(self) -> ClipSet:
        """Do it."""
        self.ctx.report(STAGE, 0)
        files, clips = music_files(self.ctx.library, self.music), stored_clips(self.folder)
        found = sort_files(files, clips)
        if found.todo or found.retagged:
            with ClipStore(self.folder, plan_name(self.seconds)) as store:
                clips = store.clips  # another run may have ended meanwhile
                self._begin(sort_files(files, clips), foreign_clips(self.music, files, clips))
                self._fill(store, sort_files(files, clips), {file.identity for file in files})
        else:
            self._begin(found, foreign_clips(self.music, files, clips))
        self.tally["clips"] = len(self._have)
        if not self._have:
            raise UserError("There is no music to learn from.", self._nothing_hint())
        return ClipSet.open(self.folder).subset(self._have)

    def _begin(self, found: Sorted, foreign: set[str]) -> None:
        """Count what is there, and say what is left out."""
        self._have = {clip.identity for _, clip in found.there} | foreign
        self.tally["asked"] = len(found.there) + len(found.todo) + len(found.left_out) + len(foreign)
        for file, reason in found.left_out:
            self._leave_out(file, reason)

    def _nothing_hint(self) -> str:
        if self.tally["asked"]:
            return f"None of the {self.tally['asked']} tracks could be read; the list of failures says why."
        return "Add some with: earmap add FOLDER" if self.music.everything else "Choose other music."

    def result(self) -> dict[str, object]:
        """Figures of this run."""
        elapsed = time.monotonic() - self._began
        keys = ("asked", "clips", "left_out", "decoded", "clipped")
        return {key: self.tally[key] for key in keys} | {
            "plan": plan_name(self.seconds), "seconds": round(elapsed, 2), "decode_cpu_s": round(self._cpu_s, 2),
        }  # fmt: skip

    # -- the pass ---------------------------------------------------------------------------------

    def _fill(self, store: ClipStore, found: Sorted, asked: set[str]) -> None:
        for clip in found.retagged:
            store.describe(clip)
        store.commit()
        self._find_room(store, found.todo, asked)
        audio = self.ctx.settings.audio
        try:
            with DecodePool(
                audio.workers, stall_limit_s=audio.stall_limit_s, longest_h=audio.longest_h
            ) as pool:
                for event in pool.stream(self._requests(found.todo, store), self.ctx.check):
                    self._take(event, store)
                    self._tick(store, len(found.todo))
        finally:
            for spool in self._spools.values():
                spool.close()
            self._commit(store)

    def _find_room(self, store: ClipStore, todo: list[MusicFile], asked: set[str]) -> None:
        """Keep to the budget and the disk; clips that nobody needs make way.

        Raises
        ------
        UserError
            It does not fit.
        """
        new = [file for file in todo if file.identity not in store.clips]
        wanted = clip_bytes(clip_lengths(new, self.seconds))
        everything = self.ctx.library.sidecar("clips")
        self._room = self.budget - store_bytes(everything)
        if wanted > self._room:
            imported = {clip.identity for clip in store.clips.values() if clip.imported}
            keep = asked | imported | _in_runs(self.ctx.library)
            self._room += store.make_room(wanted - self._room, keep)
        if wanted > self._room:
            raise UserError(
                f"These clips need {size_text(wanted)} more, and {size_text(max(0, self._room))} of the "
                f"{size_text(self.budget)} that clips may take are left.",
                f"Choose less music or shorter clips, allow more in the settings, or delete a folder in {everything}.",
            )
        free = shutil.disk_usage(self.folder).free
        if new and wanted + SPARE_BYTES > free:
            raise UserError(
                f"These clips need {size_text(wanted)}, and the disk has {size_text(free)} left.",
                "Free some space, or choose less music or shorter clips.",
            )

    def _requests(self, todo: list[MusicFile], store: ClipStore) -> Iterator[Request]:
        for file in todo:
            self._files[file.file_id] = file
            known = file.identity if file.identity in store.clips else ""
            yield Request(file.file_id, file.path, known=known, middle_s=self.seconds)

    def _take(self, event: Window | Finished | Failed, store: ClipStore) -> None:
        if isinstance(event, Window):
            if event.key not in self._spools:
                self._spools[event.key] = Spool(self.folder)
            self._spools[event.key].write(event.samples)
            return
        self._done += 1
        file, spool = self._files.pop(event.key), self._spools.pop(event.key, None)
        try:
            if isinstance(event, Failed):
                self._fail(file, event)
            else:
                self._finish(file, event, spool, store)
        finally:
            if spool is not None:
                spool.close()

    def _finish(self, file: MusicFile, done: Finished, spool: Spool | None, store: ClipStore) -> None:
        self._cpu_s += done.cpu_seconds
        if not file.verified or file.identity != done.identity:
            self._reads.append(Read(file.file_id, "unchanged", identity=done.identity, seconds=done.seconds))
        if done.identity in self._have:
            self._leave_out(file, "It is the same sound as another track here.")
            return
        clip = store.clips.get(done.identity)
        if clip is not None:
            store.describe(described(file, clip))
        elif spool is None:
            self._leave_out(file, "There is no sound in this file.")
            return
        else:
            self._keep(file, done, spool, store)
        self._have.add(done.identity)

    def _keep(self, file: MusicFile, done: Finished, spool: Spool, store: ClipStore) -> None:
        self._room -= spool.samples * SAMPLE_BYTES
        if self._room < 0:  # the tags said less
            raise UserError(
                f"The clips have reached the {size_text(self.budget)} that they may take.",
                "What is there is kept. Choose less music or shorter clips, or allow more in the settings.",
            )
        clip = described(file, Clip(done.identity, spool.samples, "", "", "", "", "", spool.clipped))
        store.add(clip, spool.pieces())
        self.tally["decoded"] += 1
        self.tally["clipped"] += spool.clipped

    def _fail(self, file: MusicFile, failed: Failed) -> None:
        """Pass over a file; the library remembers what is the file's own fault, as after embedding."""
        self._leave_out(file, failed.reason)
        if failed.kind in ("missing", "not-regular") or not reachable(file.root, had_music=True):
            return
        again = failed.kind in ("crashed", "memory") and not file.failures
        self._reads.append(Read(file.file_id, "pending" if again else "failed", failed.reason))

    def _leave_out(self, file: MusicFile, reason: str) -> None:
        self.tally["left_out"] += 1
        self.ctx.skip(paths.display(file.path), reason)

    def _tick(self, store: ClipStore, total: int) -> None:
        self.ctx.check()
        now = time.monotonic()
        if now - self._committed > COMMIT_S:
            self._commit(store)
        rate = self._done / max(now - self._began, 1e-9)
        self.ctx.report(STAGE, self._done, total, tracks_per_s=round(rate, 2))

    def _commit(self, store: ClipStore) -> None:
        """Samples first: a file whose clip was lost must not count as done."""
        store.commit()
        if self._reads:
            self.ctx.library.files.record(self._reads, -1, "", "", "")
            self._reads = []
        self._committed = time.monotonic()


def _in_runs(library: Library) -> set[str]:
    """Identities that training runs have written down: they may be resumed."""
    found: set[str] = set()
    for path in library.sidecar("runs").glob("*/*.json"):
        with suppress(OSError):
            found.update(map(bytes.decode, _IDENTITY.findall(path.read_bytes())))
    return found


def size_text(size: int) -> str:
    """Bytes for a person."""
    return f"{size / GB:.1f} GB" if size >= GB else f"{size / 10**6:.0f} MB"
