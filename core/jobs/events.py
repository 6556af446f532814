"""What a job says while it runs: small frozen records that travel between processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["completed", "cancelled", "failed"]

BUG_TITLE = "Earmap made a mistake."
BUG_HINT = "The details say where; nothing that was stored before is lost."


@dataclass(frozen=True)
class Started:
    """The run has its row in the library."""

    job_id: int
    kind: str


@dataclass(frozen=True)
class Progress:
    """Where the run is. `total` is None while unknown; `metrics` are figures and short texts to show."""

    job_id: int
    stage: str
    done: int
    total: int | None
    metrics: dict[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Skipped:
    """An item was passed over."""

    job_id: int
    item: str
    reason: str


@dataclass(frozen=True)
class Ended:
    """The run is over. `title` and `hint` are for a person, `details` (a traceback) for a report."""

    job_id: int
    outcome: Outcome
    result: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    hint: str = ""
    details: str = ""


Event = Started | Progress | Skipped | Ended
Listener = Callable[[Event], None]
