"""The search box's language: words, "phrases", field:value, ranges, and minus to exclude.

miles -live artist:davis year:1955..1965 length:>5:00 state:failed folder:"box set"
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TEXT_FIELDS = {
    "title": "f.title", "artist": "f.artist", "album": "f.album", "albumartist": "f.album_artist",
    "genre": "f.genre", "folder": "f.folder", "file": "f.name", "format": "f.codec", "reason": "f.reason",
}  # fmt: skip
NUMBER_FIELDS = {"year": "f.year", "length": "f.seconds", "track": "f.track_number", "disc": "f.disc_number",
                 "rate": "f.sample_rate", "channels": "f.channels"}  # fmt: skip
STATES = {
    "pending": "f.state NOT IN ('failed', 'skipped') AND e.id IS NULL",
    "embedded": "f.state = 'ok' AND e.id IS NOT NULL",
    "partial": "f.state = 'partial' AND e.id IS NOT NULL",
    "failed": "f.state = 'failed'",
    "skipped": "f.state = 'skipped'",
    "offline": "NOT r.online",
}

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
    """The condition of a search text. Anything that is no field or number is searched as text: no syntax errors."""
    where = Where()
    for minus, name, phrase, word in _TOKEN.findall(query):
        value = phrase or word
        clause = _clause(where, name.casefold(), value) if name else None
        if clause is None:
            clause = _contains(where, "f.search", f"{name}:{value}" if name else value)
        where.add(clause, negated=bool(minus))
    return where


def _contains(where: Where, column: str, value: str) -> str:
    escaped = re.sub(r"([%_\\])", r"\\\1", value.casefold() if column == "f.search" else value)
    return rf"{column} LIKE {where.bind(f'%{escaped}%')} ESCAPE '\'"


def _clause(where: Where, name: str, value: str) -> str | None:
    if name in TEXT_FIELDS:
        return _contains(where, TEXT_FIELDS[name], value) if value else f"{TEXT_FIELDS[name]} = ''"
    if name in NUMBER_FIELDS:
        return _range(where, NUMBER_FIELDS[name], value)
    if name == "state":
        return STATES.get(value.casefold())
    if name == "label":
        labels = "EXISTS (SELECT 1 FROM label l WHERE l.track_id = f.track_id AND {})"
        return labels.format(_contains(where, "l.value", value))
    return None


def _number(text: str) -> float | None:
    clock = _CLOCK.match(text)
    if clock:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return hours * 3600 + minutes * 60 + seconds
    try:
        return float(text)
    except ValueError:
        return None


def _range(where: Where, column: str, value: str) -> str | None:
    """`5`, `>5`, `<=5`, `3..7`, `3..`, `..7` and, for years, `1955-1965`."""
    compare = re.match(r"^(<=|>=|<|>)(.+)$", value)
    if compare:
        number = _number(compare[2])
        return None if number is None else f"{column} {compare[1]} {where.bind(number)}"
    low, dots, high = value.partition(".." if ".." in value else "-")
    if not dots:
        number = _number(value)
        return (
            None
            if number is None
            else f"{column} BETWEEN {where.bind(number)} AND {where.bind(number + 0.999)}"
        )
    ends = [(">=", _number(low)), ("<=", _number(high))]
    if any(end is None and text for (_, end), text in zip(ends, (low, high), strict=True)):
        return None
    return " AND ".join(f"{column} {sign} {where.bind(end)}" for sign, end in ends if end is not None) or "1"
