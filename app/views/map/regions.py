"""Names on the map: what the tracks of a part have in common, by the column that colours them."""

from __future__ import annotations

from functools import partial

import numpy as np

from app.drawing import Drawing
from app.map_colours import Filter, Scheme
from app.mapping import Mapping
from app.views.map.stage import Stage

NAMING = ("folder", "album", "artist", "genre", "label")
"""Columns whose names say something of a part of the map."""

Region = tuple[float, float, str, float]


class Regions:
    """Looks for names in the background and gives them to a stage.

    Parameters
    ----------
    mapping, stage
        Who asks, and where they stand.
    """

    def __init__(self, mapping: Mapping, stage: Stage) -> None:
        self._session, self._stage = mapping.session, stage

    def show_scheme(self, scheme: Scheme, shown: Filter) -> None:
        """Find names for what is shown of this column of the stage's map."""
        drawing = self._stage.drawing
        if drawing is None or scheme.info.name not in NAMING or not scheme.values:
            self._stage.canvas.set_regions([])
            return
        question = partial(_named, drawing, scheme, shown)
        self._session.background.run(question, partial(self._take, drawing), latest=f"map regions {id(self)}")

    def _take(self, drawing: Drawing, found: list[Region]) -> None:
        if drawing is self._stage.drawing:
            self._stage.canvas.set_regions(found)


def _named(drawing: Drawing, scheme: Scheme, shown: Filter) -> list[Region]:
    """In a thread: (x, y, text, weight) of each name."""
    from core.projection.regions import regions  # it brings SciPy

    codes = (
        np.where(np.isin(scheme.codes, list(shown.hidden)), -1, scheme.codes)
        if shown.hidden
        else scheme.codes
    )
    return [(one.x, one.y, one.text, one.weight) for one in regions(drawing.xy, codes, scheme.titles[:-1])]
