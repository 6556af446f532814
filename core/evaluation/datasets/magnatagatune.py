"""MagnaTagATune (Law et al. 2009): clips of 29 s in folders 0 to f, one column a tag in `annotations_final.csv`."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from core.errors import UserError
from core.evaluation.datasets.base import folder, named, raw
from core.evaluation.datasets.building import tags
from core.evaluation.datasets.catalogue import Catalogue, stem
from core.evaluation.datasets.entries import PARTS, Entry
from core.evaluation.datasets.reading import first_there, shown, start_of
from core.evaluation.datasets.tables import Table, table
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task

ANNOTATIONS, CLIPS = "annotations_final.csv", "clip_info_final.csv"

_DIGITS = "0123456789abcdef"
_SIZES = (12, 1, 3)
"""Folders of each part, as nearly everybody splits it (Dieleman and Schrauwen 2014, ICASSP)."""
_PART = dict(
    zip(_DIGITS, [part for part, size in zip(PARTS, _SIZES, strict=True) for _ in range(size)], strict=True)
)
_TIMES = re.compile(r"-\d+-\d+$")


def root(spec: TaskSpec) -> bytes:
    """The folder of the sixteen folders and the list."""
    return raw(folder(spec))


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """The most frequent tags of each clip."""
    annotations = _annotations(folder(spec))
    found = table(annotations)
    clip, path = found.needed("clip_id"), found.needed("mp3_path")
    listed, names = _listed(found, clip, path, spec.number("top"))
    artists = _artists(annotations.parent / CLIPS)
    note = f"Clips of one {'artist' if artists else 'piece'} are drawn together."
    entries = (_entry(*each, artists, catalogue) for each in listed)
    name = f"MagnaTagATune: top {len(names)} tags"
    return [tags(name, entries, names, official=True, notes=[note])]


def seems(path: Path, names: list[str]) -> TaskSpec | None:
    """A folder with the list, or the list."""
    if path.name == ANNOTATIONS or ANNOTATIONS in names:
        here = path.parent if path.is_file() else path
        first = start_of(here / ANNOTATIONS).partition("\n")[0]
        return named("magnatagatune", here) if "clip_id" in first and "mp3_path" in first else None
    return None


def _annotations(here: Path) -> Path:
    found = first_there([around / ANNOTATIONS for around in (here, here / "annotations", here.parent)])
    if found is None:
        raise UserError(
            f"{ANNOTATIONS} is neither in {shown(here)} nor beside it.", "It comes with the data set."
        )
    return found


def _listed(
    found: Table, clip: int, path: int, top: int
) -> tuple[list[tuple[str, tuple[str, ...]]], tuple[str, ...]]:
    """Path and tags of each clip, and the most frequent tags; of equally frequent ones those that stand first."""
    columns = [i for i in range(len(found.headings)) if i not in (clip, path)]
    counts: Counter[int] = Counter()
    clips: list[tuple[str, tuple[int, ...]]] = []
    for _, row in found.body():
        own = tuple(i for i in columns if row[i].strip() == "1")
        counts.update(own)
        clips.append((row[path], own))
    ranked = sorted(columns, key=lambda i: -counts[i])[:top]
    names = {i: found.headings[i] for i in ranked if counts[i]}
    if not names:
        raise UserError(f"No clip has a tag in {shown(found.path)}.", "Is it complete?")
    return [(clip, tuple(names[i] for i in own if i in names)) for clip, own in clips], tuple(names.values())


def _artists(path: Path) -> dict[str, str]:
    """Artist by path of the clip; {} where that list is not there."""
    if not path.is_file():
        return {}
    found = table(path, "\t")
    artist, clip = found.needed("artist"), found.needed("mp3_path")
    return {row[clip]: row[artist] for _, row in found.body() if row[artist]}


def _entry(path: str, own: tuple[str, ...], artists: dict[str, str], catalogue: Catalogue) -> Entry:
    group = artists.get(path) or _TIMES.sub("", stem(path.rpartition("/")[2]))
    return Entry(catalogue.like(path, agree=1), own, group, _PART.get(path[:1].lower(), ""))
