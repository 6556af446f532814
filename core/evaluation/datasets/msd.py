"""Million Song Dataset with its 50 most frequent Last.fm tags, as the lists that most papers use split it.

`<part>_x_msd_id.txt` holds an MSD id a line, `<part>_y.npy` a row of 50 flags each, `50tags.txt` their names. Audio
is found by MSD id, which must be its name; maps from ids to other names are pickles, and are never read.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import UserError
from core.evaluation.datasets.base import chosen, folder, named, raw
from core.evaluation.datasets.building import tags
from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.entries import Entry
from core.evaluation.datasets.reading import first_there, lines, names_in, shown
from core.evaluation.datasets.values import matrix
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task
from core.library.listing import ListedFile

_WORDS = {"train": ("train",), "validation": ("valid", "validation", "val"), "test": ("test",)}
_ID = re.compile(r"TR[A-Z0-9]{16}", re.IGNORECASE)
_LIST = re.compile(r"(.*)_x_msd_id\.txt")
_SEPARATOR = "<SEP>"


def root(spec: TaskSpec) -> bytes:
    """The folder of the audio: the one named, or that of the lists."""
    return raw(chosen(spec, "audio") or folder(spec))


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """The 50 tags of each track."""
    here = folder(spec)
    lists = {part: _list(here, words) for part, words in _WORDS.items()}
    if lists["train"] is None or lists["test"] is None:
        raise UserError(
            f"The lists of MSD's 50 tags are not in {shown(here)}.",
            "They are called train_x_msd_id.txt with train_y.npy, and so on.",
        )
    artists = _artists(here)
    files = {file_id: file for file in catalogue.files if (file_id := _id(file))}
    entries: list[Entry] = []
    names: tuple[str, ...] = ()
    for part, path in lists.items():
        if path is not None:
            ids = list(lines(path))
            flags = matrix(path.with_name(path.name.replace("_x_msd_id.txt", "_y.npy")), len(ids))
            names = names or _names(here, flags.shape[1])
            if len(names) != flags.shape[1]:
                raise UserError(f"{shown(path)} goes with {flags.shape[1]} tags, others with {len(names)}.")
            for key, row in zip(ids, flags, strict=True):
                own = tuple(names[i] for i in row.nonzero()[0])
                entries.append(Entry(files.get(key.upper()), own, artists.get(key.upper()), part))
    note = (
        () if artists else ("unique_tracks.txt is not there: each track is drawn by itself, not by artist.",)
    )
    return [tags(f"MSD: {len(names)} tags", entries, names, official=True, notes=note)]


def seems(path: Path, names: list[str]) -> TaskSpec | None:
    """A folder with a list of ids."""
    return named("msd", path) if any(_LIST.fullmatch(name) for name in names) else None


def _list(here: Path, words: tuple[str, ...]) -> Path | None:
    """The ids of a part, also where their names say more ("filtered_train_x_msd_id.txt")."""
    exact = first_there([here / f"{word}_x_msd_id.txt" for word in words])
    found = ((name, _LIST.fullmatch(name)) for name in names_in(here))
    longer = [here / name for name, match in found if match and match[1].lower().endswith(words)]
    return exact or first_there(longer)


def _names(here: Path, width: int) -> tuple[str, ...]:
    """Names of the tags, numbers where no list says them."""
    path = first_there([here / name for name in ("50tags.txt", "50tagList.txt", "tags.txt")])
    names = tuple(dict.fromkeys(lines(path))) if path else ()
    return names if len(names) == width else tuple(f"tag {i + 1}" for i in range(width))


def _artists(here: Path) -> dict[str, str]:
    """Artist by MSD id, from `unique_tracks.txt` (track, song, artist, title)."""
    path = first_there([here / "unique_tracks.txt", here.parent / "unique_tracks.txt"])
    parts = (line.split(_SEPARATOR) for line in (lines(path) if path else ()))
    return {row[0].upper(): row[2] for row in parts if len(row) == 4}


def _id(file: ListedFile) -> str:
    found = _ID.match(file.parts[-1])
    return found[0].upper() if found else ""
