"""Evaluate: what encoders are worth in tasks. Every result is kept at once, so a run that was stopped goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import BaseModel, Field

from core import bundled, paths
from core.encoders import is_baseline, parts
from core.errors import UserError
from core.evaluation import baselines, datasets, gather, retrieval, work
from core.evaluation.datasets import Catalogue
from core.evaluation.gather import Judged, Vectors
from core.evaluation.questions import REPORT, Question, of_library, of_task
from core.evaluation.spec import TaskSpec, checked, source
from core.evaluation.wishes import Wishes
from core.evaluation.work import Cell
from core.jobs.embed import Embed
from core.jobs.embed import Params as EmbedParams
from core.jobs.runner import Job, JobContext
from core.jobs.scan import Params as ScanParams
from core.jobs.scan import Scan
from core.library.known import Known
from core.library.records import EvaluationRecord, Fact
from core.library.store import plan_name
from core.machine import processors
from core.settings import DeviceName
from core.training.machine import choose_device

STAGE = "Evaluating"
PREPARING = "Preparing the tasks"


class Params(Wishes):
    """What to ask of whom."""

    specs: list[TaskSpec] = Field(min_length=1)
    encoders: list[str] = Field(default_factory=list)
    """Names; none: all that the library has."""
    baselines: bool = True
    """Whether what learned nothing is asked as well."""
    device: DeviceName | None = None


class Evaluate(Job[Params]):
    """Ask every encoder the same questions."""

    kind: ClassVar[str] = "evaluate"
    title: ClassVar[str] = STAGE
    Params: ClassVar[type[BaseModel]] = Params

    def run(self, ctx: JobContext) -> dict[str, Any]:
        """Look for audio, make vectors, ask; figures are the result."""
        run = _Run(ctx, self.params)
        run.look()
        run.embed()
        return run.ask(run.questions())


@dataclass
class _Refusals:
    """What could not be done, each told; where nothing is left, the first is why."""

    ctx: JobContext
    first: UserError | None = None
    told: list[dict[str, str]] = field(default_factory=list)

    def add(self, item: str, error: UserError) -> None:
        """Pass over one thing."""
        self.first = self.first or error
        reason = f"{error.title} {error.hint}".strip()
        self.told.append({"item": item, "reason": reason})
        self.ctx.skip(item, reason)

    def need(self, left: object, otherwise: str) -> None:
        """Raise where nothing is left."""
        if not left:
            raise self.first or UserError(otherwise)


@dataclass(frozen=True)
class _Place:
    """A task's audio: a folder that was looked through as a data set; None: the library's own music."""

    spec: TaskSpec
    folder: bytes | None


class _Run:
    """The state of one run of the job."""

    def __init__(self, ctx: JobContext, params: Params) -> None:
        self.ctx, self.params, self.library = ctx, params, ctx.library
        self.plan = plan_name(ctx.settings.embedding.segments)
        self.device = choose_device(params.device or ctx.settings.embedding.device)
        self.refusals = _Refusals(ctx)
        self.names = self._names()
        self.places: list[_Place] = []
        self.judged: list[Judged] = []
        self.catalogue = cache(self._catalogue)

    def _names(self) -> list[str]:
        """Of every encoder, those that are to be made first included; UserError where one is unknown."""
        known = {encoder.name: encoder for encoder in self.library.encoders.all()}
        names = list(dict.fromkeys(self.params.encoders)) or list(known)
        shipped = {one.name: one.card for one in bundled.available()}
        kinds = []
        for name in names:
            if name not in known and name not in shipped and not is_baseline(name):
                self.library.encoders.get(name)  # says which there are
            card = shipped.get(name)
            there = (known[name].strategy, known[name].config) if name in known else parts(name)
            kinds.append(there if card is None or name in known else (card["strategy"], card["config"]))
        return [*names, *(baselines.missing(kinds) if self.params.baselines else [])]

    # -- audio ------------------------------------------------------------------------------------

    def look(self) -> None:
        """Have every data set's folder in the library."""
        for spec in {spec.key: checked(spec) for spec in self.params.specs}.values():
            self.ctx.check()
            try:
                self.places.append(self._looked(spec))
            except UserError as error:
                self.refusals.add(_title(spec), error)
        self.refusals.need(self.places, "There is nothing to ask.")

    def _looked(self, spec: TaskSpec) -> _Place:
        folder = datasets.find(spec.kind).root(spec)
        if folder is not None and folder not in [place.folder for place in self.places]:
            # What lies in a folder of a person's music is heard there already.
            holder = datasets.holder(self.library, folder)
            kind = "dataset" if holder is None else holder.kind
            Scan(ScanParams(paths=[paths.json_text(folder)], kind=kind)).run(self.ctx)
        return _Place(spec, folder)

    def _roots(self) -> list[int]:
        """Those that hold the tasks' audio."""
        own = {root.id for root in self.library.roots.all() if root.kind == "music"}
        found = own if any(place.folder is None for place in self.places) else set()
        holders = [datasets.holder(self.library, p.folder) for p in self.places if p.folder is not None]
        return sorted(found.union(root.id for root in holders if root is not None))

    # -- vectors ----------------------------------------------------------------------------------

    def embed(self) -> None:
        """Give the tasks' tracks what they lack; an encoder that cannot is left out, the others go on."""
        roots = self._roots()
        for name in self.names:
            self.ctx.check()
            try:
                self._embed(name, roots)
                self.judged.append(gather.judged(self.library, bundled.get(self.library, name)))
            except UserError as error:
                self.refusals.add(name, error)
        self.refusals.need(self.judged, "There is no encoder to ask.")

    def _embed(self, name: str, roots: list[int]) -> None:
        known = bundled.known(self.library.encoders.all(), bundled.available(), name)
        if known is None or self.library.files.due(known.id, self.plan, roots):
            Embed(EmbedParams(encoder=name, device=self.params.device, roots=roots)).run(self.ctx)

    # -- questions --------------------------------------------------------------------------------

    def questions(self) -> list[Question]:
        """All that can be asked, over tracks that every encoder has a vector of."""
        encoders = [judged.encoder for judged in self.judged]
        tracks = gather.everywhere(self.library, encoders, self.plan)
        found: list[Question] = []
        for number, place in enumerate(self.places):
            self.ctx.report(PREPARING, number, len(self.places), task=_title(place.spec))
            try:
                found += self._asked(place, tracks)
            except UserError as error:
                self.refusals.add(_title(place.spec), error)
        self.catalogue.cache_clear()
        self.refusals.need(found, "There is nothing to ask.")
        return found

    def _asked(self, place: _Place, tracks: gather.Tracks) -> Iterator[Question]:
        if source(place.spec.kind).task_kind == REPORT:
            yield self._report(place)
            return
        for task in datasets.find(place.spec.kind).tasks(place.spec, self.catalogue(place.folder)):
            self.ctx.check()
            try:
                left = gather.only_with_vectors(task, tracks)
                yield of_task(place.spec, left, self.params, self._trained(left.items), self.device)
            except UserError as error:
                self.refusals.add(task.name, error)

    def _report(self, place: _Place) -> Question:
        encoders = [judged.encoder for judged in self.judged]
        known = None if place.folder is None else _known(self.catalogue(place.folder))
        held = retrieval.held(self.library, encoders, self.plan, known)
        if len(held.tracks) < 2:
            raise UserError("Fewer than two tracks have a vector under every encoder.", "Add music first.")
        return of_library(place.spec, held)

    def _catalogue(self, folder: bytes | None) -> Catalogue:
        return Catalogue.of_music(self.library) if folder is None else Catalogue.of_root(self.library, folder)

    def _trained(self, items: tuple[int, ...] | tuple[str, ...]) -> gather.Flags:
        """(n,) what any encoder heard in training."""
        heard = frozenset[int]().union(*(judged.heard or () for judged in self.judged))
        return np.array([item in heard for item in items], np.bool_)

    # -- answers ----------------------------------------------------------------------------------

    def ask(self, questions: list[Question]) -> dict[str, Any]:
        """Compute what is not known yet."""
        torch.set_num_threads(processors())  # embedding may have kept them down
        cells = [cell for question in questions for cell in work.cells(question, self.judged, self.plan)]
        done, known, records = 0, 0, list[EvaluationRecord]()
        for _, group in groupby(cells, key=lambda cell: (id(cell.question), cell.who.name)):
            vectors: Vectors | None = None  # of one encoder at a time
            for cell in group:
                self._tell(cell, done, len(cells), 0)
                record = self.library.evaluations.find(cell.key)
                known += record is not None
                if record is None:
                    vectors = vectors or self._vectors(cell)
                    record = self._computed(cell, vectors, done, len(cells))
                records += [record] if record else []
                done += 1
        self.ctx.report(STAGE, done, len(cells))
        self.refusals.need(records, "Nothing could be told.")
        return {
            "results": _results(records), "computed": len(records) - known, "known": known,
            "skipped": self.refusals.told,
        }  # fmt: skip

    def _vectors(self, cell: Cell) -> Vectors | None:
        """None for who needs none."""
        judged = cell.who.judged
        if judged is None:
            return None
        try:
            return gather.vectors(self.library, judged.encoder, self.plan, cell.question.items)
        except KeyError as error:
            raise UserError("The library lost vectors while it was evaluated.", "Start it again.") from error

    def _tell(self, cell: Cell, done: int, total: int, fits: int) -> None:
        self.ctx.check()
        names = {"task": cell.question.name, "encoder": cell.who.name, "probe": cell.probe}
        self.ctx.report(STAGE, done, total, **names, fits=fits)

    def _computed(
        self, cell: Cell, vectors: Vectors | None, done: int, total: int
    ) -> EvaluationRecord | None:
        """A new result, kept at once; None where the task cannot be asked like this."""
        try:
            record, arrays = work.compute(cell, vectors, lambda fits: self._tell(cell, done, total, fits))
        except UserError as error:
            self.refusals.add(f"{cell.question.name}, {cell.who.name}", error)
            return None
        return self.library.evaluations.add(record, arrays)


def _title(spec: TaskSpec) -> str:
    """As a person wrote it."""
    title = source(spec.kind).title
    return f"{title}, {paths.display(spec.raw_path)}" if spec.path else title


def _known(catalogue: Catalogue) -> Known:
    """What the report asks of a data set's tracks."""
    facts = {
        file.track_id: Fact(
            0, file.title, file.artist, file.album, file.album_artist, file.seconds,
            paths.display(os.path.dirname(file.path)),  # noqa: PTH120 - bytes
        )
        for file in catalogue.files
        if file.track_id is not None and not file.problem
    }  # fmt: skip
    return Known.of_facts(facts)


def _results(records: list[EvaluationRecord]) -> list[dict[str, Any]]:
    """A line for each figure."""
    return [
        {
            "encoder": record.encoder, "task": record.task, "probe": record.probe, "metric": metric,
            "mean": figure.mean, "low": figure.low, "high": figure.high, "n": figure.n, "seeds": record.seeds,
            "chance": figure.chance,
        }
        for record in records
        for metric, figure in record.figures.items()
    ]  # fmt: skip
