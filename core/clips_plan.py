"""What there is to learn from in a library, and what a clip store of it will take."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from core.audio import SAMPLE_RATE, SEGMENT, clip_index
from core.audio.clip_index import SAMPLE_BYTES
from core.audio.clips import Clip, plan_name
from core.library.music import MusicFile
from core.library.store import Library
from core.library.text import fold
from core.recommend.versions import version_key


@dataclass(frozen=True)
class Music:
    """What to learn from: what meets every condition; all None and empty: the whole library.

    Attributes
    ----------
    roots
        Ids of folders. Data sets are taken only where they are named.
    query
        As in the search box.
    track_ids
        Tracks one by one.
    """

    roots: list[int] | None = None
    query: str = ""
    track_ids: list[int] | None = None

    @property
    def everything(self) -> bool:
        """Whether no condition is set."""
        return self.roots is None and not self.query and self.track_ids is None


@dataclass(frozen=True)
class ClipPlan:
    """What a build will do; told before it is done.

    Attributes
    ----------
    plan
        Its name, which is also the store's folder.
    tracks
        That will have a clip, if every file can be read; `imported` of them came from another machine.
    to_decode
        Those that have none yet.
    unreadable
        Tracks left out, since their file failed before or its folder is away.
    seconds, bytes
        Of all clips, those that are there included.
    bytes_to_write, free_bytes
        Still to come, and room on the disk.
    too_short
        Tracks of less than 3 s.
    unknown
        Tracks whose length no tag tells; the others' mean is taken for it.
    """

    plan: str
    tracks: int
    imported: int
    to_decode: int
    unreadable: int
    seconds: float
    bytes: int
    bytes_to_write: int
    free_bytes: int
    too_short: int
    unknown: int


def clips_folder(library: Library, seconds: float) -> Path:
    """Where a library's clips of that length are."""
    return library.sidecar("clips") / plan_name(seconds)


def recording_key(title: str, artist: str, identity: str) -> str:
    """Alike for the versions of one recording that a person may own; the identity where nothing tells."""
    key, by = version_key(title), fold(artist).strip()
    return f"{by} / {key}" if key and by else identity


def described(file: MusicFile, clip: Clip) -> Clip:
    """The clip with what the file's tags say now."""
    recording = recording_key(file.title, file.artist, clip.identity)
    return replace(
        clip, title=file.title, artist=file.artist, album=file.album, album_artist=file.album_artist,
        recording=recording,
    )  # fmt: skip


def _why_not(file: MusicFile) -> str:
    """Why a file is not even tried; "" where it is."""
    if not file.online:
        return "Its folder cannot be reached now."
    if file.state in ("failed", "skipped"):
        return file.reason or "It could not be read before."
    return ""


@dataclass
class Sorted:
    """The files that were asked for: those with a clip, those to be decoded, and those left out with a reason."""

    there: list[tuple[MusicFile, Clip]] = field(default_factory=list)
    todo: list[MusicFile] = field(default_factory=list)
    left_out: list[tuple[MusicFile, str]] = field(default_factory=list)

    @property
    def retagged(self) -> list[Clip]:
        """Clips whose files say something else now."""
        now = [(described(file, clip), clip) for file, clip in self.there]
        return [new for new, old in now if new != old]


def sort_files(files: list[MusicFile], clips: dict[str, Clip]) -> Sorted:
    """What has to be done with each file."""
    found = Sorted()
    for file in files:
        clip, reason = clips.get(file.identity), _why_not(file)
        if clip is not None and (file.verified or reason):
            found.there.append((file, clip))
        elif reason:
            found.left_out.append((file, reason))
        else:
            found.todo.append(file)
    return found


def stored_clips(folder: Path) -> dict[str, Clip]:
    """What is in a store, by identity; nothing where there is none."""
    index = clip_index.read(folder)
    return {} if index is None else index.clips


def music_files(library: Library, music: Music) -> list[MusicFile]:
    """One file for each track of the music asked for."""
    return library.files.music(music.roots, music.query, music.track_ids)


def foreign_clips(music: Music, files: list[MusicFile], clips: dict[str, Clip]) -> set[str]:
    """Identities of imported clips that belong to the music asked for although no file here has them."""
    if not music.everything:
        return set()
    return {clip.identity for clip in clips.values() if clip.imported} - {file.identity for file in files}


def clip_lengths(files: list[MusicFile], seconds: float) -> list[float]:
    """Seconds of each file's clip; of those that nobody knows, the mean of the others."""
    known = [file.seconds for file in files if file.seconds]
    mean = sum(known) / len(known) if known else 240.0
    return [min(file.seconds or mean, seconds or np.inf) for file in files]


def plan(library: Library, music: Music, seconds: float) -> ClipPlan:
    """Say what `build` will do.

    Parameters
    ----------
    seconds
        From the middle of each track; 0: whole tracks.

    Raises
    ------
    UserError
        The store that is there is damaged.
    """
    clips, files = stored_clips(clips_folder(library, seconds)), music_files(library, music)
    found, foreign = sort_files(files, clips), foreign_clips(music, files, clips)
    new = [file for file in found.todo if file.identity not in clips]
    known = [clip for _, clip in found.there] + [clips[identity] for identity in foreign]
    known += [clips[file.identity] for file in found.todo if file.identity in clips]
    there, to_come = [clip.samples / SAMPLE_RATE for clip in known], clip_lengths(new, seconds)
    every = there + to_come
    return ClipPlan(
        plan=plan_name(seconds), tracks=len(every), imported=len(foreign), to_decode=len(new),
        unreadable=len(found.left_out), seconds=sum(every), bytes=clip_bytes(every),
        bytes_to_write=clip_bytes(to_come), free_bytes=shutil.disk_usage(library.sidecar("clips")).free,
        too_short=sum(length < SEGMENT / SAMPLE_RATE for length in every),
        unknown=sum(not file.seconds for file in new),
    )  # fmt: skip


def clip_bytes(seconds: list[float]) -> int:
    """What clips of these lengths take."""
    return round(sum(seconds) * SAMPLE_RATE) * SAMPLE_BYTES
