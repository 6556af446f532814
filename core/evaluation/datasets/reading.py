"""Texts and lists of data sets, from files that may be anything: large, binary, in any encoding.

Whatever is wrong with one becomes a sentence that names the file and, where there is one, the line.
"""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from core import paths
from core.errors import UserError

LARGEST = 2 * 2**30
"""Bytes of a list that is read line by line. FMA's table has 260 million."""

LARGEST_WHOLE = 512 * 2**20
"""Bytes of a text that is held in memory."""

LOOK = 64 * 2**10
"""Bytes, and names of a folder, that are looked at to tell what it is."""

_BLOCK = 2**20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def shown(path: Path) -> str:
    """A path for a person."""
    return paths.display(os.fsencode(path))


@contextmanager
def opened(path: Path, largest: int = LARGEST) -> Iterator[BinaryIO]:
    """A regular file of at most so many bytes.

    Raises
    ------
    UserError
        It is not, or it cannot be read, also later.
    """
    try:
        if not path.is_file():
            raise UserError(f"There is no file {shown(path)}.", "Check its name and place.")
        if path.stat().st_size > largest:
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
    with opened(path, LARGEST_WHOLE):
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
