"""Between the library's maps, the job that draws them, and the view that shows them.

The map of the session's encoder is read in the background and kept, so that a switch back is instant. One that is
missing is drawn, tracks that were listened to since are put among their neighbours, and nothing that lies moves
unless a person asks for it (or most of a young map was never drawn at all).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal, TypeVar

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.census import Change, Reader
from app.context import Context
from app.drawing import Drawing, Key, Looked, arrange, look
from app.job_view import JobView
from app.session import Session
from core.library.facet_columns import Categories, Ids, Numbers
from core.library.records import EncoderRecord, Row

KIND = "project"
METHODS = ("umap", "pca", "tsne")
FEWEST = 5
"""Tracks that a map needs."""
AUTOMATIC = 20_000
"""A library of up to so many tracks is drawn without being asked: it takes seconds."""
KEPT = 8
"""Maps that stay in memory."""
LIVE_MS, CALM_MS = 300, 1500
PLACING_S = 15.0
"""Least time between two jobs that put new tracks on the map while music is listened to."""

T = TypeVar("T")

State = Literal["reading", "few", "none", "drawing", "shown", "failed"]


class Mapping(QObject):
    """The state behind the Map view.

    Parameters
    ----------
    session
        Asks the library, and knows the encoder.
    context
        Jobs and messages.

    Signals
    -------
    drawn
        `drawing` is another one.
    state_changed
        `state`, `job` or how far the map is behind the library has changed.
    columns_changed
        What `column` answers may have changed.
    """

    drawn = Signal()
    state_changed = Signal()
    columns_changed = Signal()

    def __init__(self, session: Session, context: Context) -> None:
        super().__init__(session)
        self.session, self.context = session, context
        self.method = METHODS[0]
        self.onto = ""
        """Encoder onto whose map a new one is turned; empty: the library's oldest."""
        self.drawing: Drawing | None = None
        self._looked: dict[Key, Looked] = {}
        self._known: OrderedDict[Key, Drawing] = OrderedDict()
        self._columns: dict[str, Categories | Numbers] = {}
        self._watching = self._asking_live = False
        self._jobs: dict[Key, int] = {}
        self._stages: dict[int, str] = {}
        self._tried: dict[Key, tuple[int, int]] = {}
        self._failed: dict[Key, JobView] = {}
        self._placed_at = -PLACING_S
        self._live_version = -1
        self._live = QTimer(self, interval=LIVE_MS)
        self._live.timeout.connect(self._look_live)
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._calm.timeout.connect(self.refresh)
        session.encoder_changed.connect(self._other_map)
        session.library_changed.connect(self._library_changed)
        session.census_changed.connect(self._counted)
        context.jobs.changed.connect(self._job_moved)
        context.jobs.ended.connect(self._job_ended)

    # -- what there is

    @property
    def encoder(self) -> EncoderRecord | None:
        """Whose ears: the window's encoder."""
        return self.session.encoder

    def ask(
        self, question: Callable[[Reader], T], then: Callable[[T], None],
        failed: Callable[[BaseException], None] | None = None, latest: str = "",
    ) -> None:  # fmt: skip
        """Put a question to the library, with this encoder's vectors."""
        encoder, name = self.encoder, f"{latest} {id(self)}" if latest else ""
        self.session.ask(lambda reader: question(replace(reader, encoder=encoder)), then, failed, name)

    @property
    def key(self) -> Key:
        """Whose map is asked for."""
        from core.library.store import plan_name  # it brings SQLAlchemy, which was there before any map

        encoder = self.encoder
        plan = plan_name(self.session.settings.embedding.segments)
        return (0 if encoder is None else encoder.id), plan, self.method

    @property
    def looked(self) -> Looked | None:
        """What the last look at it found; None: it was not looked at yet."""
        return self._looked.get(self.key)

    @property
    def job(self) -> JobView | None:
        """What draws the map that is asked for, while it does."""
        number = self._jobs.get(self.key)
        view = None if number is None else self.context.jobs.view(number)
        return view if view is not None and view.live else None

    @property
    def own(self) -> bool:
        """Whether `drawing` is the map that is asked for, and not yet the one before it."""
        return self.drawing is not None and self.drawing.key == self.key

    @property
    def failure(self) -> JobView | None:
        """Why the map that is asked for could not be drawn."""
        return self._failed.get(self.key)

    @property
    def state(self) -> State:
        """What a person sees."""
        if self.encoder is None and self.session.census is not None:
            return "few"  # in a new library, before anything was listened to
        if self.looked is None:
            return "shown" if self.own else "reading"
        if self.job is not None and not (self.own and self.drawing is not None and self.drawing.settled):
            return "drawing"
        if self.own:
            return "shown"
        if self.failure is not None:
            return "failed"
        return "few" if self.looked.heard < FEWEST else "none"

    # -- looking

    def watch(self, on: bool) -> None:
        """The view was shown or hidden: only what is seen is kept up to date and drawn without being asked."""
        self._watching = on
        if on:
            self.refresh()
        else:
            self._calm.stop()
        self._pace()

    def refresh(self) -> None:
        """Look soon at what is stored."""
        if self._watching and self.encoder is not None:
            before = self._known.get(self.key)
            self.ask(partial(look, self.method, before), self._take, latest="map")

    def set_method(self, method: str) -> None:
        """Another way to lay the tracks out."""
        if method != self.method:
            self.method = method
            self._other_map()

    def close(self) -> None:
        """Ask nothing more."""
        self.watch(False)

    def _other_map(self) -> None:
        """Show what is kept, at once; then look whether it is still so."""
        known = self._known.get(self.key)
        self._live_version = -1
        if known is not None and self._watching:
            self._show(known)
        self.state_changed.emit()
        self._pace()
        self.refresh()

    def _counted(self) -> None:
        if self.encoder is None:
            self.state_changed.emit()

    def _library_changed(self, _: Change) -> None:
        self._columns.clear()
        self.columns_changed.emit()
        if self._watching and not self._calm.isActive():
            self._calm.start()

    def _take(self, looked: Looked) -> None:
        if looked.key != self.key:
            return
        if not looked.same or looked.key not in self._looked:
            self._looked[looked.key] = looked
        before = self._known.get(looked.key)
        if looked.drawing is not None:
            self._keep(looked.drawing)
            if before is None or looked.drawing.stamp != before.stamp or self.job is None:
                self._show(
                    looked.drawing
                )  # a picture that is settling is not taken back for the map before it
        elif looked.same and before is not None and not self.own:
            self._show(before)
        elif not looked.same and self.own and self.job is None:  # a picture whose job was stopped
            self.drawing = None
            self.drawn.emit()
        self._see_to_it()
        self.state_changed.emit()

    def _keep(self, drawing: Drawing) -> None:
        self._known[drawing.key] = drawing
        self._known.move_to_end(drawing.key)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)

    def _show(self, drawing: Drawing) -> None:
        if drawing is not self.drawing:
            self.drawing = drawing
            self.drawn.emit()

    # -- drawing

    def _see_to_it(self) -> None:
        """Draw what is missing, where that takes seconds; put new tracks on the map."""
        looked = self.looked
        if looked is None or not self._watching or self.job is not None or self.key in self._failed:
            return
        if not self.own:
            if FEWEST <= looked.heard <= AUTOMATIC:
                self.draw()
        elif looked.missing or looked.gone:
            self._catch_up(looked)
        else:
            self._tried.pop(self.key, None)

    def _catch_up(self, looked: Looked) -> None:
        behind = looked.missing, looked.gone
        if self._tried.get(self.key) == behind:  # a job has been there, and this is what it left
            return
        busy = any(view.kind in ("embed", "scan") for view in self.context.jobs.running)
        wait = PLACING_S - (time.monotonic() - self._placed_at)
        if busy and wait > 0:
            QTimer.singleShot(round(1000 * wait) + 100, self, self.refresh)
            return
        self._placed_at = time.monotonic()
        self._tried[self.key] = behind
        self.draw()

    def draw(self, anew: bool = False) -> None:
        """Draw the map; `anew`: also where there is one, from where its tracks lie now."""
        encoder = self.encoder
        if encoder is None:
            return
        self._failed.pop(self.key, None)
        params = {"encoder": encoder.name, "method": self.method, "refit": anew}
        if self.onto:
            params["compare"] = [self.onto]
        self._live_version = -1
        number = self.context.jobs.start(KIND, params)
        if self._jobs.get(self.key) != number:  # else it has told of itself
            self._jobs[self.key] = number
            self._pace()
            self.state_changed.emit()

    def stop(self) -> None:
        """Stop drawing; what was stored stays."""
        if self.job is not None:
            self.context.jobs.cancel(self.job.number)

    def _job_moved(self, view: JobView) -> None:
        key = self._key_of(view)
        if key is None or not view.live:
            return
        self._jobs[key] = view.number  # also one that was started elsewhere
        self._pace()
        if view.stage != self._stages.get(
            view.number
        ):  # a map is kept before it is drawn again for comparison
            self._stages[view.number] = view.stage
            self.refresh()
        self.state_changed.emit()

    def _job_ended(self, view: JobView) -> None:
        key = self._key_of(view)
        if view.kind == "embed":
            self.refresh()
        if key is None:
            return
        if self._jobs.get(key) == view.number:
            del self._jobs[key]
            self._live_version = -1
            if view.state != "completed":
                self._failed[key] = view
        self._stages.pop(view.number, None)
        self._known.pop(key, None)
        self._pace()
        self.refresh()
        self.state_changed.emit()

    def _key_of(self, view: JobView) -> Key | None:
        """Whose map a job draws; None: it draws none."""
        if view.kind != KIND:
            return None
        ids = {record.name: record.id for record in self.session.encoders}
        name, method = view.params.get("encoder", ""), view.params.get("method", METHODS[0])
        return (ids[name], self.key[1], method) if name in ids else None

    # -- the picture while it settles

    def _pace(self) -> None:
        wanted = self._watching and self.job is not None
        if wanted != self._live.isActive():
            self._live.start() if wanted else self._live.stop()

    def _look_live(self) -> None:
        if not self._asking_live:
            self._asking_live = True
            question = partial(_read_live, self.method, self._live_version)
            self.ask(question, self._take_live, self._no_live)

    def _take_live(self, found: tuple[int, Drawing] | None) -> None:
        self._asking_live = False
        if found is not None and found[1].key == self.key and self.job is not None:
            self._live_version = found[0]
            self._show(found[1])
            self.state_changed.emit()

    def _no_live(self, _: BaseException) -> None:
        """A picture that cannot be read: the next one, or the finished map, will be."""
        self._asking_live = False

    # -- what is asked of single tracks

    def column(self, name: str, then: Callable[[Categories | Numbers], None]) -> None:
        """A column of every track; the newest question alone is answered."""
        if name in self._columns:
            then(self._columns[name])
            return

        def keep(found: Categories | Numbers) -> None:
            self._columns[name] = found
            then(found)

        self.ask(partial(_column, name), keep, latest="map column")

    def find(self, query: str, then: Callable[[Ids], None]) -> None:
        """The files that a search finds."""
        self.ask(
            lambda reader: reader.library.rows.order(reader.encoder_id, reader.plan, query), then,
            latest="map search",
        )  # fmt: skip

    def near(self, drawing: Drawing, row: int, count: int, then: Callable[[Ids], None], latest: str) -> None:
        """The rows of a map whose tracks its encoder holds to be nearest to one row's."""
        self.ask(partial(_near, drawing, row, count), then, latest=latest)

    def rows(
        self, file_ids: Sequence[int], then: Callable[[list[Row]], None], latest: str = "map rows"
    ) -> None:
        """The library's rows of some files."""
        ids = list(file_ids)
        self.ask(lambda reader: reader.page(ids), then, latest=latest)


