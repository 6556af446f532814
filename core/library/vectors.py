"""Vectors in SQLite, and the statistics that they are standardised with."""

from __future__ import annotations

from collections.abc import Collection, Generator

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, TextClause, delete, func, select, text
from sqlalchemy.dialects.sqlite import insert

from core.library.database import Database
from core.library.duplicates import ids_json
from core.library.models import Embedding, Standardisation
from core.library.records import Read

AT_ONCE = 16 * 2**20
"""Bytes of segments that are looked at together."""

_OWN = text("""EXISTS (
    SELECT 1 FROM file f JOIN root r ON r.id = f.root_id AND r.kind = 'music' WHERE f.track_id = embedding.track_id
)""")


def _with_segments(encoder_id: int, plan: str) -> tuple[ColumnElement[bool] | TextClause, ...]:
    """Own tracks that have them; `n_segments` lies behind the blob, and to look at it costs as much as reading both."""
    return Embedding.encoder_id == encoder_id, Embedding.plan == plan, _OWN, Embedding.segments.is_not(None)


def insert_vector(
    connection: Connection, track: int, encoder: int, plan: str, read: Read, device: str, precision: str
) -> None:
    """Store a track's vector; one that is there already stays (it came from the same content).

    One that came without the vectors of its segments is given those.
    """
    assert read.vector is not None
    row = {
        "track_id": track, "encoder_id": encoder, "plan": plan, "device": device, "precision": precision,
        "vector": np.ascontiguousarray(read.vector, "<f4").tobytes(), "n_segments": read.n_segments,
        "segments": None if read.segments is None else np.ascontiguousarray(read.segments, "<f2").tobytes(),
    }  # fmt: skip
    statement = insert(Embedding).values(row)
    if read.segments is None:
        connection.execute(statement.on_conflict_do_nothing())
        return
    keys = [Embedding.track_id, Embedding.encoder_id, Embedding.plan]
    new = {"segments": statement.excluded.segments, "n_segments": statement.excluded.n_segments}
    connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=new, where=Embedding.segments.is_(None))
    )


