"""A radio: a queue that goes on, as long as a person lets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from app import tracks
from app.neighbourhood import Answer, Neighbour, Neighbourhood
from app.player import Playable, Player
from app.session import Session
from core.recommend.radio import Spacing
from core.recommend.rules import Rules

AHEAD = 6
"""With fewer tracks than this before its end the queue goes on."""


class Radio(QObject):
    """Keeps the player's queue going with tracks near the seeds.

    Signals
    -------
    changed
        It is on or off, or knows more tracks ahead.
    """

    changed = Signal()

    def __init__(self, session: Session, player: Player, neighbourhood: Neighbourhood) -> None:
        super().__init__(session)
        self._session, self._player, self._neighbourhood = session, player, neighbourhood
        self.answer: Answer | None = None
        self._own: list[int] = []
        self._asking = False
        player.track_changed.connect(self._follow)
        player.queue_changed.connect(self._check)

    @property
    def on(self) -> bool:
        """Whether it plays."""
        return self.answer is not None

    def start(self, answer: Answer, at: int = 0) -> None:
        """Play this list from one of its tracks on, and go on when it comes to its end."""
        self.answer = None  # what the player says while its queue is replaced is of no concern
        self._player.play([tracks.playable(one.row) for one in answer.neighbours], at, fixed=True)
        self.answer = answer
        self._own = [tracks.number(one.row) for one in answer.neighbours]
        self._asking = False
        self.changed.emit()

    def stop(self) -> None:
        """Silence."""
        if self.on:
            self._end()
            self._player.stop()

    def go_by(self, rules: Rules, spacing: Spacing) -> None:
        """Other rules or spacing from the next tracks on."""
        if self.answer is not None:
            self.answer = replace(self.answer, wish=replace(self.answer.wish, rules=rules, spacing=spacing))

    def _end(self) -> None:
        self.answer, self._own = None, []
        self.changed.emit()

    def _check(self) -> None:
        """Other music has taken the queue's place."""
        own = set(self._own)
        if (
            self.on
            and not self._player.auditioning
            and not any(one.track_id in own for one in self._player.queue)
        ):
            self._end()

    def _follow(self, playable: Playable | None) -> None:
        index = self._player.index
        if self.answer is None or playable is None or index is None or self._player.auditioning:
            return
        if playable.track_id in self._own and self._player.length - index <= AHEAD and not self._asking:
            self._asking = True
            wish = replace(self.answer.wish, played=tuple(self._own))
            self._session.ask(
                partial(self._neighbourhood.answer, wish), self._take, self._failed, latest="radio"
            )

    def _take(self, more: Answer) -> None:
        self._asking = False
        if self.answer is None or not more.neighbours:
            return
        fresh = _new(more.neighbours, self._own)
        self._own += [tracks.number(one.row) for one in fresh]
        self.answer = replace(self.answer, neighbours=(*self.answer.neighbours, *fresh), receipt=more.receipt)
        self._player.append([tracks.playable(one.row) for one in fresh])
        self.changed.emit()

    def _failed(self, error: BaseException) -> None:
        self._asking = False
        self._session.notifier.error(error)


def _new(neighbours: Sequence[Neighbour], own: Sequence[int]) -> list[Neighbour]:
    return [one for one in neighbours if tracks.number(one.row) not in own]
