"""AOTM-2011 (McFee and Lanckriet 2012): playlists of artists and titles, found in the library by these."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.evaluation.datasets.base import chosen, named, place, raw
from core.evaluation.datasets.building import playlists
from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.entries import Entry
from core.evaluation.datasets.reading import shown, start_of
from core.evaluation.datasets.values import objects
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task

FILE = "aotm2011_playlists.json"

_UNKNOWN = "are no track of the library, by artist and title"
_UNREADABLE = "have no artist or no title in the list"


def root(spec: TaskSpec) -> bytes | None:
    """The folder of audio that was named, else the library's own music."""
    audio = chosen(spec, "audio")
    return raw(audio) if audio else None


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """Every playlist, or those of some categories."""
    path = place(spec) / FILE if place(spec).is_dir() else place(spec)
    wanted = {name.strip().casefold() for name in spec.text("category").split(",") if name.strip()}
    counted: dict[str, int] = {}
    lists = _lists(path, wanted, counted, catalogue)
    task = playlists("AOTM-2011 playlists" + (f": {', '.join(sorted(wanted))}" if wanted else ""), lists)
    return [task]


def seems(path: Path, names: list[str]) -> TaskSpec | None:
    """A JSON list of mixes, or a folder that has it."""
    if FILE in names:
        path /= FILE
    start = start_of(path) if path.suffix.lower() == ".json" else ""
    return (
        named("aotm", path) if start.lstrip("\ufeff \n").startswith("[") and '"playlist"' in start else None
    )


def _lists(
    path: Path, wanted: set[str], counted: dict[str, int], catalogue: Catalogue
) -> Iterator[tuple[str, list[Entry]]]:
    """Playlists with their entries."""
    for number, mix in enumerate(objects(path), 1):
        tracks = mix.get("playlist")
        if not isinstance(tracks, list):
            raise UserError(f"{shown(path)}, entry {number} has no playlist.", "Is it AOTM-2011's?")
        category = str(mix.get("category", ""))
        counted[category] = counted.get(category, 0) + 1
        if not wanted or category.casefold() in wanted:
            yield f"mix {mix.get('mix_id', number)}", [_entry(track, catalogue) for track in tracks]
    if wanted and not wanted & {category.casefold() for category in counted}:
        some = ", ".join(sorted(counted, key=lambda category: -counted[category])[:40])
        raise UserError(f"No playlist in {shown(path)} is of that category.", f"There are: {some}.")


def _entry(track: Any, catalogue: Catalogue) -> Entry:
    """Of `[[artist, title], song]`, where the song is MSD's number of it or nothing."""
    names = track[0] if isinstance(track, list) and track else track
    if not (isinstance(names, list) and len(names) >= 2 and all(isinstance(name, str) for name in names[:2])):
        return Entry(None, problem=_UNREADABLE)
    file = catalogue.called(names[0], names[1])
    return Entry(file, problem=_UNKNOWN if file is None else "")
