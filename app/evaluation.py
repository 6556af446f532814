"""Between the library's results of evaluations, the job that computes them, and the view that shows them.

Results are looked at in the background, now and then while the view is shown and often while an evaluation runs; they
are put side by side there too (`core.evaluation.comparison`), so that the window only takes what is finished.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app import encoder_titles
from app.census import Reader
from app.context import Context
from app.job_view import JobView
from app.session import Session
from core import bundled
from core.library.records import EvaluationRecord, Row

if TYPE_CHECKING:  # they bring SciPy and SQLAlchemy, in the thread that first needs them
    from core.evaluation.columns import Comparison
    from core.evaluation.reference import Judgement
    from core.evaluation.spec import TaskSpec
    from core.library.evaluations import Arrays

KIND = "evaluate"
BASELINES = ("mfcc", "random", "random-multi")
"""Strategies that learn nothing and stand beside all others."""
BUSY_MS, IDLE_MS = 1500, 5000
REST = 5.0
"""Between two looks that find something, so many times as long as one takes: an evaluation needs the processors."""
MOST_CONFUSED = 500
Cell = tuple[int, int]


@dataclass(frozen=True)
class Draft:
    """An evaluation that a person has put together.

    Parameters
    ----------
    specs
        What to ask (`core.evaluation.spec.TaskSpec`).
    encoders
        Their names; none: all that there are. Baselines that they lack are made and asked as well.
    probes
        `svm`, `logistic`.
    seeds
        How often splits or queries are drawn.
    pca
        Every embedding reduced to 128 dimensions.
    """

    specs: tuple[TaskSpec, ...]
    encoders: tuple[str, ...] = ()
    probes: tuple[str, ...] = ("svm", "logistic")
    seeds: int = 5
    pca: bool = False

    def params(self) -> dict[str, Any]:
        """Of the job `evaluate`."""
        return {
            "specs": [spec.model_dump() for spec in self.specs], "encoders": list(self.encoders),
            "probes": list(self.probes), "seeds": self.seeds, "pca": self.pca,
        }  # fmt: skip


@dataclass(frozen=True)
class Confused:
    """A track that was called something.

    Parameters
    ----------
    times, asked
        How often it was called that, of how many times it was asked.
    """

    row: Row
    times: int
    asked: int


@dataclass(frozen=True, eq=False)
class Judged:
    """The paper's directions against one's own figures; `notes`: what stands for what."""

    judgements: tuple[Judgement, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Looked:
    """What one look found. `stamp` changes with the results."""

    stamp: tuple[object, ...]
    records: tuple[EvaluationRecord, ...]
    comparison: Comparison
    others: int = 0
    """Results with PCA where those without are shown, or the other way round."""
    seconds: float = 0.0
    """That it took."""


@dataclass(frozen=True, eq=False)
class Preview:
    """What would be asked: (task, kind, items, classes or tags or playlists, groups) of each, and what is missing."""

    tasks: tuple[tuple[str, str, int, int, int], ...]
    missing: tuple[str, ...] = field(default=())


class Evaluation(QObject):
    """The state behind the Compare view.

    Parameters
    ----------
    session
        Asks the library, and knows its encoders.
    context
        Jobs, settings and messages.

    Signals
    -------
    changed
        `comparison` is another one.
    job_changed
        `job` is another one, or got on.
    """

    changed = Signal()
    job_changed = Signal()

    def __init__(self, session: Session, context: Context) -> None:
        super().__init__(session)
        self.session, self.context = session, context
        self.reduced = False
        self._looked: Looked | None = None
        self._looking = self._look_again = False
        self._said = ""
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)
        context.jobs.changed.connect(self._job_moved)
        context.jobs.ended.connect(self._job_ended)

    # -- what there is

    @property
    def comparison(self) -> Comparison | None:
        """Results side by side; None while they were not read yet."""
        return None if self._looked is None else self._looked.comparison

    @property
    def records(self) -> tuple[EvaluationRecord, ...]:
        """All results, oldest first."""
        return () if self._looked is None else self._looked.records

    @property
    def others(self) -> int:
        """How many results the switch for equal dimensions would show."""
        return 0 if self._looked is None else self._looked.others

    @property
    def job(self) -> JobView | None:
        """The evaluation that runs or waits, else the last one of this session."""
        views = [view for view in self.context.jobs.views if view.kind == KIND]
        return next((view for view in views if view.live), views[-1] if views else None)

    @property
    def busy(self) -> bool:
        """Whether one runs or waits here."""
        job = self.job
        return job is not None and job.live

    def titles(self) -> dict[str, str]:
        """What each encoder that is in the library, or came with the program, is called."""
        session = self.session
        choices = [*map(encoder_titles.choice, session.encoders), *map(encoder_titles.offer, session.offered)]
        return {choice.key: choice.title for choice in choices}

    def title(self, encoder: str) -> str:
        """What an encoder is called, also one that is gone."""
        return self.session.titles.of(encoder)

    # -- looking

    def watch(self, on: bool) -> None:
        """Look now and then from now on, or no longer: the view was shown or hidden."""
        if not on:
            self._timer.stop()
            return
        self.refresh()
        self._timer.start(self._interval())

    def refresh(self) -> None:
        """Look soon; one look at a time."""
        self._look_again = self._looking
        if not self._looking:
            self._looking = True
            stamp = () if self._looked is None else self._looked.stamp
            self.session.ask(partial(_look, stamp, self.reduced), self._take, self._failed)

    def _interval(self) -> int:
        took = 0.0 if self._looked is None else self._looked.seconds
        return max(BUSY_MS, round(1000 * REST * took)) if self.busy else IDLE_MS

    def _pace(self) -> None:
        if self._timer.isActive() and self._timer.interval() != self._interval():
            self._timer.setInterval(self._interval())

    def set_reduced(self, on: bool) -> None:
        """Show the results of embeddings of equal dimensions, or those of embeddings as they are."""
        if on != self.reduced:
            self.reduced = on
            self.refresh()

    def close(self) -> None:
        """Ask nothing more."""
        self._timer.stop()

    def _take(self, looked: Looked | None) -> None:
        self._looking, self._said = False, ""
        if looked is not None:
            self._looked = looked
            self._pace()
            self.changed.emit()
        if self._look_again:
            self.refresh()

    def _failed(self, error: BaseException) -> None:
        """Say it once, not every few seconds, and go on trying."""
        self._looking = False
        if str(error) != self._said:
            self._said = str(error)
            self.context.notifier.error(error)

    # -- what lies behind

    def behind(self, record_id: int, then: Callable[[Arrays], None]) -> None:
        """What each item scored with one result."""
        self.session.ask(
            lambda reader: reader.library.evaluations.arrays(record_id), then, latest="behind a result"
        )

    def confused(self, record_id: int, cell: Cell, then: Callable[[tuple[Confused, ...]], None]) -> None:
        """The tracks in a cell of a confusion matrix, those that were most often called so first."""
        self.session.ask(partial(_confused, record_id, cell), then, latest="confused tracks")

    def directions(self, probe: str, then: Callable[[Judged], None]) -> None:
        """The paper's directions against the present comparison."""
        if self.comparison is not None:
            self.session.ask(partial(_judged, self.comparison, probe), then, latest="directions")

    def export_directions(self, path: Path, probe: str, then: Callable[[None], None]) -> None:
        """Write them as a table; the suffix names the format."""
        if self.comparison is not None:
            self.session.ask(partial(_write_directions, path, self.comparison, probe), then)

    def delete(self, record_ids: Sequence[int]) -> None:
        """Forget results; they can be computed again."""
        self.session.ask(
            lambda reader: reader.library.evaluations.delete(record_ids), lambda _: self.refresh()
        )

    # -- doing

    def start(self, draft: Draft) -> int:
        """Compute what is not known yet; the number of the job."""
        return self.context.jobs.start(KIND, draft.params())

    def stop(self) -> None:
        """Stop what runs; every result that is there stays."""
        job = self.job
        if job is not None and job.live:
            self.context.jobs.cancel(job.number)

    def resume(self) -> None:
        """Go on with the last one."""
        job = self.job
        if job is not None and job.resumable:
            self.context.jobs.resume(job.number)

    def recognise(
        self, path: bytes, then: Callable[[TaskSpec | None], None], failed: Callable[[BaseException], None]
    ) -> None:
        """Which kind of data set lies there, by its names alone."""
        self.context.background.run(partial(_recognised, path), then, failed, latest="recognise")

    def preview(
        self, spec: TaskSpec, then: Callable[[Preview], None], failed: Callable[[BaseException], None],
        latest: str = "",
    ) -> None:  # fmt: skip
        """What would be asked of the library's own music; `latest` as in `Background.run`."""
        self.session.ask(partial(_previewed, spec), then, failed, latest)

    def waiting(self, encoders: Sequence[str], then: Callable[[Mapping[str, int]], None]) -> None:
        """How many tracks of the library's own music each of these encoders has not listened to yet.

        Baselines that they lack, and that would be made, are among the answers.
        """
        self.session.ask(partial(_waiting, tuple(encoders)), then, latest="waiting for encoders")

    def _job_moved(self, view: JobView) -> None:
        if view.kind == KIND:
            self._pace()
            self.job_changed.emit()

    def _job_ended(self, view: JobView) -> None:
        if view.kind == KIND:
            self.refresh()


