"""Between the library's training runs, the jobs that work on them, and the view that shows them.

Runs are looked at in the background, often while one goes on and the view is shown; curves are read as they grow
(`Runs.follow`) and drawn in a thread, so that the window only takes short, finished lines.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app import wording
from app.census import Reader
from app.context import Context
from app.job_view import JobView
from app.notify import message_of
from app.run_view import KIND, Draft, Looked, Music, RunView, merged
from app.session import Session
from core import bundled
from core.library.records import Points, Row

if TYPE_CHECKING:  # they bring NumPy's friends and SQLAlchemy, in the thread that first needs them
    from core.clips_plan import ClipPlan

T = TypeVar("T")
TRIAL = "trial"
PINNED = "pinned"
"""The label of a track whose neighbours are watched while an encoder learns."""
MOST_PINS = 8
BUSY_MS, IDLE_MS = 700, 5000


class Training(QObject):
    """The state behind the Train view.

    Parameters
    ----------
    session
        Asks the library, and knows what is selected.
    context
        Jobs, settings and messages.

    Signals
    -------
    runs_changed
        `runs` has changed.
    described
        `catalogue` is known now, or `trouble` says why it is not.
    pins_changed
        `pins` has changed.
    trial_ended(JobView)
        What was tried out has its answer, or has failed.
    started(str)
        The run of that name was started or resumed.
    """

    runs_changed = Signal()
    described = Signal()
    pins_changed = Signal()
    trial_ended = Signal(object)
    started = Signal(str)

    def __init__(self, session: Session, context: Context) -> None:
        super().__init__(session)
        self.session, self.context = session, context
        self.runs: tuple[RunView, ...] = ()
        self.pins: tuple[Row, ...] = ()
        self.catalogue: Mapping[str, Any] | None = None
        self.trouble = ""  # why there is no catalogue
        self._began = time.time()
        self._looked: tuple[Looked, ...] = ()
        self._validated: dict[int, Looked] = {}
        self._dismissed: set[str] = set()
        self._curves = Followed()
        self._describing = self._looking = self._look_again = False
        self._said = ""
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)
        jobs = context.jobs
        jobs.changed.connect(self._job_changed)
        jobs.ended.connect(self._job_ended)
        session.library_changed.connect(self.read_pins)

    # -- looking

    def watch(self, on: bool) -> None:
        """Look now and then from now on, or no longer: the view was shown or hidden."""
        if not on:
            self._timer.stop()
            return
        self._describe()
        self.read_pins()
        self.refresh()
        self._timer.start(BUSY_MS if self.busy else IDLE_MS)

    @property
    def busy(self) -> bool:
        """Whether a run goes on."""
        return any(run.live for run in self.runs)

    def run(self, name: str) -> RunView | None:
        """The run of that name."""
        return next((run for run in self.runs if run.name == name), None)

    def refresh(self) -> None:
        """Look soon at the runs; one look at a time."""
        self._look_again = self._looking
        if not self._looking:
            self._looking = True
            self.session.ask(partial(_look, self._validated), self._take, self._failed)

    def close(self) -> None:
        """Ask nothing more."""
        self._timer.stop()

    def _take(self, looked: tuple[Looked, ...]) -> None:
        self._looking, self._said = False, ""
        self._looked = looked
        self._validated = {one.record.id: one for one in looked}
        self._show()
        if self._look_again:
            self.refresh()

    def _failed(self, error: BaseException) -> None:
        """Say why nothing can be seen, once for as long as it is so."""
        self._looking = False
        if str(error) != self._said:
            self._said = str(error)
            self.context.notifier.error(error)

    def _show(self) -> None:
        runs = merged(self._looked, self.context.jobs.views)
        runs = tuple(run for run in runs if run.record is not None or self._begun_here(run))
        if runs != self.runs:
            self.runs = runs
            self.runs_changed.emit()
        if self._timer.isActive():
            interval = BUSY_MS if self.busy else IDLE_MS
            if self._timer.interval() != interval:
                self._timer.setInterval(interval)

    def _begun_here(self, run: RunView) -> bool:
        """Whether a run without a row is one of this time, which nobody has dismissed."""
        recent = run.job is not None and (run.job.live or run.job.began >= self._began)
        return recent and run.name not in self._dismissed

    def _describe(self) -> None:
        if self.catalogue is None and not self._describing:
            self._describing = True
            self.context.background.run(_described, self._take_catalogue, self._no_catalogue)

    def _take_catalogue(self, catalogue: Mapping[str, Any]) -> None:
        self._describing, self.catalogue, self.trouble = False, catalogue, ""
        self.described.emit()

    def _no_catalogue(self, error: BaseException) -> None:
        told = message_of(error)
        self._describing, self.trouble = False, f"{told.title} {told.hint}".strip()
        self.context.notifier.error(error)
        self.described.emit()

    # -- doing

    def start(self, draft: Draft) -> None:
        """Train; the name is made unique first."""
        self._named(draft, self._start)

    def _start(self, draft: Draft) -> None:
        self._dismissed.discard(draft.name)
        self.context.jobs.start(KIND, draft.params())
        self.started.emit(draft.name)

    def try_out(self, draft: Draft) -> int:
        """Take a few steps for 20 seconds and say what all would need; the number of the job."""
        return self.context.jobs.start(TRIAL, draft.params())

    def pause(self, run: RunView) -> None:
        """Stop at the next step; it is saved, and can be resumed."""
        if run.job is not None:
            self.context.jobs.cancel(run.job.number)

    def resume(self, run: RunView) -> None:
        """Go on from where it was saved, as it began; what never got a row begins again."""
        self._dismissed.discard(run.name)
        begin_again = run.record is None and run.job is not None
        params = run.job.params if begin_again and run.job else {"name": run.name, "resume": True}
        self.context.jobs.start(KIND, params)
        self.started.emit(run.name)

    def finish(self, run: RunView) -> None:
        """Take the encoder as it is. Its job hears of it within a second; where none runs, one is started for it."""
        key = run.id
        if not run.live:
            self.context.jobs.start(KIND, {"name": run.name, "resume": True, "finish": True})
            return
        self.session.ask(lambda reader: reader.library.runs.wish(key, "finish"), lambda _: self.refresh())

    def delete(self, run: RunView) -> None:
        """Forget a run with its curves and its state; the encoder that it made stays."""
        self._dismissed.add(run.name)  # the job that failed at it is no run either
        if run.record is None:
            self._show()
            return
        key = run.id
        self._curves.forget(key)
        self.session.ask(lambda reader: reader.library.runs.delete(key), lambda _: self.refresh())

    def _named(self, draft: Draft, then: Callable[[Draft], None]) -> None:
        from dataclasses import replace

        base = draft.name.strip() or f"{draft.strategy}-{draft.preset}"
        known = [run.name for run in self.runs]  # some have no row in the library yet
        self.session.ask(
            lambda reader: reader.library.runs.unused_name(base, [*known, *bundled.reserved()]),
            lambda name: then(replace(draft, name=name)),
        )

    # -- music and disk

    def plan(
        self, music: Music, then: Callable[[ClipPlan], None], failed: Callable[[BaseException], None]
    ) -> None:
        """Find out what training on `music` would read and write."""
        seconds = self.context.settings.training.clip_seconds
        self.session.ask(partial(_plan, music, seconds), then, failed, latest="clip plan")

    # -- curves

    def points(
        self, run_ids: Sequence[int], then: Callable[[T], None], draw: Callable[[dict[int, Points]], T],
        latest: str = "curves",
    ) -> None:  # fmt: skip
        """Read what is new of some runs and draw it, all in a thread; `latest` as in `Background.run`."""
        follow = partial(self._curves.follow, run_ids)
        self.session.ask(lambda reader: draw(follow(reader)), then, latest=latest)

    # -- pins

    @property
    def pin_ids(self) -> tuple[int, ...]:
        """Track ids of the pins."""
        return tuple(row.track_id for row in self.pins if row.track_id is not None)

    def pin(self, rows: Iterable[Row]) -> None:
        """Watch the neighbours of these tracks while an encoder learns, as far as there is room for more."""
        ids = [row.track_id for row in rows if row.track_id is not None]
        if ids:
            self.session.ask(partial(_pin, ids), self._take_pinned)

    def unpin(self) -> None:
        """Watch none any more."""
        self.session.ask(_unpin, lambda _: self.read_pins())

    def _take_pinned(self, left_out: int) -> None:
        self.read_pins()
        if left_out:
            told = f"{wording.count(left_out, 'track')} {'was' if left_out == 1 else 'were'} left out."
            hint = f"{told} “Unpin all” under Train, Pinned tracks, makes room."
            self.context.notifier.info(f"At most {MOST_PINS} tracks can be pinned.", hint)

    def read_pins(self, *_: object) -> None:
        """Read which tracks are pinned."""
        self.session.ask(_pinned, self._take_pins, latest="pins")

    def _take_pins(self, rows: tuple[Row, ...]) -> None:
        rows = rows[:MOST_PINS]  # a person may have given the label to more by other ways
        if rows != self.pins:
            self.pins = rows
            self.pins_changed.emit()

    # -- jobs

    def _job_changed(self, view: JobView) -> None:
        if view.kind == KIND:
            self._show()

    def _job_ended(self, view: JobView) -> None:
        if view.kind == TRIAL:
            self.trial_ended.emit(view)
        elif view.kind == KIND and view.state == "failed":
            self.session.ask(_bury, lambda _: self.refresh())
        elif view.kind == KIND:
            self.refresh()


class Followed:
    """The points of runs, each read only once; used in threads, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[int, Points] = {}

    def follow(self, run_ids: Sequence[int], reader: Reader) -> dict[int, Points]:
        """The points of these runs as they are now; what is no longer asked for is let go."""
        with self._lock:
            known = {key: self._known.get(key) for key in run_ids}
            self._known = {key: reader.library.runs.follow(key, before) for key, before in known.items()}
            return dict(self._known)

    def forget(self, run_id: int) -> None:
        """That run is gone."""
        self._known.pop(run_id, None)


