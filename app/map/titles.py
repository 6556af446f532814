"""Titles of the few points that are shown with one: asked for once, kept while the points are the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

KEPT = 20_000
"""Of more than so many all are forgotten: who walks through a million points shall not keep a million titles."""

Ask = Callable[[list[int]], Sequence[str] | None]


class Titles:
    """What rows are called.

    Parameters
    ----------
    told
        Called when titles have come later.
    """

    def __init__(self, told: Callable[[], None]) -> None:
        self._told = told
        self._ask: Ask | None = None
        self._known: dict[int, str] = {}
        self._asked: set[int] = set()

    def set_source(self, ask: Ask | None) -> None:
        """Who is asked from now on."""
        self._ask = ask
        self.forget()
        self._told()

    def forget(self) -> None:
        """Rows mean something else now."""
        self._known.clear()
        self._asked.clear()

    def of(self, rows: Sequence[int]) -> dict[int, str]:
        """Titles of those that are known; the others are asked for, once."""
        unknown = [row for row in rows if row not in self._known and row not in self._asked]
        if unknown and self._ask is not None:
            if len(self._known) > KEPT:
                self.forget()
                unknown = list(rows)
            self._asked.update(unknown)
            answer = self._ask(unknown)
            if answer is not None:
                self._known.update(zip(unknown, answer, strict=True))
        return {row: self._known[row] for row in rows if row in self._known}

    def put(self, rows: Sequence[int], titles: Sequence[str]) -> None:
        """An answer that came later."""
        self._known.update(zip((int(row) for row in rows), titles, strict=True))
        self._told()
