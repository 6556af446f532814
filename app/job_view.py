"""A job as the window shows it: a snapshot, and what an event makes of it. Knows no Qt."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from core.jobs.events import Ended, Event, Progress, Skipped, Started

if TYPE_CHECKING:  # it brings NumPy, which the window can open without
    from core.library.records import JobRecord

State = Literal["waiting", "running", "stopping", "completed", "cancelled", "failed", "interrupted"]
LIVE: frozenset[State] = frozenset({"waiting", "running", "stopping"})
MOST_SKIPPED = 10_000  # kept for showing; all are counted, and the library knows every one
RATE_WINDOW_S = 20.0


@dataclass(frozen=True)
class JobView:
    """A job as Activity and the status bar show it.

    Parameters
    ----------
    number
        The window's own number, known before the library gives the run its `job_id`.
    rate
        Units a second over the last 20 s; 0 where unknown.
    seconds_left
        None where unknown.
    skipped
        (item, reason), the first 10,000.
    began, ended
        Clock times in seconds.
    """

    number: int
    kind: str
    params: Mapping[str, Any]
    state: State = "waiting"
    job_id: int = 0
    stage: str = ""
    done: int = 0
    total: int | None = None
    rate: float = 0.0
    seconds_left: float | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    skipped: tuple[tuple[str, str], ...] = ()
    skipped_count: int = 0
    title: str = ""
    hint: str = ""
    details: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    began: float = 0.0
    ended: float | None = None

    @property
    def live(self) -> bool:
        """Whether it waits or runs."""
        return self.state in LIVE

    @property
    def resumable(self) -> bool:
        """Whether it makes sense to go on with it."""
        return self.state in ("cancelled", "failed", "interrupted")


def from_record(record: JobRecord, number: int) -> JobView:
    """A run of an earlier time, as the library remembers it."""
    state: State = "waiting" if record.state == "queued" else record.state
    return JobView(
        number, record.kind, record.params, state, record.id, record.stage, record.done, record.total,
        metrics=record.metrics, skipped_count=record.skipped, title=record.title, hint=record.hint,
        details=record.details, result=record.result, began=record.created_at, ended=record.finished_at,
    )  # fmt: skip


class JobFollower:
    """Follows one run: events in, snapshots out."""

    def __init__(self, view: JobView) -> None:
        self.view = view
        self._skipped = list(view.skipped)
        self._history: deque[tuple[float, int]] = deque()

    def apply(self, event: Event, now: float) -> JobView:
        """The snapshot after `event`, which came at the clock time `now` (seconds)."""
        if isinstance(event, Started):
            self.view = replace(self.view, job_id=event.job_id)
        elif isinstance(event, Progress):
            self._progress(event, now)
        elif isinstance(event, Skipped):
            self._skip(event)
        elif isinstance(event, Ended):
            self._end(event, now)
        return self.view

    def set_state(self, state: State, now: float) -> JobView:
        """The snapshot in another state."""
        began = now if state == "running" else self.view.began
        self.view = replace(self.view, state=state, began=began)
        return self.view

    def _progress(self, event: Progress, now: float) -> None:
        if event.stage != self.view.stage or event.done < self.view.done:
            self._history.clear()
        rate = self._rate(event.done, now)
        known = event.total is not None and rate > 0
        left = max((event.total or 0) - event.done, 0) / rate if known else None
        self.view = replace(
            self.view, stage=event.stage, done=event.done, total=event.total, metrics=event.metrics,
            rate=rate, seconds_left=left,
        )  # fmt: skip

    def _rate(self, done: int, now: float) -> float:
        history = self._history
        history.append((now, done))
        while len(history) > 2 and now - history[0][0] > RATE_WINDOW_S:
            history.popleft()
        seconds = now - history[0][0]
        return (done - history[0][1]) / seconds if seconds >= 0.5 else self.view.rate

    def _skip(self, event: Skipped) -> None:
        if len(self._skipped) < MOST_SKIPPED:
            self._skipped.append((event.item, event.reason))
        self.view = replace(self.view, skipped_count=self.view.skipped_count + 1)

    def _end(self, event: Ended, now: float) -> None:
        completed = event.outcome == "completed"
        done = self.view.total if completed and self.view.total is not None else self.view.done
        self.view = replace(
            self.view, state=event.outcome, done=done, result=event.result, title=event.title,
            hint=event.hint, details=event.details, ended=now, seconds_left=None, skipped=tuple(self._skipped),
        )  # fmt: skip

    def snapshot(self) -> JobView:
        """The newest snapshot with the list of what was skipped in it (copied here, not at every event)."""
        if len(self.view.skipped) != len(self._skipped):
            self.view = replace(self.view, skipped=tuple(self._skipped))
        return self.view
