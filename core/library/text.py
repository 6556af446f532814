"""Text and JSON that SQLite can hold, and text as the search compares it."""

from __future__ import annotations

import json
import math
import re
import unicodedata

import numpy as np

_ACCENTS = re.compile("[\u0300-\u036f]")


def storable(text: str) -> str:
    """`text` without what UTF-8 or SQLite cannot hold: single surrogates are replaced, NULs dropped."""
    if text.isascii():
        return text.replace("\0", "")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "")


def fold(text: str | None) -> str:
    """What two spellings of one name share: no case, no accents, one width ("BJÖRK" and "Bjork")."""
    if text is None or text.isascii():
        return (text or "").lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart))


def to_json(value: object) -> str:
    """JSON that every reader takes: what is not a finite number becomes null."""
    return json.dumps(_finite(value), allow_nan=False)


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        return _finite(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value
