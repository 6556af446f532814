"""The library as it is, without labels: there is nothing to be told, so there is no task."""

from __future__ import annotations

from core.evaluation.datasets.catalogue import Catalogue
from core.evaluation.datasets.own import root, seems
from core.evaluation.spec import TaskSpec
from core.evaluation.tasks import Task

__all__ = ["root", "seems", "tasks"]


def tasks(spec: TaskSpec, catalogue: Catalogue) -> list[Task]:  # noqa: ARG001 - as every layout has it
    """None: `core.evaluation.retrieval` looks at the tracks themselves."""
    return []