def _look(before: Mapping[int, Looked], reader: Reader) -> tuple[Looked, ...]:
    """The runs; what validation found is read only of those that got on."""
    runs = reader.library.runs
    found = []
    for record in runs.all():
        known = before.get(record.id)
        if known is not None and known.record == record:
            found.append(known)  # the very same, so that the window compares nothing
        elif known is not None and (known.record.step, known.record.rewinds) == (record.step, record.rewinds):
            found.append(Looked(record, known.best_loss, known.accuracy))
        else:
            found.append(Looked(record, *runs.validated(record.id)))
    return tuple(found)


def _bury(reader: Reader) -> None:
    """A process that was killed could not say that its run is over."""
    reader.library.jobs.bury_dead()


def _pinned(reader: Reader) -> tuple[Row, ...]:
    found = reader.library.rows.order(reader.encoder_id, reader.plan, f'label:"{PINNED}"')
    return tuple(reader.page(np.asarray(found).tolist()))


def _pin(ids: Sequence[int], reader: Reader) -> int:
    """Pin tracks; how many there was no room for."""
    known = {row.track_id for row in _pinned(reader)}
    new = [key for key in dict.fromkeys(ids) if key not in known]
    room = max(MOST_PINS - len(known), 0)
    reader.library.labels.set(new[:room], PINNED)
    return len(new[room:])


def _unpin(reader: Reader) -> None:
    reader.library.labels.remove(
        [row.track_id for row in _pinned(reader) if row.track_id is not None], PINNED
    )


def _plan(music: Music, seconds: float, reader: Reader) -> ClipPlan:
    from core import clips_plan

    return clips_plan.plan(reader.library, clips_plan.Music(**music.params()), seconds)


def _described() -> Mapping[str, Any]:
    from core.settings import data_dir
    from core.training.describe import described

    return described(data_dir())
