"""The clip store as training reads it: each track's sound, decoded once, in memory-mapped files.

Samples are int16 at 16 kHz, mono; 32,768 is full scale. `core.audio.clip_store` writes it, and
`core.clips_build` fills it from a library.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.audio import SAMPLE_RATE
from core.audio.clip_index import (
    SAMPLE_BYTES,
    Clip,
    damaged,
    is_plan,
    plan_name,
    plan_seconds,
    read,
    shard_path,
)
from core.audio.clip_manifest import MANIFEST
from core.audio.records import Samples
from core.errors import UserError

__all__ = ["FULL_SCALE", "Clip", "ClipSet", "is_plan", "plan_name", "plan_seconds", "quantise"]

FULL_SCALE = 32_768
"""What 1.0 becomes."""
_RESIDENT = 64 << 20
"""Bytes read after which pages of the files are given back: the memory that a run shows does not grow."""

Int16 = NDArray[np.int16]
Rows = Sequence[int] | NDArray[np.int64]


def quantise(samples: Samples) -> tuple[Int16, int]:
    """16-bit samples `(n,)`, and how many were beyond full scale (they are clipped, never wrapped round)."""
    scaled = np.rint(samples * np.float32(FULL_SCALE))
    clipped = int(np.count_nonzero((scaled > FULL_SCALE - 1) | (scaled < -FULL_SCALE)))
    return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16), clipped


class _Shard:
    """One file's samples `(n,)`, mapped."""

    def __init__(self, path: Path, samples: int) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), samples * SAMPLE_BYTES, access=mmap.ACCESS_READ)
        self.samples: Int16 = np.frombuffer(self._map, "<i2")

    def give_back(self) -> None:
        """Let the system have the pages; they stay in its cache as long as there is room."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


class ClipSet:
    """Clips of a store, in the order of their identities, so that equal sets have equal rows.

    What it shows is frozen: a writer, or a clean-up, meanwhile changes nothing here.

    Attributes
    ----------
    folder, plan
        Of the store.
    clips
        One for each row.
    """

    def __init__(self, folder: Path, plan: str, clips: Collection[Clip], shards: dict[int, _Shard]) -> None:
        self.folder, self.plan = folder, plan
        self.clips: tuple[Clip, ...] = tuple(sorted(clips, key=lambda clip: clip.identity))
        self._shards = shards
        self._views = [shards[clip.shard].samples[clip.at : clip.at + clip.samples] for clip in self.clips]
        self._read_bytes = 0

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map a store; nothing is read of its sound.

        Raises
        ------
        UserError
            There is none, or it is broken, foreign or hostile.
        """
        for _ in range(3):  # somebody may be tidying up between the two steps
            index = read(folder)
            if index is None:
                raise _nothing(folder)
            try:
                shards = {n: _Shard(shard_path(folder, n), end) for n, end in index.ends().items()}
            except (OSError, ValueError):
                continue
            return cls(folder, index.plan, index.clips.values(), shards)
        raise damaged(folder)

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def bytes(self) -> int:
        """Of all clips."""
        return SAMPLE_BYTES * sum(clip.samples for clip in self.clips)

    @property
    def seconds(self) -> float:
        """Of all clips."""
        return sum(clip.samples for clip in self.clips) / SAMPLE_RATE

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the plan, and of identity, length and samples' hash of every clip; tags do not count."""
        digest = hashlib.sha256(f"{self.plan}\n".encode())
        for clip in self.clips:
            digest.update(f"{clip.identity} {clip.samples} {clip.digest}\n".encode())
        return digest.hexdigest()

    def subset(self, identities: Collection[str]) -> ClipSet:
        """Those clips only; identities that are not here are passed over."""
        wanted = set(identities)
        return self._of([clip for clip in self.clips if clip.identity in wanted])

    def at_least(self, samples: int) -> ClipSet:
        """Clips that have so many samples."""
        return self._of([clip for clip in self.clips if clip.samples >= samples])

    def _of(self, clips: list[Clip]) -> ClipSet:
        return ClipSet(self.folder, self.plan, clips, self._shards)

    def read(self, row: int, start: int, samples: int) -> Int16:
        """`samples` of one clip from sample `start` on, `(samples,)`; zeros beyond its end."""
        segment: Int16 = self.gather([row], [start], samples)[0]
        return segment

    def gather(self, rows: Rows, starts: Rows, samples: int) -> Int16:
        """Segments `(n, samples)` of clips `rows` (n,) from samples `starts` (n,) on; zeros beyond the end.

        Raises
        ------
        IndexError
            No such row.
        ValueError
            A start before the beginning, or not as many starts as rows.
        """
        pairs = list(zip(np.asarray(rows).tolist(), np.asarray(starts).tolist(), strict=True))
        if any(row < 0 or start < 0 for row, start in pairs):
            raise ValueError("rows and starts begin at 0")
        out = np.empty((len(pairs), samples), np.int16)
        for target, (row, start) in zip(out, pairs, strict=True):
            piece = self._views[row][start : start + samples]
            target[: piece.size] = piece
            target[piece.size :] = 0
        self._give_back(out.nbytes)
        return out

    def _give_back(self, read_bytes: int) -> None:
        self._read_bytes += read_bytes
        if self._read_bytes > _RESIDENT:
            self._read_bytes = 0
            for shard in self._shards.values():
                shard.give_back()


def _nothing(folder: Path) -> UserError:
    if (folder / MANIFEST).is_file():
        return UserError(
            f"The clips in {folder} are packed.", "Take them in with: earmap import clips FOLDER"
        )
    return UserError(
        f"There are no clips in {folder}.", "They are made when an encoder is trained: earmap train"
    )
