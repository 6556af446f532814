"""Whether a file that has been decoded is whole, broken in part, or of no use."""

from __future__ import annotations

from core.audio import SAMPLE_RATE, reasons
from core.audio.declared import Declared
from core.audio.decoding import Decoding
from core.audio.records import UnusableError
from core.audio.source import Source

_TOLERANCE = 0.02
"""Share of a track, and at least 1 s, that may be missing without a word: headers are not exact."""
_MOST_BAD = 0.1
"""Share of samples that are not numbers from which a file is refused."""


def flaws(source: Source, decoding: Decoding, said: Declared, seconds: float) -> str:
    """What is missing of a file with `seconds` of sound, in sentences; empty where nothing is.

    Raises
    ------
    UnusableError
        Nothing could be decoded, or it is no sound.
    """
    if not decoding.samples:
        if decoding.bad_packets:
            raise UnusableError("unreadable", "None of the sound in this file can be decoded: it is damaged.")
        raise UnusableError("empty", "There is no sound in this file, or next to none.")
    if decoding.bad_samples > _MOST_BAD * decoding.samples:
        raise UnusableError(
            "unreadable", "Its samples are not sound: many are infinite, no numbers or absurdly large."
        )
    found = [_missing(source, decoding, said, seconds), _bad_samples(decoding)]
    return " ".join(sentence for sentence in found if sentence)


def _missing(source: Source, decoding: Decoding, said: Declared, seconds: float) -> str:
    slack = max(1.0, _TOLERANCE * seconds)
    if decoding.capped:
        return (
            f"Only its first {reasons.span(seconds)} are used: it is longer than the limit in the settings."
        )
    if said.reliable and said.seconds and said.seconds - seconds > slack:
        return reasons.short(seconds, said.seconds)
    if decoding.lost_s > slack:
        return f"About {reasons.span(decoding.lost_s)} of it are damaged and were left out."
    if decoding.gave_up:
        return f"Only {reasons.span(seconds)} could be read; the rest is damaged."
    if source.error is not None and not said.reliable:
        return f"It breaks off after {reasons.span(seconds)}."
    return ""


def _bad_samples(decoding: Decoding) -> str:
    if not decoding.bad_samples:
        return ""
    amount = decoding.bad_samples / SAMPLE_RATE
    return f"{amount:.3f} s of it were no numbers (NaN, infinite or absurdly large) and were made silent."
