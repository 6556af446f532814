"""Blind listening between the library and the page: rounds prepared ahead, answers kept, results read.

Whoever listens is told nothing that the sound does not tell: what is played is `hidden`, and no track that is
selected, and so stands at the head of Similar, is asked about.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.random import default_rng
from PySide6.QtCore import QObject, Signal

from app.census import Reader
from app.listening_export import export
from app.listening_rounds import Drawer, Prepared, Sitting
from app.pairing import Names
from app.session import Session
from core.evaluation import listening
from core.evaluation.listening import PairResult
from core.library.records import Choice

AHEAD = 3
"""Rounds that wait to be asked."""


class Listening(QObject):
    """The state behind the page.

    Parameters
    ----------
    session
        Asks the library.
    rng
        Draws rounds; by default nobody can foretell them.

    Signals
    -------
    ready
        A round waits (`take`), where none did.
    refused(object)
        No round can be prepared: a UserError says why.
    stored
        Rounds were answered or cleared.
    """

    ready = Signal()
    refused = Signal(object)
    stored = Signal()

    def __init__(self, session: Session, rng: np.random.Generator | None = None) -> None:
        super().__init__(session)
        self.session = session
        self.sitting: Sitting | None = None
        self.identical = 0
        self._drawer = Drawer(rng or default_rng())
        self._waiting: deque[Prepared] = deque()
        self._asked: Counter[int] = Counter()
        self._preparing = False
        self._number = 0

    # -- rounds

    def begin(self, sitting: Sitting) -> None:
        """Prepare rounds of a new sitting."""
        self.end()
        self.sitting, self.identical = sitting, 0
        self._prepare()

    def end(self) -> None:
        """Prepare no more; what waits is forgotten."""
        self._number += 1
        self.sitting, self._preparing = None, False
        self._waiting.clear()
        self._asked.clear()

    @property
    def waiting(self) -> int:
        """Rounds that can be taken at once."""
        return len(self._waiting)

    def take(self) -> Prepared | None:
        """The next round, or None: `ready` follows."""
        if not self._waiting:
            self._prepare()
            return None
        prepared = self._waiting.popleft()
        self.identical += prepared.identical
        self._prepare()
        return prepared

    def answer(self, prepared: Prepared, choice: Choice) -> None:
        """Keep what was said of a round; `choice` names the encoder (`Prepared.shown` says who was who)."""
        # Threads may write two quick answers in either order.
        self.session.ask(partial(_store, prepared, choice, time.time()), lambda _: self.stored.emit())

    def _prepare(self) -> None:
        if self.sitting is None or self._preparing or len(self._waiting) >= AHEAD:
            return
        self._preparing = True
        number = self._number
        avoid = frozenset(row.track_id for row in self.session.rows if row.track_id is not None)
        question = partial(self._drawer.draw, self.sitting, Counter(self._asked), avoid)
        self.session.ask(question, partial(self._take, number), partial(self._fail, number))

    def _take(self, number: int, prepared: Prepared) -> None:
        if number != self._number:
            return
        self._preparing = False
        self._asked[prepared.round.query] += 1
        self._waiting.append(prepared)
        if len(self._waiting) == 1:
            self.ready.emit()
        self._prepare()

    def _fail(self, number: int, error: BaseException) -> None:
        if number == self._number:
            self._preparing = False
            if not self._waiting:
                self.refused.emit(error)

    # -- results

    def results(self, then: Callable[[tuple[PairResult, ...]], None]) -> None:
        """Read what was found of each pair of encoders."""
        self.session.ask(_results, then, latest="listening results")

    def count(self, names: Names, then: Callable[[int], None]) -> None:
        """How many rounds of a pair were answered; nothing that tells how."""
        self.session.ask(partial(_count, names), then, latest="listening count")

    def clear(self, names: Names) -> None:
        """Forget the rounds of a pair."""
        self.session.ask(lambda reader: reader.library.listening.clear(names), lambda _: self.stored.emit())

    def export(self, path: Path, names: Names | None = None) -> None:
        """Write rounds as CSV: those of a pair, or all."""
        done = partial(self.session.notifier.done, "The rounds were written.", str(path))
        self.session.ask(partial(export, path, names), lambda _: done())


def _store(prepared: Prepared, choice: Choice, answered_at: float, reader: Reader) -> None:
    a, b = prepared.encoders
    asked = prepared.round
    reader.library.listening.add(
        query=asked.query, encoder_a=a.name, encoder_b=b.name, weights_a=a.weights_hash, weights_b=b.weights_hash,
        track_a=asked.track_a, track_b=asked.track_b, left=asked.left, choice=choice,
        answered_at=answered_at,
    )  # fmt: skip


def _results(reader: Reader) -> tuple[PairResult, ...]:
    return listening.by_pair(reader.library.listening.all())


def _count(names: Names, reader: Reader) -> int:
    return sum(record.choice != "skip" for record in reader.library.listening.all(names))
