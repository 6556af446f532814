"""Albums as playlists: what somebody put together on purpose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable

from core.evaluation.datasets.building import playlists
from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.entries import Entry
from core.evaluation.datasets.own import album, root, seems
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task
from core.library.listing import ListedFile

__all__ = ["root", "seems", "tasks"]

_NAMELESS = "have no album in their tags"


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:  # noqa: ARG001 - there is nothing to choose
    """Each album, by its tags."""
    found: defaultdict[Hashable, list[ListedFile]] = defaultdict(list)
    for file in catalogue.files:
        found[album(file) if file.album else None].append(file)
    nameless = [Entry(file, problem=file.problem or _NAMELESS) for file in found.pop(None, [])]
    lists = [(_name(files[0]), [Entry(file) for file in files]) for files in found.values()]
    return [playlists("My music: albums", lists, left_over=nameless)]


def _name(file: ListedFile) -> str:
    artist = file.album_artist or file.artist
    return f"{artist}: {file.album}" if artist else file.album
