"""Data sets in the layouts in which people have them on disk, each made into tasks.

Importing this brings in no torch.
"""

from __future__ import annotations

import os
from pathlib import Path

from core.evaluation.datasets import (
    albums,
    aotm,
    csv_table,
    field,
    fma,
    folders,
    gtzan,
    irmas,
    jamendo,
    m3u,
    magnatagatune,
    msd,
    report,
)
from core.evaluation.datasets.base import Loader
from core.evaluation.datasets.catalogue import Catalogue, holder
from core.evaluation.datasets.reading import names_in
from core.evaluation.spec import TaskSpec, source

__all__ = ["Catalogue", "Loader", "find", "holder", "recognise"]

_LOADERS: dict[str, Loader] = {
    "fma": fma, "gtzan": gtzan, "irmas": irmas, "magnatagatune": magnatagatune, "jamendo": jamendo, "msd": msd,
    "aotm": aotm, "m3u": m3u, "csv": csv_table, "field": field, "folders": folders, "albums": albums,
    "report": report,
}  # fmt: skip
"""The surest to recognise first."""


def find(kind: str) -> Loader:
    """What reads that kind.

    Raises
    ------
    UserError
        There is none.
    """
    return _LOADERS[source(kind).kind]


def recognise(path: bytes) -> TaskSpec | None:
    """What a folder or file looks like, by names and first lines alone; None where it is none of these."""
    place = Path(os.fsdecode(path))
    names = names_in(place) if place.is_dir() else []
    return next((spec for loader in _LOADERS.values() if (spec := loader.seems(place, names))), None)
