"""Which clips are of one album: its name alone does not say, since many a "Greatest Hits" is called so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

SEVERAL = 3
"""Recordings by one artist that make an album of their own; on a compilation few have as many."""


class Tagged(Protocol):
    """What is asked of a clip, all as in its tags; may be empty."""

    @property
    def artist(self) -> str:
        """Of the track."""

    @property
    def album(self) -> str:
        """Its name."""

    @property
    def album_artist(self) -> str:
        """Of the album; the same for all tracks of a compilation."""


def albums(clips: Sequence[Tagged]) -> list[str]:
    """A key of each clip's album, "" where it has none.

    Albums of one name are told apart by their artists, if all their clips name an album artist, or if each of the
    artists has several of them. Else they are taken for one: where that is wrong, more is kept together than need
    be, and no album is ever torn in two.
    """
    names = [clip.album.strip().casefold() for clip in clips]
    artists = [(clip.album_artist.strip() or clip.artist.strip()).casefold() for clip in clips]
    own: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    unsaid = set()
    for name, artist, clip in zip(names, artists, clips, strict=True):
        own[name][artist] += 1
        if not clip.album_artist.strip():
            unsaid.add(name)
    one = {name for name in unsaid if "" in own[name] or min(own[name].values()) < SEVERAL}
    return [
        name if not name or name in one else f"{name}\n{artist}"
        for name, artist in zip(names, artists, strict=True)
    ]
