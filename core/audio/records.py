"""What goes into the decoder and what comes out: small frozen records that travel between processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""Mono, 16 kHz, nominally within -1..1, always finite: `(samples,)`."""

Kind = Literal[
    "missing", "not-regular", "no-audio", "empty", "unreadable", "stalled", "crashed", "memory"
]  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One file to be decoded.

    Attributes
    ----------
    key
        The caller's own number; every answer carries it.
    path
        Raw bytes as the operating system spells it.
    segments
        0: the whole file. Else this many segments of 3 s spread evenly over it, one window each.
    middle_s
        0: as `segments` says. Else only so many seconds from the middle, as windows that follow each other.
    identify_only
        Hash the packets, decode nothing.
    known
        An identity: if the file has it, nothing is decoded (`Finished.decoded` is False).
    """

    key: int
    path: bytes
    segments: int = 0
    identify_only: bool = False
    known: str = ""
    middle_s: float = 0.0


@dataclass(frozen=True, eq=False)
class Window:
    """A stretch of a file: `samples` `(n,)` from sample `start` of the file on.

    Of a whole file, or its middle, the windows follow each other without gap, each 30 s (ten segments) but
    the last.
    Of a file in segments each is exactly one segment long.
    """

    key: int
    start: int
    samples: Samples


@dataclass(frozen=True)
class Finished:
    """The end of a file that could be read, wholly or in part.

    Attributes
    ----------
    identity
        Hash of the audio packets with codec, rate and channels: tags and name do not change it.
    seconds
        Of sound in the file, as far as it can be read.
    declared_seconds
        What the file says of itself, `None` where it says nothing.
    partial, reason
        Something is missing, and a sentence about what.
    bit_rate
        In bits/s, 0 where unknown.
    cpu_seconds
        Processor time that this file took in its worker.
    decoded
        False where only the identity was asked for, or it was the known one.
    """

    key: int
    identity: str
    seconds: float
    declared_seconds: float | None
    partial: bool
    reason: str
    codec: str
    sample_rate: int
    channels: int
    bit_rate: int
    cpu_seconds: float
    decoded: bool


@dataclass(frozen=True)
class Failed:
    """The end of a file that gave nothing; windows that came before it are to be thrown away."""

    key: int
    kind: Kind
    reason: str


Event = Window | Finished | Failed


class UnusableError(Exception):
    """Raised inside the decoder where a file turns out to be of no use; becomes a `Failed`."""

    def __init__(self, kind: Kind, reason: str) -> None:
        super().__init__(kind, reason)
        self.kind = kind
        self.reason = reason
