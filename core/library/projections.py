"""Maps: where an encoder's tracks lie in the plane, one of each method. No torch.

Points lie in blocks of columns, so that a million are read in a blink. Clusters can be made again at any time
and lie in a file beside the library.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.dialects.sqlite import insert

from core.errors import UserError
from core.files import atomic
from core.library.database import Database
from core.library.duplicates import ids_json
from core.library.models import Projection, ProjectionArrays
from core.library.records import ProjectionRecord

__all__ = ["Points", "ProjectionRecord", "Projections"]

NO_CLUSTER = -1

_NAMES = tuple(each.name for each in fields(ProjectionRecord))
_COLUMNS = tuple(Projection.__table__.c[name] for name in _NAMES)
_GONE = UserError("This map is not there any more.", "Draw it anew.")


@dataclass(frozen=True, eq=False)
class Points:
    """What lies on a map; a row each.

    Parameters
    ----------
    tracks
        (n,) ids.
    points
        (n, 2); a map is centred, and its points lie at a distance of 1 from there in the mean square.
    kept
        (n,) share of the true neighbours that are neighbours on the map; NaN: not measured.
    placed
        (n,) whether neighbours placed it after the fit.
    clusters
        (n,) number of its group; -1: in none. Empty becomes -1 everywhere, as do empty `kept` and `placed` NaN and
        False.
    """

    tracks: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    points: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 2), np.float32))
    kept: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    placed: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    clusters: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))

    def __post_init__(self) -> None:
        n = len(self.tracks)
        for name, blank in (
            ("kept", np.float32(np.nan)),
            ("placed", False),
            ("clusters", np.int16(NO_CLUSTER)),
        ):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.full(n, blank))
        lengths = {len(getattr(self, part.name)) for part in fields(self)}
        if lengths != {n} or self.points.shape != (n, 2):
            raise ValueError(f"a map's columns differ in length: {lengths}, points {self.points.shape}")

    def __len__(self) -> int:
        return len(self.tracks)

    def take(self, rows: NDArray[Any]) -> Self:
        """Some of the rows."""
        return type(self)(**{part.name: getattr(self, part.name)[rows] for part in fields(self)})

    def without(self, tracks: NDArray[np.int64] | Collection[int]) -> Self:
        """The rows of other tracks."""
        return self.take(~np.isin(self.tracks, np.asarray(list(tracks), np.int64)))

    def joined(self, more: Points) -> Self:
        """These rows, then those."""
        return type(self)(
            **{
                part.name: np.concatenate((getattr(self, part.name), getattr(more, part.name)))
                for part in fields(self)
            }
        )


class Projections:
    """The tables of maps."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @cached_property
    def _prefix(self) -> str:
        """Of this very library's files: a row's number says nothing in another library at the same place."""
        return f"{self._db.uid():x}"

    def all(self) -> list[ProjectionRecord]:
        """Every map that can be read, oldest first, without points."""
        with self._db.read() as connection:
            rows = connection.execute(select(Projection.id).order_by(Projection.id)).scalars().all()
            found = [_find(connection, Projection.id == row) for row in rows]
        return [record for record in found if record is not None]

    def find(self, encoder_id: int, plan: str, method: str = "umap") -> ProjectionRecord | None:
        """The map of an encoder; None where there is none, or its row is damaged."""
        with self._db.read() as connection:
            return _find(connection, *_here(encoder_id, plan, method))

    def arrays(self, record_id: int) -> Points:
        """What lies on a map.

        Raises
        ------
        UserError
            The map is gone or damaged.
        """
        with self._db.read() as connection:
            points = _points(connection, record_id)
        return replace(points, clusters=_clusters(self._clusters_file(record_id), len(points)))

    def put(
        self,
        encoder_id: int,
        plan: str,
        method: str,
        params: dict[str, Any],
        figures: dict[str, Any],
        points: Points,
    ) -> ProjectionRecord:
        """Keep a finished map instead of the one that is there, all or nothing.

        Raises
        ------
        UserError
            The encoder is gone, or there is no room.
        """
        values = {"encoder_id": encoder_id, "plan": plan, "method": method, "created_at": time.time()}
        values |= {"params": params, "figures": figures | {"n": len(points)}}
        with self._db.write() as connection:
            if not connection.execute(text("SELECT 1 FROM encoder WHERE id = :id"), {"id": encoder_id}).all():
                raise UserError("The encoder of this map is not there any more.")
            old = connection.execute(
                delete(Projection).where(*_here(encoder_id, plan, method)).returning(Projection.id)
            )
            replaced = old.scalars().all()
            made = connection.execute(
                insert(Projection).values(**values).returning(Projection.id)
            ).scalar_one()
            connection.execute(insert(ProjectionArrays).values(projection_id=made, **_blobs(points)))
            kept = _find(connection, Projection.id == made)
        assert kept is not None
        self._keep_clusters(made, points)
        for record_id in replaced:
            self._forget_clusters(record_id)
        return kept

    def append(
        self, record_id: int, tracks: NDArray[np.int64], points: NDArray[np.float32], kept: NDArray[np.float32],
        clusters: NDArray[np.int16] | None = None,
    ) -> None:  # fmt: skip
        """Add tracks that neighbours placed; a track that is there already stays where it is. No other point moves.

        Raises
        ------
        UserError
            The map is gone or damaged.
        """
        groups = np.full(len(tracks), NO_CLUSTER, np.int16) if clusters is None else clusters
        more = Points(tracks, points, kept, np.ones(len(tracks), np.bool_), groups)
        self._change(record_id, lambda now: now.joined(more.without(now.tracks)))

    def drop(self, record_id: int, tracks: NDArray[np.int64] | Collection[int]) -> None:
        """Take tracks from a map; those that are not there are passed over."""
        self._change(record_id, lambda now: now.without(tracks))

    def note(self, record_id: int, **figures: Any) -> None:
        """Add figures, such as one that takes longer than the map; a map that is gone meanwhile needs none."""
        with self._db.write() as connection:
            known = _find(connection, Projection.id == record_id)
            if known is not None:
                _set_figures(connection, known, figures)

    def delete(self, record_ids: Collection[int]) -> None:
        """Forget maps; they can be drawn again."""
        statement = text("DELETE FROM projection WHERE id IN (SELECT value FROM json_each(:ids))")
        with self._db.write() as connection:
            connection.execute(statement, {"ids": ids_json(record_ids)})
        for record_id in record_ids:
            self._forget_clusters(record_id)

    def _change(self, record_id: int, change: Callable[[Points], Points]) -> None:
        file = self._clusters_file(record_id)
        with self._db.write() as connection:
            known = _find(connection, Projection.id == record_id)
            if known is None:
                raise _GONE
            before = _points(connection, record_id)
            after = change(replace(before, clusters=_clusters(file, len(before))))
            here = update(ProjectionArrays).where(ProjectionArrays.projection_id == record_id)
            connection.execute(here.values(**_blobs(after)))
            _set_figures(connection, known, {"n": len(after), "changed_at": time.time()})
        self._keep_clusters(record_id, after)

    # -- clusters ---------------------------------------------------------------------------------

    def _clusters_file(self, record_id: int) -> Path:
        return self._db.sidecar("maps") / f"{self._prefix}-{record_id}.clusters"

    def _keep_clusters(self, record_id: int, points: Points) -> None:
        # The map itself is kept already, and stands without them.
        with suppress(UserError), atomic(self._clusters_file(record_id)) as file:
            file.write(points.clusters.astype("<i2").tobytes())

    def _forget_clusters(self, record_id: int) -> None:
        with suppress(OSError):  # in use on Windows: it is never taken for another map's
            self._clusters_file(record_id).unlink(missing_ok=True)