def _column(name: str, reader: Reader) -> Categories | Numbers:
    from core.library.facets import CATEGORIES  # see above

    facets = reader.library.facets
    return facets.categories(name) if name in CATEGORIES else facets.numbers(name)


def _read_live(method: str, before: int, reader: Reader) -> tuple[int, Drawing] | None:
    """In a thread: the picture that a job is drawing, if it got on."""
    from core.projection.live import Live, read

    if reader.encoder is None:
        return None
    picture = read(Live.path(reader.library, reader.encoder.id, reader.plan, method))
    if picture is None or picture.version == before:
        return None
    key: Key = (reader.encoder.id, reader.plan, method)
    return picture.version, arrange(reader, key, picture.tracks, picture.points, settled=False)


def _near(drawing: Drawing, row: int, count: int, reader: Reader) -> Ids:
    """In a thread: the rows of the map that are truly nearest to one of them, best first."""
    from core.neighbours import Neighbours, vector_cache

    snapshot = vector_cache(reader.library, drawing.encoder, drawing.key[1]).read()
    if snapshot.rows(drawing.tracks[row : row + 1])[0] < 0:  # nobody has asked for neighbours yet
        neighbours = Neighbours(reader.library, drawing.encoder, drawing.key[1])
        neighbours.refresh()
        snapshot = neighbours.snapshot
    seed = int(snapshot.rows(drawing.tracks[row : row + 1])[0]) if len(snapshot) else -1
    if seed < 0:
        return np.empty(0, np.int64)
    places = snapshot.rows(drawing.tracks)
    scores = snapshot.unit @ snapshot.unit[seed]
    own = np.where(places >= 0, scores[places], -np.inf)
    own[row] = -np.inf
    count = min(count, len(own) - 1)
    best = np.argpartition(-own, count)[:count] if count > 0 else np.empty(0, np.int64)
    return best[np.argsort(-own[best], kind="stable")].astype(np.int64)
