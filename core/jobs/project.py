"""Project: draw the map of an encoder's tracks, or let those that are new find their place on it.

A map stays put. New tracks lie among their neighbours and move nothing; a map that is drawn anew begins where the old
one was, and is turned onto it. What is stored is replaced by a finished map only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from core import bundled
from core.errors import UserError
from core.jobs.runner import Job, JobContext
from core.library.projections import Points
from core.library.records import ProjectionRecord
from core.library.store import plan_name
from core.neighbours import Neighbours
from core.projection import clusters, live, plane, quality
from core.projection import draw as drawing
from core.projection.child import Child
from core.projection.live import Live
from core.projection.methods import FEWEST, method
from core.projection.methods import Task as Work

STAGE = "Drawing the map"
READING, LOOKING, MEASURING, PLACING = (
    "Reading vectors", "Looking for neighbours", "Measuring the map", "Placing new tracks",
)  # fmt: skip
SECOND = "Drawing it once more, to see what chance does"
BASELINE_MOST = 20_000
"""Above, a second drawing takes longer than what it tells is worth."""

LAST_SEED = 2**31 - 1
"""Numbers below are seeds; the second drawing's is one more."""


class Params(BaseModel):
    """What to draw."""

    encoder: str = ""
    method: str = "umap"
    seed: int | None = Field(None, ge=0, lt=LAST_SEED)
    """Another one than the map was drawn with draws anew, from nothing. None: that of the map, else 0."""
    refit: bool = False
    """Draw anew, from where the map is now."""
    compare: list[str] = Field(default_factory=list)
    """Encoders onto whose maps it is turned, the first that has one; none: its own old map, then the oldest."""
    baseline: bool = True
    """Whether to draw it a second time with another seed, to know what a mere change of seed does."""


class Project(Job[Params]):
    """Draw a map."""

    kind: ClassVar[str] = "project"
    title: ClassVar[str] = STAGE
    Params: ClassVar[type[BaseModel]] = Params

    def run(self, ctx: JobContext) -> dict[str, Any]:
        """Draw, or place what is new; the map's figures are the result."""
        run = _Run(ctx, self.params)
        if run.stays():
            return run.grow()
        return run.draw()


