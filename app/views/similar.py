"""Similar: what sounds like the selected tracks, wherever they were selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app import tracks, wording
from app.census import Change
from app.neighbourhood import USABLE, Answer, Neighbour, Neighbourhood, Wish
from app.player import Playable, Player
from app.session import Session
from app.views.elided import Elided
from app.views.neighbour_list import NeighbourList
from app.views.similar_words import heading, why_none
from core import paths, playlist
from core.library.records import Row

HOW_MANY = (10, 25, 50)
MOST_SEEDS = 100
CALM_MS = 1500
"""Least time between two answers that only follow the library's changes."""


class SimilarPanel(QWidget):
    """Neighbours of the selection.

    Parameters
    ----------
    session, player
        What is selected, and what plays.
    """

    def __init__(self, session: Session, player: Player) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session, self._player = session, player
        self._neighbourhood = Neighbourhood()
        self._wish = Wish()
        self._answer = Answer(Wish())
        self._fresh = self._out_of_date = False
        self._bent: dict[int, tuple[str, str]] = {}
        self.kept: dict[int, Row] = {}
        self.title, self.subtitle, self.bent = Elided(), Elided(), QLabel()
        self.list = NeighbourList(session.theme)
        self.message = QLabel()
        self.pages = QStackedWidget()
        self.note = QLabel()
        self.other_artists = self._filter(
            "Other artists", "Leave out tracks by the same artist.", "other_artists"
        )
        self.other_albums = self._filter(
            "Other albums", "Leave out tracks of the same album.", "other_albums"
        )
        self.how_many = self._choice()
        self.audition = self._button(
            "audition", "Audition",
            "A click on a track plays its neighbours in turn, a few seconds each (A).",
        )  # fmt: skip
        self.export = self._button("export", "Export", "")
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._lay_out()
        self._connect()
        self._show_answer(self._answer)

    # -- building

    def _filter(self, text: str, tip: str, field: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setToolTip(tip)
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.toggled.connect(lambda on: self._change(**{field: on}))
        return box

    def _choice(self) -> QComboBox:
        box = QComboBox()
        box.setToolTip("How many neighbours to show.")
        box.setAccessibleName("How many neighbours")
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for number in HOW_MANY:
            box.addItem(str(number), number)
        box.activated.connect(lambda place: self._change(n=HOW_MANY[place]))
        return box

    def _button(self, icon: str, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setIconSize(QSize(18, 18))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._session.theme.set_icon(button, icon)
        return button

    def _lay_out(self) -> None:
        self.title.setProperty("role", "strong")
        for label in (self.subtitle, self.note, self.bent):
            label.setProperty("role", "muted")
        for label in (self.message, self.bent, self.note):
            label.setWordWrap(True)
        self.message.setProperty("role", "muted")
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setContentsMargins(24, 0, 24, 60)
        head = QVBoxLayout()
        head.setContentsMargins(16, 12, 12, 6)
        head.setSpacing(3)
        for widget in (self.title, self.subtitle, self.bent):
            head.addWidget(widget)
        filters = _row((16, 2, 12, 8), self.other_artists, self.other_albums, None, self.how_many)
        filters.setSpacing(14)
        self.pages.addWidget(self.message)
        self.pages.addWidget(self.list)
        self.pages.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.note.setContentsMargins(16, 4, 12, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addLayout(filters)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.note)
        layout.addLayout(_row((10, 4, 10, 8), self.audition, None, self.export))

    def _connect(self) -> None:
        session = self._session
        self.audition.setCheckable(True)
        self.audition.setChecked(session.audition)
        self.audition.toggled.connect(session.set_audition)
        session.audition_changed.connect(self._audition_changed)
        session.selection_changed.connect(self._follow)
        session.encoder_changed.connect(self._ask)
        session.library_changed.connect(self._library_changed)
        session.theme.changed.connect(self.list.viewport().update)
        self._calm.timeout.connect(self._ask)
        self._player.track_changed.connect(self._mark)
        self.list.play_wanted.connect(self.play)
        self.list.menu_wanted.connect(self._show_menu)
        self.export.clicked.connect(self._ask_export)
        for label in (self.message, self.note, self.bent):
            label.linkActivated.connect(self._link)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as a title usually is."""
        return QSize(340, 500)

    # -- asking

    def _follow(self) -> None:
        """Another selection: a new question, without the bends of the last one."""
        self._bent.clear()
        self._fresh = True
        seeds = tuple(self._session.selection[:MOST_SEEDS].tolist())
        self._change(seeds=seeds, more=(), less=())

    def _change(self, **fields: object) -> None:
        self._wish = replace(self._wish, **fields)  # type: ignore[arg-type] # fields of Wish
        self._ask()

    def _ask(self) -> None:
        self._out_of_date = not (self.isVisible() or self._session.audition)
        if not self._out_of_date:
            question = partial(self._neighbourhood.answer, self._wish)
            self._session.ask(question, self._take, latest="similar")

    def _library_changed(self, _: Change) -> None:
        if not self._calm.isActive():
            self._calm.start()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Catch up."""
        super().showEvent(event)
        if self._out_of_date:
            self._ask()

    # -- showing

    def _take(self, answer: Answer) -> None:
        fresh, self._fresh = self._fresh, False
        if answer != self._answer:
            self._show_answer(answer)
        if fresh and self._session.audition and answer.neighbours:
            self.start_audition()

    def _show_answer(self, answer: Answer) -> None:
        before, self._answer = self._answer, answer
        title, subtitle = heading(answer.seeds)
        self.title.set_whole(title)
        self.subtitle.set_whole(subtitle)
        for label in (self.title, self.subtitle):
            label.setVisible(bool(title))
        self._show_bent()
        if answer.neighbours != before.neighbours:
            place = self.list.verticalScrollBar().value() if answer.wish == before.wish else 0
            self.list.neighbours.show(answer.neighbours)
            self.list.verticalScrollBar().setValue(place)
        self.message.setText("" if answer.neighbours else why_none(answer, self._session.busy))
        self.pages.setCurrentWidget(self.list if answer.neighbours else self.message)
        self._show_note(answer)
        self.export.setEnabled(bool(answer.neighbours))
        reason = "" if answer.neighbours else "\nNot now: there are no neighbours."
        self.export.setToolTip(f"Write these tracks as a playlist (M3U8 or XSPF).{reason}")

    def _show_bent(self) -> None:
        """What the list is nearer to, and what it keeps away from."""
        words = [f"{sign} {escape(title)}" for sign, title in self._bent.values()]
        self.bent.setText(f"{'<br>'.join(words)} &nbsp; <a href='straight'>Clear</a>" if words else "")
        self.bent.setVisible(bool(words))

    def _show_note(self, answer: Answer) -> None:
        words = []
        if answer.folded:
            words.append(
                f"{wording.count(answer.folded, 'other version')} folded in. <a href='unfold'>Show</a>"
            )
        elif not answer.wish.fold:
            words.append("All versions shown. <a href='fold'>Fold</a>")
        if self.kept:
            kept = wording.count(len(self.kept), "track")
            words.append(f"{kept} kept: <a href='play-kept'>play</a>, <a href='export-kept'>export</a>")
        self.note.setText("<br>".join(words))
        self.note.setVisible(bool(words))

    def _mark(self, playable: Playable | None) -> None:
        self.list.neighbours.set_playing(None if playable is None else playable.track_id)

    # -- playing

    @property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """What is listed."""
        return self.list.neighbours.neighbours

    def _playables(self, length_s: float | None = None) -> list[Playable]:
        return [tracks.playable(one.row, length_s) for one in self.neighbours]

    def play(self, place: int) -> None:
        """Play from this neighbour on; in an audition, excerpts."""
        if self._session.audition:
            self.start_audition(place)
        else:
            self._player.play(self._playables(), place)

    def start_audition(self, place: int = 0) -> None:
        """Play a few seconds of each neighbour in turn."""
        length = self._session.settings.player.audition_s
        self._player.audition(self._playables(length)[place:])

    def _audition_changed(self, on: bool) -> None:
        self.audition.setChecked(on)
        if on and self.neighbours:
            self.start_audition()
        elif on:
            self._ask()
        else:
            self._player.end_audition()

    # -- bending

    def bend(self, rows: Sequence[Row], *, more: bool) -> None:
        """Look for tracks more like these, or less."""
        ids = tuple(row.file_id for row in rows)
        nearer = tuple(key for key in self._wish.more if key not in ids)
        farther = tuple(key for key in self._wish.less if key not in ids)
        self._bent |= {row.file_id: ("More like" if more else "Less like", row.title) for row in rows}
        self._change(more=nearer + ids if more else nearer, less=farther if more else farther + ids)

    def less_like(self, track_id: int) -> None:
        """Less like this neighbour (the player's button while it auditions)."""
        for neighbour in self.neighbours:
            if neighbour.row.track_id == track_id:
                self._fresh = self._session.audition
                self.bend([neighbour.row], more=False)
                return

    def keep(self, track_id: int) -> None:
        """Remember this neighbour (the player's button while it auditions)."""
        for neighbour in self.neighbours:
            if neighbour.row.track_id == track_id:
                self.kept[track_id] = neighbour.row
                self._show_note(self._answer)

    def _link(self, link: str) -> None:
        deeds: dict[str, Callable[[], object]] = {
            "straight": self._straighten,
            "unfold": lambda: self._change(fold=False),
            "fold": lambda: self._change(fold=True),
            "any": self._unfilter,
            "listen": self._session.reading_wanted.emit,
            "add": self._session.add_wanted.emit,
            "play-kept": lambda: self._player.play([tracks.playable(row) for row in self.kept.values()]),
            "export-kept": lambda: self._ask_export_of(list(self.kept.values())),
        }
        deeds[link]()

    def _straighten(self) -> None:
        self._bent.clear()
        self._change(more=(), less=())

    def _unfilter(self) -> None:
        self.other_artists.setChecked(False)
        self.other_albums.setChecked(False)

    # -- the menu

    def _show_menu(self, place: QPoint) -> None:
        if self.list.chosen():
            menu = self.menu()
            menu.exec(place)
            menu.deleteLater()

    def menu(self) -> QMenu:
        """What can be done with the chosen neighbours."""
        rows = [neighbour.row for neighbour in self.list.chosen()]
        theme, player, menu = self._session.theme, self._player, QMenu(self)
        playables = [tracks.playable(row) for row in rows if row.online]
        menu.addAction(theme.icon("play"), "Play", lambda: player.play(playables))
        menu.addAction(theme.icon("queue"), "Add to queue", lambda: player.append(playables))
        menu.addSeparator()
        menu.addAction(theme.icon("more-like"), "More like this", lambda: self.bend(rows, more=True))
        menu.addAction(theme.icon("less-like"), "Less like this", lambda: self.bend(rows, more=False))
        go_on = menu.addAction(theme.icon("similar"), "Find similar to this")
        go_on.triggered.connect(lambda: self._session.select([row.file_id for row in rows]))
        menu.addSeparator()
        show = menu.addAction(
            theme.icon("folder"), "Show in folder", lambda: tracks.show_in_folder(rows[0].path)
        )
        show.setEnabled(len(rows) == 1 and rows[0].online)
        text = "\n".join(paths.display(row.path) for row in rows)
        menu.addAction(theme.icon("copy"), "Copy path", lambda: QGuiApplication.clipboard().setText(text))
        return menu

    # -- export

    def _ask_export(self) -> None:
        seeds = [row for row in self._answer.seeds if row.state in USABLE]
        self._ask_export_of([*seeds, *(neighbour.row for neighbour in self.neighbours)])

    def _ask_export_of(self, rows: list[Row]) -> None:
        kinds = "Playlist (*.m3u8);;XSPF playlist (*.xspf)"
        name, kind = QFileDialog.getSaveFileName(self, "Export playlist", f"{rows[0].title}.m3u8", kinds)
        if name:
            known = Path(name).suffix.lower() in (".m3u8", ".xspf")
            suffix = "" if known else ".xspf" if "xspf" in kind else ".m3u8"
            self.export_to(Path(name + suffix), rows)

    def export_to(self, path: Path, rows: list[Row]) -> None:
        """Write these tracks as a playlist; the suffix names the kind."""
        entries, notifier = [tracks.entry(row) for row in rows], self._session.notifier
        write = partial(playlist.write, path, entries)
        self._session.background.run(write, lambda _: notifier.done("The playlist was written.", str(path)))


def _row(margins: tuple[int, int, int, int], *widgets: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None is room that gives way."""
    layout = QHBoxLayout()
    layout.setContentsMargins(*margins)
    layout.setSpacing(4)
    for widget in widgets:
        if widget is None:
            layout.addStretch(1)
        else:
            layout.addWidget(widget)
    return layout
