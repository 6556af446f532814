"""What the Similar panel says: whose neighbours it shows, by which rules, or why there are none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape

from app import wording
from app.columns import clock
from app.neighbourhood import USABLE, Answer
from core.library.records import Row
from core.recommend.hubs import Effect
from core.recommend.moments import SEGMENT_S
from core.recommend.rules import Lengths, Rules, Years

NO_MOMENT = (
    "Find a moment in other tracks.<br><br>Play something, hold Shift, and drag over its waveform below: "
    "the seconds of your library that sound most like it appear here."
)
UNSTORED = "Earmap has listened to whole tracks only, and has not kept what it heard moment by moment."
NO_END = "Where shall the path lead?<br><br>Click a track in the library or on the map."
FIRST = {
    "similar": "Choose a track to see what sounds like it.",
    "radio": "Choose one or more tracks for a radio to begin with.",
    "path": "Choose the track that the path begins with.",
    "moment": NO_MOMENT,
}


def heading(seeds: tuple[Row, ...]) -> tuple[str, str]:
    """Two lines that name the seeds."""
    if not seeds:
        return "", ""
    if len(seeds) == 1:
        return seeds[0].title, " · ".join(filter(None, (seeds[0].artist, seeds[0].album)))
    return wording.count(len(seeds), "track"), ", ".join(row.title for row in seeds)


def moment_heading(row: Row, first: float, last: float) -> tuple[str, str]:
    """Two lines that name the seconds looked for."""
    return f"{clock(first)} to {clock(last)} of “{row.title}”", " · ".join(
        filter(None, (row.artist, row.album))
    )


def why_none(answer: Answer, busy: bool) -> str:
    """Why there are no neighbours, and what helps."""
    if not answer.seeds:
        return FIRST[answer.wish.mode]
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
    return _why_none_heard(answer, busy)


def _why_none_heard(answer: Answer, busy: bool) -> str:
    """Of what was listened to."""
    if answer.wish.mode == "path" and len(answer.seeds) < 2:
        return NO_END
    waiting = [row for row in answer.seeds if row.state not in USABLE]
    if answer.wish.mode == "path" and waiting:
        return f"“{escape(waiting[0].title)}” has not been listened to, so no path leads there yet."
    if answer.unstored:
        return f"{UNSTORED}<br><br>{storing(busy)}"
    if answer.unheard:
        return escape(answer.unheard)
    if answer.compared < 2:
        return "There is nothing to compare with yet. Neighbours appear as more tracks are listened to."
    if limits(answer.wish.rules):
        return "The filters leave no track.<br><br><a href='any'>Show all</a>"
    return "No neighbours were found."


def storing(busy: bool) -> str:
    """What helps where single moments are not stored."""
    return "It is listening now." if busy else "<a href='moments'>Listen again and keep it</a>"


def limits(rules: Rules) -> list[str]:
    """What the rules leave in, a few words each; nothing where they leave in everything."""
    words = [
        "other artists" if rules.other_artists else "",
        "other albums" if rules.other_albums else "",
        years(rules.years),
        lengths(rules.seconds),
        *(named(values) for values in (rules.genres, rules.folders, rules.labels)),
    ]
    return [word for word in words if word]


def years(span: Years | None) -> str:
    """`1990–1999`, `from 1990`, `until 1999`."""
    low, high = span or (None, None)
    if low is not None and high is not None:
        return f"{low}" if low == high else f"{low}–{high}"
    return f"from {low}" if low is not None else f"until {high}" if high is not None else ""


def lengths(span: Lengths | None) -> str:
    """`2:00–5:00`, `from 2:00`, `up to 5:00`."""
    low, high = span or (None, None)
    if low is not None and high is not None:
        return f"{clock(low)}–{clock(high)}"
    return f"from {clock(low)}" if low is not None else f"up to {clock(high)}" if high is not None else ""


def named(values: Collection[str], ends: bool = True) -> str:
    """`Jazz`, `Jazz or Soul`, `Jazz or 3 others`; of a folder its last part."""
    texts = sorted(
        value.replace("\\", "/").rstrip("/").rpartition("/")[2] if ends else value for value in values
    )
    if len(texts) <= 2:
        return " or ".join(texts)
    return f"{texts[0]} or {len(texts) - 1} others"


def summary(rules: Rules) -> str:
    """All rules in a line."""
    words = limits(rules)
    if not rules.fold:
        words.append("all versions")
    if rules.hubness != "none":
        words.append("fewer hubs")
    text = " · ".join(words)
    return text[:1].upper() + text[1:]


def kept_name(answer: Answer) -> str:
    """What a list is called when it is kept."""
    title = heading(answer.seeds)[0]
    if answer.wish.mode == "path":
        return stations(answer.seeds)
    return {"similar": f"Like {title}", "radio": f"Radio: {title}", "moment": f"A moment of {title}"}[
        answer.wish.mode
    ]


def moment_note(span: tuple[float, float] | None, heard: Sequence[float]) -> str:
    """Which seconds stand for those that were marked, where none of them was listened to."""
    if span is None or not heard or any(start < span[1] and start + SEGMENT_S > span[0] for start in heard):
        return ""
    return f"Listened to nearest: {clock(heard[0])}; that stands for what you marked."


def hub_effect(effect: Effect) -> str:
    """What hub correction does in this library."""
    before, after = effect.unreached, effect.unreached_corrected
    text = f"In your library, {before:.0%} of the tracks are in no list of ten; corrected, {after:.0%}."
    if effect.same == effect.same:  # no NaN
        text += f" Of a list, {effect.same:.0%} is of the same album; corrected, {effect.same_corrected:.0%}."
    return f"{text} (Skewness of k-occurrence {effect.skew:.1f}; corrected, {effect.skew_corrected:.1f}.)"


def stations(rows: Sequence[Row]) -> str:
    """`A to B`: what a path is named after."""
    return f"{rows[0].title} to {rows[-1].title}"
