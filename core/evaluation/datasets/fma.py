"""FMA (Defferrard et al. 2017, arXiv 1612.01840): numbered files, genre and official split in `tracks.csv`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from core.errors import UserError
from core.evaluation.datasets.base import chosen, folder, named, raw
from core.evaluation.datasets.building import classes
from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.entries import Entry
from core.evaluation.datasets.reading import first_there, shown, start_of
from core.evaluation.datasets.tables import rows
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task

SUBSETS = ("small", "medium", "large", "full")
"""Each holds the ones before it."""

METADATA = "fma_metadata"

BROKEN = frozenset({98565, 98567, 98569, 99134, 108925, 133297})
"""Tracks of the small subset whose files are silent stumps of 0 to 1.6 s as published."""

SHORTEST = 3.0
"""Seconds that a clip of 30 must have left, one segment."""

_PARTS = {"training": "train", "validation": "validation", "test": "test"}
_COLUMNS = (("set", "split"), ("set", "subset"), ("track", "genre_top"), ("artist", "id"))


def root(spec: TaskSpec) -> bytes:
    """The folder of the numbered folders: the one named, or `fma_<subset>` in it."""
    below = folder(spec) / f"fma_{_subset(spec)}"
    return raw(below if below.is_dir() else folder(spec))


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """The top genre of each track of the subset."""
    subset = _subset(spec)
    return [classes(f"FMA {subset}: genre", _entries(_metadata(spec), subset, catalogue), official=True)]


def seems(path: Path, names: list[str]) -> TaskSpec | None:
    """A folder called so, or with `tracks.csv` in one of its places."""
    if path.name == "tracks.csv" and path.is_file():
        return named("fma", _around(path.parent)) if _headed(path) else None
    called = any(name.startswith("fma_") for name in (path.name, *names))
    found = _beside(path) if called or "tracks.csv" in names else None
    return named("fma", _around(path)) if found is not None and _headed(found) else None


def _around(path: Path) -> Path:
    """Where the audio is: beside the metadata, if they have a folder of their own."""
    return path.parent if path.name == METADATA else path


def _headed(path: Path) -> bool:
    """Whether the second of three rows of headings names the split."""
    return all(word in start_of(path) for word in ("genre_top", "split", "track_id"))


def _subset(spec: TaskSpec) -> str:
    asked = spec.text("subset")
    if asked != "auto":
        return asked
    own = folder(spec).name.removeprefix("fma_")
    below = [subset for subset in SUBSETS if (folder(spec) / f"fma_{subset}").is_dir()]
    return next((subset for subset in (own, *below) if subset in SUBSETS), "small")


def _beside(path: Path) -> Path | None:
    return first_there(
        [around / inner / "tracks.csv" for around in (path, path.parent) for inner in ("", METADATA)]
    )


def _metadata(spec: TaskSpec) -> Path:
    asked = chosen(spec, "metadata")
    found = first_there([asked, asked / "tracks.csv"]) if asked else _beside(folder(spec))
    if found is None:
        raise UserError(
            f"FMA's tracks.csv is neither in {shown(folder(spec))} nor beside it.",
            "It comes in fma_metadata.zip. Name its place with the option metadata.",
        )
    return found


def _entries(table: Path, subset: str, catalogue: Catalogue) -> Iterator[Entry]:
    """An entry for each line of the subset. The first three lines are headings: group, name, and "track_id"."""
    reader = rows(table)
    headings = [row for _, row in islice(reader, 2)]
    pairs = list(zip(*headings, strict=False)) if len(headings) == 2 else []
    if not all(column in pairs for column in _COLUMNS):
        wanted = ", ".join(" ".join(column) for column in _COLUMNS)
        raise UserError(
            f"{shown(table)} is not FMA's: its two first lines lack {wanted}.",
            "It is tracks.csv of fma_metadata.zip, unchanged.",
        )
    split, level, genre, artist = (pairs.index(column) for column in _COLUMNS)
    levels = SUBSETS[: SUBSETS.index(subset) + 1]
    for line, row in reader:
        if row[0] == "track_id":
            continue
        if len(row) < len(pairs) or not row[0].isascii() or not row[0].isdigit():
            raise UserError(f"{shown(table)}, line {line}: no track with all its columns.", "Is it complete?")
        if row[level] in levels:
            yield _entry(int(row[0]), row[genre], row[artist], row[split], catalogue)


def _entry(number: int, genre: str, artist: str, split: str, catalogue: Catalogue) -> Entry:
    file = catalogue.like(f"{number // 1000:03}/{number:06}.mp3", agree=1)
    problem = ""
    if number in BROKEN:
        problem = "are known to be broken or too short as published"
    elif not genre:
        problem = "have no single top genre"
    elif file is not None and not file.problem and file.seconds is not None and file.seconds < SHORTEST:
        problem = f"last less than {SHORTEST:g} s, of 30"
    return Entry(file, genre, artist or None, _PARTS.get(split, ""), problem)
