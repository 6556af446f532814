"""The only exceptions whose text is written for a person."""

from __future__ import annotations


class UserError(Exception):
    """The environment or a choice is at fault, not the program.

    Parameters
    ----------
    title
        One sentence: what is wrong.
    hint
        What a person can do about it; may be empty.
    """

    def __init__(self, title: str, hint: str = "") -> None:
        super().__init__(f"{title} {hint}".strip())
        self.title = title
        self.hint = hint

    def __reduce__(self) -> tuple[type[UserError], tuple[str, str]]:
        """Survive the trip between processes (pickle would pass one argument)."""
        return type(self), (self.title, self.hint)


class DamagedError(UserError):
    """A file of ours is broken: it can be set aside, and another one begun."""


class Cancelled(Exception):  # noqa: N818 - an outcome that a person asked for, not an error
    """Somebody asked the running job to stop."""
