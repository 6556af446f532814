"""Training runs: what was asked for, how far each is, and its curves. What is large lies in the run's folder."""

from __future__ import annotations

import math
import shutil
import time
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, select, text, update

from core.errors import UserError
from core.library import names
from core.library.database import Database
from core.library.models import Encoder, Run, RunPoint
from core.library.records import EncoderRecord, Points, RunRecord

FOLDER = "runs"
"""Of the folder beside the library that holds a folder for each run."""

PIECE = 2000
"""Rows that are fetched at a time."""

_COLUMNS = (
    Run.id, Run.name, Run.strategy, Run.preset, Run.config, Run.state, Run.step, Run.steps, Run.job_id, Run.encoder,
    Run.wish, Run.created_at, Run.predicted, Run.figures, Run.verdicts, Run.panel, Run.chance, Run.rewinds,
)  # fmt: skip
_POINTS = text(
    "SELECT id, metric, step, value FROM run_point WHERE run_id = :run AND id > :after ORDER BY id"
)
_VALIDATED = text("""
    SELECT min(value) FILTER (WHERE metric = 'val_loss'),
      (SELECT value FROM run_point WHERE run_id = :run AND metric = 'val_accuracy' ORDER BY id DESC LIMIT 1)
    FROM run_point WHERE run_id = :run
""")
_LOG = text("INSERT INTO run_point(run_id, step, metric, value) VALUES(:run, :step, :metric, :value)")


