"""What the window is looking at: one library, one encoder, one selection; shared by all views.

Wiring, for the window:

    session = Session(door, settings, theme, notifier, background)      # door: app.library_door.LibraryDoor
    library_view = LibraryView(session, player, lists)     # app.views.library, app.views.playlists_room
    similar_panel = SimilarPanel(session, player, playlists, waves)   # app.views.similar
    session.start()                                 # after the views exist: first queries, then the poll

    jobs.changed -> session.set_busy(bool(jobs.running))   # looks twice a second, not now and then
    jobs.ended   -> session.refresh()
    session.rescan_wanted(list of root ids)  -> start a scan of these folders (empty list: all)
    session.reading_wanted()                 -> files wait to be read: start an embed job unless one runs
    session.add_wanted()                     -> the "add folder" dialog (a button of an empty view)
    session.similar_wanted()                 -> show the Similar panel
    session.map_wanted()                     -> show the selection on the map
    session.moments_wanted()                 -> listen again where the vectors of single moments are missing
    session.census_changed(Census)           -> show_start(census.empty)
    session.encoders_changed()               -> session.encoders, session.encoder to the encoder switch
    encoder switch chosen(name)              -> session.set_encoder(name)
    preferences changed                      -> session.set_settings(settings)
    player_bar.keep_requested / less_requested  -> similar_panel.keep / less_like
    actions["audition"] <-> session.set_audition / session.audition_changed
    actions["search"].triggered -> library_view.focus_search
    window closes: library_view.save_state() / restore_state(text); session.close() before background.close()

Nothing here or in the views touches SQL or disk on the GUI thread: all of it goes through `background`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.background import Background
from app.census import NOTHING, Census, Change, Ids, News, Reader, look, reader_of
from app.collector import Collector
from app.encoder_titles import choice, offer
from app.notify import Notifier
from app.theme import Theme
from app.titles import Titles
from core import bundled
from core.bundled import Bundled
from core.library.records import EncoderRecord, Row
from core.settings import Settings

if TYPE_CHECKING:  # SQLAlchemy is imported by the thread that first reads, so that the window opens before
    from core.library.store import Library

__all__ = ["Census", "Change", "Session"]  # what its signals carry comes with it

T = TypeVar("T")

BUSY_MS, IDLE_MS = 500, 4000
CENSUS_REST, CENSUS_EVERY_S = 50, 2.0
"""Figures rest so many times as long as they took to count, but no longer than this: in a small library they agree with
the rows at once, and a large one is not counted all the time."""
MOST_ROWS = 500
"""Of a larger selection only the first so many rows are looked at (seeds, drags)."""


class Session(QObject):
    """The state that all views share.

    Parameters
    ----------
    door
        Gives the open library; called in background threads only.
    background
        The reader threads.

    Signals
    -------
    encoder_changed
        Another encoder or segment plan stands behind everything.
    encoders_changed
        `encoders` and `offered`, what there is to choose from, have changed.
    selection_changed
        `selection` has changed (file ids, at once).
    rows_changed
        `rows`, the selected files' rows, have arrived or changed.
    library_changed(Change)
        Files came, went or changed, here or in another process.
    census_changed(Census)
        Figures or folders changed.
    audition_changed(bool)
        The audition toggle.
    rescan_wanted(list[int]), reading_wanted, add_wanted, similar_wanted, map_wanted, moments_wanted
        What a view asks of the window.
    credits_wanted(bytes)
        Show whose the bundled music is; a track's raw path, or empty.
    """

    encoder_changed = Signal()
    encoders_changed = Signal()
    selection_changed = Signal()
    rows_changed = Signal()
    library_changed = Signal(object)
    census_changed = Signal(object)
    audition_changed = Signal(bool)
    rescan_wanted = Signal(object)
    reading_wanted = Signal()
    add_wanted = Signal()
    similar_wanted = Signal()
    map_wanted = Signal()
    moments_wanted = Signal()
    credits_wanted = Signal(object)

    def __init__(
        self, door: Callable[[], Library], settings: Settings, theme: Theme, notifier: Notifier,
        background: Background,
    ) -> None:  # fmt: skip
        super().__init__()
        self._door, self.settings, self.theme = door, settings, theme
        self.notifier, self.background = notifier, background
        self.encoder: EncoderRecord | None = None
        self.census: Census | None = None
        self.selection: Ids = NOTHING
        self.rows: tuple[Row, ...] = ()
        self.audition = False
        self._wanted = settings.embedding.encoder
        self.encoders: tuple[EncoderRecord, ...] = ()
        self.titles = Titles()
        self.shipped: tuple[Bundled, ...] = ()
        self._revision = -1
        self._looking = self._look_again = False
        self._said, self._wish = "", 0
        self._counted_at, self._uncounted = -math.inf, True
        self._rest_s = 0.0
        self._collector = Collector(self)
        self._timer = QTimer(self)
        self._timer.setInterval(IDLE_MS)
        self._timer.timeout.connect(self.refresh)
        self._recount = QTimer(self)  # figures come at a calm rate, and yet soon after the last change
        self._recount.setSingleShot(True)
        self._recount.timeout.connect(self.refresh)

    def ask(
        self, question: Callable[[Reader], T], then: Callable[[T], None] | None = None,
        failed: Callable[[BaseException], None] | None = None, latest: str = "", *, patient: bool = False,
    ) -> None:  # fmt: skip
        """Put a question to the library in the background; `then` gets the answer on the GUI thread.

        `latest` and `patient` are as in `Background.run`.
        """
        door, encoder, segments = self._door, self.encoder, self.settings.embedding.segments
        self.background.run(
            lambda: question(reader_of(door(), encoder, segments)), then, failed, latest, patient=patient
        )

    # -- the encoder

    def set_encoder(self, name: str) -> None:
        """Put the encoder of that name behind everything."""
        self._wanted = name
        self._find_encoder()

    def set_settings(self, settings: Settings) -> None:
        """Take new settings over."""
        before, self.settings = self.settings.embedding, settings
        now = settings.embedding
        if (before.encoder, before.segments) != (now.encoder, now.segments):
            self._wanted = now.encoder
            self.encoder = self._in_use()
            self._encoder_new()

    @property
    def wanted(self) -> str:
        """The name of the encoder that was chosen, also while it has heard nothing here."""
        return self._wanted

    @property
    def offered(self) -> tuple[Bundled, ...]:
        """Encoders that came with the program and have not listened to this library."""
        return bundled.offered(self.encoders, self.shipped)

    def _in_use(self) -> EncoderRecord | None:
        return bundled.in_use(self.encoders, self.shipped, self._wanted)

    def _find_encoder(self) -> None:
        found = self._in_use()
        if found is not None and (self.encoder is None or found.id != self.encoder.id):
            self.encoder = found
            self._encoder_new()

    def _encoder_new(self) -> None:
        self.encoder_changed.emit()
        self._read_selection()
        self.recount()

    # -- the selection

    def select(self, file_ids: Ids | Sequence[int]) -> None:
        """Make these files the selection, in this order."""
        ids = np.asarray(file_ids, np.int64)
        if np.array_equal(ids, self.selection):
            return
        self.selection = ids
        self.selection_changed.emit()
        self._read_selection()

    def _read_selection(self) -> None:
        ids = self.selection[:MOST_ROWS].tolist()
        self.ask(lambda reader: reader.page(ids) if ids else [], self._take_rows, latest="selection")

    def _take_rows(self, rows: Iterable[Row]) -> None:
        self.rows = tuple(rows)
        self.rows_changed.emit()

    # -- audition

    def set_audition(self, on: bool) -> None:
        """Whether a click on a track plays its neighbours in turn."""
        if on != self.audition:
            self.audition = on
            self.audition_changed.emit(on)

    # -- news

    def start(self) -> None:
        """Look for the first time, then now and then."""
        self._collector.start()
        self.refresh()
        self._timer.start()

    def set_busy(self, busy: bool) -> None:
        """Look often while jobs run, and once more when they are over."""
        interval = BUSY_MS if busy else IDLE_MS
        if self._timer.interval() != interval:
            self._timer.setInterval(interval)
            self.refresh()

    def refresh(self) -> None:
        """Look soon for what has changed, in whichever process; one look at a time."""
        self._look_again = self._looking
        if not self._looking:
            self._looking = True
            # The first figures take long, and come after the first rows.
            patient = self._revision >= 0 and self.census is None
            self.ask(self._glance(), self._take_news, self._look_failed, patient=patient)

    def _glance(self) -> Callable[[Reader], News]:
        """The question of one look. The first counts nothing: rows come before figures."""
        since, wanted, busy = self._revision, self._wanted, self.busy
        due = since >= 0 and time.monotonic() - self._counted_at > self._rest_s
        return partial(look, self._wish, since, wanted, due, self._uncounted or busy)

    @property
    def busy(self) -> bool:
        """Whether jobs run."""
        return self._timer.interval() == BUSY_MS

    def recount(self) -> None:
        """Look now, figures and all: a person changed something and waits to see it."""
        self._wish += 1
        self._counted_at, self._uncounted = -math.inf, True
        self.refresh()

    def close(self) -> None:
        """Ask nothing more of the library."""
        self._collector.close()
        self._timer.stop()
        self._recount.stop()

    def _take_news(self, news: News) -> None:
        self._looking, first, self._said = False, self._revision < 0, ""
        if news.change is not None:  # before anything that looks again
            self._revision = news.change.revision
        if (news.encoders, news.shipped) != (self.encoders, self.shipped):
            self.encoders, self.shipped = news.encoders, news.shipped
            self.titles.learn([*map(choice, self.encoders), *map(offer, self.offered)])
            self.encoders_changed.emit()
        self._find_encoder()
        if news.census is not None and news.wish == self._wish:
            self._rest_s = min(CENSUS_REST * news.counted_s, CENSUS_EVERY_S)
            self._take_census(news.census)
        elif news.change is not None:
            self._uncounted = True
            self._recount.start(round(1000 * self._rest_s) + 100)
        if news.change is not None:
            self._take_change(news.change)
        if first or self._look_again:
            self.refresh()

    def _take_census(self, census: Census) -> None:
        self._counted_at, self._uncounted = time.monotonic(), False
        if census != self.census:
            self.census = census
            self.census_changed.emit(census)

    def _take_change(self, change: Change) -> None:
        if np.isin(self.selection[:MOST_ROWS], change.file_ids).any():
            self._read_selection()
        self.library_changed.emit(change)

    def _look_failed(self, error: BaseException) -> None:
        """Say it once, not twice a second, and go on trying."""
        self._looking = False
        if str(error) != self._said:
            self._said = str(error)
            self.notifier.error(error)
