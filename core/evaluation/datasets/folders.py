"""The name of the folder that a track lies in, as its class."""

from __future__ import annotations

from core import paths
from core.errors import UserError
from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.own import labelled, root, seems
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task
from core.library.listing import ListedFile

__all__ = ["root", "seems", "tasks"]


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:
    """The folder's name."""
    depth = spec.number("depth")
    if depth < 1:
        raise UserError("The folder is counted from 1, the one of the file.", "Choose 1 or more.")
    name = "folder" if depth == 1 else f"folder, {depth} above the file"
    return [labelled(spec, catalogue, name, lambda file: _name(file, depth))]


def _name(file: ListedFile, depth: int) -> list[str]:
    parts = paths.display(file.path).replace("\\", "/").strip("/").split("/")
    return [parts[-1 - depth]] if len(parts) > depth else []
