"""What people and programs wrote into tags, made fit to show, sort and store."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 1_000
MOST_VALUES = 50

# Bidirectional overrides and byte order marks would garble every line they are shown in.
_UNSEEN = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_YEAR = re.compile(r"(?<!\d)(1\d{3}|20\d{2}|2100)(?:\d{2}){0,2}(?!\d)", re.ASCII)
_NUMBER = re.compile(r"\s*(\d{1,4})(?!\d)", re.ASCII)
_DECIBELS = re.compile(r"\s*([+-]?\d{1,5}(?:\.\d{0,9})?)(?:\s*dB)?\s*", re.ASCII | re.IGNORECASE)
# "01 - ", "1-03. ", "(07) ", and "01 " for its 0; but neither "99 Luftballons" nor "20-20".
_LEADING_NUMBER = re.compile(
    r"\(?(?:\d{1,2}[-.])?\d{1,3}\)?(?:\s+[-–_]\s+|\s*[-–_]\s*(?!\d)|\.\s+|(?<=\))\s*)(?=\S)|0\d\s+(?=\w)",
    re.ASCII,
)


def clean(text: str) -> str:
    """One line of at most 1,000 characters: NFC, no control characters, nothing that UTF-8 cannot hold."""
    text = text[: 4 * LONGEST]
    if text.isascii() and text.isprintable():
        return " ".join(text.split())[:LONGEST]
    text = _UNSEEN.sub("", repaired(_without_surrogates(text)))
    text = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return unicodedata.normalize("NFC", " ".join(text.split()))[:LONGEST].rstrip()


def _without_surrogates(text: str) -> str:
    """Pairs joined, single ones replaced: neither SQLite nor Qt takes them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def repaired(text: str) -> str:
    """UTF-8 that was read as Latin-1 or Windows-1252 ("BjÃ¶rk"), put right where it can be nothing else."""
    for encoding in ("latin-1", "cp1252"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text


def joined(values: Iterable[str]) -> str:
    """Several values of one field as "a; b", each once."""
    unique = dict.fromkeys(filter(None, map(clean, values)))
    return "; ".join(unique)[:LONGEST]


def year(text: str) -> int | None:
    """The year in "2003-05-01", "20030501", "May 2003", "(2003)"; None where there is none."""
    found = _YEAR.search(text)
    return int(found[1]) if found else None


def number(text: str) -> int | None:
    """The 3 of "3", "03/12" and "3 of 12"; None for none, and for 0, which stands for none."""
    found = _NUMBER.match(text)
    return int(found[1]) or None if found else None


def decibels(text: str) -> float | None:
    """The -6.5 of "-6.50 dB"."""
    found = _DECIBELS.fullmatch(text)
    return float(found[1]) if found else None


def decoded(name: bytes) -> str:
    """A file name as text, as well as it can be: old systems wrote one byte a letter."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("latin-1")


def title_of(name: bytes) -> str:
    """A title made of a file name: no folder, ending or leading track number; never empty."""
    whole = clean(decoded(name))
    stem = whole.rpartition(".")[0] or whole
    if " " not in stem:
        stem = stem.replace("_", " ")
    return clean(_LEADING_NUMBER.sub("", stem.strip(), count=1)) if stem.strip() else whole or "?"
