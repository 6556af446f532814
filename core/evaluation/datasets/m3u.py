"""A folder of M3U playlists, wherever and on whatever system they were written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from core import paths, playlist
from core.errors import UserError
from core.evaluation.datasets.base import chosen, named, place, raw
from core.evaluation.datasets.building import playlists
from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.entries import Entry
from core.evaluation.datasets.reading import shown
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task
from core.library.listing import ListedFile

SUFFIXES = (".m3u", ".m3u8")

_UNKNOWN = "are no file of the library"
_STREAM = "are addresses of streams"
_DRIVE = re.compile(r"^[A-Za-z]:")


def root(spec: TaskSpec) -> bytes | None:
    """The folder of audio that was named, else the library's own music."""
    audio = chosen(spec, "audio")
    return raw(audio) if audio else None


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """Every playlist below the folder."""
    here = place(spec)
    files = [here] if here.is_file() else _below(here)
    if not files:
        raise UserError(
            f"There is no .m3u or .m3u8 file in {shown(here)}.", "Choose the folder that holds them."
        )
    notes: list[str] = []
    name = f"Playlists: {paths.display(os.fsencode(here.stem if here.is_file() else here.name))}"
    return [playlists(name, _lists(files, here, catalogue, notes), notes)]


def seems(path: Path, names: list[str]) -> TaskSpec | None:
    """A playlist, or a folder with some."""
    return named("m3u", path) if any(_is_list(name) for name in (path.name, *names)) else None


def _is_list(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith("._")


def _below(here: Path) -> list[Path]:
    found = [Path(folder, name) for folder, _, names in os.walk(here) for name in names if _is_list(name)]
    return sorted(found)


def _lists(
    files: list[Path], here: Path, catalogue: Catalogue, notes: list[str]
) -> Iterator[tuple[str, list[Entry]]]:
    unread = 0
    for path in files:
        try:
            written = list(playlist.lines(path))
        except UserError:
            unread += 1
            continue
        folder = os.path.realpath(os.fsencode(path.parent))
        folders = list(dict.fromkeys((folder, raw(path.parent))))
        name = path.relative_to(here).with_suffix("") if path != here else Path(path.stem)
        yield paths.display(os.fsencode(name)), [_entry(line, folders, catalogue) for line in written]
    if unread:
        notes.append(f"{unread:,} playlists cannot be read.")


def _entry(line: bytes, folders: list[bytes], catalogue: Catalogue) -> Entry:
    if playlist.is_stream(line):
        return Entry(None, problem=_STREAM)
    file = _file(list(playlist.spellings(line)), folders, catalogue)
    return Entry(file, problem=_UNKNOWN if file is None else "")


def _file(spellings: list[bytes], folders: list[bytes], catalogue: Catalogue) -> ListedFile | None:
    """Exactly there, in any spelling; else whatever ends alike: written on another machine, or before a move."""
    for spelling in spellings:
        for folder in folders:
            place = os.path.normpath(os.path.join(folder, spelling))  # noqa: PTH118 - bytes
            found = catalogue.exactly(place)
            if found is not None:
                return found
    for spelling in spellings:
        plain = _DRIVE.sub("", paths.display(spelling).replace("\\", "/"))
        found = catalogue.like(os.path.normpath(plain))
        if found is not None:
            return found
    return None
