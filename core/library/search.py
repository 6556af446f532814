"""The search box's language: words, "phrases", field:value, ranges, and minus to exclude.

miles -live artist:davis year:1955..1965 length:>5:00 state:failed folder:"box set"

Case and accents say nothing. What is no field or number is searched as text, so there are no errors.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from core.library.text import fold, storable

TITLE = "coalesce(nullif(f.title, ''), f.name)"
"""The title that is shown."""

_PARTS = ("title", "artist", "album", "album_artist", "genre", "year", "name")
"""What `f.search` holds, folded, with a control character after each part: 1 after the first, 2, ..."""

_CONTROL = re.compile(r"[\x00-\x1f]+")


def search_text(name: str, tags: dict[str, object]) -> str:
    """What the search box looks through, as `fold` leaves it; stored, so that no search has to fold again."""
    values = (*(str(tags.get(part) or "") for part in _PARTS[:-1]), name)
    return "".join(fold(_CONTROL.sub(" ", v)) + chr(i) for i, v in enumerate(values, 1))


def folded(part: str) -> str:
    """A part of `f.search` in SQL."""
    after = _PARTS.index(part)
    start = f"instr(f.search, char({after}))" if after else "0"
    return f"substr(f.search, {start} + 1, instr(f.search, char({after + 1})) - {start} - 1)"


FOLDED_TITLE = f"CASE WHEN f.title = '' THEN {folded('name')} ELSE {folded('title')} END"

# As they are stored, and as they are compared. Only the last two ask Python for each row.
_TEXTS = {
    "title": ("f.title", FOLDED_TITLE), "artist": ("f.artist", folded("artist")), "album": ("f.album", folded("album")),
    "albumartist": ("f.album_artist", folded("album_artist")), "genre": ("f.genre", folded("genre")),
    "file": ("f.name", folded("name")), "format": ("f.codec", "f.codec"), "folder": ("f.folder", "fold(f.folder)"),
    "reason": ("f.reason", "iif(f.reason = '', '', fold(f.reason))"),
}  # fmt: skip
NUMBER_FIELDS = {"year": "f.year", "length": "f.seconds", "track": "f.track_number", "disc": "f.disc_number",
                 "rate": "f.sample_rate", "channels": "f.channels"}  # fmt: skip
SHOWN_STATE = """CASE WHEN f.state IN ('failed', 'skipped') THEN f.state WHEN e.id IS NULL THEN 'pending'
                 WHEN f.state = 'partial' THEN 'partial' ELSE 'embedded' END"""
"""What a person is told of a file under one encoder; `Files.counts` counts the same."""
STATES = {
    "pending": "f.state NOT IN ('failed', 'skipped') AND e.id IS NULL",
    "embedded": "f.state IN ('ok', 'pending') AND e.id IS NOT NULL",
    "partial": "f.state = 'partial' AND e.id IS NOT NULL",
    "failed": "f.state = 'failed'",
    "skipped": "f.state = 'skipped'",
    "offline": "NOT r.online",
}
_FIELDS = {*_TEXTS, *NUMBER_FIELDS, "state", "label"}

MOST_TERMS = 50
LONGEST = 1000
"""Letters of a search that count; SQLite has limits too, and they raise."""

_TOKEN = re.compile(r'(-?)(?:(\w+):)?(?:"([^"]*)"?|(\S+))')
_CLOCK = re.compile(r"^(?:(\d+):)?(\d+):(\d{1,2})$")


@dataclass
class Where:
    """A condition in SQL with its values."""

    clauses: list[str] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)

    def bind(self, value: object) -> str:
        """A placeholder for `value`."""
        name = f"q{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def add(self, clause: str, *, negated: bool = False) -> None:
        """One more condition that must hold (or, negated, must not; unknown counts as not)."""
        self.clauses.append(f"NOT coalesce(({clause}), 0)" if negated else f"({clause})")

    @property
    def sql(self) -> str:
        """All conditions joined."""
        return " AND ".join(self.clauses) or "1"


def parse(query: str) -> Where:
    """The condition of a search text; a field that still waits for its value is left out."""
    where = Where()
    for minus, name, phrase, word in _TOKEN.findall(storable(query)[:LONGEST])[:MOST_TERMS]:
        value = phrase or word
        if not name and value.endswith(":") and value[:-1].casefold() in _FIELDS:
            continue
        clause = _clause(where, name.casefold(), value) if name else None
        if clause is None:
            clause = _contains(where, "f.search", f"{name}:{value}" if name else value)
        where.add(clause, negated=bool(minus))
    return where


def _contains(where: Where, folded: str, value: str) -> str:
    """`folded` (a column or expression without case and accents) contains `value`."""
    escaped = re.sub(r"([%_\\])", r"\\\1", fold(value))
    return rf"{folded} LIKE {where.bind(f'%{escaped}%')} ESCAPE '\'"


def _clause(where: Where, name: str, value: str) -> str | None:
    if name in _TEXTS:
        stored, compared = _TEXTS[name]
        return _contains(where, compared, value) if value else f"{stored} = ''"
    if name in NUMBER_FIELDS:
        return _range(where, NUMBER_FIELDS[name], value)
    if name == "state":
        return STATES.get(value.casefold())
    if name == "label":
        labels = "EXISTS (SELECT 1 FROM label l WHERE l.track_id = f.track_id AND {})"
        return labels.format(_contains(where, "fold(l.value)", value))
    return None


def _number(text: str) -> float | None:
    clock = _CLOCK.match(text)
    if clock:
        hours, minutes, seconds = (float(part or 0) for part in clock.groups())
        return hours * 3600 + minutes * 60 + seconds
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _range(where: Where, column: str, value: str) -> str | None:
    """`5`, `>5`, `<=5`, `3..7`, `3..`, `..7` and, for years, `1955-1965`; None where it is no range."""
    compare = re.match(r"^(<=|>=|<|>)(.+)$", value)
    if compare:
        number = _number(compare[2])
        return None if number is None else f"{column} {compare[1]} {where.bind(number)}"
    low, dots, high = value.partition(".." if ".." in value else "-")
    if not dots:
        number = _number(value)
        if number is None:
            return None
        return f"{column} BETWEEN {where.bind(number)} AND {where.bind(number + 0.999)}"
    ends = [(">=", low, _number(low)), ("<=", high, _number(high))]
    if any(text and end is None for _, text, end in ends) or not (low or high):
        return None
    return " AND ".join(f"{column} {sign} {where.bind(end)}" for sign, _, end in ends if end is not None)
