"""Sentences about encoders: by their names, as files and terminals have them, or by the titles a window gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Said(str):
    """A sentence with encoders' names in it.

    Parameters
    ----------
    pieces
        Text and names in turn, beginning with text.
    """

    pieces: tuple[str, ...]

    def __new__(cls, *pieces: str) -> Said:
        """Put the pieces together."""
        made = super().__new__(cls, "".join(pieces))
        made.pieces = pieces
        return made

    def titled(self, title: Callable[[str], str]) -> str:
        """The same with what `title` makes of each name."""
        return "".join(title(piece) if place % 2 else piece for place, piece in enumerate(self.pieces))


def listed(before: str, names: Iterable[str], after: str) -> Said:
    """A sentence with several names, commas between them."""
    return told(before, [(name, "") for name in names], after, ", ")


def told(before: str, about: Iterable[tuple[str, str]], after: str, between: str) -> Said:
    """A sentence that says something of several encoders: pairs of a name and what follows it."""
    pieces = [before]
    for name, text in about:
        pieces[-1] += between if len(pieces) > 1 else ""
        pieces += [name, text]
    return Said(*pieces[:-1], pieces[-1] + after)


def titled(note: str, title: Callable[[str], str]) -> str:
    """A note for a window: encoders in it have their titles."""
    return note.titled(title) if isinstance(note, Said) else note
