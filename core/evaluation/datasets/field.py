"""A tag of a person's own music, or the labels that they gave."""

from __future__ import annotations

import re

from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.own import Values, labelled, root, seems
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task
from core.library.listing import ListedFile

__all__ = ["root", "seems", "tasks"]

_SEVERAL = re.compile(r"\s*;\s*")


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """The value of that tag; where many tracks have several, each as a tag."""
    title, values = FIELDS[spec.text("field")]
    return [labelled(spec, catalogue, title, values, spec.text("kind"))]


def _several(text: str) -> list[str]:
    return [value for value in _SEVERAL.split(text.strip()) if value]


def _decade(file: ListedFile) -> list[str]:
    """Of years: neighbouring years sound alike."""
    return [] if file.year is None else [f"{file.year // 10 * 10}s"]


def _album(file: ListedFile) -> list[str]:
    """With its artist, since albums of one name are many."""
    artist = file.album_artist or file.artist
    return [f"{file.album} ({artist})" if artist else file.album] if file.album else []


FIELDS: dict[str, tuple[str, Values]] = {
    "genre": ("genre", lambda file: _several(file.genre)),
    "artist": ("artist", lambda file: [file.artist] if file.artist else []),
    "album": ("album", _album),
    "album_artist": ("album artist", lambda file: [file.album_artist] if file.album_artist else []),
    "year": ("decade", _decade),
    "label": ("label", lambda file: file.labels),
}
