"""Runs of jobs: what is running, what ended how, and what was passed over."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import psutil
from sqlalchemy import insert, select, update

from core.library.database import Database
from core.library.models import Job, JobSkip
from core.library.records import JobRecord, JobState
from core.library.runs import end_with_job
from core.library.text import storable

HEARTBEAT_S = 3.0
DEAD_AFTER_S = 30.0

_COLUMNS = (
    Job.id, Job.kind, Job.params, Job.state, Job.stage, Job.done, Job.total, Job.skipped, Job.metrics, Job.result,
    Job.title, Job.hint, Job.details, Job.pid, Job.created_at, Job.heartbeat, Job.finished_at,
)  # fmt: skip


class Jobs:
    """The job tables."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def start(self, kind: str, params: dict[str, object]) -> int:
        """A row for a run that begins now, in this process; its id."""
        now = time.time()
        row = {"kind": kind, "params": params, "state": "running", "pid": os.getpid(), "created_at": now}
        with self._db.write() as connection:
            return int(
                connection.execute(insert(Job).returning(Job.id), row | {"heartbeat": now}).scalar_one()
            )

    def beat(
        self, job_id: int, stage: str, done: int, total: int | None, metrics: dict[str, object],
        skips: Sequence[tuple[str, str]], skipped: int,
    ) -> None:  # fmt: skip
        """Note where the run is, and what it passed over since the last beat."""
        values = {
            "stage": storable(stage),
            "done": done,
            "total": total,
            "metrics": metrics,
            "skipped": skipped,
        }
        with self._db.write() as connection:
            connection.execute(update(Job).where(Job.id == job_id).values(**values, heartbeat=time.time()))
            if skips:
                connection.execute(
                    insert(JobSkip),
                    [{"job_id": job_id, "item": storable(i), "reason": storable(r)} for i, r in skips],
                )

    def finish(
        self, job_id: int, state: JobState, *, result: dict[str, object] | None = None,
        title: str = "", hint: str = "", details: str = "",
    ) -> None:  # fmt: skip
        """Note how the run ended."""
        texts = {"title": storable(title), "hint": storable(hint), "details": storable(details)}
        values = {"state": state, "result": result or {}, **texts}
        with self._db.write() as connection:
            connection.execute(update(Job).where(Job.id == job_id).values(**values, finished_at=time.time()))
            end_with_job(connection, job_id, "failed" if state == "failed" else "interrupted")

    def recent(self, limit: int = 100) -> list[JobRecord]:
        """The newest runs first."""
        with self._db.read() as connection:
            rows = connection.execute(select(*_COLUMNS).order_by(Job.id.desc()).limit(limit))
            return [JobRecord(*row) for row in rows]

    def running(self, kind: str | None = None) -> list[JobRecord]:
        """Runs that are alive, here or in another process."""
        return [job for job in self._open() if _alive(job) and kind in (None, job.kind)]

    def _open(self) -> list[JobRecord]:
        with self._db.read() as connection:
            rows = connection.execute(select(*_COLUMNS).where(Job.state.in_(["queued", "running"])))
            return [JobRecord(*row) for row in rows]

    def skips(self, job_id: int, limit: int = 10_000) -> list[tuple[str, str]]:
        """What a run passed over: (item, reason)."""
        statement = select(JobSkip.item, JobSkip.reason).where(JobSkip.job_id == job_id).limit(limit)
        with self._db.read() as connection:
            return [(row.item, row.reason) for row in connection.execute(statement)]

    def bury_dead(self) -> list[JobRecord]:
        """Mark runs whose process is gone as interrupted; those runs."""
        return [job for job in self._open() if not _alive(job) and self._bury(job)]

    def _bury(self, job: JobRecord) -> bool:
        """Whether the run was still as it was when it was found dead: it may have ended well just then."""
        same = (Job.id == job.id, Job.state == job.state, Job.heartbeat == job.heartbeat)
        values = {"state": "interrupted", "finished_at": time.time(), "hint": "It can be resumed."}
        values |= {"title": "The program ended before the job did."}
        with self._db.write() as connection:
            buried = connection.execute(update(Job).where(*same).values(**values)).rowcount > 0
            if buried:
                end_with_job(connection, job.id, "interrupted")
            return buried


def _alive(job: JobRecord) -> bool:
    """Whether the run's process is there.

    One that has been silent for long may have been suspended with its machine. One that is younger than
    the run has been given a dead one's number, unless the run is heard of: then the clock was set.
    """
    try:
        process = psutil.Process(job.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        heard = abs(time.time() - job.heartbeat) < DEAD_AFTER_S
        return heard or process.create_time() <= job.created_at + 1
    except psutil.Error:
        return False
