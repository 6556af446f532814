"""Tables with any delimiter, in any encoding, read line by line; what is wrong with one is told with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.errors import UserError
from core.evaluation.datasets.reading import encoding_of, lines, opened, shown

_FIELD = 2**20
"""Letters of one field of a table. Python's own limit is too small for biographies in FMA's."""

_DELIMITERS = "\t,;|"


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
