"""MTG-Jamendo (Bogdanov et al. 2019): lists of tracks with tags, official splits without common artists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError
from core.evaluation.datasets.base import chosen, folder, named, raw
from core.evaluation.datasets.building import tags
from core.evaluation.datasets.catalogue import Catalogue, stem
from core.evaluation.datasets.entries import PARTS, Entry
from core.evaluation.datasets.reading import first_there, shown
from core.evaluation.datasets.tables import rows
from core.evaluation.spec import JAMENDO, TaskSpec
from core.evaluation.tasks import Task
from core.library.listing import ListedFile

_TITLES = {
    "genre": "genre",
    "instrument": "instrument",
    "moodtheme": "mood and theme",
    "top50tags": "top 50 tags",
}
_LISTS = ("", "data", "mtg-jamendo-dataset/data", "splits")
_LIST = re.compile(r"autotagging(_\w+)?(-\w+)?\.tsv")
_HEADINGS = ["TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS"]


def root(spec: TaskSpec) -> bytes:
    """The folder of the audio: the one named, or the data set's own, in which it is found by name."""
    return raw(chosen(spec, "audio") or folder(spec))


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """A task for each family of tags that there are lists of."""
    wanted = JAMENDO if spec.text("subset") == "all" else (spec.text("subset"),)
    number, here = spec.number("split"), folder(spec)
    found = {subset: _lists(here, subset, number) for subset in wanted}
    there = {subset: lists for subset, lists in found.items() if lists}
    if not there:
        raise UserError(
            f"No lists of MTG-Jamendo for {', '.join(wanted)} (split {number}) are in {shown(here)}.",
            f"They are called splits/split-{number}/autotagging_{wanted[0]}-train.tsv and so on.",
        )
    return [_task(subset, lists, number, catalogue) for subset, lists in there.items()]


def seems(path: Path, names: list[str]) -> TaskSpec | None:
    """Lists in one of their places."""
    if path.is_file():
        return None
    own = any(_LIST.fullmatch(name) for name in names)
    if own or any(_lists(path, subset, 0) for subset in JAMENDO):
        return named("jamendo", path)
    return None


@dataclass(frozen=True)
class _Line:
    path: str
    artist: str
    tags: tuple[str, ...]
    part: str


def _lists(here: Path, subset: str, number: int) -> list[tuple[str, Path]]:
    """The list of each part; the whole one where there is no split; none where there is neither."""
    folders = [here / inner for inner in _LISTS]
    splits = [folder / "splits" / f"split-{number}" for folder in folders]
    splits += [folder / f"split-{number}" for folder in folders] + folders
    parted = [
        (part, first_there([folder / f"autotagging_{subset}-{part}.tsv" for folder in splits]))
        for part in PARTS
    ]
    found = [(part, path) for part, path in parted if path is not None]
    if {"train", "test"} <= {part for part, _ in found}:
        return found
    whole = first_there([folder / f"autotagging_{subset}.tsv" for folder in folders])
    return [("", whole)] if whole else []


def _task(subset: str, lists: list[tuple[str, Path]], number: int, catalogue: Catalogue) -> Task:
    listed = [line for part, path in lists for line in _lines(path, part)]
    names = tuple(sorted({tag for line in listed for tag in line.tags}))
    official = lists[0][0] != ""
    split = f"split {number}" if official else "no official split"
    entries = (Entry(_file(line.path, catalogue), line.tags, line.artist, line.part) for line in listed)
    return tags(f"MTG-Jamendo: {_TITLES[subset]} ({split})", entries, names, official=official)


def _lines(path: Path, part: str) -> Iterator[_Line]:
    """The tracks of a list. Each tag has a column of its own, so lines are of any width."""
    reader = rows(path, "\t")
    _, headings = next(reader, (0, []))
    if headings != _HEADINGS:
        raise UserError(
            f"{shown(path)}, line 1: not the headings of MTG-Jamendo's lists.",
            f"They are: {', '.join(_HEADINGS)}.",
        )
    for number, row in reader:
        if len(row) < len(_HEADINGS):
            raise UserError(f"{shown(path)}, line {number}: no track with tags.", "Is it complete?")
        yield _Line(row[3], row[1], tuple(sorted({_name(tag) for tag in row[5:] if tag})), part)


def _name(tag: str) -> str:
    """A tag such as "genre---rock" for a person; the family stays, since the top 50 are of several."""
    return tag.strip().replace("---", ": ").replace("mood/theme", "mood")


def _file(path: str, catalogue: Catalogue) -> ListedFile | None:
    """As it is listed, or as the smaller download is called ("48/948.low.mp3")."""
    return catalogue.like(path, agree=1) or catalogue.like(f"{stem(path)}.low.mp3", agree=1)
