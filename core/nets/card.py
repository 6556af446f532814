"""What an encoder's file says of itself: its card, read without torch, since the window lists encoders too.

A safetensors file begins with the length of its header (8 bytes, little-endian) and the header, which is JSON; the
card is JSON once more, under a key of its metadata. A person may have got the file from anybody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import UserError
from core.recommend.standardise import FEWEST, Standardisation

METADATA_KEY = "earmap"
SUFFIX = ".safetensors"
LARGEST_FILE = 2**30
LARGEST_HEADER = 2**20
LONGEST_TEXT = 10_000
"""Of one text on a card that came from somebody else."""
MARK = 16
"""Hexadecimal digits of a track's mark: of a million tracks two have one by a chance of 1 in 40 million."""


class RefusedError(UserError):
    """A file is no encoder that can be used."""


class Card(BaseModel):
    """What must be known of an encoder; whatever else was put on its card is kept."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    format: Literal[1] = 1
    strategy: str = Field(max_length=100)
    config: dict[str, Any]
    dim: int = Field(ge=1)
    track_dim: int = Field(ge=1)
    front_end: str = Field(max_length=100)
    weights_hash: str = Field(pattern="^[0-9a-f]{64}$")
    created: datetime
    versions: dict[str, str]
    """Of the programs it was made with."""
    figures: dict[str, Any] = Field(default_factory=dict)
    """What was measured with it."""


def refuse(path: Path, reason: str) -> NoReturn:
    """Raise what a person reads of a file that is no encoder."""
    raise RefusedError(f"{path.name} cannot be used as an encoder.", reason)


@contextmanager
def doors(path: Path) -> Iterator[None]:
    """What the system says of a file, as a sentence."""
    try:
        yield
    except FileNotFoundError:
        refuse(path, "It is not there.")
    except OSError as error:
        refuse(path, f"It is damaged: {error}.")


def check_size(path: Path) -> int:
    """Before anything is parsed: a regular file, none too large, and a header (its bytes) that is not a bomb."""
    if not path.exists():
        raise FileNotFoundError(path)
    if not path.is_file():
        refuse(path, "It is not a file.")
    if path.stat().st_size > LARGEST_FILE:
        refuse(path, "It is larger than any encoder.")
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    if header > LARGEST_HEADER:
        refuse(path, "It is not an encoder, or it is damaged.")
    return header


def parse(path: Path, text: object) -> Card:
    """A card out of a file's metadata; UserError where it is none."""
    if not isinstance(text, str):
        refuse(path, "It has no card: it was not written by this program.")
    try:
        return Card.model_validate_json(text)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, problem["loc"])) or problem["msg"] for problem in error.errors())
        refuse(path, f"Its card makes no sense, or is from a newer version of the program ({fields[:200]}).")


def read(path: Path) -> Card:
    """The card of a file whose weights nobody has looked at yet; UserError where there is none."""
    with doors(path):
        size = check_size(path)
        with path.open("rb") as file:
            header = file.read(8 + size)[8:]
    try:
        found = json.loads(header)
        metadata = found.get("__metadata__") if isinstance(found, dict) else None
    except (ValueError, RecursionError):
        refuse(path, "It is not an encoder, or it is damaged.")
    return parse(path, metadata.get(METADATA_KEY) if isinstance(metadata, dict) else None)


def clean(value: Any) -> Any:
    """A value of somebody else's card, its texts printable and of bounded length."""
    if isinstance(value, dict):
        return {str(clean(str(key))): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, str):
        return "".join(letter if letter.isprintable() else " " for letter in value[:LONGEST_TEXT])
    return value


def learned(card: Mapping[str, Any]) -> str:
    """A sentence on how much music an encoder learned from; empty where its card does not tell."""
    data = card.get("data")
    told = data if isinstance(data, dict) else {}
    hours, tracks = _positive(told.get("hours")), _positive(told.get("tracks"))
    hours = hours or _positive(told.get("seconds")) / 3600
    long = f"{hours:,.1f} h of music" if hours >= 1 else f"{60 * hours:,.0f} min of music" if hours else ""
    many = f"{tracks:,.0f} tracks" if tracks else ""
    return f"It learned from {', '.join(filter(None, (long, many)))}." if long or many else ""


def _positive(value: object) -> float:
    """0 for what is no such number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 < value < 1e12 else 0.0


def mark(identity: str) -> str:
    """What stands on a card for a track that was heard in training: enough to know it again, not to tell what it is."""
    return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:MARK]


def heard(card: Mapping[str, Any]) -> frozenset[str] | None:
    """Marks of the tracks that an encoder heard in training, validation included; None where its card has none."""
    data = card.get("data")
    marks = data.get("heard") if isinstance(data, dict) else None
    if not isinstance(marks, list) or not all(isinstance(one, str) for one in marks):
        return None
    return frozenset(marks)


def standardisation(card: Mapping[str, Any], dim: int) -> Standardisation | None:
    """The statistics of the tracks that an encoder learned from, where its card has them.

    Parameters
    ----------
    dim
        Length of a track's vector.

    Returns
    -------
    None where the card has none, or none that could be: it may come from anybody.
    """
    told = card.get("standardisation")
    if not isinstance(told, dict):
        return None
    n = told.get("n")
    try:
        with np.errstate(over="ignore"):  # what is too large is found out below
            mean, std = (np.asarray(told.get(key), np.float32) for key in ("mean", "std"))
    except (TypeError, ValueError, OverflowError):
        return None
    if mean.shape != (dim,) or std.shape != (dim,) or not isinstance(n, int) or n < FEWEST:
        return None
    good = np.isfinite(mean).all() and np.isfinite(std).all() and (std >= 0).all() and (std > 0).any()
    return Standardisation(mean, std, n) if good else None
