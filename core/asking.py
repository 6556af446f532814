"""A question as a playlist keeps it, so that its list can be made again from today's library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, get_args

from core.errors import UserError
from core.library.records import PlaylistRecord
from core.library.store import Library
from core.neighbours import Found, Neighbours, Rules, Spacing

Kind = Literal["similar", "path", "radio", "moment"]
MOST = 100_000
"""Tracks that a list may ask for."""

NO_RULE = "This playlist was put together by hand."
NO_RULE_HINT = "Only what came from Similar, a path, a radio or a moment can be refreshed."


@dataclass(frozen=True)
class Request:
    """What `Neighbours.ask`, `path`, `radio` and `moment` take, as one value. Tracks are ids.

    Parameters
    ----------
    encoder, plan
        Under whose vectors; a list is refreshed under those that it came from.
    seeds
        A path's: its two ends.
    more, less
        Of `similar` alone.
    waypoints
        Of a path alone.
    spacing
        Of a radio alone.
    span
        Of a moment alone: from when to when in its one track (s).
    """

    kind: Kind
    encoder: str
    plan: str
    seeds: tuple[int, ...]
    n: int = 10
    more: tuple[int, ...] = ()
    less: tuple[int, ...] = ()
    waypoints: tuple[int, ...] = ()
    spacing: Spacing = field(default_factory=Spacing)
    rules: Rules = field(default_factory=Rules)
    span: tuple[float, float] | None = None

    def answer(self, neighbours: Neighbours) -> Found:
        """The list and its receipt, from neighbours under this encoder and plan.

        Raises
        ------
        UserError
            Of a moment: its track has no segments any more.
        """
        if self.span is not None:
            return neighbours.moment(self.seeds[0], *self.span, self.n, self.rules)
        if self.kind == "path":
            return neighbours.path(self.seeds[0], self.seeds[-1], self.n, self.waypoints, self.rules)
        if self.kind == "radio":
            return neighbours.radio(self.seeds, self.n, self.spacing, self.rules)
        return neighbours.ask(self.seeds, self.more, self.less, self.n, self.rules)

    def rule(self) -> dict[str, Any]:
        """As a playlist keeps it (`Playlists.create(..., rule=...)`)."""
        return {
            "kind": self.kind, "encoder": self.encoder, "plan": self.plan, "n": self.n,
            "seeds": list(self.seeds), "more": list(self.more), "less": list(self.less),
            "waypoints": list(self.waypoints), "spacing": [self.spacing.artist, self.spacing.album],
            "rules": self.rules.plain(), "span": None if self.span is None else list(self.span),
        }  # fmt: skip

    @classmethod
    def of(cls, rule: Mapping[str, Any]) -> Self:
        """What `rule` gave.

        Raises
        ------
        UserError
            The list was made by hand, or by an Earmap that knows other rules.
        """
        if not rule:
            raise UserError(NO_RULE, NO_RULE_HINT)
        try:
            kind = _kind(rule["kind"])
            return cls(
                kind, _text(rule["encoder"]), _text(rule["plan"]), _tracks(rule["seeds"]),
                _count(rule["n"]), _tracks(rule.get("more", [])), _tracks(rule.get("less", [])),
                _tracks(rule.get("waypoints", [])), _spacing(rule.get("spacing", [5, 3])),
                Rules.of(rule.get("rules", {})), _span(rule["span"]) if kind == "moment" else None,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(
                "How this playlist came about cannot be understood.",
                "It may have been kept by a newer Earmap.",
            ) from error


def refreshed(library: Library, playlist: PlaylistRecord) -> tuple[PlaylistRecord, Found]:
    """Make a list again by its rule, and keep it; a list that would come out empty stays as it was.

    Raises
    ------
    UserError
        There is no rule, its encoder is gone, or nothing is left of what it asks for.
    """
    request = Request.of(playlist.rule)
    neighbours = Neighbours(library, library.encoders.get(request.encoder), request.plan)
    neighbours.refresh()
    found = request.answer(neighbours)
    if not found.matches:
        raise UserError(found.receipt[0], "The playlist stays as it was.")
    return library.playlists.set_items(playlist.id, [one.track_id for one in found.matches]), found


def kept(library: Library, name: str, request: Request, found: Found) -> PlaylistRecord:
    """Keep a list with the question that it answers."""
    tracks = [one.track_id for one in found.matches]
    whole = replace(request, seeds=tuple(dict.fromkeys(request.seeds)))
    return library.playlists.create(name, tracks, request.kind, whole.rule())


def _kind(value: object) -> Kind:
    for kind in get_args(Kind):
        if value == kind:
            return kind  # type: ignore[no-any-return] # get_args knows no types
    raise ValueError("kind")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a whole number")
    return value


def _count(value: object) -> int:
    if not 0 < _whole(value) <= MOST:
        raise ValueError("how many")
    return _whole(value)


def _spacing(value: object) -> Spacing:
    artist, album = _tracks(value)
    return Spacing(artist, album)


def _span(value: object) -> tuple[float, float]:
    if not isinstance(value, list) or not all(isinstance(one, int | float) for one in value):
        raise TypeError("two moments")
    start, end = map(float, value)
    return start, end


def _tracks(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > MOST:
        raise TypeError("a list of tracks")
    return tuple(map(_whole, value))