def _clusters(file: Path, n: int) -> NDArray[np.int16]:
    """What the file says; none where it is missing or belongs to another state of the map."""
    with suppress(OSError, ValueError):
        found = np.frombuffer(file.read_bytes(), "<i2")
        if len(found) == n:
            return found.astype(np.int16)
    return np.full(n, NO_CLUSTER, np.int16)


def _here(encoder_id: int, plan: str, method: str) -> tuple[Any, ...]:
    return Projection.encoder_id == encoder_id, Projection.plan == plan, Projection.method == method


def _find(connection: Connection, *where: Any) -> ProjectionRecord | None:
    """The row that meets the conditions; None where its JSON is none."""
    try:
        row = connection.execute(select(*_COLUMNS).where(*where)).one_or_none()
    except ValueError:
        return None
    if row is None or not isinstance(row.params, dict) or not isinstance(row.figures, dict):
        return None
    return ProjectionRecord(**dict(zip(_NAMES, row, strict=True)))


def _set_figures(connection: Connection, known: ProjectionRecord, figures: dict[str, Any]) -> None:
    here = update(Projection).where(Projection.id == known.id)
    connection.execute(here.values(figures=known.figures | figures))


def _blobs(points: Points) -> dict[str, bytes]:
    return {
        "tracks": np.ascontiguousarray(points.tracks, "<i8").tobytes(),
        "points": np.ascontiguousarray(points.points, "<f4").tobytes(),
        "kept": np.ascontiguousarray(points.kept, "<f2").tobytes(),
        "placed": np.ascontiguousarray(points.placed, np.uint8).tobytes(),
    }


def _points(connection: Connection, record_id: int) -> Points:
    here = select(ProjectionArrays).where(ProjectionArrays.projection_id == record_id)
    row = connection.execute(here).one_or_none()
    if row is None:
        raise _GONE
    try:
        points = Points(
            np.frombuffer(row.tracks, "<i8").astype(np.int64, copy=False),
            np.frombuffer(row.points, "<f4").astype(np.float32, copy=False).reshape(-1, 2),
            np.frombuffer(row.kept, "<f2").astype(np.float32),
            np.frombuffer(row.placed, np.uint8) != 0,
        )
    except (ValueError, TypeError) as error:
        raise UserError("This map is damaged.", "Draw it anew.") from error
    if not np.isfinite(points.points).all():
        raise UserError("This map is damaged.", "Draw it anew.")
    return points