class Vectors:
    """The embedding and standardisation tables."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def count(self, encoder_id: int, plan: str) -> int:
        """How many tracks have a vector."""
        statement = select(func.count()).where(Embedding.encoder_id == encoder_id, Embedding.plan == plan)
        with self._db.read() as connection:
            return int(connection.execute(statement).scalar_one())

    def count_own(self, encoder_id: int, plan: str) -> int:
        """How many tracks of the person's own music have a vector; data sets are left out."""
        statement = select(func.count()).where(
            Embedding.encoder_id == encoder_id, Embedding.plan == plan, _OWN
        )
        with self._db.read() as connection:
            return int(connection.execute(statement).scalar_one())

    def sample_own(self, encoder_id: int, plan: str, limit: int) -> NDArray[np.float32]:
        """(n, track_dim) the oldest vectors of the person's own music, at most `limit`; data sets are left out."""
        here = (Embedding.encoder_id == encoder_id, Embedding.plan == plan, _OWN)
        statement = select(Embedding.vector).where(*here).order_by(Embedding.id).limit(limit)
        with self._db.read() as connection:
            rows = connection.execute(statement).scalars().all()
        return np.frombuffer(b"".join(rows), "<f4").reshape(len(rows), -1 if rows else 0)

    def after(
        self, encoder_id: int, plan: str, last: int, limit: int = 20_000
    ) -> tuple[int, NDArray[np.int64], NDArray[np.float32]]:
        """Vectors stored since embedding `last`, oldest first, at most `limit`.

        Returns
        -------
        The newest embedding id among them (`last` if none), track ids (n,), vectors (n, track_dim).
        """
        here = (Embedding.encoder_id == encoder_id, Embedding.plan == plan, Embedding.id > last)
        columns = (Embedding.id, Embedding.track_id, Embedding.vector)
        statement = select(*columns).where(*here).order_by(Embedding.id).limit(limit)
        with self._db.read() as connection:
            rows = connection.execute(statement).all()
        if not rows:
            return last, np.empty(0, np.int64), np.empty((0, 0), np.float32)
        matrix = np.frombuffer(b"".join(row.vector for row in rows), "<f4").reshape(len(rows), -1)
        return int(rows[-1].id), np.array([row.track_id for row in rows], np.int64), matrix

    def tracks(self, encoder_id: int, plan: str) -> NDArray[np.int64]:
        """(n,) the tracks that have a vector, ascending."""
        statement = select(Embedding.track_id).where(
            Embedding.encoder_id == encoder_id, Embedding.plan == plan
        )
        with self._db.read() as connection:
            return np.sort(np.fromiter(connection.execute(statement).scalars(), np.int64))

    def of(
        self, encoder_id: int, plan: str, track_ids: Collection[int]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Vectors (n, track_dim) of n tracks in the order asked for, and (n,) how many segments each comes from.

        No more than one vector is held beside them.

        Raises
        ------
        KeyError
            A track has none.
        """
        columns = (Embedding.track_id, Embedding.n_segments, Embedding.vector)
        statement = (
            select(*columns)
            .where(Embedding.encoder_id == encoder_id, Embedding.plan == plan)
            .where(text("track_id IN (SELECT value FROM json_each(:ids))"))
        )
        places = {int(track): row for row, track in enumerate(track_ids)}
        segments, matrix = np.zeros(len(places), np.int64), np.empty((len(places), 0), np.float32)
        with self._db.read() as connection:
            for track, count, vector in connection.execute(statement, {"ids": ids_json(places)}):
                if not matrix.shape[1]:
                    matrix = np.empty((len(places), len(vector) // 4), np.float32)
                segments[places[track]], matrix[places[track]] = count, np.frombuffer(vector, "<f4")
        if not segments.all():
            raise KeyError(f"{np.count_nonzero(segments == 0)} tracks without a vector")
        return matrix, segments

    def stamp(self, encoder_id: int, plan: str) -> tuple[int, int]:
        """Count and newest id: changes whenever a vector comes or goes."""
        return self._stamp(Embedding.encoder_id == encoder_id, Embedding.plan == plan)

    def segments_stamp(self, encoder_id: int, plan: str) -> tuple[int, int]:
        """Count and newest id of what `all_segments` yields, also where older vectors were given their segments."""
        return self._stamp(*_with_segments(encoder_id, plan))

    def _stamp(self, *where: ColumnElement[bool] | TextClause) -> tuple[int, int]:
        columns = (func.count(), func.coalesce(func.max(Embedding.id), 0))
        with self._db.read() as connection:
            count, newest = connection.execute(select(*columns).where(*where)).one()
        return int(count), int(newest)

    def made_with(self, encoder_id: int, plan: str) -> tuple[str, str] | None:
        """Device and precision of the oldest vector; None where there is none yet."""
        here = (Embedding.encoder_id == encoder_id, Embedding.plan == plan)
        statement = select(Embedding.device, Embedding.precision).where(*here).order_by(Embedding.id).limit(1)
        with self._db.read() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else (row.device, row.precision)

    def segments(self, track_id: int, encoder_id: int, plan: str) -> NDArray[np.float16] | None:
        """The track's segment vectors (n_segments, dim), where they were asked for."""
        columns = (Embedding.segments, Embedding.n_segments)
        here = (Embedding.track_id == track_id, Embedding.encoder_id == encoder_id, Embedding.plan == plan)
        with self._db.read() as connection:
            row = connection.execute(select(*columns).where(*here)).one_or_none()
        if row is None or row.segments is None:
            return None
        return np.frombuffer(row.segments, "<f2").reshape(row.n_segments, -1)

    def all_segments(
        self, encoder_id: int, plan: str, limit: int = -1
    ) -> Generator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float16]]]:
        """The segment vectors of all own tracks that have them (of the `limit` oldest), some at a time.

        Yields
        ------
        Tracks (k,), how many segments each has (k,), and these one after the other (segments, dim). About
        `AT_ONCE` bytes are held.
        """
        columns = (Embedding.track_id, Embedding.n_segments, Embedding.segments)
        statement = (
            select(*columns)
            .where(*_with_segments(encoder_id, plan), Embedding.n_segments > 0)
            .order_by(Embedding.id)
            .limit(limit)
        )
        with self._db.read() as connection:
            held: list[tuple[int, int, bytes]] = []
            size = 0
            for row in connection.execute(statement.execution_options(yield_per=64)):
                held.append((row.track_id, row.n_segments, row.segments))
                size += len(row.segments)
                if size > AT_ONCE:
                    yield _stacked(held)
                    held, size = [], 0
            if held:
                yield _stacked(held)

    def standardisation(
        self, encoder_id: int, plan: str
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], int] | None:
        """Mean (track_dim,), standard deviation (track_dim,) and the number of tracks they were measured on."""
        here = (Standardisation.encoder_id == encoder_id, Standardisation.plan == plan)
        columns = (Standardisation.mean, Standardisation.std, Standardisation.n)
        with self._db.read() as connection:
            row = connection.execute(select(*columns).where(*here)).one_or_none()
        return (
            None
            if row is None
            else (np.frombuffer(row.mean, "<f4"), np.frombuffer(row.std, "<f4"), int(row.n))
        )

    def set_standardisation(
        self, encoder_id: int, plan: str, mean: NDArray[np.float32], std: NDArray[np.float32], n: int
    ) -> None:
        """Freeze new statistics."""
        row = {"encoder_id": encoder_id, "plan": plan, "n": n}
        row |= {"mean": np.asarray(mean, "<f4").tobytes(), "std": np.asarray(std, "<f4").tobytes()}
        with self._db.write() as connection:
            here = (Standardisation.encoder_id == encoder_id, Standardisation.plan == plan)
            connection.execute(delete(Standardisation).where(*here))
            connection.execute(insert(Standardisation).values(row))


def _stacked(
    held: list[tuple[int, int, bytes]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float16]]:
    tracks, counts, blobs = zip(*held, strict=True)
    matrix = np.frombuffer(b"".join(blobs), "<f2").reshape(sum(counts), -1)
    return np.array(tracks, np.int64), np.array(counts, np.int64), matrix
