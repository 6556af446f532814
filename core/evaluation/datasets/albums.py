"""Albums as playlists: what somebody put together on purpose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable

from core import paths
from core.evaluation.datasets.building import playlists
from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.entries import Entry
from core.evaluation.datasets.field import says_something
from core.evaluation.datasets.own import album, folder_of, root, seems
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task
from core.library.listing import ListedFile

__all__ = ["root", "seems", "tasks"]

_NAMELESS = "have no album in their tags"


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """Each album by its tags, or each folder."""
    if spec.text("by") == "folder":
        return [_task("My music: folders as playlists", catalogue, folder_of, _folder)]
    return [_task("My music: albums", catalogue, _album, _name)]


def _task(
    title: str,
    catalogue: Catalogue,
    key: Callable[[ListedFile], Hashable],
    name: Callable[[ListedFile], str],
) -> Task:
    found: defaultdict[Hashable, list[ListedFile]] = defaultdict(list)
    for file in catalogue.files:
        found[key(file)].append(file)
    nameless = [Entry(file, problem=file.problem or _NAMELESS) for file in found.pop(None, [])]
    lists = [(name(files[0]), [Entry(file) for file in files]) for files in found.values()]
    return playlists(title, lists, left_over=nameless)


def _album(file: ListedFile) -> Hashable:
    return album(file) if says_something(file.album) else None


def _name(file: ListedFile) -> str:
    artist = file.album_artist or file.artist
    return f"{artist}: {file.album}" if artist else file.album


def _folder(file: ListedFile) -> str:
    return paths.display(folder_of(file)).replace("\\", "/").rstrip("/").rpartition("/")[2]