def _look(before: tuple[object, ...], reduced: bool, reader: Reader) -> Looked | None:
    """In a thread: the results side by side; None where all is as it was."""
    began = time.monotonic()
    evaluations = reader.library.evaluations
    stamp: tuple[object, ...] = (*evaluations.stamp(), reduced)
    if stamp == before:
        return None
    from core.evaluation.comparison import compare

    records = evaluations.all()
    compared = compare(records, evaluations.arrays, reduced=reduced)
    others = sum(bool(record.config.get("pca")) != reduced for record in records)
    return Looked(stamp, tuple(records), compared, others, time.monotonic() - began)


def _confused(record_id: int, cell: Cell, reader: Reader) -> tuple[Confused, ...]:
    library = reader.library
    arrays = library.evaluations.arrays(record_id)
    answers = arrays.answers
    there = answers[(arrays.targets[answers[:, 0]] == cell[0]) & (answers[:, 1] == cell[1])]
    there = there[np.argsort(-there[:, 2], kind="stable")][:MOST_CONFUSED]
    tracks = arrays.items[there[:, 0]].tolist()
    files = library.rows.files_of(tracks)
    rows = {row.file_id: row for row in reader.page(list(files.values()))}
    scores = arrays.scores.get("accuracy")
    asked = there[:, 2] if scores is None else scores.counts[there[:, 0]].astype(np.int64)
    found = zip((files.get(track) for track in tracks), there[:, 2].tolist(), asked.tolist(), strict=True)
    return tuple(Confused(rows[key], times, of) for key, times, of in found if key in rows)


