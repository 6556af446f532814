"""Why two tracks are alike: both waveforms with the seconds that match, each of which can be heard."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout

from app import tracks
from app.columns import clock
from app.neighbourhood import Why
from app.theme import Theme
from app.views.elided import Elided
from app.views.similar_words import UNSTORED, storing
from app.views.waveform import Waveform
from app.waves import Waves
from core.library.records import Row
from core.recommend.moments import MomentPair

WAVE_HEIGHT = 34
REACH = 0.03
"""A click so near to a lit moment (of the track's length) means the moment."""

LEAST_SHARE = 0.5
"""Seconds that are less alike than this share of the best pair's likeness are no reason."""

WAVE_TIP = "Click what is lit to hear it; elsewhere, to play the track from there."


class WhyCard(QFrame):
    """Two waveforms, one above the other.

    Signals
    -------
    excerpts_wanted(list[Playable])
        To be heard one after the other, without losing what plays.
    play_wanted(Playable)
        From there on.
    moments_wanted
        Single moments shall be listened to.
    """

    excerpts_wanted = Signal(object)
    play_wanted = Signal(object)
    moments_wanted = Signal()

    def __init__(self, theme: Theme, waves: Waves) -> None:
        super().__init__()
        self.setProperty("role", "why")
        self._waves = waves
        self._why: Why | None = None
        self._rows: tuple[Row, ...] = ()
        self.pairs = QLabel()
        self.names = (Elided(), Elided())
        self.forms = (Waveform(theme, markable=False), Waveform(theme, markable=False))
        self.pairs.setProperty("role", "small")
        self.pairs.setWordWrap(True)
        self.pairs.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 4, 14, 10)
        layout.setSpacing(3)
        layout.addWidget(self.pairs)
        for side, (name, form) in enumerate(zip(self.names, self.forms, strict=True)):
            name.setProperty("role", "small")
            form.setFixedHeight(WAVE_HEIGHT)
            form.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            form.setMinimumSize(40, WAVE_HEIGHT)
            form.setToolTip(WAVE_TIP)
            form.seek_requested.connect(lambda second, side=side: self._clicked(side, second))
            layout.addWidget(name)
            layout.addWidget(form)
        self.pairs.linkActivated.connect(self._hear)
        waves.drawn.connect(self._draw)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """High enough for both."""
        small = self.names[0].sizeHint().height()
        return QSize(300, 2 * (WAVE_HEIGHT + small) + 3 * small + 30)

    @property
    def unstored(self) -> bool:
        """Whether it waits for single moments to be listened to."""
        return self._why is not None and self._why.unstored

    def begin(self, first: Row, second: Row) -> None:
        """These two are asked about."""
        self._why, self._rows = None, (first, second)
        self.pairs.setText("Listening for what they share…")
        for row, name, form in zip((first, second), self.names, self.forms, strict=True):
            name.set_whole(row.title)
            form.set_track(row.seconds or 0.0)
            form.setAccessibleName(f"Waveform of {row.title}")
        self._waves.want([(tracks.number(row), row.path) for row in (first, second) if row.online])

    def show_why(self, why: Why, *, busy: bool = False) -> None:
        """Light what was found."""
        self._why = why
        if why.unstored:
            self.pairs.setText(f"{UNSTORED} {storing(busy)}")
            return
        if not why.pairs:
            self.pairs.setText(escape(why.unknown) or "No seconds of theirs are alike.")
            return
        best = why.pairs[0].score
        why = replace(why, pairs=tuple(pair for pair in why.pairs if pair.score >= LEAST_SHARE * best))
        self._why = why
        links = [f"<a href='{place}'>{_words(pair)}</a>" for place, pair in enumerate(why.pairs)]
        self.pairs.setText(f"Most alike, one after the other: {' &nbsp;·&nbsp; '.join(links)}")
        self.forms[0].set_lit([(pair.start_a, pair.start_a + pair.seconds) for pair in why.pairs])
        self.forms[1].set_lit([(pair.start_b, pair.start_b + pair.seconds) for pair in why.pairs])

    def _draw(self, track_id: int, peaks: NDArray[np.float32]) -> None:
        for row, form in zip(self._rows, self.forms, strict=False):
            if tracks.number(row) == track_id:
                form.set_peaks(peaks)

    def _hear(self, link: str) -> None:
        """Both sides of a pair in turn."""
        if link == "moments":
            self.moments_wanted.emit()
        elif self._why is not None:
            pair = self._why.pairs[int(link)]
            self.excerpts_wanted.emit([
                tracks.excerpt(self._why.first, pair.start_a, pair.seconds),
                tracks.excerpt(self._why.second, pair.start_b, pair.seconds),
            ])  # fmt: skip

    def _clicked(self, side: int, second: float) -> None:
        row = self._rows[side]
        lit = self.forms[side].lit
        reach = REACH * (row.seconds or 0.0)
        near = [span for span in lit if span[0] - reach <= second <= span[1] + reach]
        if near:
            first, last = min(near, key=lambda span: abs(second - sum(span) / 2))
            self.excerpts_wanted.emit([tracks.excerpt(row, first, last - first)])
        else:
            self.play_wanted.emit(tracks.excerpt(row, second))


def _words(pair: MomentPair) -> str:
    return f"{clock(pair.start_a)} and {clock(pair.start_b)} ({pair.score:.2f})"
