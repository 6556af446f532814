"""`earmap similar`: what sounds like some tracks, the way from one to another, a radio, or where a moment turns up."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from core import paths, progress
from core.cli_base import Session, reading_command
from core.cli_tracks import compared_track, name, row_json, rows_by_id
from core.errors import UserError
from core.library.records import Row

if TYPE_CHECKING:  # loaded by the command that compares
    from core.answers import Found
    from core.asking import Request
    from core.neighbours import Neighbours
    from core.recommend.rules import Rules

F = TypeVar("F", bound=Callable[..., Any])
Pair = tuple[float | None, float | None]

LENGTHS = {"similar": 10, "path": 12, "radio": 30, "moment": 10}
"""Tracks in a list, by its kind, where nobody says how many."""


def seconds_of(text: str) -> float:
    """2:05, 1:02:03 or 125, in seconds.

    Raises
    ------
    ValueError
        It is neither.
    """
    total = 0.0
    for part in text.strip().split(":"):
        total = total * 60 + float(part)
    if not 0 <= total < 1e7:
        raise ValueError(text)
    return total


def years(text: str) -> Pair:
    """FROM-TO, FROM-, -TO, or one year that is both; click tells of a ValueError."""
    return _span(text, int)


def times(text: str) -> Pair:
    """FROM-TO, FROM- or -TO, in minutes and seconds."""
    return _span(text, seconds_of)


def _span(text: str, read: Callable[[str], float]) -> Pair:
    first, dash, last = text.partition("-")
    low = read(first) if first.strip() else None
    high = (read(last) if last.strip() else None) if dash else low
    if low is None and high is None:
        raise ValueError(text)
    if low is not None and high is not None and low > high:
        raise ValueError(text)
    return low, high


_RULES = (
    click.option("--exclude-artist", is_flag=True, help="Nothing by the same artist."),
    click.option("--exclude-album", is_flag=True, help="Nothing from the same album."),
    click.option("--years", type=years, help="Such as 1970-1980, 1970- or -1980."),
    click.option("--length", type=times, help="Such as 2:00-5:00, 90- or -5:00."),
    click.option("--genre", "genres", multiple=True, help="Only this genre; may be repeated."),
    click.option("--folder", "folders", multiple=True, help="Only below this folder; may be repeated."),
    click.option("--label", "labels", multiple=True, help="Only with this label; may be repeated."),
    click.option(
        "--all-versions", is_flag=True, help="Show every version of a recording, not just the nearest."
    ),
    click.option("--hubs", is_flag=True, help="Correct for tracks that are near to everything."),
)


def with_rules(function: F) -> F:
    """Give a command the options that `rules` reads."""
    for option in reversed(_RULES):
        function = option(function)
    return function


def rules_of(options: dict[str, Any]) -> Rules:
    """The rules that options ask for; takes them out of the options."""
    from core.recommend.rules import Rules

    taken = {key: options.pop(key) for key in ("exclude_artist", "exclude_album", "all_versions", "hubs")}
    folders = frozenset(paths.display(paths.raw(folder)) for folder in options.pop("folders"))
    return Rules(
        taken["exclude_artist"], taken["exclude_album"], options.pop("years"), options.pop("length"),
        frozenset(options.pop("genres")), folders, frozenset(options.pop("labels")),
        fold=not taken["all_versions"], hubness="local" if taken["hubs"] else "none",
    )  # fmt: skip


@click.command()
@click.argument("tracks", nargs=-1, required=True)
@click.option("-n", "count", type=click.IntRange(1, 10_000), help="10; 12 of a path, 30 of a radio.")
@click.option("--encoder", help="Encoder's name.")
@click.option("--more", multiple=True, help="More like this track or path; may be repeated.")
@click.option("--not", "less", multiple=True, help="Less like this track or path; may be repeated.")
@click.option("--path", "goal", help="The way from TRACKS (the first; the others lie on it) to this one.")
@click.option("--radio", is_flag=True, help="A queue with room between tracks of one artist and album.")
@click.option("--spacing", type=click.IntRange(0, 100), nargs=2, help="Of a radio: artist, album.  [5 3]")
@click.option("--moment", type=times, help="Where these seconds of the track turn up, such as 1:00-1:06.")
@click.option("--why", is_flag=True, help="Also which seconds are alike, where segments are stored.")
@with_rules
@click.option("--out", type=click.Path(path_type=Path), help="Write a playlist (.m3u8 or .xspf).")
@click.option("--keep", help="Keep it in the library as a playlist of this name.")
@reading_command
def similar(session: Session, tracks: Sequence[str], **options: Any) -> None:
    """Tracks that sound like TRACKS (numbers of tracks, or paths); a path to another; a radio; a moment."""
    from core.neighbours import Neighbours

    record = session.encoder(options.pop("encoder"))
    neighbours = Neighbours(session.library, record, session.plan)
    neighbours.refresh()
    seeds = [compared_track(session, text, neighbours) for text in tracks]
    if options["moment"] is not None:
        _tell_moments(session, neighbours, seeds, options)
        return
    request = _request(session, record.name, neighbours, seeds, options)
    found = request.answer(neighbours)
    document: dict[str, Any] = {"seeds": seeds, "encoder": record.name}
    if not found.matches and request.kind == "path":
        raise UserError(found.receipt[0], "See: earmap similar --help")
    if not found.matches:
        session.tell(document | {"results": [], "receipt": list(found.receipt)}, "Nothing is left to show.")
        _tell_receipt(session, found.receipt)
        return
    rows = rows_by_id(session, record, [match.file_id for match in found.matches])
    lines = [(match, rows[match.file_id]) for match in found.matches if match.file_id in rows]
    results = [row_json(row) | {"score": round(match.score, 6)} for match, row in lines]
    reasons = _why(neighbours, seeds[0], [row.track_id or 0 for _, row in lines]) if options["why"] else {}
    results = [result | reasons.get(result["track"], {}) for result in results]
    document |= {"results": results, "receipt": list(found.receipt)}
    told = _keep(session, request, found, options, document)
    session.tell(document, _text([(match.score, row) for match, row in lines], reasons))
    _tell_receipt(session, [*found.receipt, *told])


def _request(
    session: Session, encoder: str, neighbours: Neighbours, seeds: list[int], options: dict[str, Any]
) -> Request:
    """The question that the options put."""
    from core.asking import Request
    from core.neighbours import Spacing

    rules, goal = rules_of(options), options["goal"]
    if goal is not None and options["radio"]:
        raise click.UsageError("--path and --radio are two different lists.")
    kind: Literal["similar", "path", "radio"] = (
        "path" if goal is not None else "radio" if options["radio"] else "similar"
    )
    ignored = [flag for flag in ("more", "less") if options[flag] and kind != "similar"]
    if ignored:
        raise click.UsageError(f"--{'not' if 'less' in ignored else 'more'} says nothing about a {kind}.")
    more, less = (
        tuple(compared_track(session, text, neighbours) for text in options[key]) for key in ("more", "less")
    )
    ways: tuple[int, ...] = ()
    if goal is not None:
        seeds, ways = [seeds[0], compared_track(session, goal, neighbours)], tuple(seeds[1:])
    return Request(
        kind, encoder, session.plan, tuple(seeds), options["count"] or LENGTHS[kind], more, less, ways,
        Spacing(*options["spacing"]) if options["spacing"] else Spacing(), rules,
    )  # fmt: skip


def _text(lines: Sequence[tuple[float, Row]], reasons: dict[int, Any]) -> str:
    """A list for a person."""
    shown: list[str] = []
    for score, row in lines:
        moments = reasons.get(row.track_id or 0, {}).get("why", [])
        shown += [
            f"{score:6.3f}  {name(row)}",
            *(
                f"        {_clock(m['start_a'])} is like {_clock(m['start_b'])} ({m['score']:.2f})"
                for m in moments
            ),
        ]
    return "\n".join(shown)


def _tell_receipt(session: Session, receipt: Sequence[str]) -> None:
    """Beside the list, not in it: what reads standard output reads tracks."""
    if not session.as_json:
        click.echo(progress.printable_lines("\n".join(receipt)), err=True)


def _why(neighbours: Neighbours, seed: int, others: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The moments that each track shares with the first one that was named; a track without segments has none.

    Raises
    ------
    UserError
        None of them has.
    """
    found: dict[int, dict[str, Any]] = {}
    reason = None
    for track in others:
        try:
            found[track] = (
                {"why": [asdict(pair) for pair in neighbours.why(seed, track)]} if track != seed else {}
            )
        except UserError as error:
            reason = error
    if reason is not None and not any(found.values()):
        raise reason
    return found