def _judged(comparison: Comparison, probe: Any, reader: Reader) -> Judged:
    from core.evaluation.directions import basis, directions

    judgements = directions(comparison, reader.library.evaluations.arrays, probe)
    return Judged(judgements, basis(comparison, probe).notes)


def _write_directions(path: Path, comparison: Comparison, probe: Any, reader: Reader) -> None:
    from core.evaluation import tables
    from core.evaluation.directions import basis, directions

    judged = directions(comparison, reader.library.evaluations.arrays, probe)
    tables.write_directions(path, judged, basis(comparison, probe))


def _recognised(path: bytes) -> TaskSpec | None:
    from core.evaluation.datasets import recognise

    return recognise(path)


def _previewed(spec: TaskSpec, reader: Reader) -> Preview:
    from core.evaluation.datasets import find
    from core.evaluation.datasets.catalogue import Catalogue

    tasks = find(spec.kind).tasks(spec, Catalogue.of_music(reader.library))
    told = tuple(
        (task.name, task.kind, len(task.items), len(task.names), len(np.unique(task.groups)))
        for task in tasks
    )
    return Preview(told, tuple(dict.fromkeys(line for task in tasks for line in task.missing)))


def _waiting(encoders: tuple[str, ...], reader: Reader) -> Mapping[str, int]:
    from core.evaluation.baselines import missing

    library = reader.library
    records = {record.name: record for record in library.encoders.all()}
    asked = [(records[name].strategy, records[name].config) for name in encoders if name in records]
    offered = bundled.offered(records.values(), bundled.available())
    asked += [(one.card["strategy"], one.card["config"]) for one in offered if one.name in encoders]
    names = [*encoders, *missing(asked)]
    known = {name: record.id for name, record in records.items()}
    roots = [root.id for root in library.roots.all() if root.kind == "music" and root.online]
    counts = library.files.counts
    return {
        name: sum(counts(known.get(name, 0), reader.plan, root).pending for root in roots) for name in names
    }
