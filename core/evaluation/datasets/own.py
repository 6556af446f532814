"""What tasks on a person's own music share: what is kept together, and which values can be asked about."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import UserError
from core.evaluation.datasets.building import classes, tags
from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.entries import Entry
from core.evaluation.datasets.names import artist_key
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task
from core.library.listing import ListedFile
from core.library.text import fold

Values = Callable[[ListedFile], Sequence[str]]

RARE = "have a value that fewer than {} tracks share"
LONE = "have a value that one {} alone has, so it cannot be both learned and asked about"
_OFTEN = 0.05
"""From this share of tracks with several values on, each value is a tag."""


def root(spec: TaskSpec) -> bytes | None:
    """The folder that was named, else all of the library's own music."""
    return spec.raw_path if spec.path else None


def seems(path: Path, names: list[str]) -> TaskSpec | None:  # noqa: ARG001 - as every layout has it
    """Nothing looks so: it is asked for by name."""
    return None


def album(file: ListedFile) -> Hashable:
    """Two albums of one name by two artists are two; a compilation shares its album artist or its folder."""
    where = folder_of(file)
    return (file.album_artist.casefold() or where, file.album.casefold()) if file.album else where


def _artist(file: ListedFile) -> Hashable:
    return artist_key(file.artist or file.album_artist) or folder_of(file)


def folder_of(file: ListedFile) -> bytes:
    """Where it lies."""
    return os.path.dirname(file.path)  # noqa: PTH120 - bytes


def _track(_: ListedFile) -> Hashable:
    return None


GROUPS: dict[str, Callable[[ListedFile], Hashable]] = {
    "album": album, "artist": _artist, "folder": folder_of, "track": _track,
}  # fmt: skip


def labelled(spec: TaskSpec, catalogue: Catalogue, name: str, values: Values, kind: str = "class") -> Task:
    """A task of values that files have.

    Parameters
    ----------
    name
        What the values are, for a person.
    kind
        `auto` looks whether many tracks have several values.

    Raises
    ------
    UserError
        Fewer than two values can be asked about.
    """
    held = _spelled([(file, tuple(values(file))) for file in catalogue.files])
    if kind == "auto":
        several = sum(len(own) > 1 for _, own in held)
        kind = "tags" if several > _OFTEN * max(1, sum(bool(own) for _, own in held)) else "class"
    asked = spec.text("group")
    # An album that is its own class cannot be on both sides: then tracks have to do.
    for group in ("album", "track") if asked == "auto" else (asked,):
        entries, left = _entries(held, name, kind, group, spec.number("fewest"))
        if len(left) > 1:
            break
    else:
        raise UserError(
            f"Fewer than two values of {name} can be asked about, with each {group} kept together.",
            "Each takes several tracks, of several albums or artists; or keep less together (group=track).",
        )
    notes = [f"Tracks of one {group} are kept together."] if group != "track" else []
    if asked == "auto" and group == "track":
        notes = ["Nothing is kept together: each value is on one album alone."]
    title = f"My music: {name}"
    return tags(title, entries, left, notes=notes) if kind == "tags" else classes(title, entries, notes=notes)


def _spelled(held: list[tuple[ListedFile, tuple[str, ...]]]) -> list[tuple[ListedFile, tuple[str, ...]]]:
    """Values in one spelling each, the most frequent; case, accents and blanks say nothing."""
    keys: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for _, own in held:
        for value in own:
            keys[_key(value)][value] += 1
    best = {key: max(sorted(seen), key=lambda value: seen[value]) for key, seen in keys.items()}
    return [(file, tuple(sorted({best[_key(value)] for value in own} - {""}))) for file, own in held]


def _key(value: str) -> str:
    return " ".join(fold(value).split())


def _entries(
    held: Iterable[tuple[ListedFile, tuple[str, ...]]], name: str, kind: str, group: str, fewest: int
) -> tuple[list[Entry], tuple[str, ...]]:
    """Every file as an entry, and the values that can be asked about."""
    grouped = GROUPS[group]
    tracks: defaultdict[str, set[int | None]] = defaultdict(set)
    groups: defaultdict[str, set[Hashable]] = defaultdict(set)
    for file, own in held:
        for value in own if not file.problem and (kind == "tags" or len(own) == 1) else ():
            tracks[value].add(file.track_id)
            groups[value].add(file.track_id if group == "track" else grouped(file))
    common = {value for value, of in tracks.items() if len(of) >= max(2, fewest)}
    kept = {value for value in common if len(groups[value]) > 1}

    def entry(file: ListedFile, own: tuple[str, ...]) -> Entry:
        plain = Entry(file, own if kind == "tags" else "".join(own[:1]), grouped(file))
        if file.problem or (kept & set(own) and (kind == "tags" or len(own) == 1)):
            return plain
        if not own:
            return replace(plain, problem=f"have no {name}")
        if kind != "tags" and len(own) > 1:
            return replace(plain, problem=f"have several values of {name}")
        return replace(
            plain, problem=LONE.format(group) if common & set(own) else RARE.format(max(2, fewest))
        )

    return [entry(file, own) for file, own in held], tuple(sorted(kept))
