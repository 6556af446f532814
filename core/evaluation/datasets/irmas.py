"""IRMAS's training part (Bosch et al. 2012): a folder an instrument, several 3 s clips of one recording."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from pathlib import Path

from core.evaluation.datasets.base import folder, listed_groups, named, raw
from core.evaluation.datasets.building import classes
from core.evaluation.datasets.catalogue import Catalogue, stem
from core.evaluation.datasets.entries import Entry
from core.evaluation.datasets.reading import names_in
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task
from core.library.listing import ListedFile

CLASSES = ("cel", "cla", "flu", "gac", "gel", "org", "pia", "sax", "tru", "vio", "voi")

_BELOW = ("IRMAS-TrainingData", "TrainingData")
# [cel][cla]0001__1, 008__[cel][nod][cla]0058__1: flags of instrument, drums and genre; recording; clip.
_NAME = re.compile(r"(?:\d+__)?((?:\[[^\[\]]*\])+)(\d+)__(\d+)")
_ELSEWHERE = "lie in no folder of an instrument (cel, cla, ...)"


def root(spec: TaskSpec) -> bytes:
    """The folder of the eleven folders."""
    below = [folder(spec) / name for name in _BELOW]
    return raw(next((path for path in below if path.is_dir()), folder(spec)))


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """The predominant instrument of each clip."""
    groups, note = listed_groups(folder(spec), Path(folder(spec)) / _BELOW[0])
    entries = list(_entries(catalogue, groups))
    alone = sum(entry.group is None and not entry.why_not for entry in entries)
    notes = [note] if note else []
    if alone:
        notes.append(f"Names that say no recording ([cel][cla]0001__1): {alone:,}. These clips stand alone.")
    return [classes("IRMAS: instrument", entries, notes=notes)]


def seems(path: Path, names: list[str]) -> TaskSpec | None:
    """Some of the eleven folders, with names in brackets."""
    for below in ("", *_BELOW):
        here = path / below
        folders = [name for name in (names_in(here) if below else names) if name in CLASSES]
        if len(folders) >= 2 and any(_NAME.match(name) for name in names_in(here / folders[0])):
            return named("irmas", path)
    return None


def _entries(catalogue: Catalogue, groups: dict[str, str]) -> Iterator[Entry]:
    for file in catalogue.files:
        instrument = file.parts[-2].lower() if len(file.parts) > 1 else ""
        if instrument in CLASSES:
            yield Entry(file, instrument, _group(file, instrument, groups))
        else:
            yield Entry(file, problem=_ELSEWHERE)


def _group(file: ListedFile, instrument: str, groups: dict[str, str]) -> Hashable:
    """The recording: as a list says, else the class and the number before the double underscore.

    Flags are left out of it: where they differ within one number, what may be one recording stays together.
    """
    listed = groups.get("/".join(file.parts).casefold())
    if listed is not None:
        return listed
    match = _NAME.fullmatch(stem(file.parts[-1]))
    return None if match is None else (instrument, int(match[2]))
