"""A tag of a person's own music, or the labels that they gave."""

from __future__ import annotations

import re

from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.own import Values, labelled, root, seems
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task
from core.library.listing import ListedFile
from core.library.text import fold

__all__ = ["root", "seems", "tasks"]

_SEVERAL = re.compile(r"\s*;\s*")
_NOTHING = frozenset(
    {"none", "null", "na", "n a", "undefined", "unknown", "other", "unknown artist", "unknown album"}
    | {"unknown genre", "no artist", "no album", "no genre", "various", "various artists", "va"}
)
"""What programs write into tags where there is nothing to say."""


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """The value of that tag; where many tracks have several, each as a tag."""
    title, values = FIELDS[spec.text("field")]
    return [labelled(spec, catalogue, title, values, spec.text("kind"))]


def says_something(value: str) -> bool:
    """Whether a tag names anything."""
    words = " ".join(re.findall(r"\w+", fold(value)))  # there are bands called "!!!"
    return words not in _NOTHING if words else bool(value.strip(" -.?"))


def _several(text: str) -> list[str]:
    return [value for value in _SEVERAL.split(text.strip()) if says_something(value)]


def _one(text: str) -> list[str]:
    return [text] if says_something(text) else []


def _decade(file: ListedFile) -> list[str]:
    """Of years: neighbouring years sound alike."""
    return [] if file.year is None else [f"{file.year // 10 * 10}s"]


def _album(file: ListedFile) -> list[str]:
    """With its artist, since albums of one name are many."""
    artist = file.album_artist or file.artist
    return [f"{file.album} ({artist})" if artist else file.album] if says_something(file.album) else []


FIELDS: dict[str, tuple[str, Values]] = {
    "genre": ("genre", lambda file: _several(file.genre)),
    "artist": ("artist", lambda file: _one(file.artist)),
    "album": ("album", _album),
    "album_artist": ("album artist", lambda file: _one(file.album_artist)),
    "year": ("decade", _decade),
    "label": ("label", lambda file: file.labels),
}
