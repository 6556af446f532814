"""What a layout of data sets offers: each is a module of this package with these three functions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from core import paths
from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.reading import first_there, shown
from core.evaluation.datasets.tables import rows
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task

GROUP_LISTS = ("groups.csv", "artists.csv", "recordings.csv")


class Loader(Protocol):
    """One layout."""

    def root(self, spec: TaskSpec) -> bytes | None:
        """The folder whose audio has to be in the library; None: the library's own music."""

    def tasks(self, spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
        """The questions that it asks, over what `catalogue` (of that root) holds.

        Raises
        ------
        UserError
            What it needs is missing or broken, or nothing of it is here.
        """

    def seems(self, path: Path, names: list[str]) -> TaskSpec | None:
        """The specification that a folder (with these names in it) or file looks like; None where it is another."""


def named(kind: str, path: Path, **options: str | int) -> TaskSpec:
    """A specification of a place."""
    return TaskSpec(kind=kind, path=paths.json_text(paths.raw(path)), options=dict(options))


def place(spec: TaskSpec) -> Path:
    """Where a data set is."""
    return Path(os.fsdecode(spec.raw_path))


def folder(spec: TaskSpec) -> Path:
    """Where it is; of a file in it, its folder."""
    path = place(spec)
    return path.parent if path.is_file() else path


def chosen(spec: TaskSpec, option: str) -> Path | None:
    """A place that an option names."""
    text = spec.text(option)
    return Path(text).expanduser().absolute() if text else None


def raw(path: Path) -> bytes:
    """As the catalogue has it."""
    return paths.raw(path)


def listed_groups(*folders: Path) -> tuple[dict[str, str], str]:
    """What belongs together by a list beside the audio: a path and a group in each line, headings first.

    Returns
    -------
    Group by path with slashes, case folded; and a note that names the list, "" where there is none.
    """
    path = first_there([folder / name for folder in folders for name in GROUP_LISTS])
    if path is None:
        return {}, ""
    found = {row[0].replace("\\", "/").casefold(): row[1] for _, row in rows(path) if len(row) > 1}
    return found, f"What belongs together is read from {shown(path)}."
