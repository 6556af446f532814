"""Packed clips into a store again. Their audio is decoded in a process of its own, as every foreign file is."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from core.audio.clip_index import SAMPLE_BYTES
from core.audio.clip_manifest import Manifest, PackedShard, read_manifest, verify, wrong
from core.audio.clip_pack import Report
from core.audio.clip_store import ClipStore
from core.audio.clips import ClipSet, Int16, quantise
from core.audio.pool import DecodePool
from core.audio.records import Failed, Request, Window
from core.errors import UserError

COMMIT_S = 1.0
_SLACK = 1_600
"""Samples (0.1 s) by which a lossy file may differ from what was packed."""


def unpack(folder: Path, into: Path, report: Report) -> ClipSet:
    """Add packed clips to a store below `into`, in a folder named after their plan; the whole store.

    Clips that are there already stay as they are.

    Raises
    ------
    UserError
        Something is missing, damaged or hostile; no room; somebody else is writing. What was complete stays.
    """
    manifest = read_manifest(folder)
    paths = [verify(folder, shard) for shard in manifest.shards]
    store_folder = into / manifest.plan
    _check_room(manifest, into)
    with (
        DecodePool(1) as pool,
        ClipStore(store_folder, manifest.plan) as store,
        closing(_sound(pool, manifest, paths, folder)) as sound,
    ):
        _fill(store, manifest, _Stream(sound), report)
    return ClipSet.open(store_folder)


def _check_room(manifest: Manifest, into: Path) -> None:
    wanted = SAMPLE_BYTES * sum(clip.samples for clip in manifest.clips)
    into.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(into).free
    if wanted > free:
        raise UserError(
            f"These clips need {wanted / 1e9:.1f} GB, and the disk has {free / 1e9:.1f} GB left.",
            "Free some space first.",
        )


def _fill(store: ClipStore, manifest: Manifest, stream: _Stream, report: Report) -> None:
    exact, committed = manifest.codec == "flac", time.monotonic()
    for done, packed in enumerate(manifest.clips):
        report(done, len(manifest.clips))
        sound = stream.take(packed.samples)
        store.add(packed.clip(exact=exact), sound)
        for _ in sound:  # of a clip that is there already
            pass
        if time.monotonic() - committed > COMMIT_S:
            store.commit()
            committed = time.monotonic()
    report(len(manifest.clips), len(manifest.clips))


class _Stream:
    """A sequence of pieces, cut anew."""

    def __init__(self, pieces: Iterator[Int16]) -> None:
        self._pieces = pieces
        self._left = np.empty(0, np.int16)

    def take(self, samples: int) -> Iterator[Int16]:
        """The next `samples` samples."""
        while samples:
            if not self._left.size:
                self._left = next(self._pieces)
            piece, self._left = self._left[:samples], self._left[samples:]
            samples -= piece.size
            yield piece


def _sound(pool: DecodePool, manifest: Manifest, paths: list[Path], folder: Path) -> Generator[Int16]:
    """All samples of all files, as many as the manifest says."""
    for shard, path in zip(manifest.shards, paths, strict=True):
        yield from _exactly(_decoded(pool, path, folder), shard, manifest.codec == "flac", folder)


def _decoded(pool: DecodePool, path: Path, folder: Path) -> Iterator[Int16]:
    with closing(pool.stream([Request(0, os.fsencode(path))])) as events:
        for event in events:
            if isinstance(event, Window):
                yield quantise(event.samples)[0]
            elif isinstance(event, Failed):
                raise wrong(folder)


def _exactly(pieces: Iterator[Int16], shard: PackedShard, exact: bool, folder: Path) -> Iterator[Int16]:
    """A file's samples, cut or filled up by the little that a lossy codec may be off."""
    left, spare = shard.samples, 0
    for piece in pieces:
        spare += max(0, piece.size - left)
        yield piece[:left]
        left -= min(left, piece.size)
    if max(left, spare) > (0 if exact else _SLACK):
        raise wrong(folder)
    yield np.zeros(left, np.int16)
