"""Results of evaluations: every figure with what it follows from, and apart from it what each item scored. No torch."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.sqlite import insert

from core.errors import UserError
from core.library.database import Database
from core.library.duplicates import ids_json
from core.library.models import Evaluation, EvaluationArrays
from core.library.records import EvaluationRecord, Figure

if TYPE_CHECKING:  # SciPy comes in with it; the window opens before that is needed
    from core.evaluation.intervals import Scores

__all__ = ["Arrays", "EvaluationRecord", "Evaluations", "Figure"]

Rows = NDArray[np.int64]

_NAMES = tuple(each.name for each in fields(EvaluationRecord))
_COLUMNS = tuple(Evaluation.__table__.c[name] for name in _NAMES)


def _empty() -> Rows:
    return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Arrays:
    """What lies behind the figures of one result.

    Parameters
    ----------
    items
        (n,) tracks, in the task's order.
    names
        Of the classes, tags or playlists.
    targets
        class: (n,) a number into `names`. tags: (n, tags) 0 or 1. playlists: (entries, 2). Empty for a report.
    scores
        By metric, what each item (each playlist) scored: accuracy; hit_rate and percentile.
    confusion
        (classes, classes) how often an item of the row's class was called the column's; empty for other kinds.
    answers
        (k, 3) the item's row, the class that it was called, and how often.
    """

    items: Rows = field(default_factory=_empty)
    names: tuple[str, ...] = ()
    targets: Rows = field(default_factory=_empty)
    scores: dict[str, Scores] = field(default_factory=dict)
    confusion: Rows = field(default_factory=lambda: np.empty((0, 0), np.int64))
    answers: Rows = field(default_factory=lambda: np.empty((0, 3), np.int64))


class Evaluations:
    """The tables of results."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[EvaluationRecord]:
        """Every result, oldest first, without arrays."""
        with self._db.read() as connection:
            return [_record(row) for row in connection.execute(select(*_COLUMNS).order_by(Evaluation.id))]

    def find(self, key: str) -> EvaluationRecord | None:
        """The result that follows from exactly this."""
        with self._db.read() as connection:
            return _find(connection, key)

    def add(self, record: EvaluationRecord, arrays: Arrays) -> EvaluationRecord:
        """Keep a result, all or nothing; where another job was quicker, its result stays and is returned."""
        values = asdict(record) | {"notes": list(record.notes), "created_at": time.time()}
        del values["id"]
        content = _packed(arrays)
        with self._db.write() as connection:
            made = connection.execute(
                insert(Evaluation).values(**values).on_conflict_do_nothing().returning(Evaluation.id)
            ).scalar_one_or_none()
            if made is not None:
                connection.execute(insert(EvaluationArrays).values(evaluation_id=made, content=content))
            kept = _find(connection, record.key)
        assert kept is not None
        return kept

    def arrays(self, evaluation_id: int) -> Arrays:
        """What lies behind a result's figures.

        Raises
        ------
        UserError
            The result is gone, or its arrays cannot be read.
        """
        statement = select(EvaluationArrays.content).where(EvaluationArrays.evaluation_id == evaluation_id)
        with self._db.read() as connection:
            content = connection.execute(statement).scalar_one_or_none()
        if content is None:
            raise UserError("This result is not there any more.")
        try:
            return _unpacked(content)
        except (ValueError, KeyError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            raise UserError(
                "What lies behind this result is damaged.", "Delete it and compute it again."
            ) from error

    def delete(self, evaluation_ids: Collection[int]) -> None:
        """Forget results; they can be computed again."""
        statement = text("DELETE FROM evaluation WHERE id IN (SELECT value FROM json_each(:ids))")
        with self._db.write() as connection:
            connection.execute(statement, {"ids": ids_json(evaluation_ids)})

    def stamp(self) -> tuple[int, int]:
        """Count and newest id: changes whenever a result comes or goes."""
        statement = select(func.count(), func.coalesce(func.max(Evaluation.id), 0)).select_from(Evaluation)
        with self._db.read() as connection:
            count, newest = connection.execute(statement).one()
        return int(count), int(newest)


def _find(connection: Connection, key: str) -> EvaluationRecord | None:
    row = connection.execute(select(*_COLUMNS).where(Evaluation.key == key)).one_or_none()
    return None if row is None else _record(row)


def _record(row: Any) -> EvaluationRecord:
    values = dict(zip(_NAMES, row, strict=True))
    figures = {name: Figure(**_numbers(figure)) for name, figure in values["figures"].items()}
    return EvaluationRecord(**values | {"figures": figures, "notes": tuple(values["notes"])})


def _numbers(figure: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no NaN."""
    return {name: np.nan if value is None else value for name, value in figure.items()}


def _packed(arrays: Arrays) -> bytes:
    """A compressed npz of numbers and fixed-width text: nothing in it is ever unpickled."""
    names = "".join(f"{name}\0" for name in arrays.names).encode("utf-8", "surrogatepass")
    parts: dict[str, Any] = {
        "items": arrays.items, "targets": arrays.targets, "confusion": arrays.confusion, "answers": arrays.answers,
        "names": np.frombuffer(names, np.uint8),
    }  # fmt: skip
    for metric, scores in arrays.scores.items():
        for name in ("totals", "counts", "groups"):
            parts[f"{metric}.{name}"] = getattr(scores, name)
    content = io.BytesIO()
    np.savez_compressed(content, **parts)
    return content.getvalue()


def _unpacked(content: bytes) -> Arrays:
    from core.evaluation.intervals import Scores

    with np.load(io.BytesIO(content), allow_pickle=False) as parts:
        names = parts["names"].tobytes().decode("utf-8", "surrogatepass")
        metrics = [name.removesuffix(".totals") for name in parts.files if name.endswith(".totals")]
        return Arrays(
            items=parts["items"],
            names=tuple(names.split("\0")[:-1]),
            targets=parts["targets"],
            scores={
                metric: Scores(*(parts[f"{metric}.{part}"] for part in ("totals", "counts", "groups")))
                for metric in metrics
            },
            confusion=parts["confusion"],
            answers=parts["answers"],
        )
