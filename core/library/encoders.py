"""Encoders that the library knows."""

from __future__ import annotations

import time

from sqlalchemy import Connection, insert, select

from core.errors import UserError
from core.library.database import Database
from core.library.models import Encoder
from core.library.records import EncoderRecord

_COLUMNS = (
    Encoder.id, Encoder.name, Encoder.strategy, Encoder.config, Encoder.dim, Encoder.track_dim,
    Encoder.front_end, Encoder.weights_hash, Encoder.card, Encoder.file,
)  # fmt: skip


class Encoders:
    """The encoder table."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[EncoderRecord]:
        """Every encoder, oldest first."""
        with self._db.read() as connection:
            return [EncoderRecord(*row) for row in connection.execute(select(*_COLUMNS).order_by(Encoder.id))]

    def find(self, name: str) -> EncoderRecord | None:
        """The encoder of that name."""
        with self._db.read() as connection:
            return self._find(connection, name)

    @staticmethod
    def _find(connection: Connection, name: str) -> EncoderRecord | None:
        row = connection.execute(select(*_COLUMNS).where(Encoder.name == name)).one_or_none()
        return None if row is None else EncoderRecord(*row)

    def get(self, name: str) -> EncoderRecord:
        """The encoder of that name; UserError where there is none."""
        found = self.find(name)
        if found is None:
            names = ", ".join(encoder.name for encoder in self.all()) or "none yet"
            raise UserError(f"There is no encoder called {name} in this library.", f"There are: {names}.")
        return found

    def add(self, **columns: object) -> EncoderRecord:
        """Store an encoder; one with the same name and weights is there already and is returned.

        Raises
        ------
        UserError
            The name belongs to other weights: vectors of the two must never mix.
        """
        with self._db.write() as connection:
            name = str(columns["name"])
            found = self._find(connection, name)
            if found is None:
                connection.execute(insert(Encoder).values(**columns, created_at=time.time()))
                found = self._find(connection, name)
        assert found is not None
        if found.weights_hash != columns["weights_hash"] or found.front_end != columns["front_end"]:
            raise UserError(
                f"Another encoder is called {name} already.",
                "Give this one another name; vectors of the two do not mix.",
            )
        return found
