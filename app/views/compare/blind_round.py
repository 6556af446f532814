"""Blind listening: "which fits better, A or B?", asked again and again, nobody being told whose is whose."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app import wording
from app.listening import Listening
from app.listening_rounds import Prepared, Sitting
from app.notify import message_of
from app.player import Playable, Player
from app.views.compare.blind_cards import LISTEN_FIRST, RoundPage
from app.views.compare.blind_results import ResultsPage
from app.views.compare.blind_setup import SetupPage
from core.evaluation.listening import PairResult
from core.library.records import Choice

Letter = Literal["A", "B"]
HEARD_S = 1.0
"""A candidate counts as heard after so much of it (s)."""
MOST_BROKEN = 5
"""After so many rounds in a row that could not be played the sitting ends."""
QUESTION = "Which fits better?"


class BlindListening(QWidget):
    """The page: a form, the rounds, the results.

    Parameters
    ----------
    listening, player
        The rounds, and what plays them.
    """

    def __init__(self, listening: Listening, player: Player) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._listening, self._player = listening, player
        self.prepared: Prepared | None = None
        self.answered = 0
        self._excerpts: tuple[Playable, ...] = ()
        self._heard: set[int] = set()
        self._broken = 0
        self._pair: set[tuple[str, str]] = set()
        self.setup = SetupPage(listening)
        self.round = RoundPage(listening.session.theme)
        self.results = ResultsPage(listening)
        self.pages = QStackedWidget()
        for page in (self.setup, self.round, self.results):
            self.pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self._keys = self._key_table()
        self._connect()

    def _key_table(self) -> dict[int, Callable[[], object]]:
        key = Qt.Key
        return {
            key.Key_0: partial(self.play, 0), key.Key_1: partial(self.play, 1), key.Key_2: partial(self.play, 2),
            key.Key_A: partial(self.prefer, "A"), key.Key_B: partial(self.prefer, "B"), key.Key_T: self.call_even,
            key.Key_S: self.skip, key.Key_Space: self.stop_or_repeat,
        }  # fmt: skip

    def _connect(self) -> None:
        page, player, listening = self.round, self._player, self._listening
        self.setup.begin_wanted.connect(self.begin)
        self.setup.results_wanted.connect(self.show_results)
        self.results.back_wanted.connect(self._show_setup)
        for place, card in enumerate(page.cards):
            card.play.clicked.connect(partial(self._play_clicked, place))
        page.prefer_a.clicked.connect(lambda: self.prefer("A"))
        page.prefer_b.clicked.connect(lambda: self.prefer("B"))
        page.tie.clicked.connect(self.call_even)
        page.skip.clicked.connect(self.skip)
        page.stop.clicked.connect(self.stop_or_repeat)
        page.finish.clicked.connect(self.finish)
        page.tally.toggled.connect(self._show_tally)
        listening.ready.connect(self._next)
        listening.refused.connect(self._refuse)
        listening.stored.connect(self._show_tally)
        player.track_changed.connect(self._track_changed)
        player.state_changed.connect(lambda _: self._track_changed(self._player.current))
        player.position.connect(self._position_changed)
        player.failed.connect(self._track_failed)

    # -- pages

    def begin(self, sitting: Sitting) -> None:
        """Ask about two encoders from now on."""
        self.answered = self._broken = 0
        self.round.before.set_whole("")
        self.round.tally.setChecked(False)
        self._wait()
        self.pages.setCurrentWidget(self.round)
        self.setFocus()
        self._listening.begin(sitting)

    def finish(self) -> None:
        """Ask no more, and show what was found."""
        self._end()
        self.show_results()

    def show_results(self) -> None:
        """What was found so far; the person asked for it."""
        self.pages.setCurrentWidget(self.results)
        self.results.refresh()

    def _show_setup(self) -> None:
        self.pages.setCurrentWidget(self.setup)
        self.setup.count()

    def _end(self) -> None:
        self._silence()
        self._listening.end()
        self.prepared, self._excerpts = None, ()

    def _refuse(self, error: BaseException) -> None:
        """No round can be had: back to the form, which says why; after some answers, to what they say."""
        told = message_of(error)
        self._end()
        self._show_setup()
        self.setup.refuse(f"{told.title} {told.hint}".strip())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Count anew: another window may have been at it. A round that goes on has the keys again."""
        super().showEvent(event)
        if self.pages.currentWidget() is self.round:
            self.setFocus()
        self.setup.count()
        self.results.refresh()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Nobody judges what is not on the screen."""
        super().hideEvent(event)
        self._silence()

    # -- a round

    def _wait(self) -> None:
        """Between two rounds, where the next is not there yet."""
        self.prepared, self._excerpts = None, ()
        self._heard.clear()
        self.round.question.setText("One moment…")
        self.round.number.setText("")
        self.round.query.tell("", "")
        self.round.allow(False)
        self._mark(None)

    def _next(self) -> None:
        if self.prepared is not None or self._listening.sitting is None:
            return
        prepared = self._listening.take()
        if prepared is None:
            return
        self.prepared = prepared
        self._pair = {(encoder.name, encoder.weights_hash) for encoder in prepared.encoders}
        self._excerpts = prepared.excerpts(self._listening.session.settings.player.audition_s)
        self._heard.clear()
        page, query = self.round, prepared.query
        page.question.setText(QUESTION)
        page.number.setText(f"Round {self.answered + 1:,}")
        page.query.tell(query.title, " · ".join(filter(None, (query.artist, query.album))))
        page.allow(False)
        self.play_all()

    def play_all(self) -> None:
        """The track, then both candidates in the order that was drawn."""
        if self.prepared is not None and self.isVisible():
            query, a, b = self._excerpts
            first = self.prepared.shown[0] == self.prepared.round.first
            self._player.audition([query, a, b] if first else [query, b, a])

    def play(self, place: int) -> None:
        """Play one of them: 0 the track, 1 A, 2 B."""
        if self._excerpts:
            self._player.audition([self._excerpts[place]])

    def stop_or_repeat(self) -> None:
        """Fall silent, or play all three anew."""
        if self.sounding:
            self._silence()
        else:
            self.play_all()

    @property
    def sounding(self) -> bool:
        """Whether what plays is of this round."""
        return self._player.current in self._excerpts and self._player.state in ("playing", "waiting")

    @property
    def both_heard(self) -> bool:
        """Whether a judgement can be given."""
        return {1, 2} <= self._heard

    def prefer(self, letter: Letter) -> None:
        """Say that this candidate fits better."""
        if self.prepared is not None:
            self._answer(self.prepared.shown["AB".index(letter)])

    def call_even(self) -> None:
        """No difference."""
        self._answer("tie")

    def skip(self) -> None:
        """Leave this one out."""
        self._answer("skip")

    def _answer(self, choice: Choice) -> None:
        prepared = self.prepared
        if prepared is None:
            return
        if choice != "skip" and not self.both_heard:
            self.round.before.set_whole(LISTEN_FIRST)
            return
        self._listening.answer(prepared, choice)
        self.answered += choice != "skip"
        self._broken = 0
        left, right = (prepared.of(side) for side in prepared.shown)
        told = [" by ".join(filter(None, (f"“{row.title}”", row.artist))) for row in (left, right)]
        self.round.before.set_whole(f"The round before: A was {told[0]}; B was {told[1]}.")
        self._go_on()

    def _go_on(self) -> None:
        self._wait()
        self._next()
        if self.prepared is None:
            self._silence_audition()

    # -- the player

    def _play_clicked(self, place: int) -> None:
        playing = self._excerpts and self._player.current == self._excerpts[place] and self.sounding
        if playing:
            self._silence()
        else:
            self.play(place)

    def _silence(self) -> None:
        if self.sounding:
            self._silence_audition()

    def _silence_audition(self) -> None:
        current = self._player.current
        if current is not None and current.hidden:
            self._player.end_audition()

    def _track_changed(self, playable: Playable | None) -> None:
        self._mark(playable)

    def _mark(self, playable: Playable | None) -> None:
        sounding = self.sounding
        for excerpt, card in zip(self._excerpts or (None,) * 3, self.round.cards, strict=True):
            card.set_playing(sounding and excerpt is not None and excerpt == playable)
        self.round.stop.setText("Stop the sound  (Space)" if sounding else "Play all again  (Space)")

    def _position_changed(self, seconds: float) -> None:
        current = self._player.current
        if current is None or current not in self._excerpts:
            return
        place, played = self._excerpts.index(current), seconds - current.start_s
        self.round.cards[place].set_share(played / (current.length_s or 1.0))
        if played >= min(HEARD_S, (current.length_s or HEARD_S) / 2) and place not in self._heard:
            self._heard.add(place)
            self._broken = 0
            self.round.allow(self.both_heard)

    def _track_failed(self, playable: Playable, _why: str) -> None:
        """What cannot be played cannot be judged: another round, unless all of them are like that."""
        if playable not in self._excerpts:
            return
        self._broken += 1
        if self._broken < MOST_BROKEN:
            self.round.before.set_whole("A track could not be played; that round is left out.")
            self._go_on()
            return
        self._end()
        self._show_setup()
        self.setup.refuse(
            "Several rounds in a row could not be played. Is the disk with your music connected?"
        )

    # -- the tally

    def _show_tally(self, *_: object) -> None:
        """How it stands, only where the person asked."""
        self.round.standing.set_whole("")
        if self.round.tally.isChecked() and self._listening.sitting is not None:
            self._listening.results(self._take_tally)

    def _take_tally(self, results: tuple[PairResult, ...]) -> None:
        if self._listening.sitting is None or not self.round.tally.isChecked():
            return
        found = next(
            (one for one in results if set(zip(one.names, one.weights, strict=True)) == self._pair), None
        )
        if found is None or not found.rate.rounds:
            self.round.standing.set_whole("No round of these two has been answered yet.")
            return
        rate, (a, b) = found.rate, map(self._listening.session.titles.of, found.names)
        ties = wording.count(rate.ties, "tie")
        self.round.standing.set_whole(f"So far: {a} {rate.a:,}, {b} {rate.b:,}, {ties}.")

    # -- keys

    def event(self, event: QEvent) -> bool:
        """Keep the keys of a round from the window's shortcuts (A, Space)."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._takes(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def _takes(self, event: QKeyEvent) -> bool:
        bare = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        return bare and event.key() in self._keys and self.pages.currentWidget() is self.round

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Answer and play by keys; one that is held down is one answer."""
        if not self._takes(event):
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self._keys[event.key()]()
