"""What a run wrote down of its music when it began: `clips.json` in the run's folder.

Identities in ascending order are the rows; a resumed run has the same rows, whatever the library holds by then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core import files
from core.audio.clips import ClipSet
from core.errors import UserError
from core.training.config import RunConfig
from core.training.split import Split
from core.training.state import AFRESH, Frozen

FILE = "clips.json"
LARGEST = 2**28


class Ledger(BaseModel):
    """The music of a run, and everything that was frozen when it began."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    frozen: Frozen
    folder: str = Field("", max_length=4096)
    """Of the clips; empty: the library's own store."""
    clip_seconds: float = Field(ge=0)
    seconds: float = Field(ge=0)
    """Of all clips."""
    identities: list[str]
    train: list[int]
    validation: list[int]
    music: dict[str, Any] = Field(default_factory=dict)
    """What was asked for, so that clips that are gone can be made again."""
    pins: list[str] = Field(default_factory=list)
    """Identities of the tracks whose neighbours are watched."""

    @model_validator(mode="after")
    def _rows_exist(self) -> Self:
        rows = [*self.train, *self.validation]
        if len(set(rows)) < len(rows) or not all(0 <= row < len(self.identities) for row in rows):
            raise ValueError("rows that are not there")
        return self

    @property
    def split(self) -> Split:
        """Rows that are trained on, and those kept for validation."""
        return Split(np.array(self.train, np.int64), np.array(self.validation, np.int64))

    def clips(self, found: ClipSet) -> ClipSet:
        """The run's clips among those `found`.

        Raises
        ------
        UserError
            Some are missing, or are not what they were.
        """
        own = found.subset(self.identities)
        missing = len(self.identities) - len(own)
        hint = "Bring them back, take the encoder as it is (--resume --finish), or start a new run."
        if missing:
            raise UserError(
                f"{missing} of the {len(self.identities)} tracks of this run are not there any more.", hint
            )
        if own.fingerprint != self.frozen.fingerprint:
            raise UserError("The music of this run is not what it was when it began.", hint)
        return own


def save(ledger: Ledger, folder: Path) -> None:
    """Write it, whole or not at all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.unwritable(folder, error) from error
    with files.atomic(folder / FILE) as file:
        file.write(ledger.model_dump_json().encode())


def load(folder: Path) -> Ledger:
    """Read what `save` wrote; UserError where it is missing or makes no sense."""
    path = folder / FILE
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            raise UserError("What this run wrote down of its music is not there.", AFRESH)
        return Ledger.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or first["msg"]
        raise UserError(f"{path.name} of this run makes no sense ({where[:100]}).", AFRESH) from None


def run_config(values: dict[str, Any]) -> RunConfig:
    """A run's config as the library keeps it; UserError where this version does not understand it."""
    try:
        return RunConfig.model_validate(values)
    except ValidationError:
        raise UserError("This run was made by another version of Earmap.", AFRESH) from None