def _clock(seconds: float) -> str:
    from core.recommend.rules import clock

    return clock(seconds)


def _keep(
    session: Session, request: Request, found: Found, options: dict[str, Any], document: dict[str, Any]
) -> list[str]:
    """Write and keep the list where that was asked for; what there is to say of it."""
    from core.asking import kept
    from core.library_export import export_playlist

    told = []
    if options["out"] is not None:
        files = [match.file_id for match in found.matches]
        document["tracks"] = export_playlist(session.library, files, options["out"])
        document["file"] = os.fspath(options["out"])
        told.append(f"{document['tracks']} tracks written to {options['out']}.")
    if options["keep"] is not None:
        document["playlist"] = kept(session.library, options["keep"], request, found).name
        told.append(f"Kept as {document['playlist']}.")
    return told


def _tell_moments(
    session: Session, neighbours: Neighbours, seeds: list[int], options: dict[str, Any]
) -> None:
    """Where some seconds of a track turn up."""
    from core.asking import Request

    unfit = [flag for flag in ("more", "less", "goal", "radio", "why") if options[flag]]
    if unfit or len(seeds) != 1:
        raise click.UsageError("--moment asks about one track, and stands alone.")
    start, end = options["moment"]
    if start is None or end is None or end <= start:
        raise click.UsageError("--moment needs both ends, such as 1:00-1:06.")
    request = Request(
        "moment", neighbours.encoder.name, session.plan, tuple(seeds), options["count"] or LENGTHS["moment"],
        rules=rules_of(options), span=(start, end),
    )  # fmt: skip
    found = request.answer(neighbours)
    heard = [round(second, 3) for second in neighbours.heard(seeds[0], start, end)]
    rows = rows_by_id(session, None, [match.file_id for match in found.matches])
    shown = [(match, rows[match.file_id]) for match in found.matches if match.file_id in rows]
    results = [
        row_json(row) | {"start": match.start_s, "seconds": match.seconds, "score": round(match.score, 6)}
        for match, row in shown
    ]
    text = [f"{match.score:6.3f}  {_clock(match.start_s or 0):>6}  {name(row)}" for match, row in shown]
    document: dict[str, Any] = {"seeds": seeds, "encoder": neighbours.encoder.name, "heard": heard}
    if options["out"] is not None:
        raise UserError("A playlist cannot hold moments.", "Leave --out away, or take the list from --json.")
    document |= {"results": results, "receipt": list(found.receipt)}
    told = _keep(session, request, found, options, document) if found.matches else []
    session.tell(document, "\n".join(text) or "Nothing is left to show.")
    _tell_receipt(session, [*found.receipt, *told])
