"""What the colours of one map, or of two beside each other, stand for."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.drawing import Drawing
from app.map_colours import ALL, BY_NAME, ENOUGH, FIRST, SHARED, ColumnInfo, Filter, Scheme, like, scheme_of
from app.mapping import Mapping
from app.player import Playable, Player
from app.second_map import Beside, SecondMap
from app.views.map.legend import Legend
from app.views.map.regions import Regions
from app.views.map.stage import Stage
from core.library.facet_columns import Categories, Ids, Numbers

Known = tuple[Ids, Scheme]
"""The tracks of a map, and their column as it is shown."""


class Colouring(QObject):
    """Colours the stages, fills the legend, names the regions.

    Parameters
    ----------
    mapping, stage, legend, player
        Whose columns, on which map, explained where; and what plays.

    Signals
    -------
    picked(str)
        A column that tells the points apart was found, before a person has chosen one.
    """

    picked = Signal(str)

    def __init__(self, mapping: Mapping, stage: Stage, legend: Legend, player: Player) -> None:
        super().__init__(stage)
        self._mapping, self._stage, self._legend = mapping, stage, legend
        self._second: tuple[SecondMap, Stage] | None = None
        self._regions = {stage: Regions(mapping, stage)}
        self._filters: dict[str, Filter] = {}
        self._known: Known | None = None
        self._played: set[int] = set()
        self.info, self.chosen = BY_NAME[FIRST[0]], False
        stage.arranged.connect(self.refresh)
        legend.filter_changed.connect(self._filter)
        mapping.columns_changed.connect(self._columns_changed)
        mapping.session.theme.changed.connect(self._recolour)
        player.track_changed.connect(self._mark_played)

    def set_second(self, second: SecondMap, stage: Stage) -> None:
        """Colour a second map by the same."""
        self._second = second, stage
        self._regions[stage] = Regions(second, stage)
        stage.arranged.connect(self.refresh)
        second.compared_changed.connect(self.refresh)

    def colour_by(self, name: str, by_person: bool = True) -> None:
        """Let the colours stand for another column."""
        self.chosen = self.chosen or by_person
        self.info = BY_NAME[name]
        if not by_person:
            self.picked.emit(name)
        self.refresh()

    def refresh(self) -> None:
        """Colour anew by the same column."""
        if self._stage.drawing is None:
            return
        if self.info.stored:
            self._mapping.column(self.info.name, partial(self._take, self.info.name))
        else:
            self._take(self.info.name, None)

    def _take(self, name: str, column: Categories | Numbers | None) -> None:
        if name != self.info.name or self._stage.drawing is None:
            return
        other = None if self._second is None else self._second[1].drawing
        beside = None if self._second is None else self._second[0].beside
        if self.info is SHARED and beside is None:
            return
        question = partial(
            _schemes,
            self.info,
            (self._stage.drawing, other),
            column,
            frozenset(self._played),
            beside,
            self._known,
        )
        self._mapping.session.background.run(question, self._show_schemes, latest="map colours")

    def _show_schemes(self, found: tuple[Scheme, Scheme | None]) -> None:
        scheme, other = found
        name = scheme.info.name
        if name != self.info.name or self._stage.drawing is None or scheme.n != len(self._stage.drawing):
            return  # a newer question is on its way
        if not self.chosen and name in FIRST[:-1] and scheme.told_apart < ENOUGH:
            self.colour_by(FIRST[FIRST.index(name) + 1], by_person=False)
            return
        shown = self._filters.get(name, ALL)
        hidden = frozenset(code for code in shown.hidden if code < len(scheme.values))
        shown = Filter(hidden, shown.low, shown.high)
        if scheme is self._stage.scheme and shown == self._stage.shown:  # the same tracks elsewhere
            self._regions[self._stage].show_scheme(scheme, shown)
        else:
            self._show(self._stage, scheme, shown)
            self._legend.show_scheme(scheme, shown, self._stage.colour)
            self._known = self._stage.drawing.tracks, scheme
        if self._second is not None and other is not None:
            self._show(self._second[1], other, shown)

    def _show(self, stage: Stage, scheme: Scheme, shown: Filter) -> None:
        stage.show_scheme(scheme, shown)
        self._regions[stage].show_scheme(scheme, shown)

    def _filter(self, shown: Filter) -> None:
        self._filters[self.info.name] = shown
        for stage in self._regions:
            if stage.scheme is not None and stage.scheme.info is self.info:
                self._show(stage, stage.scheme, shown)
        self._legend.list.viewport().update()

    def _recolour(self) -> None:
        for stage in self._regions:
            if stage.scheme is not None:
                stage.show_scheme(stage.scheme, stage.shown)
        if self._stage.scheme is not None:
            self._legend.show_scheme(self._stage.scheme, self._stage.shown, self._stage.colour)

    def _columns_changed(self) -> None:
        for stage in self._regions:
            stage.forget_titles()
        if self.info.stored and self._stage.isVisible():
            self._filters.clear()  # codes are places in a list that may be another one now
            self.refresh()

    def _mark_played(self, playable: Playable | None) -> None:
        if playable is not None and playable.track_id > 0:
            self._played.add(playable.track_id)
            if self.info.name == "played" and self._stage.isVisible():
                self.refresh()


def _schemes(
    info: ColumnInfo, drawings: tuple[Drawing, Drawing | None], column: Categories | Numbers | None,
    played: frozenset[int], beside: Beside | None, known: Known | None,
) -> tuple[Scheme, Scheme | None]:  # fmt: skip
    """In a thread: the column on one map (the very one that is known, if it is that), and likewise on the second."""

    def one(drawing: Drawing) -> Scheme:
        if info is SHARED and beside is not None:
            return Scheme(SHARED, numbers=beside.overlap(drawing.tracks))
        return scheme_of(info, drawing, column, played)

    first = one(drawings[0])
    same = known is not None and np.array_equal(known[0], drawings[0].tracks) and known[1].same(first)
    first = known[1] if known is not None and same else first.prepared()
    return first, None if drawings[1] is None else like(one(drawings[1]), first)
