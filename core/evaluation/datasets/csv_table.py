"""Any table of labels: a column that names files, columns that say what they are, and maybe a split and groups."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core import paths
from core.errors import UserError
from core.evaluation.datasets.base import chosen, named, place, raw
from core.evaluation.datasets.building import classes, tags
from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.entries import Entry
from core.evaluation.datasets.reading import opened
from core.evaluation.datasets.tables import Table, table
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task
from core.folders import AUDIO_SUFFIXES
from core.library.listing import ListedFile

FILES = ("path", "file", "filename", "file_name", "filepath", "file_path", "mp3_path", "audio", "audio_path", "wav",
         "mp3", "location", "slice_file_name", "fname", "track", "name", "clip")  # fmt: skip
LABELS = ("label", "labels", "class", "classes", "category", "target", "genre", "genres", "tag", "tags", "mood",
          "moods", "instrument", "instruments", "style", "emotion", "artist")  # fmt: skip
SPLITS = ("split", "set", "subset", "partition", "part")
GROUPS = ("group", "recording", "piece", "artist_id", "artist", "performer", "album", "speaker")
_PARTS = {
    "train": "train", "training": "train", "tr": "train", "dev": "validation", "val": "validation",
    "valid": "validation", "validation": "validation", "development": "validation", "test": "test",
    "testing": "test", "eval": "test", "evaluation": "test",
}  # fmt: skip
_FLAGS = {"", "0", "1", "0.0", "1.0", "true", "false", "yes", "no"}
_SET = {"1", "1.0", "true", "yes"}
_SEVERAL = re.compile(r"\s*[|;]\s*")
_LOOK = 200
"""Lines that are looked at to tell what columns hold."""

_LARGEST_LOOK = 64 * 2**20
"""Bytes of a table that is looked at unasked."""

_OFTEN = 0.05
_UNLABELLED = "have no label in the table"
_SEVERAL_LABELS = "have several labels in the table"


@dataclass(frozen=True)
class _Columns:
    """Which columns say what; `single` is one label column of texts, else each is a tag that is set or not."""

    file: int
    labels: tuple[int, ...]
    split: int | None
    group: int | None
    single: bool
    kind: str


def root(spec: TaskSpec) -> bytes | None:
    """The folder that was named; else the table's, if its first files are below it; else the library's own music."""
    audio = chosen(spec, "audio")
    if audio:
        return raw(audio)
    found = table(place(spec))
    number = _file_column(spec, found)
    here = place(spec).parent
    for _, row in islice(found.body(), _LOOK):
        name = row[number].strip()
        if name and not Path(name).is_absolute() and _is_file(here / name.replace("\\", "/")):
            return raw(here)
    return None


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """What the label columns say."""
    found = table(place(spec))
    columns = _columns(spec, found)
    names = [found.headings[i] for i in columns.labels]
    title = (
        f"{paths.display(os.fsencode(place(spec).name))}: {', '.join(names[:3])}{' ...' if names[3:] else ''}"
    )
    listed = list(_listed(found, columns, catalogue))
    official = columns.split is not None and {"train", "test"} <= {entry.part for entry in listed}
    notes = (
        [] if official or columns.split is None else ["The split column names no training or no test part."]
    )
    if columns.kind == "class":
        return [classes(title, listed, official=official, notes=notes)]
    tagged = sorted({tag for entry in listed for tag in entry.target})
    return [tags(title, listed, tagged, official=official, notes=notes)]


def seems(path: Path, names: list[str]) -> TaskSpec | None:
    """A table with a column of files and one of labels; or a folder with one such table."""
    if path.is_dir():
        tables = [name for name in names if name.lower().endswith((".csv", ".tsv"))]
        return seems(path / tables[0], []) if len(tables) == 1 else None
    if not path.name.lower().endswith((".csv", ".tsv")):
        return None
    try:
        with opened(path, _LARGEST_LOOK):
            spec = named("csv", path)
        _columns(spec, table(path))
    except UserError:
        return None
    return spec


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no system takes
        return False


def _file_column(spec: TaskSpec, found: Table) -> int:
    """The one that was named; else the first that is called so and holds names of audio, else just called so."""
    if spec.text("file"):
        return found.needed(spec.text("file"))
    some = [row for _, row in islice(found.body(), _LOOK)]
    called = [number for name in FILES if (number := found.column(name)) is not None]
    audio = [n for n in range(len(found.headings)) if any(_is_audio(row[n]) for row in some)]
    best = [n for n in called if n in audio] or audio or called
    return best[0] if best else found.needed(*FILES[:3])


def _is_audio(text: str) -> bool:
    return os.path.splitext(text.strip().lower().encode("utf-8", "replace"))[1] in AUDIO_SUFFIXES  # noqa: PTH122 - bytes


def _columns(spec: TaskSpec, found: Table) -> _Columns:
    file = _file_column(spec, found)
    split = _optional(found, spec.text("split"), SPLITS)
    asked = [name.strip() for name in spec.text("labels").split(",") if name.strip()]
    some = [row for _, row in islice(found.body(), _LOOK)]
    labels = tuple(found.needed(name) for name in asked) or _labels(found, some, {file, split})
    group = _optional(found, spec.text("group"), GROUPS)
    single = len(labels) == 1
    kind = spec.text("kind")
    if kind == "auto":
        several = sum(bool(_SEVERAL.search(row[labels[0]].strip())) for row in some)
        kind = "class" if single and several <= _OFTEN * len(some) else "tags"
    return _Columns(file, labels, split, None if group in labels else group, single, kind)


def _optional(found: Table, asked: str, usual: Sequence[str]) -> int | None:
    return found.needed(asked) if asked else found.column(*usual)


def _labels(found: Table, some: list[list[str]], others: set[int | None]) -> tuple[int, ...]:
    """The column called so; else all columns of flags; else the only other one."""
    called = [n for name in LABELS if (n := found.column(name)) is not None and n not in others]
    rest = [n for n in range(len(found.headings)) if n not in others]
    flags = [n for n in rest if {row[n].strip().lower() for row in some} <= _FLAGS]
    if called:
        return (called[0],)
    if len(flags) > 1 and any(row[n].strip().lower() in _SET for row in some for n in flags):
        return tuple(flags)
    return (rest[0],) if len(rest) == 1 else (found.needed(*LABELS[:3]),)


def _listed(found: Table, columns: _Columns, catalogue: Catalogue) -> Iterator[Entry]:
    here = raw(found.path.parent)
    for _, row in found.body():
        own = _own(row, columns, found.headings)
        target: str | tuple[str, ...] = own if columns.kind == "tags" else "".join(own[:1])
        problem = ""
        if not own and columns.single:
            problem = _UNLABELLED
        elif columns.kind == "class" and len(own) != 1:
            problem = _SEVERAL_LABELS if own else _UNLABELLED
        group = row[columns.group].strip() if columns.group is not None else ""
        part = _PARTS.get(row[columns.split].strip().lower(), "") if columns.split is not None else ""
        yield Entry(_file(row[columns.file].strip(), here, catalogue), target, group or None, part, problem)


def _own(row: list[str], columns: _Columns, headings: Sequence[str]) -> tuple[str, ...]:
    """The labels of a line."""
    if not columns.single:
        return tuple(headings[n] for n in columns.labels if row[n].strip().lower() in _SET)
    text = row[columns.labels[0]].strip()
    return (
        tuple(sorted(set(_SEVERAL.split(text)) - {""})) if columns.kind == "tags" else (text,) if text else ()
    )


def _file(name: str, here: bytes, catalogue: Catalogue) -> ListedFile | None:
    if not name:
        return None
    exact = catalogue.exactly(os.path.normpath(os.path.join(here, os.fsencode(name))))  # noqa: PTH118 - bytes
    return exact or catalogue.like(name)
