"""A training run as the window shows it: its row in the library and the job that works on it. Knows no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.job_view import JobView
from core.library.records import RunRecord

KIND = "train"
State = Literal[
    "waiting", "preparing", "running", "stopping", "paused", "finished", "failed", "interrupted", "elsewhere"
]


@dataclass(frozen=True)
class Looked:
    """A run's row, with what its last validation found."""

    record: RunRecord
    best_loss: float | None = None
    accuracy: float | None = None


@dataclass(frozen=True)
class RunView:
    """A run.

    Parameters
    ----------
    state
        preparing: the job runs and has made no step yet. elsewhere: another window or command trains it.
    job
        The live one of this window, or the last one of this session.
    seconds_left
        None where unknown.
    best_loss, accuracy
        The lowest validation loss and the last validation accuracy; None before the first.
    """

    name: str
    strategy: str
    preset: str
    state: State
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    record: RunRecord | None = None
    job: JobView | None = None
    best_loss: float | None = None
    accuracy: float | None = None

    @property
    def id(self) -> int:
        """The run's row; 0 while it has none."""
        return 0 if self.record is None else self.record.id

    @property
    def live(self) -> bool:
        """Whether it goes on, here or elsewhere."""
        return self.state in ("waiting", "preparing", "running", "stopping", "elsewhere")

    @property
    def resumable(self) -> bool:
        """Whether it can be gone on with; one that has no row yet begins again."""
        return self.state in ("paused", "interrupted", "failed")

    @property
    def figures(self) -> Mapping[str, Any]:
        """What was measured; empty while there is nothing."""
        return {} if self.record is None else self.record.figures

    @property
    def predicted(self) -> Mapping[str, Any]:
        """What a trial foretold; empty where there was none."""
        return {} if self.record is None else self.record.predicted

    @property
    def message(self) -> str:
        """Why it failed or could not go on, in a sentence; what others have made of it since is newer."""
        job = self.job
        if job is None or job.state != "failed" or self.live or self.state == "finished":
            return ""
        if self.record is not None and 0 < job.job_id < (self.record.job_id or 0):
            return ""
        return f"{job.title} {job.hint}".strip()

    @property
    def batch(self) -> int:
        """Pairs in a step; 0 where unknown."""
        training = {} if self.record is None else self.record.config.get("training") or {}
        return int(training.get("batch") or 0)


def merged(looked: Iterable[Looked], jobs: Sequence[JobView]) -> tuple[RunView, ...]:
    """Runs and what works on them, the newest first; a job that has no row yet is a run already.

    It stays one when it has failed or was stopped before it had a row, so that nothing vanishes that a person began.
    """
    newest = {str(job.params.get("name") or ""): job for job in jobs if job.kind == KIND}
    views = [_view(one, newest.pop(one.record.name, None)) for one in looked]
    young = [
        _young(name, job) for name, job in newest.items() if job.live or job.state in ("failed", "cancelled")
    ]
    return tuple(reversed([*views, *young]))


def _view(looked: Looked, job: JobView | None) -> RunView:
    record = looked.record
    state = _state(record, job)
    left = job.seconds_left if job is not None and state == "running" else None
    done = max(record.step, job.done) if job is not None and state == "running" else record.step
    return RunView(
        record.name, record.strategy, record.preset, state, min(done, record.steps), record.steps, left, record, job,
        looked.best_loss, looked.accuracy,
    )  # fmt: skip


def _state(record: RunRecord, job: JobView | None) -> State:
    if job is None or not job.live:
        return _left(record, job) if record.state == "running" else record.state
    if job.state in ("waiting", "stopping"):
        return job.state
    return "running" if job.total == record.steps and record.state == "running" else "preparing"


def _left(record: RunRecord, job: JobView | None) -> State:
    """What a run is that is noted as running, although nothing here works on it any more."""
    if job is None or job.job_id != record.job_id:
        return "elsewhere"
    if job.state == "failed":
        return "failed"
    return "running" if job.state == "completed" else "stopping"  # its row will say how it ended in a moment


def _young(name: str, job: JobView) -> RunView:
    states: dict[str, State] = {
        "waiting": "waiting", "stopping": "stopping", "failed": "failed", "cancelled": "paused",
    }  # fmt: skip
    params = job.params
    return RunView(
        name, str(params.get("strategy") or ""), str(params.get("preset") or ""),
        states.get(job.state, "preparing"), job=job,
    )  # fmt: skip


@dataclass(frozen=True)
class Music:
    """What to train on; everything left open: the whole library. As `core.clips_plan.Music`, without its imports."""

    roots: tuple[int, ...] | None = None
    query: str = ""
    track_ids: tuple[int, ...] | None = None

    def params(self) -> dict[str, Any]:
        """For a job."""
        return {
            "roots": None if self.roots is None else list(self.roots), "query": self.query,
            "track_ids": None if self.track_ids is None else list(self.track_ids),
        }  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """A run that a person has put together."""

    strategy: str
    preset: str
    name: str = ""
    music: Music = field(default_factory=Music)
    device: str = "auto"
    overrides: Mapping[str, Any] = field(default_factory=dict)
    pins: tuple[int, ...] = ()
    predicted: Mapping[str, Any] = field(default_factory=dict)

    def params(self) -> dict[str, Any]:
        """Of the jobs `train` and `trial`."""
        return {
            "strategy": self.strategy, "preset": self.preset, "name": self.name, "overrides": dict(self.overrides),
            "music": self.music.params(), "device": self.device, "pins": list(self.pins), "resume": False,
            "predicted": dict(self.predicted),
        }  # fmt: skip
