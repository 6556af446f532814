"""Map: every track a point, what sounds alike side by side; colours, legend, selection, and how far to believe it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import encoder_titles
from app.map_colours import BY_NAME, SHARED
from app.mapping import Mapping
from app.player import Player
from app.playlists import Playlists
from app.second_map import SecondMap
from app.views.map import words
from app.views.map.colouring import Colouring
from app.views.map.deeds import Deeds
from app.views.map.job_line import JobLine
from app.views.map.legend import Legend
from app.views.map.menu import MapMenu
from app.views.map.moved_table import MovedTable
from app.views.map.second_pane import SecondPane
from app.views.map.selection_bar import SelectionBar
from app.views.map.stage import Stage
from app.views.map.tools import MapTools
from core.library.facet_columns import Ids

TYPING_MS = 150
LEGEND_WIDTHS, LEGEND_SHARE = (200, 300), 0.19
"""Of the page's width, until a person gives the legend another: names are long, and a large window has room beside the
map."""


class MapView(QWidget):
    """The page of the window.

    Parameters
    ----------
    mapping, player, playlists
        The maps, what plays, and where lists are kept.
    tools
        The row above the map, if it was made in an earlier turn of the event loop: half of the page's time.
    """

    def __init__(
        self, mapping: Mapping, player: Player, playlists: Playlists, tools: MapTools | None = None
    ) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._mapping, self._session, self._player = mapping, mapping.session, player
        self._sought, self._shared = "", False
        self.tools = MapTools(self._session.theme) if tools is None else tools
        self.legend = Legend(self._session.theme)
        self.stage = Stage(mapping, player)
        self.colouring = Colouring(mapping, self.stage, self.legend, player)
        self.deeds = Deeds(mapping, player, playlists, self.stage, self)
        self.menu = MapMenu(self.tools.menu, mapping, self.stage, self)
        self.bar = SelectionBar(self._session.theme, self.stage)
        self.second = SecondMap(mapping)
        self.pane: SecondPane | None = None
        self.moved = MovedTable()
        self.sentence, self.message = QLabel(), QLabel()
        self.draw, self.line = QPushButton("Draw the map"), JobLine(mapping)
        self.pages, self.splitter = QStackedWidget(), QSplitter()
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._lay_out()
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
        self.splitter.setChildrenCollapsible(False)
        self.legend.setMinimumWidth(160)
        self.stage.setMinimumWidth(220)
        self.moved.setFixedHeight(150)
        self.moved.hide()
        self.pages.addWidget(self._empty_page())
        self.pages.addWidget(self.splitter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (self.tools, self.sentence, self.line):
            layout.addWidget(widget)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.moved)

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

    def _connect(self) -> None:
        mapping, tools, session = self._mapping, self.tools, self._session
        mapping.drawn.connect(self._show_drawing)
        mapping.state_changed.connect(self._show_state)
        session.selection_changed.connect(self._count_selection)
        session.encoders_changed.connect(self._show_state)
        tools.column.currentIndexChanged.connect(lambda _: self._column_chosen())
        self.colouring.picked.connect(self._column_picked)
        tools.search.textChanged.connect(lambda _: self._typing.start())
        self._typing.timeout.connect(self._search)
        tools.touch_chosen.connect(self._touch)
        tools.fit.clicked.connect(self._fit)
        tools.lines.toggled.connect(self._show_lines)
        tools.listen.toggled.connect(self._listen)
        tools.legend.toggled.connect(self.legend.setVisible)
        tools.both.toggled.connect(self.show_both)
        self.stage.menu_wanted.connect(self.deeds.show_menu)
        self.stage.arranged.connect(self._count_selection)
        self.bar.wanted.connect(self.deeds.do)
        self.draw.clicked.connect(self._draw)
        self.second.compared_changed.connect(self._show_moved)
        self.moved.chosen.connect(self._select_moved)
        self.moved.play_wanted.connect(lambda file_id: self.stage.play([file_id]))

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The map, and the second one if it is there."""
        return (self.stage,) if self.pane is None else (self.stage, self.pane.stage)

    # -- the map

    def _fit(self) -> None:
        for stage in self.stages:
            if stage.isVisible():
                stage.canvas.fit()

    def _draw(self) -> None:
        self._mapping.draw()

    def _touch(self, tool: str) -> None:
        for stage in self.stages:
            stage.canvas.set_tool(tool)  # type: ignore[arg-type] # the buttons' names are the tools'

    def _show_lines(self, on: bool) -> None:
        for stage in self.stages:
            stage.set_lines(on)

    def _listen(self, on: bool) -> None:
        for stage in self.stages:
            stage.set_previews(on)

    def _show_drawing(self) -> None:
        drawing = self._mapping.drawing
        if drawing is not None:
            self.stage.show_drawing(drawing)
        self._show_state()

    def _show_state(self) -> None:
        drawing = self._mapping.drawing
        shown = drawing is not None
        self.pages.setCurrentIndex(1 if shown else 0)
        self.sentence.setVisible(shown)
        self.line.refresh()
        self.menu.refresh()
        if drawing is not None:
            title = encoder_titles.choice(drawing.encoder).title
            self.sentence.setText(words.summary(drawing, title))
            self.sentence.setToolTip(words.details(drawing))
        else:
            self._show_empty()
        for widget in (self.tools.search, self.tools.column, self.tools.fit, self.tools.both):
            widget.setEnabled(shown)

    def _show_empty(self) -> None:
        mapping, encoder = self._mapping, self._session.encoder
        state, failure = mapping.state, mapping.failure
        heard = mapping.looked.heard if mapping.looked is not None else 0
        title = encoder_titles.choice(encoder).title if encoder is not None else ""
        told = {
            "few": words.few(heard),
            "none": words.none(heard, title),
            "drawing": words.drawing(heard, title),
        }
        text = (
            words.failed(failure)
            if state == "failed" and failure is not None
            else told.get(state, words.READING)
        )
        if self.message.text() != text:
            self.message.setText(text)
        self.draw.setVisible(state in ("none", "failed"))
        self.draw.setText("Try again" if state == "failed" else "Draw the map")

    # -- colours

    def colour_by(self, name: str) -> None:
        """Let the colours stand for another column."""
        place = self.tools.column.findData(name)
        if place >= 0:
            self.tools.column.setCurrentIndex(place)

    def _column_picked(self, name: str) -> None:
        blocked = self.tools.column.blockSignals(True)
        self.colour_by(name)
        self.tools.column.blockSignals(blocked)

    def _column_chosen(self) -> None:
        self.colouring.colour_by(str(self.tools.column.currentData()))

    # -- two maps

    def show_both(self, on: bool) -> None:
        """Show the map of a second encoder beside the first, or no longer."""
        self.tools.both.setChecked(on)
        if on and self.pane is None:
            self._make_pane()
        if self.pane is None:
            return
        self.pane.setVisible(on)
        self.moved.setVisible(on)
        self.second.watch(on and self.isVisible())
        column = self.tools.column
        if on:
            self.pane.offer()
            if column.findData(SHARED.name) < 0:
                column.addItem(SHARED.title, SHARED.name)
            half = max((self.splitter.width() - self._legend_width()) // 2, 220)
            self.splitter.setSizes([half, half, self._legend_width()])
        else:
            if self.colouring.info is SHARED:
                column.setCurrentIndex(0)
            column.removeItem(column.findData(SHARED.name))
        QTimer.singleShot(0, self, self._fit)  # the room of each map is another one now

    def _legend_width(self) -> int:
        least, most = LEGEND_WIDTHS
        return min(max(round(LEGEND_SHARE * self.width()), least), most)

    def _make_pane(self) -> None:
        self.pane = SecondPane(self.second, self._player, self.stage)
        self.splitter.insertWidget(1, self.pane)
        self.splitter.setStretchFactor(1, 1)
        self.colouring.set_second(self.second, self.pane.stage)
        self.pane.stage.menu_wanted.connect(self.deeds.show_menu)
        self._touch(self.stage.canvas.tool)
        self._show_lines(self.tools.lines.isChecked())
        self._listen(self.tools.listen.isChecked())

    def _show_moved(self) -> None:
        beside = self.second.beside
        self.moved.tracks.show(() if beside is None else beside.moved)

    def _select_moved(self, file_id: int) -> None:
        self._session.select([file_id])

    # -- searching

    def focus_search(self) -> None:
        """Put the cursor into the search line."""
        self.tools.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.tools.search.selectAll()

    def _search(self) -> None:
        self._sought = self.deeds.sought = self.tools.search.text().strip()
        if self._sought:
            self._mapping.find(self._sought, partial(self._take_found, self._sought))
        else:
            self._take_found("", None)

    def _take_found(self, query: str, files: Ids | None) -> None:
        if query != self._sought:
            return
        for stage in self.stages:
            stage.set_found(files)
        self.tools.found.setText("" if files is None else f"{self.stage.found():,}")
        self.tools.found.setToolTip("" if files is None else "So many tracks on the map match.")

    # -- the selection

    def _count_selection(self) -> None:
        self.bar.show_count(len(self.stage.chosen) if self.isVisible() else 0)

    def find_selection(self) -> None:
        """Centre the selected track, from another view."""
        if (
            not self.stage.find_selection()
            and self.stage.drawing is not None
            and len(self._session.selection)
        ):
            self._session.notifier.info(
                "This track is not on the map yet.", "It gets its place once it has been listened to."
            )

    # -- what the window remembers

    def save_state(self) -> str:
        """Colours, legend and lines."""
        marks = "".join("1" if box.isChecked() else "0" for box in self._boxes())
        splitter = (
            "" if self.pane is not None else bytes(self.splitter.saveState().toBase64().data()).decode()
        )
        name = self.colouring.info.name if self.colouring.chosen else "-"
        return f"{name} {marks} {splitter}"

    def restore_state(self, text: str) -> None:
        """Take over what `save_state` gave; what is damaged is passed over."""
        name, _, rest = text.partition(" ")
        marks, _, splitter = rest.partition(" ")
        if name in BY_NAME:
            self.colour_by(name)
        for box, mark in zip(self._boxes(), marks, strict=False):
            box.setChecked(mark == "1")
        self._shared = self.splitter.restoreState(QByteArray.fromBase64(splitter.encode()))

    def _boxes(self) -> tuple[QToolButton, ...]:
        return self.tools.lines, self.tools.listen, self.tools.legend

    # -- Qt's events

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the map up to date while it is seen."""
        super().showEvent(event)
        if not self._shared:
            self._shared = True
            self.splitter.setSizes([max(self.width() - self._legend_width(), 220), self._legend_width()])
        self._mapping.watch(True)
        self.second.watch(self.tools.both.isChecked())
        self._count_selection()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Rest."""
        super().hideEvent(event)
        self._mapping.watch(False)
        self.second.watch(False)
        for stage in self.stages:
            stage.card.leave()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the bar at the foot."""
        super().resizeEvent(event)
        self.bar.place()
