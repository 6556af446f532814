"""When two tracks are versions of one recording: the same performance, mastered or encoded again.

A live take, a demo, a remix or a cover is another recording and stays in the list.
"""

from __future__ import annotations

import re
import unicodedata

# Measured with `mfcc` on 150 tracks of real music: another mastering (compressed, bass and treble raised)
# stays at 0.97 or more, the most alike of different tracks reach 0.947, and 0.90 for 95 of 100 tracks.
TITLED_COSINE = 0.95
"""Enough where artist and title agree."""

UNTITLED_COSINE = 0.99
"""Needed where they are unknown, or only the artist's spelling differs."""

# What labels add to a title when they sell one recording again. A qualifier made of these words
# alone is dropped; one with any other word ("live", "demo", "club mix", "part 2") tells recordings apart.
_SALES = re.compile(
    "(a|album|and|anniversary|bonus|clean|clip|content|deluxe|digital|digitally|edit|edition|explicit|"
    "expanded|from|full|hd|high|hq|hi|in|length|lossless|lp|lyric|lyrics|main|master|mastered|mix|"
    "mono|new|official|original|quality|radio|re|reissue|release|remaster|remastered|remastering|res|"
    "resolution|single|song|special|standard|stereo|super|the|track|uhd|version|video|w|with)"
)
_YEAR = re.compile(r"(19|20)\d\d|\d+(st|nd|rd|th)|\d+(bit|khz|k)?")
_BRACKET = re.compile(r"\s*[(\[{]([^()\[\]{}]*)[)\]}]")
_DASH = re.compile(r"\s+[-–—:|/]\s+([^-–—:|/]*)$")
_GUEST = re.compile(r"\s*[(\[]?\b(feat|ft|featuring)\b\.?\s.*$")
_NUMBER = re.compile(r"^(\d{1,3}\s*[.\-_)]\s*|0\d\s+)(?=\S)")
_NAMELESS = re.compile(r"(untitled|unknown|no title|(audio ?)?(track|titel|piste|pista)) ?\d*|\d+")


def _is_sales(qualifier: str) -> bool:
    """Whether a bracket or suffix says nothing of how the music was played."""
    words = re.findall(r"\w+", qualifier)
    named = [word for word in words if _SALES.fullmatch(word)]
    rest = [word for word in words if not _SALES.fullmatch(word)]
    only_years = all(_YEAR.fullmatch(word) for word in rest)
    return only_years and (bool(named) or any(len(word) == 4 for word in rest) or not words)


def version_key(title: str) -> str:
    """What is left of a title when guests, track number and words of the trade are taken off.

    Two versions of a recording have one key; the empty key means that the title says nothing
    ("Track 03", no title).
    """
    whole = unicodedata.normalize("NFKC", title).casefold().strip()
    text = _NUMBER.sub("", whole)
    # A guest's name may itself be followed by a qualifier, so brackets go first.
    text = _BRACKET.sub(lambda found: "" if _is_sales(found[1]) else f" {found[1]}", text)
    suffix = _DASH.search(text)
    while suffix and _is_sales(suffix[1]):
        text = text[: suffix.start()]
        suffix = _DASH.search(text)
    text = _GUEST.sub("", text)
    words = re.findall(r"\w+", text.replace("&", " and ").replace("'", "").replace("’", ""))
    key = " ".join(words) or " ".join(re.findall(r"\w+", whole)) or whole
    return "" if _NAMELESS.fullmatch(key) else key


def same_recording(
    cosine: float,
    keys: tuple[str, str],
    seconds: tuple[float, float],
    artists: tuple[int, int],
) -> bool:
    """Whether two tracks are versions of one recording.

    Parameters
    ----------
    cosine
        Of their unit rows.
    keys
        Their `version_key`; "" unknown.
    seconds
        Their lengths; NaN unknown.
    artists
        Codes; -1 unknown.
    """
    if all(keys) and keys[0] != keys[1]:
        return False
    certain = all(keys) and artists[0] == artists[1] >= 0
    apart = abs(seconds[0] - seconds[1])
    if not certain or not apart >= 0:
        # Nothing but the sound speaks for it, so it has to be the same sound for the same time.
        return cosine >= UNTITLED_COSINE and not apart > 2.0
    # Silence at the ends and faster tapes differ between issues.
    return cosine >= TITLED_COSINE and apart <= max(4.0, 0.03 * max(seconds))
