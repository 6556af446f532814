"""GTZAN (Tzanetakis and Cook 2002): a folder a genre. Lists leave its faults out (Sturm 2013, arXiv 1306.1461)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from core.errors import UserError
from core.evaluation.datasets.base import chosen, folder, listed_groups, named, raw
from core.evaluation.datasets.building import classes
from core.evaluation.datasets.catalogue import Catalogue, stem
from core.evaluation.datasets.entries import PARTS, Entry
from core.evaluation.datasets.reading import lines, names_in, shown
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task
from core.library.listing import ListedFile

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")

_BELOW = ("genres_original", "genres", "Data/genres_original")
_LIST = re.compile(
    r"(?:(train|valid|validation|test)_?filtered|filtered_?(train|valid|validation|test))\.txt"
)
_NAME = re.compile(rf"({'|'.join(GENRES)})\.(\d+)", re.IGNORECASE)
_UNNAMED = "are not called as GTZAN's files are (blues.00000)"
_LEFT_OUT = "are left out by the fault-filtered lists (repetitions, distortions, wrong labels)"
_AGAIN = "are there a second time, in another folder or format"
_ALONE = (
    "No list of artists is here (artists.csv: file, artist), so only repetitions of one sound are kept together. "
    "GTZAN has several tracks of most artists: the figure is too high."
)


def root(spec: TaskSpec) -> bytes:
    """The folder of the ten folders."""
    below = [folder(spec) / name for name in _BELOW]
    return raw(next((path for path in below if path.is_dir()), folder(spec)))


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """The genre of each file."""
    audio = Path(os.fsdecode(root(spec)))
    places = [path for path in (chosen(spec, "lists"), audio, folder(spec), folder(spec).parent) if path]
    wanted = spec.text("split")
    parts = {} if wanted == "grouped" else _parts(places)
    if wanted == "filtered" and not parts:
        raise UserError(
            f"No fault-filtered lists of GTZAN are in {shown(places[0])}.",
            "They are called train_filtered.txt, valid_filtered.txt and test_filtered.txt.",
        )
    groups, note = listed_groups(*places)
    notes = [note] if note else [] if parts else [_ALONE]
    name = "GTZAN: genre, fault-filtered" if parts else "GTZAN: genre"
    return [classes(name, _entries(catalogue, parts, groups), official=bool(parts), notes=notes)]


def seems(path: Path, names: list[str]) -> TaskSpec | None:
    """Most of the ten folders, with files that are called after them."""
    for below in ("", *_BELOW):
        here = path / below
        folders = [name for name in (names_in(here) if below else names) if name.lower() in GENRES]
        if len(folders) >= 5 and any(_NAME.match(name) for name in names_in(here / folders[0])):
            return named("gtzan", path)
    return None


def _parts(places: list[Path]) -> dict[str, str]:
    """Part of each file by its name, "blues.00029"; from lists, else as torchaudio knows them; {} without either."""
    for place in places:
        found: dict[str, str] = {}
        for name in names_in(place):
            match = _LIST.fullmatch(name.lower())
            if match:
                part = (match[1] or match[2]).replace("validation", "valid").replace("valid", "validation")
                found |= {_key(line): part for line in lines(place / name)}
        if {"train", "test"} <= set(found.values()):
            return found
    return _published()


def _published() -> dict[str, str]:
    try:
        from torchaudio.datasets import gtzan
    except ImportError:  # a torchaudio without its data sets
        return {}
    lists = (gtzan.filtered_train, gtzan.filtered_valid, gtzan.filtered_test)
    return {_key(name): part for part, names in zip(PARTS, lists, strict=True) for name in names}


def _key(line: str) -> str:
    return stem(line.replace("\\", "/").rpartition("/")[2]).casefold()


def _entries(catalogue: Catalogue, parts: dict[str, str], groups: dict[str, str]) -> Iterator[Entry]:
    listed, seen = dict(parts), set[str]()
    for file in catalogue.files:
        key = stem(file.parts[-1]).casefold()
        match = _NAME.fullmatch(key)
        if match is None:
            yield Entry(file, problem=_UNNAMED)
            continue
        group = _group(file, groups)
        problem = _AGAIN if key in seen else _LEFT_OUT if parts and key not in parts else ""
        seen.add(key)
        listed.pop(key, None)
        yield Entry(file, match[1].lower(), group, parts.get(key, ""), problem)
    yield from (Entry(None) for _ in listed)  # what the lists name and the folder lacks


def _group(file: ListedFile, groups: dict[str, str]) -> str | None:
    path = "/".join(file.parts).casefold()
    return groups.get(path) or groups.get(path.rpartition("/")[2])
