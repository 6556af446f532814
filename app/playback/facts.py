"""What a file's tags say that matters to how it is played: its loudness, and what it follows."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.playback.protocol import ReplayGain
from core.audio.source import Source

_MOST_DB = 24.0
"""No tag is believed beyond that."""

_R128_TO_REPLAYGAIN_DB = 5.0
"""Opus' gains lead to -23 LUFS (RFC 7845, 5.2.1), ReplayGain's to -18 LUFS."""

_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")


@dataclass(frozen=True)
class Facts:
    """What the tags say; None and empty where they say nothing.

    Parameters
    ----------
    track_db, album_db
        What to add to the level (dB).
    track_peak, album_peak
        The greatest sample, 1: full scale.
    album, disc, number
        The track's place.
    """

    track_db: float | None = None
    album_db: float | None = None
    track_peak: float | None = None
    album_peak: float | None = None
    album: str = ""
    disc: int = 1
    number: int | None = None

    def gain(self, mode: ReplayGain) -> float:
        """The factor for the samples: never so great that the known peak would clip."""
        pairs = [(self.track_db, self.track_peak), (self.album_db, self.album_peak)]
        if mode == "album":
            pairs.reverse()
        level, peak = next((pair for pair in pairs if pair[0] is not None), (None, None))
        if mode == "off" or level is None:
            return 1.0
        factor: float = 10 ** (level / 20)
        return min(factor, max(1.0 / peak, 10 ** (-_MOST_DB / 20))) if peak else factor

    def follows(self, before: Facts) -> bool:
        """Whether this is the next track of the same album: the two belong together as they are."""
        if not self.album or self.album != before.album or self.number is None or before.number is None:
            return False
        step = (self.disc - before.disc, self.number - before.number)
        return step == (0, 1) or (step[0] == 1 and self.number == 1)


UNTOLD = Facts()
"""Of a file without tags."""


def _number(text: str | None) -> float | None:
    match = _NUMBER.search(text or "")
    value = float(match.group().replace(",", ".")) if match else math.nan
    return value if math.isfinite(value) else None


def _decibels(tags: Mapping[str, str], kind: str) -> float | None:
    value = _number(tags.get(f"replaygain_{kind}_gain"))
    if value is None:
        steps = _number(tags.get(f"r128_{kind}_gain"))
        value = None if steps is None else steps / 256 + _R128_TO_REPLAYGAIN_DB
    return None if value is None else min(max(value, -_MOST_DB), _MOST_DB)


def _place(text: str | None) -> int | None:
    value = _number((text or "").partition("/")[0])
    return None if value is None else int(value)


def facts_of(tags: Mapping[str, str]) -> Facts:
    """Read from tags by the names that FFmpeg gives them, in any case."""
    lower = {name.lower(): text for name, text in tags.items()}
    return Facts(
        track_db=_decibels(lower, "track"),
        album_db=_decibels(lower, "album"),
        track_peak=_number(lower.get("replaygain_track_peak")),
        album_peak=_number(lower.get("replaygain_album_peak")),
        album=lower.get("album", ""),
        disc=_place(lower.get("disc")) or 1,
        number=_place(lower.get("track")),
    )


def facts(source: Source) -> Facts:
    """Of an open file: container and stream may both have tags."""
    return facts_of({**source.container.metadata, **source.stream.metadata})
