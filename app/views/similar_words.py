"""What the Similar panel says: whose neighbours it shows, or why there are none."""

from __future__ import annotations

from html import escape

from app import wording
from app.neighbourhood import USABLE, Answer
from core.library.records import Row


def heading(seeds: tuple[Row, ...]) -> tuple[str, str]:
    """Two lines that name the seeds."""
    if not seeds:
        return "", ""
    if len(seeds) == 1:
        return seeds[0].title, " · ".join(filter(None, (seeds[0].artist, seeds[0].album)))
    return wording.count(len(seeds), "track"), ", ".join(row.title for row in seeds)


def why_none(answer: Answer, busy: bool) -> str:
    """Why there are no neighbours, and what helps."""
    if not answer.seeds:
        return "Choose a track to see what sounds like it."
    first = answer.seeds[0]
    name = f"“{escape(first.title)}”" if len(answer.seeds) == 1 else "These tracks"
    if answer.waiting:
        if not first.online:
            return f"{name} waits to be listened to, but its folder is not connected."
        if busy:
            return f"{name}: next in line to be listened to. The neighbours appear here by themselves."
        return f"{name} waits to be listened to.<br><br><a href='listen'>Listen now</a>"
    if not any(row.state in USABLE for row in answer.seeds):
        return f"{name} could not be read, so nothing can be compared with it.<br><br>{escape(first.reason)}"
    if answer.compared < 2:
        return "There is nothing to compare with yet. Neighbours appear as more tracks are listened to."
    if answer.wish.other_artists or answer.wish.other_albums:
        return "The filters leave no track.<br><br><a href='any'>Show all</a>"
    return "No neighbours were found."
