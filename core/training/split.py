"""Which tracks are trained on and which are kept for validation: whole albums, the same for every run.

Nothing here depends on the order of the clips or on a run's seed, so that runs over the same music can be compared.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.training.albums import Tagged, albums

FEWEST = 8
"""Recordings without which there is nothing to train on."""
LARGEST_SHARE = 0.25
"""Of the recordings: a small library gives no more to validation, even if fewer candidates are left."""

Rows = NDArray[np.int64]


class Item(Tagged, Protocol):
    """What is asked of a clip."""

    @property
    def identity(self) -> str:
        """Of its sound."""

    @property
    def recording(self) -> str:
        """The same for all versions of one recording."""


@dataclass(frozen=True)
class Split:
    """Rows of the clips, each (n,), in ascending order; no album and no recording is in both."""

    train: Rows
    validation: Rows


def split(clips: Sequence[Item], share: float, candidates: int) -> Split:
    """Keep some albums for validation: `share` of the recordings, but enough for `candidates` where there are.

    Never more than a quarter. An album that is larger than that is not kept, unless nothing else can be: then
    the smallest one that leaves half of the music, else single recordings.

    Raises
    ------
    UserError
        There is too little music to train on.
    """
    recordings = len({clip.recording for clip in clips})
    if recordings < FEWEST:
        raise UserError(
            f"There is too little music to train on: {recordings} usable tracks, at least {FEWEST} are needed.",
            "Add more music, or choose more of it. Tracks that are too short for this strategy do not count.",
        )
    wanted = target(recordings, share, candidates)
    keys = groups(clips)
    kept = _kept(_sizes(clips, keys), wanted, recordings // 2)
    if not kept:
        keys = [_recording(clip) for clip in clips]
        kept = _kept(_sizes(clips, keys), wanted, wanted)
    in_group = np.array([key in kept for key in keys])
    held = {clip.recording for clip, inside in zip(clips, in_group, strict=True) if inside}
    # Another version of a held recording may be on an album that is trained on: it is left out of both.
    is_held = np.array([clip.recording in held for clip in clips])
    return Split(np.flatnonzero(~is_held), np.flatnonzero(in_group))


def target(recordings: int, share: float, candidates: int) -> int:
    """Recordings that are kept at most."""
    return min(max(round(share * recordings), candidates), int(LARGEST_SHARE * recordings))


def groups(clips: Sequence[Item]) -> list[Hashable]:
    """What each clip stays together with: its album, else its artist, else its recording."""
    return [_group(clip, album) for clip, album in zip(clips, albums(clips), strict=True)]


def _group(clip: Item, album: str) -> Hashable:
    if album:
        return "album", album
    if clip.artist.strip():
        return "artist", clip.artist.strip().casefold()
    return _recording(clip)


def one_each(clips: Sequence[Item], rows: Iterable[int]) -> list[int]:
    """One row of each recording, in an order that depends on their identities alone."""
    first: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: shuffled(clips[row].identity)):
        first.setdefault(clips[row].recording, row)
    return list(first.values())


def shuffled(key: Hashable) -> bytes:
    """A key to sort by that puts things into a random order, the same everywhere."""
    return hashlib.sha256(repr(key).encode("utf-8", "surrogatepass")).digest()


def _recording(clip: Item) -> Hashable:
    return "recording", clip.recording


def _sizes(clips: Sequence[Item], keys: Sequence[Hashable]) -> dict[Hashable, int]:
    """Recordings in each group, in shuffled order."""
    members: defaultdict[Hashable, set[str]] = defaultdict(set)
    for clip, key in zip(clips, keys, strict=True):
        members[key].add(clip.recording)
    return {key: len(members[key]) for key in sorted(members, key=shuffled)}


def _kept(sizes: dict[Hashable, int], target: int, largest: int) -> set[Hashable]:
    """Groups that fit into `target` one after the other; else the smallest that is no larger than `largest`."""
    kept, count = set(), 0
    for key, size in sizes.items():
        if count + size <= target:
            kept.add(key)
            count += size
    if count < 2:
        fitting = [key for key, size in sizes.items() if 2 <= size <= largest]
        return {min(fitting, key=lambda key: sizes[key])} if fitting else set()
    return kept
