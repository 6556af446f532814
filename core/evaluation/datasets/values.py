"""JSON lists and arrays of data sets: read without running anything, and without holding more than is needed."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.evaluation.datasets.reading import opened, shown, text

_ROWS, _WIDEST = 10_000, 10_000
_NPY = b"\x93NUMPY"


def objects(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON list one after the other, so that the whole never stands in memory.

    Raises
    ------
    UserError
        Not JSON, or not a list of objects.
    """
    content = text(path)
    decoder, place = json.JSONDecoder(), _after_blanks(content, 0)
    if content[place : place + 1] != "[":
        raise UserError(f"{shown(path)} is not a JSON list.", "Is it the right file?")
    place, count = _after_blanks(content, place + 1), 0
    while content[place : place + 1] != "]":
        try:
            value, place = decoder.raw_decode(content, place)
        except (ValueError, RecursionError) as error:
            line = content.count("\n", 0, getattr(error, "pos", place)) + 1
            raise UserError(
                f"{shown(path)}, line {line}: not JSON, after {count} entries.", "Is it complete?"
            ) from error
        if not isinstance(value, dict):
            raise UserError(f"{shown(path)}, entry {count + 1} is not an object.", "Is it the right file?")
        yield value
        count += 1
        place = _after_blanks(content, place)
        if content[place : place + 1] == ",":
            place = _after_blanks(content, place + 1)
        elif content[place : place + 1] != "]":
            raise UserError(f"{shown(path)} ends after {count} entries.", "Is it complete?")


def _after_blanks(content: str, place: int) -> int:
    while content[place : place + 1] in (" ", "\t", "\r", "\n"):
        place += 1
    return place


def matrix(path: Path, height: int) -> NDArray[np.bool_]:
    """(height, width) flags from an `.npy` file of numbers.

    Raises
    ------
    UserError
        Not such an array. Objects are refused: reading them would run what they hold.
    """
    with opened(path) as file:
        if file.read(len(_NPY)) != _NPY:
            raise UserError(f"{shown(path)} is not an array of NumPy's (.npy).", "Is it the right file?")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "Reading `.npy`", UserWarning
            )  # Python 2 wrote what people have
            stored = np.load(path, mmap_mode="r", allow_pickle=False)
        if stored.dtype.kind not in "biuf":
            raise UserError(f"{shown(path)} holds {stored.dtype}, not numbers.")
        if stored.ndim != 2 or len(stored) != height or not 0 < stored.shape[1] <= _WIDEST:
            size = " x ".join(map(str, stored.shape))
            raise UserError(f"{shown(path)} is {size}, where {height} x tags were expected.")
        parts = [np.asarray(stored[i : i + _ROWS] > 0.5) for i in range(0, height, _ROWS)]
    except (ValueError, OverflowError, MemoryError, OSError) as error:
        hint = "Objects are never read from a file, since that runs what they hold. Is it complete?"
        raise UserError(f"{shown(path)} is not an array of numbers.", hint) from error
    return np.concatenate(parts)
