"""Lists, tables, JSON and arrays of data sets, from files that may be anything: large, binary, in any encoding.

Whatever is wrong with one becomes a sentence that names the file and, where there is one, the line.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core import paths
from core.errors import UserError

LARGEST = 2 * 2**30
"""Bytes of a list. FMA's table has 260 million."""

LOOK = 64 * 2**10
"""Bytes, and names of a folder, that are looked at to tell what it is."""

_FIELD = 2**20
"""Letters of one field of a table. Python's own limit is too small for biographies in FMA's."""

_BLOCK = 2**20
_ROWS, _WIDEST = 10_000, 10_000
_NPY = b"\x93NUMPY"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = "\t,;|"


def shown(path: Path) -> str:
    """A path for a person."""
    return paths.display(os.fsencode(path))


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file of bearable size.

    Raises
    ------
    UserError
        It is not, or it cannot be read, also later.
    """
    try:
        if not path.is_file():
            raise UserError(f"There is no file {shown(path)}.", "Check its name and place.")
        if path.stat().st_size > LARGEST:
            raise UserError(f"{shown(path)} is far too large for a list.", "Is it the right file?")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise UserError(f"{shown(path)} cannot be read: {error.strerror or error}.") from error


def encoding_of(path: Path) -> str:
    """What a text is written in: as its mark says, else UTF-8 if all of it can be, else Windows' Latin-1.

    Raises
    ------
    UserError
        Not a text.
    """
    with opened(path) as file:
        start = file.read(LOOK)
        marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
        if marked is not None:
            return marked
        if b"\0" in start:
            raise UserError(f"{shown(path)} is not a text.", "Is it the right file?")
        decoder, block = codecs.getincrementaldecoder("utf-8")(), start
        try:
            while block:
                decoder.decode(block)
                block = file.read(_BLOCK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def text(path: Path) -> str:
    """All of a text."""
    encoding = encoding_of(path)
    with opened(path) as file:
        return file.read().decode(encoding, "replace")


def lines(path: Path) -> Iterator[str]:
    """Lines that are not empty, without blanks at their ends."""
    encoding = encoding_of(path)
    with opened(path) as file, io.TextIOWrapper(file, encoding, "replace") as content:
        for line in content:
            stripped = line.strip()
            if stripped:
                yield stripped


def rows(path: Path, delimiter: str = "") -> Iterator[tuple[int, list[str]]]:
    """Lines of a table with their numbers; quoted fields may hold line breaks. Empty lines are passed over.

    Parameters
    ----------
    delimiter
        By default whichever comes most often in the first line.

    Raises
    ------
    UserError
        Not a table.
    """
    encoding, sign = encoding_of(path), delimiter or delimiter_of(path)
    csv.field_size_limit(_FIELD)
    with opened(path) as file, io.TextIOWrapper(file, encoding, "replace", newline="") as content:
        reader = csv.reader(content, delimiter=sign)
        try:
            for row in reader:
                if any(row):
                    yield reader.line_num, row
        except csv.Error as error:
            hint = "A quotation mark may be missing there."
            raise UserError(f"{shown(path)}, line {reader.line_num}: {error}.", hint) from error


def delimiter_of(path: Path) -> str:
    """What comes most often in the first line."""
    first = next(lines(path), "")
    return max(_DELIMITERS, key=first.count)


@dataclass(frozen=True)
class Table:
    """A table with headings, read line by line.

    Parameters
    ----------
    headings
        As they are written, blanks at their ends aside.
    """

    path: Path
    headings: tuple[str, ...]
    delimiter: str

    def column(self, *names: str) -> int | None:
        """The number of the first of these headings that is there; case says nothing."""
        folded = [heading.casefold() for heading in self.headings]
        return next((folded.index(name.casefold()) for name in names if name.casefold() in folded), None)

    def needed(self, *names: str) -> int:
        """`column`, or a sentence that says what is there."""
        found = self.column(*names)
        if found is None:
            some = ", ".join(self.headings[:20])
            raise UserError(
                f"{shown(self.path)} has no column {' or '.join(map(repr, names))}.", f"It has: {some[:400]}."
            )
        return found

    def body(self) -> Iterator[tuple[int, list[str]]]:
        """What comes after the headings; every line as wide as these.

        Raises
        ------
        UserError
            A line is of another width.
        """
        for number, row in islice(rows(self.path, self.delimiter), 1, None):
            if len(row) != len(self.headings):
                raise UserError(
                    f"{shown(self.path)}, line {number}: {len(row)} columns, where the headings are "
                    f"{len(self.headings)}.",
                    "Is it complete?",
                )
            yield number, row


def table(path: Path, delimiter: str = "") -> Table:
    """The table in a file.

    Raises
    ------
    UserError
        Not a table, or an empty one.
    """
    sign = delimiter or delimiter_of(path)
    first = next(rows(path, sign), None)
    if first is None:
        raise UserError(f"{shown(path)} is empty.", "Is it the right file?")
    return Table(path, tuple(heading.strip() for heading in first[1]), sign)


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


def names_in(folder: Path | bytes) -> list[str]:
    """Names of what lies in a folder, sorted; of a huge one some; none where it cannot be read."""
    with suppress(OSError), os.scandir(os.fsdecode(folder)) as entries:
        return sorted(entry.name for entry in islice(entries, LOOK))
    return []


def start_of(path: Path) -> str:
    """The first letters of a text; "" where it cannot be read."""
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                start = file.read(LOOK)
            marked = next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")
            return start.decode(marked, "replace")
    return ""


def first_there(candidates: Sequence[Path]) -> Path | None:
    """The first of these files that is there."""
    for path in candidates:
        with suppress(OSError):
            if path.is_file():
                return path
    return None
