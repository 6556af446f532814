"""Rounds of blind listening: which of two encoders' neighbours a person found to fit better."""

from __future__ import annotations

import time

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select

from core.library.database import Database
from core.library.models import ListeningRound
from core.library.records import Choice, ListeningRecord, Side

Pair = tuple[str, str]
"""Names of two encoders, in either order."""

_COLUMNS = (
    ListeningRound.id, ListeningRound.created_at, ListeningRound.query, ListeningRound.encoder_a,
    ListeningRound.encoder_b, ListeningRound.weights_a, ListeningRound.weights_b, ListeningRound.track_a,
    ListeningRound.track_b, ListeningRound.left, ListeningRound.choice,
)  # fmt: skip


class Listening:
    """The table of listening rounds."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(
        self, *, query: int, encoder_a: str, encoder_b: str, weights_a: str, weights_b: str, track_a: int,
        track_b: int, left: Side, choice: Choice, answered_at: float | None = None,
    ) -> ListeningRecord:  # fmt: skip
        """Keep a round that was answered at that time (s since 1970), or now."""
        moment = time.time() if answered_at is None else answered_at
        values = {
            "created_at": moment, "query": query, "encoder_a": encoder_a, "encoder_b": encoder_b,
            "weights_a": weights_a, "weights_b": weights_b, "track_a": track_a, "track_b": track_b, "left": left,
            "choice": choice,
        }  # fmt: skip
        with self._db.write() as connection:
            row = connection.execute(insert(ListeningRound).values(**values).returning(*_COLUMNS)).one()
        return ListeningRecord(*row)

    def all(self, pair: Pair | None = None) -> list[ListeningRecord]:
        """Rounds, oldest first; of a pair, every one is turned so that `encoder_a` is its first name."""
        statement = select(*_COLUMNS).order_by(ListeningRound.created_at, ListeningRound.id)
        if pair is not None:
            statement = statement.where(_of(pair))
        with self._db.read() as connection:
            records = [ListeningRecord(*row) for row in connection.execute(statement)]
        return [
            record.turned() if pair is not None and record.encoder_a != pair[0] else record
            for record in records
        ]

    def clear(self, pair: Pair) -> int:
        """Forget the rounds of a pair; how many there were."""
        with self._db.write() as connection:
            return connection.execute(delete(ListeningRound).where(_of(pair))).rowcount


def _of(pair: Pair) -> ColumnElement[bool]:
    one, other = pair
    a, b = ListeningRound.encoder_a, ListeningRound.encoder_b
    return or_(and_(a == one, b == other), and_(a == other, b == one))