class _Run:
    """The state of one run of the job."""

    def __init__(self, ctx: JobContext, params: Params) -> None:
        self.ctx, self.params, self.library = ctx, params, ctx.library
        self.started, self.how = time.monotonic(), method(params.method)
        self.plan = plan_name(ctx.settings.embedding.segments)
        self.encoder = bundled.chosen(self.library, params.encoder, ctx.settings)
        self.record = self.library.projections.find(self.encoder.id, self.plan, params.method)
        self.old = self._points(self.record)
        ctx.report(READING, 0)
        near = Neighbours(self.library, self.encoder, self.plan)
        near.refresh()
        self.snapshot = near.snapshot
        own = self.library.facets.heard(self.encoder.id, self.plan)
        self.tracks = own[self.snapshot.rows(own) >= 0]
        if len(self.tracks) < FEWEST:
            raise UserError(
                f"A map needs at least {FEWEST} tracks, and {self.encoder.name} has heard {len(self.tracks)}.",
                "Add more music, or embed what is there.",
            )

    def _points(self, record: ProjectionRecord | None) -> Points | None:
        """What lies on a map; None where there is none or it is damaged: it is drawn anew then."""
        with suppress(UserError):
            return None if record is None else self.library.projections.arrays(record.id)
        return None

    def _watch(self, stage: str) -> Callable[[int, int], None]:
        def watch(done: int, total: int) -> None:
            self.ctx.check()
            self.ctx.report(stage, done, total or None, encoder=self.encoder.name)

        return watch

    # -- a map that stays -------------------------------------------------------------------------

    def stays(self) -> bool:
        """Whether the map that is there is to be kept: until more was placed on it than it was drawn from."""
        if self.old is None or self.record is None or self.params.refit:
            return False
        if self._seed() != self.record.params.get("seed"):
            return False
        return self._covers(self.old)

    def _covers(self, old: Points) -> bool:
        """Whether an earlier map was drawn from at least half of what one would be drawn from now."""
        fitted = int(np.isin(self.tracks, old.tracks[~old.placed]).sum())
        return fitted >= max(FEWEST, min(len(self.tracks), self.how.sample) / 2)

    def grow(self) -> dict[str, Any]:
        """Take away tracks that are gone, give new ones a place; no other point moves."""
        assert self.record is not None
        assert self.old is not None
        gone = np.setdiff1d(self.old.tracks, self.tracks)
        new = np.setdiff1d(self.tracks, self.old.tracks)
        maps = self.library.projections
        if len(new):
            fitted = self.old.without(gone)
            fitted = fitted.take(~fitted.placed)
            unit = self.snapshot.unit[self.snapshot.rows(fitted.tracks)]
            more = drawing.added(fitted, unit, new, self.snapshot, self._watch(PLACING))
            maps.append(self.record.id, more.tracks, more.points, more.kept, more.clusters)
        if len(gone):
            maps.drop(self.record.id, gone)
        return self._result(self.record.id, added=len(new), dropped=len(gone), drawn=False)

    # -- a map that is drawn ----------------------------------------------------------------------

    def draw(self) -> dict[str, Any]:
        """Draw it, keep it, and then see what chance does to it."""
        with suppress(OSError):  # what a job that was killed has left is no picture of this one
            self._live().unlink(missing_ok=True)
        on = drawing.sheet(self.snapshot, self.tracks, self.how)
        with Child(self.params.method) if self.how.module else nullcontext() as child:
            onto = self._reference()
            begin = drawing.start(on, self._from(), onto)
            with live.shown(self._live(), on.tracks, begin):
                near = drawing.neighbours(self.library, self.encoder, self.plan, on, self._watch(LOOKING))
                name, size = self.params.method, self._size()
                work = drawing.task(name, on, near, begin, self._seed(), size, self._live())
                points, size = drawing.positions(work, child, self._watch(STAGE))
                done = drawing.finished(on, near, points, onto, self._watch(PLACING))
                record = self._keep(on, done, size)
            if self.params.baseline and child is not None and len(on.tracks) <= BASELINE_MOST:
                self._second(record, on, work, points, child)
        return self._result(record.id, added=len(self.tracks), dropped=0, drawn=True)

    def _seed(self) -> int:
        if self.params.seed is not None:
            return self.params.seed
        known = self.record.params.get("seed") if self.record else 0
        return known if isinstance(known, int) and 0 <= known < LAST_SEED else 0

    def _from(self) -> Points | None:
        """The map that the new one begins from."""
        if self.old is None or self.record is None or self.record.params.get("seed") != self._seed():
            return None
        return self.old if self._covers(self.old) else None

    def _size(self) -> float:
        """Of the map that the new one begins from, as the method had drawn it; 0: it begins from nothing."""
        known = self.record.params.get("size") if self.record and self._from() is not None else None
        return float(known) if isinstance(known, int | float) and 0 < known < 1e6 else 0.0

    def _live(self) -> Path:
        return Live.path(self.library, self.encoder.id, self.plan, self.params.method)

    def _reference(self) -> Points | None:
        """The map that this one is turned onto."""
        maps, encoders = self.library.projections, self.library.encoders
        named = [encoders.get(name) for name in self.params.compare]
        how = self.params.method
        found = [maps.find(e.id, self.plan, how) or maps.find(e.id, self.plan) for e in named]
        wanted = [record for record in (*found, self.record) if record is not None]
        others = [record for record in maps.all() if record != self.record]
        wanted += sorted(others, key=lambda each: (each.encoder_id != self.encoder.id, each.id))
        for record in wanted:
            points = self._points(record)
            if points is not None and len(plane.common(self.tracks, points.tracks)[0]) >= plane.FEWEST_COMMON:
                return points
        return None

    def _keep(self, on: drawing.Sheet, done: Points, size: float) -> ProjectionRecord:
        watch = self._watch(MEASURING)
        watch(0, 0)
        figures = drawing.worth(on, done, watch)
        done = replace(done, clusters=self._clusters(done))
        figures |= {
            "clusters": int(done.clusters.max()) + 1,
            "seconds": round(time.monotonic() - self.started, 2),
        }
        old = self.old or Points()
        rows, others = plane.common(done.tracks, old.tracks)
        if len(rows):
            moved = plane.moved(done.points[rows], old.points[others])
            figures["moved"] = round(float(moved.mean()), 4)
        params = {"seed": self._seed(), "warm": self._size() > 0, "size": size, "k": quality.K}
        self.ctx.check()
        return self.library.projections.put(
            self.encoder.id, self.plan, self.params.method, params, figures, done
        )

    def _clusters(self, done: Points) -> NDArray[np.int16]:
        """Groups by sound; those that were there before keep their numbers, as far as they are still the same."""
        if self.old is None:
            return done.clusters
        before = np.full(len(done), -1, np.int16)
        rows, others = plane.common(done.tracks, self.old.tracks)
        before[rows] = self.old.clusters[others]
        return clusters.named_as(done.clusters, before)

    def _second(
        self, record: ProjectionRecord, on: drawing.Sheet, work: Work, points: plane.Plane, child: Child
    ) -> None:
        """Draw it from nothing under another seed: how many of those that are near stay so."""
        other = replace(work, start=drawing.start(on, None, None), seed=work.seed + 1, size=0.0, live=None)
        again, _ = drawing.positions(other, child, self._watch(SECOND))
        overlap = quality.shared(quality.on_map(points), quality.on_map(again))
        self.library.projections.note(record.id, seed_overlap=round(float(overlap.mean()), 4))

    def _result(self, record_id: int, **more: Any) -> dict[str, Any]:
        now = self.library.projections.find(self.encoder.id, self.plan, self.params.method)
        figures = now.figures if now is not None and now.id == record_id else {}
        return {
            "encoder": self.encoder.name, "plan": self.plan, "method": self.params.method, **figures, **more,
            "seconds": round(time.monotonic() - self.started, 2),
        }  # fmt: skip