class Runs:
    """The tables of training runs."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(
        self, name: str, *, strategy: str, preset: str, config: Mapping[str, Any], steps: int,
        job_id: int | None = None, predicted: Mapping[str, Any] | None = None, chance: float = 0.0,
    ) -> RunRecord:  # fmt: skip
        """A run that begins now.

        Raises
        ------
        UserError
            A run has that name already (`unused_name` proposes another), or no folder could be called so.
        """
        values: dict[str, Any] = {
            "name": names.checked(name),
            "strategy": strategy,
            "preset": preset,
            "config": dict(config),
        }
        values |= {"steps": steps, "job_id": job_id, "predicted": dict(predicted or {}), "chance": chance}
        values |= {"state": "running", "created_at": time.time()}
        with self._db.write() as connection:
            taken = {known.casefold(): known for known in connection.scalars(select(Run.name))}
            same = taken.get(str(values["name"]).casefold())
            if same is not None:
                raise UserError(
                    f"There is a run called {same} already.", "Choose another name, or resume that run."
                )
            key = connection.execute(insert(Run).values(**values).returning(Run.id)).scalar_one()
            return _get(connection, key)

    def unused_name(self, base: str, also: Collection[str] = ()) -> str:
        """`base` as it may be called, with a number where a run, a run's folder or an encoder is called so.

        Parameters
        ----------
        also
            Other names that are taken: runs that wait and have no row yet.
        """
        folder = self._db.sidecar(FOLDER)
        with self._db.read() as connection:
            taken = [*connection.scalars(select(Run.name)), *connection.scalars(select(Encoder.name))]
        return names.unused(
            names.proposal(base, "run"), [*taken, *also, *(found.name for found in folder.iterdir())]
        )

    def all(self) -> list[RunRecord]:
        """Every run, oldest first."""
        with self._db.read() as connection:
            return [RunRecord(*row) for row in connection.execute(select(*_COLUMNS).order_by(Run.id))]

    def find(self, name: str) -> RunRecord | None:
        """The run of that name."""
        with self._db.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(Run.name == name)).one_or_none()
        return None if row is None else RunRecord(*row)

    def get(self, key: str | int) -> RunRecord:
        """The run of that name or id; UserError where there is none."""
        if isinstance(key, int):
            with self._db.read() as connection:
                return _get(connection, key)
        found = self.find(key)
        if found is None:
            known = ", ".join(run.name for run in self.all()) or "none yet"
            raise UserError(f"There is no run called {key} in this library.", f"There are: {known}.")
        return found

    def of_encoder(self, encoder: EncoderRecord) -> RunRecord | None:
        """The run that made an encoder here; None for one that came from elsewhere or needed no training."""
        with self._db.read() as connection:
            row = connection.execute(
                select(*_COLUMNS).where(Run.encoder == encoder.name).order_by(Run.id.desc()).limit(1)
            ).one_or_none()
        return None if row is None else RunRecord(*row)

    def update(self, run_id: int, **columns: object) -> None:
        """Change columns of a run (see `RunRecord`)."""
        with self._db.write() as connection:
            connection.execute(update(Run).where(Run.id == run_id).values(**columns))

    def wish(self, run_id: int, wish: str) -> None:
        """Ask something of the job that trains ("finish": take the encoder as it is); "" takes it back."""
        self.update(run_id, wish=wish)

    def log(self, run_id: int, points: Iterable[tuple[int, str, float]], step: int | None = None) -> None:
        """Add (step, metric, value) to the curves, all in one transaction.

        Parameters
        ----------
        step
            How far the run is now, where that should be noted with them.
        """
        rows = [
            {"run": run_id, "step": int(at), "metric": metric, "value": float(value)}
            for at, metric, value in points
        ]
        with self._db.write() as connection:
            if rows:
                connection.execute(_LOG, rows)
            if step is not None:
                connection.execute(update(Run).where(Run.id == run_id).values(step=step))

    def rewind(self, run_id: int, step: int) -> None:
        """Go back to `step`: later points are taken out, since a resumed run draws them anew."""
        with self._db.write() as connection:
            connection.execute(delete(RunPoint).where(RunPoint.run_id == run_id, RunPoint.step > step))
            connection.execute(update(Run).where(Run.id == run_id).values(step=step, rewinds=Run.rewinds + 1))

    def points(self, run_id: int, after_rowid: int = 0) -> Points:
        """What was logged after row `after_rowid`, by metric. See `follow` for a reader that keeps up."""
        with self._db.read() as connection:
            rewinds = connection.execute(select(Run.rewinds).where(Run.id == run_id)).scalar_one_or_none()
            found = connection.execute(_POINTS, {"run": run_id, "after": after_rowid})
            # Some at a time: all at once would keep Python's lock, and a window waiting, for as long as it takes.
            rows = [row for some in found.partitions(PIECE) for row in some]
        return Points(rows[-1][0] if rows else after_rowid, _curves(rows), rewinds or 0)

    def follow(self, run_id: int, known: Points | None) -> Points:
        """All points of a run, reading only what is newer than `known`; all anew after a rewind.

        `known` itself is returned where nothing has changed.
        """
        if known is None:
            return self.points(run_id)
        newer = self.points(run_id, known.last)
        if newer.rewinds != known.rewinds:
            return self.points(run_id)
        return _joined(known, newer) if newer.curves else known

    def validated(self, run_id: int) -> tuple[float | None, float | None]:
        """The lowest validation loss so far, and the last validation accuracy."""
        with self._db.read() as connection:
            best, last = connection.execute(_VALIDATED, {"run": run_id}).one()
        return best, last

    def delete(self, run_id: int) -> None:
        """Forget a run, its curves and its folder; the encoder that it made stays.

        Raises
        ------
        UserError
            It is running.
        """
        run = self.get(run_id)
        if run.state == "running":
            raise UserError(f"{run.name} is being trained.", "Pause it first.")
        # Out of the way first: no later run of that name may find another's state in its folder.
        doomed = self._set_aside(run.name)
        with self._db.write() as connection:
            connection.execute(delete(Run).where(Run.id == run_id))
        if doomed is not None:
            shutil.rmtree(doomed, ignore_errors=True)

    def _set_aside(self, name: str) -> Path | None:
        """The run's folder under a name that no run has; None where there is no folder."""
        folder = self._db.sidecar(FOLDER)
        own, doomed = folder / names.checked(name), folder / f".deleted-{uuid.uuid4().hex[:12]}"
        if own.is_symlink():  # where a person has put it elsewhere, theirs stays
            own.unlink()
            return None
        with suppress(FileNotFoundError):
            try:
                return own.rename(doomed)
            except OSError as error:
                if isinstance(error, FileNotFoundError):
                    raise
                raise UserError(f"The folder {own} cannot be removed: {error.strerror}.") from error
        return None


def end_with_job(connection: Connection, job_id: int, state: str) -> None:
    """Let a run that its job left running end as the job did; one that ended by itself has said how."""
    connection.execute(update(Run).where(Run.job_id == job_id, Run.state == "running").values(state=state))


def _get(connection: Connection, run_id: int) -> RunRecord:
    row = connection.execute(select(*_COLUMNS).where(Run.id == run_id)).one_or_none()
    if row is None:
        raise UserError("This run is not there any more.")
    return RunRecord(*row)


def _curves(rows: Sequence[Any]) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """(id, metric, step, value) rows -> steps and values of each metric."""
    parted: dict[str, tuple[list[int], list[float]]] = {}
    for _, metric, step, value in rows:
        steps, values = parted.setdefault(metric, ([], []))
        steps.append(step)
        values.append(math.nan if value is None else value)
    return {metric: (np.array(s, np.int64), np.array(v, np.float64)) for metric, (s, v) in parted.items()}


def _joined(known: Points, newer: Points) -> Points:
    curves = dict(known.curves)
    for metric, (steps, values) in newer.curves.items():
        before = curves.get(metric)
        curves[metric] = (
            (steps, values) if before is None
            else (np.concatenate([before[0], steps]), np.concatenate([before[1], values]))
        )  # fmt: skip
    return Points(newer.last, curves, newer.rewinds)
