"""Map: every track a point, what sounds alike side by side; colours, legend, selection, and how far to believe it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QByteArray, QPoint, Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import encoder_titles, tracks
from app.map import showing
from app.map_colours import ALL, BY_NAME, COLUMNS, Filter, Scheme, scheme_of
from app.mapping import METHODS, Mapping
from app.player import Playable, Player
from app.playlists import Playlists
from app.views import labels
from app.views.map import export, words
from app.views.map.legend import Legend
from app.views.map.regions import Regions
from app.views.map.selection_bar import SelectionBar
from app.views.map.stage import Stage
from app.views.map.tools import MapTools
from core.library.facets import Categories, Ids, Numbers
from core.library.records import Row

TYPING_MS = 150
MOST_PLAYED = 500
"""Of a larger selection so many are played or queued."""


class MapView(QWidget):
    """The page of the window.

    Parameters
    ----------
    mapping, player, playlists
        The maps, what plays, and where lists are kept.
    """

    def __init__(self, mapping: Mapping, player: Player, playlists: Playlists) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._mapping, self._session = mapping, mapping.session
        self._player, self._playlists = player, playlists
        self._played: set[int] = set()
        self._filters: dict[str, Filter] = {}
        self._sought = ""
        self.info = COLUMNS[0]
        theme = self._session.theme
        self.tools, self.legend = MapTools(theme), Legend(theme)
        self.stage = Stage(mapping, player)
        self.regions = Regions(mapping, self.stage)
        self.bar = SelectionBar(theme, self.stage)
        self.sentence, self.message = QLabel(), QLabel()
        self.draw = QPushButton("Draw the map")
        self.progress, self.doing, self.halt = QProgressBar(), QLabel(), QToolButton()
        self.strip, self.pages, self.splitter = QWidget(), QStackedWidget(), QSplitter()
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._lay_out()
        self._fill_menu()
        self._connect()
        self._show_state()

    # -- building

    def _lay_out(self) -> None:
        self.sentence.setProperty("role", "small")
        self.sentence.setWordWrap(True)
        self.sentence.setContentsMargins(14, 0, 14, 6)
        self.splitter.addWidget(self.stage)
        self.splitter.addWidget(self.legend)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([560, 190])
        self.splitter.setChildrenCollapsible(False)
        self.legend.setMinimumWidth(150)
        self.stage.setMinimumWidth(240)
        self.pages.addWidget(self._empty_page())
        self.pages.addWidget(self.splitter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tools)
        layout.addWidget(self.sentence)
        layout.addWidget(self._strip())
        layout.addWidget(self.pages, 1)

    def _empty_page(self) -> QWidget:
        page = QWidget()
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.RichText)
        self.draw.setProperty("role", "primary")
        self.draw.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 0, 24, 60)
        column.addStretch(1)
        column.addWidget(self.message)
        column.addSpacing(10)
        column.addWidget(self.draw, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return page

    def _strip(self) -> QWidget:
        """What the job is at."""
        self.doing.setProperty("role", "muted")
        self.progress.setTextVisible(False)
        self.progress.setMaximumWidth(160)
        self.progress.setAccessibleName("How far the map is")
        self.halt.setText("Stop")
        self.halt.setToolTip("Stop drawing; the map that was there before stays.")
        self.halt.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout(self.strip)
        row.setContentsMargins(14, 0, 10, 6)
        row.setSpacing(10)
        row.addWidget(self.progress)
        row.addWidget(self.doing, 1)
        row.addWidget(self.halt)
        return self.strip

    def _fill_menu(self) -> None:
        menu, theme = self.tools.menu, self._session.theme
        self.methods = {}
        for name in METHODS:
            title, tip = words.METHODS[name]
            action = menu.addAction(title, partial(self._mapping.set_method, name))
            action.setCheckable(True)
            action.setChecked(name == self._mapping.method)
            action.setToolTip(tip)
            self.methods[name] = action
        menu.addSeparator()
        self.anew = menu.addAction(theme.icon("retry"), "Draw anew", partial(self._mapping.draw, anew=True))
        theme.set_icon(self.anew, "retry")
        menu.addSeparator()
        self.write = menu.addAction("Export…", self._ask_export)
        theme.set_icon(self.write, "export")

    def _connect(self) -> None:
        mapping, tools, session = self._mapping, self.tools, self._session
        mapping.drawn.connect(self._show_drawing)
        mapping.state_changed.connect(self._show_state)
        mapping.columns_changed.connect(self._columns_changed)
        session.selection_changed.connect(self._count_selection)
        session.encoders_changed.connect(self._show_state)
        session.theme.changed.connect(self._recolour)
        tools.column.currentIndexChanged.connect(lambda place: self.colour_by(COLUMNS[place].name))
        tools.search.textChanged.connect(lambda _: self._typing.start())
        self._typing.timeout.connect(self._search)
        tools.touch_chosen.connect(self.stage.canvas.set_tool)
        tools.fit.clicked.connect(self._fit)
        tools.lines.toggled.connect(self.stage.set_lines)
        tools.listen.toggled.connect(self.stage.set_previews)
        tools.legend.toggled.connect(self.legend.setVisible)
        self.legend.filter_changed.connect(self._filter)
        self.stage.arranged.connect(self._colour)
        self.stage.menu_wanted.connect(self._show_menu)
        self.bar.wanted.connect(self.do)
        self.draw.clicked.connect(self._draw)
        self.halt.clicked.connect(mapping.stop)
        self._player.track_changed.connect(self._mark_played)

    # -- the map

    def _fit(self) -> None:
        self.stage.canvas.fit()

    def _draw(self) -> None:
        self._mapping.draw()

    def _show_drawing(self) -> None:
        drawing = self._mapping.drawing
        if drawing is not None:
            self.stage.show_drawing(drawing)
        self._show_state()

    def _show_state(self) -> None:
        mapping, drawing = self._mapping, self._mapping.drawing
        job = mapping.job
        shown = drawing is not None
        self.pages.setCurrentIndex(1 if shown else 0)
        self.sentence.setVisible(shown)
        self._show_job()
        if drawing is not None:
            title = encoder_titles.choice(drawing.encoder).title
            self.sentence.setText(words.summary(drawing, title))
            self.sentence.setToolTip(words.details(drawing))
        else:
            self._show_empty()
        for name, action in self.methods.items():
            action.setChecked(name == mapping.method)
        reason = (
            ""
            if shown and job is None
            else "it is being drawn."
            if job is not None
            else "there is no map yet."
        )
        self.anew.setEnabled(not reason)
        tip = "Lay all tracks out again, beginning from where they lie now."
        self.anew.setToolTip(f"{tip}\nNot now: {reason}" if reason else tip)
        self.write.setEnabled(shown)
        self.write.setToolTip("" if shown else "Not now: there is no map yet.")
        for widget in (self.tools.search, self.tools.column, self.tools.fit):
            widget.setEnabled(shown)

    def _show_job(self) -> None:
        mapping, drawing, job = self._mapping, self._mapping.drawing, self._mapping.job
        other = drawing is not None and not mapping.own
        self.strip.setVisible(
            job is not None or (other and mapping.state in ("few", "none", "failed", "reading"))
        )
        self.progress.setVisible(job is not None)
        self.halt.setVisible(job is not None)
        text = words.progress(job) if job is not None else words.behind(mapping)
        if other and drawing is not None and job is not None:
            text = f"{text} Still shown: {encoder_titles.choice(drawing.encoder).title}."
        self.doing.setText(text)
        if job is not None:
            self.progress.setRange(0, job.total or 0)
            self.progress.setValue(min(job.done, job.total or 0))

    def _show_empty(self) -> None:
        mapping = self._mapping
        state, encoder = mapping.state, self._session.encoder
        heard = mapping.looked.heard if mapping.looked is not None else 0
        title = encoder_titles.choice(encoder).title if encoder is not None else ""
        failure = mapping.failure
        text = {
            "few": words.few(heard),
            "none": words.none(heard, title),
            "drawing": words.none(heard, title),
        }.get(state, "Reading the map…")
        if state == "failed" and failure is not None:
            text = words.failed(failure)
        if self.message.text() != text:
            self.message.setText(text)
        self.draw.setVisible(state in ("none", "failed"))
        self.draw.setText("Try again" if state == "failed" else "Draw the map")

    # -- colours

    def colour_by(self, name: str) -> None:
        """Let the colours stand for another column."""
        self.info = BY_NAME[name]
        self.tools.column.setCurrentIndex(COLUMNS.index(self.info))
        self._colour()

    def _colour(self) -> None:
        if self.stage.drawing is None:
            return
        if self.info.stored:
            self._mapping.column(self.info.name, partial(self._take_column, self.info.name))
        else:
            self._take_column(self.info.name, None)

    def _take_column(self, name: str, column: Categories | Numbers | None) -> None:
        drawing = self.stage.drawing
        if drawing is not None and name == self.info.name:
            self._show_scheme(scheme_of(self.info, drawing, column, self._played))

    def _show_scheme(self, scheme: Scheme) -> None:
        shown = self._filters.get(scheme.info.name, ALL)
        shown = Filter(
            frozenset(code for code in shown.hidden if code < len(scheme.values)), shown.low, shown.high
        )
        self.stage.show_scheme(scheme, shown)
        self.legend.show_scheme(scheme, shown, self.stage.colour)
        self.regions.show_scheme(scheme, shown)

    def _filter(self, shown: Filter) -> None:
        self._filters[self.info.name] = shown
        if self.stage.scheme is not None:
            self.stage.show_scheme(self.stage.scheme, shown)
            self.regions.show_scheme(self.stage.scheme, shown)
            if self.stage.scheme.info.kind == "names":
                self.legend.list.viewport().update()

    def _recolour(self) -> None:
        if self.stage.scheme is not None:
            self._show_scheme(self.stage.scheme)

    def _columns_changed(self) -> None:
        self.stage.forget_titles()
        if self.isVisible() and self.info.stored:
            self._filters.clear()  # codes are places in a list that may be another one now
            self._colour()

    def _mark_played(self, playable: Playable | None) -> None:
        if playable is not None and playable.track_id > 0:
            self._played.add(playable.track_id)
            if self.info.name == "played" and self.isVisible():
                self._colour()

    # -- searching

    def focus_search(self) -> None:
        """Put the cursor into the search line."""
        self.tools.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.tools.search.selectAll()

    def _search(self) -> None:
        self._sought = self.tools.search.text().strip()
        if self._sought:
            self._mapping.find(self._sought, partial(self._take_found, self._sought))
        else:
            self._take_found("", None)

    def _take_found(self, query: str, files: Ids | None) -> None:
        if query != self._sought:
            return
        self.stage.set_found(files)
        self.tools.found.setText("" if files is None else f"{self.stage.found():,}")
        self.tools.found.setToolTip("" if files is None else "So many of these tracks are on the map.")

    # -- the selection

    def _count_selection(self) -> None:
        self.bar.show_count(len(self.stage.chosen) if self.isVisible() else 0)

    def do(self, name: str) -> None:
        """Do something with the selected tracks."""
        if name == "clear":
            self.stage.select(np.empty(0, np.int64))
            return
        chosen = self._session.selection
        if name in ("play", "queue"):
            self._mapping.rows(chosen[:MOST_PLAYED].tolist(), partial(self._play, name), "map play")
            return
        known = self._tracks()
        if name == "label" and known:
            labels.ask(self._session, known, self)
        elif name == "playlist" and known:
            self._playlists.create(self._list_name(), known, "lasso")
            told = "It is under Playlists in the Library."
            self._session.notifier.done("The playlist was made.", told)

    def _tracks(self) -> list[int]:
        """The selected tracks that are on the map."""
        drawing = self.stage.drawing
        return [] if drawing is None else drawing.tracks[self.stage.chosen].tolist()

    def _list_name(self) -> str:
        return f"From the map: {self._sought}" if self._sought else "From the map"

    def _play(self, name: str, rows: list[Row]) -> None:
        there = [tracks.playable(row) for row in rows if row.online]
        if name == "queue":
            self._player.append(there)
        elif there:
            self._player.play(there)

    def _show_menu(self, place: QPoint) -> None:
        if len(self._session.selection):
            menu = self.selection_menu()
            menu.exec(place)
            menu.deleteLater()

    def selection_menu(self) -> QMenu:
        """What can be done with the selected tracks."""
        menu, theme = QMenu(self), self._session.theme
        for name, text, icon in (("play", "Play", "play"), ("queue", "Add to queue", "queue")):
            menu.addAction(theme.icon(icon), text, partial(self.do, name))
        menu.addAction(theme.icon("similar"), "Similar tracks", self._session.similar_wanted.emit)
        menu.addSeparator()
        menu.addAction(theme.icon("keep"), "Labels…", partial(self.do, "label"))
        menu.addAction(theme.icon("note"), "New playlist", partial(self.do, "playlist"))
        menu.addSeparator()
        menu.addAction(theme.icon("map"), "Centre", self.stage.find_selection)
        return menu

    def find_selection(self) -> None:
        """Centre the selected track, from another view."""
        if not self.stage.find_selection() and self.stage.drawing is not None:
            self._session.notifier.info(
                "This track is not on the map yet.", "It gets its place once it has been listened to."
            )

    # -- export

    def _ask_export(self) -> None:
        name, kind = QFileDialog.getSaveFileName(self, "Export the map", "map.png", export.KINDS)
        if name:
            known = Path(name).suffix.lower() in export.SUFFIXES
            wanted = next((suffix for suffix in export.SUFFIXES if f"*{suffix}" in kind), ".png")
            self.export_to(Path(name) if known else Path(name + wanted))

    def export_to(self, path: Path) -> None:
        """Write the map; the suffix names the kind."""
        stage, session = self.stage, self._session
        if stage.drawing is None or stage.scheme is None or stage.scheme.n != len(stage.drawing):
            return
        title = encoder_titles.choice(stage.drawing.encoder).title
        hues = stage.hues.of(session.theme.colours)
        what = export.Shown(
            stage.drawing, stage.scheme, stage.shown, hues, session.theme.colours,
            words.plain(words.summary(stage.drawing, title)),
        )  # fmt: skip

        def done(_: None) -> None:
            session.notifier.done(f"The map was written: {path.name}", str(path))

        if path.suffix.lower() == ".csv":
            session.ask(partial(export.write_table, path, what), done)
        elif path.suffix.lower() == ".svg":
            session.background.run(partial(export.write_drawing, path, what), done)
        else:
            image = export.picture(showing.picture(stage.canvas, export.PICTURE, export.RATIO), what)
            session.background.run(partial(export.write_picture, path, image), done)

    # -- what the window remembers

    def save_state(self) -> str:
        """Colours, legend and lines."""
        splitter = bytes(self.splitter.saveState().toBase64().data()).decode()
        marks = "".join("1" if box.isChecked() else "0" for box in self._boxes())
        return f"{self.info.name} {marks} {splitter}"

    def restore_state(self, text: str) -> None:
        """Take over what `save_state` gave; what is damaged is passed over."""
        name, _, rest = text.partition(" ")
        marks, _, splitter = rest.partition(" ")
        if name in BY_NAME:
            self.colour_by(name)
        for box, mark in zip(self._boxes(), marks, strict=False):
            box.setChecked(mark == "1")
        self.splitter.restoreState(QByteArray.fromBase64(splitter.encode()))

    def _boxes(self) -> tuple[QToolButton, ...]:
        return self.tools.lines, self.tools.listen, self.tools.legend

    # -- Qt's events

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the map up to date while it is seen."""
        super().showEvent(event)
        self._mapping.watch(True)
        self._count_selection()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Rest."""
        super().hideEvent(event)
        self._mapping.watch(False)
        self.stage.card.leave()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the bar at the foot."""
        super().resizeEvent(event)
        self.bar.place()
