"""Names of artists and titles as people write them, brought to what all spellings share."""

from __future__ import annotations

import re

from core.library.text import fold
from core.recommend.versions import version_key

_GUEST = re.compile(r"\s*[(\[]?\b(feat|ft|featuring)\b\.?\s.*$")
_ARTICLE = re.compile(r"^the\s+(?=\w)|,\s*the$")
_APOSTROPHE = re.compile("['’`´]")


def title_key(title: str) -> str:
    """A title without case, accents, punctuation, guests, track number and what it was sold as ("2003 Remaster").

    A live take, a remix or a cover keeps a key of its own; "" says nothing ("Track 03").
    """
    return version_key(fold(_APOSTROPHE.sub("", title)))


def artist_key(artist: str) -> str:
    """An artist without case, accents, punctuation, guests and article: "Beatles, The" is "beatles"."""
    folded = fold(_APOSTROPHE.sub("", artist)).strip()
    plain = _ARTICLE.sub("", _GUEST.sub("", folded).strip()).strip()
    words = re.findall(r"\w+", plain.replace("&", " and ").replace("+", " and "))
    return " ".join(words) or folded


def artist_keys(field: str) -> set[str]:
    """The keys of a tag that may hold several artists ("A; B"): of each, and of all of them."""
    several = {artist_key(artist) for artist in field.split(";")}
    return {*several, artist_key(field)} - {""}
