"""What is said of a playlist: how long it is, what is missing, how it came about."""

from __future__ import annotations

from collections.abc import Sequence

from app import wording
from app.playlists import Placed
from app.titles import Titles
from core.library.records import PlaylistRecord

_HOW = {
    "similar": "Made by what sounds alike, as {encoder} hears it",
    "path": "Made as a path, as {encoder} hears it",
    "radio": "Made as a radio, as {encoder} hears it",
    "moment": "Made from a moment, as {encoder} hears it",
    "lasso": "Gathered on the map",
    "import": "From a playlist file",
}


def summary(places: Sequence[Placed]) -> str:
    """`23 tracks · 1 h 32 min · 2 not there`."""
    seconds = sum(place.row.seconds or 0.0 for place in places if place.row is not None)
    missing = sum(not place.there for place in places)
    minutes = round(seconds / 60)
    length = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    parts = [wording.count(len(places), "track"), length if places else ""]
    parts.append(f"{missing:,} not there" if missing else "")
    return " · ".join(filter(None, parts))


def how(record: PlaylistRecord, titles: Titles) -> str:
    """How a list came about; empty where a person made it by hand."""
    return _HOW.get(record.kind, "").format(encoder=titles.of(record.rule.get("encoder", "the encoder")))
