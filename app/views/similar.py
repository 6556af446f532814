"""Similar: what sounds like the selected tracks, wherever they were selected; paths, radios and moments as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QMenu

from app import tracks, wording
from app.census import Change, Reader
from app.neighbourhood import USABLE, Answer, Mode, Neighbour, Neighbourhood, Why, Wish, keep
from app.player import Playable, Player
from app.playlists import Playlists, write_file
from app.radio import Radio
from app.session import Session
from app.views import similar_rules
from app.views.playlists_page import KINDS, file_name, with_suffix
from app.views.similar_layout import HOW_MANY, Layout
from app.views.similar_menu import neighbour_menu
from app.views.similar_stops import MOST as MOST_STOPS
from app.views.similar_words import (
    heading,
    kept_name,
    moment_heading,
    moment_note,
    summary,
    why_none,
)
from app.waves import Waves
from core.library.records import Row
from core.recommend.radio import Spacing
from core.recommend.rules import Rules

MOST_SEEDS = 100
CALM_MS = 1500
"""Least time between two answers that only follow the library's changes."""

__all__ = ["CALM_MS", "HOW_MANY", "MOST_SEEDS", "SimilarPanel"]


class SimilarPanel(Layout):
    """Neighbours of the selection, and what else can be asked from it.

    Parameters
    ----------
    session, player, playlists, waves
        What is selected, what plays, the lists that are kept, and who draws waveforms.
    """

    def __init__(self, session: Session, player: Player, playlists: Playlists, waves: Waves) -> None:
        super().__init__(session.theme, waves)
        self._session, self._player, self._playlists = session, player, playlists
        self._neighbourhood = Neighbourhood()
        self.radio = Radio(session, player, self._neighbourhood)
        self._wish = Wish()
        self._answer = Answer(Wish())
        self._fresh = self._out_of_date = False
        self._bent: dict[int, tuple[str, str]] = {}
        self._path: tuple[int, ...] = ()
        self._moment: tuple[int, tuple[float, float]] | None = None
        self.kept: dict[int, Row] = {}
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._connect()
        self._show_answer(self._answer)

    def _connect(self) -> None:
        session = self._session
        self.audition.setChecked(session.audition)
        self.audition.toggled.connect(session.set_audition)
        session.audition_changed.connect(self._audition_changed)
        session.selection_changed.connect(self._follow)
        session.rows_changed.connect(self._offer_stop)
        session.encoder_changed.connect(self._ask)
        session.library_changed.connect(self._library_changed)
        session.theme.changed.connect(self.list.viewport().update)
        self._calm.timeout.connect(self._look_again)
        self._player.track_changed.connect(self._mark)
        self.modes.chosen.connect(self.set_mode)
        self.how_many.activated.connect(lambda place: self._change(n=HOW_MANY[place]))
        self.filter.clicked.connect(self._open_rules)
        self.unfilter.clicked.connect(self.rules.clear)
        self.rules.changed.connect(self._set_rules)
        self.rules.spacing_changed.connect(self._set_spacing)
        self.stops.changed.connect(self._set_stops)
        self.stops.brought.connect(self._bring_stops)
        self.start_radio.clicked.connect(self._toggle_radio)
        self.radio.changed.connect(self._radio_changed)
        self.list.play_wanted.connect(self.play)
        self.list.menu_wanted.connect(self._show_menu)
        self.list.opened_changed.connect(self._ask_why)
        self.why.excerpts_wanted.connect(self._player.audition)
        self.why.moments_wanted.connect(session.moments_wanted)
        self.why.play_wanted.connect(lambda playable: self._player.play([playable]))
        self.keep_list.clicked.connect(self.keep_as_playlist)
        self.export.clicked.connect(self._ask_export)
        for label in (self.message, self.note, self.bent):
            label.linkActivated.connect(self._link)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as a title usually is."""
        return QSize(340, 500)

    # -- what is asked

    @property
    def mode(self) -> Mode:
        """Which question is put."""
        return self._wish.mode

    def set_mode(self, mode: Mode) -> None:
        """Put another question, about what is selected."""
        self.modes.set_mode(mode)
        if mode != self._wish.mode:
            self._bent.clear()
            self._change(mode=mode, more=(), less=(), seeds=self._seeds_for(mode), span=self._span_for(mode))

    def _seeds_for(self, mode: Mode) -> tuple[int, ...]:
        chosen = tuple(self._session.selection[:MOST_SEEDS].tolist())
        if mode == "path":
            if len(chosen) < 2 and len(self._path) > 1 and set(chosen) <= set(self._path):
                return self._path
            return chosen[:MOST_STOPS]
        if mode == "moment":
            return (self._moment[0],) if self._moment else ()
        if mode == "radio" and self.radio.answer is not None:
            return self.radio.answer.wish.seeds
        return chosen

    def _span_for(self, mode: Mode) -> tuple[float, float] | None:
        return self._moment[1] if mode == "moment" and self._moment else None

    def _follow(self) -> None:
        """Another selection: a new question, without the bends of the last one."""
        chosen = tuple(self._session.selection[:MOST_SEEDS].tolist())
        if self.mode == "path":
            self._follow_path(chosen)
        elif self.mode == "similar" or (self.mode == "radio" and not self.radio.on):
            self._bent.clear()
            self._fresh = True
            self._change(seeds=chosen, more=(), less=())

    def _follow_path(self, chosen: tuple[int, ...]) -> None:
        """A path that has its ends stays; one without an end gets the track that is chosen."""
        stops = self._wish.seeds
        if len(chosen) > 1:
            self._set_stops(chosen[:MOST_STOPS])
        elif len(stops) < 2 and chosen and chosen[0] not in stops:
            self._set_stops((*stops, *chosen))

    def _set_stops(self, file_ids: Sequence[int]) -> None:
        self._path = tuple(file_ids)
        self._change(seeds=self._path)

    def _bring_stops(self, track_ids: Sequence[int]) -> None:
        """Pass these, before the path's end."""
        self._session.ask(partial(_files_of, track_ids), self._pass_all)

    def _pass_all(self, file_ids: Sequence[int]) -> None:
        stops = self._wish.seeds
        fresh = [key for key in file_ids if key not in stops][: MOST_STOPS - len(stops)]
        self._set_stops([*stops[:-1], *fresh, stops[-1]] if len(stops) > 1 else [*stops, *fresh])

    def _offer_stop(self) -> None:
        rows = self._session.rows
        self.stops.show_chosen(rows[0] if len(rows) == 1 and rows[0].state in USABLE else None)

    def find_path(self, file_ids: Sequence[int]) -> None:
        """A path through these files."""
        self._path = tuple(file_ids)
        self.modes.set_mode("path")
        self._bent.clear()
        self._change(mode="path", seeds=self._path, span=None, more=(), less=())

    def find_moment(self, first: float, last: float) -> None:
        """Look for these seconds of what plays in all other tracks."""
        current = self._player.current
        if current is None or current.hidden:
            return
        self._session.similar_wanted.emit()
        self._session.ask(partial(_file_of, current.track_id), partial(self._take_moment, (first, last)))

    def _take_moment(self, span: tuple[float, float], file_id: int | None) -> None:
        if file_id is not None:
            self._moment = (file_id, span)
            self.modes.set_mode("moment")
            self._change(mode="moment", seeds=(file_id,), span=span, more=(), less=())

    def _set_rules(self, rules: Rules) -> None:
        self.radio.go_by(rules, self._wish.spacing)
        self._change(rules=rules)

    def _set_spacing(self, spacing: Spacing) -> None:
        self.radio.go_by(self._wish.rules, spacing)
        self._change(spacing=spacing)

    def _open_rules(self) -> None:
        self._session.ask(similar_rules.look_up, self.rules.offer, latest="choices")
        self._session.ask(self._neighbourhood.hub_effect, self.rules.offer_effect, latest="hubs")
        self.rules.open_at(
            self.filter.mapToGlobal(self.filter.rect().bottomLeft()), radio=self.mode == "radio"
        )

    def _change(self, **fields: object) -> None:
        self._wish = replace(self._wish, **fields)  # type: ignore[arg-type] # fields of Wish
        self.show_mode(self._wish, summary(self._wish.rules))
        self._ask()

    def _ask(self) -> None:
        if self.mode == "radio" and self.radio.answer is not None:
            self._take(self.radio.answer)
            return
        self._out_of_date = not (self.isVisible() or self._session.audition)
        if not self._out_of_date:
            question = partial(self._neighbourhood.answer, self._wish)
            # Of nothing only the number of tracks is told; meanwhile the first click is made ready.
            patient = not (self._wish.seeds or self._wish.more)
            self._session.ask(question, self._take, latest="similar", patient=patient)

    def _library_changed(self, _: Change) -> None:
        if not self._calm.isActive():
            self._calm.start()

    def _look_again(self) -> None:
        self._ask()
        if self.why.unstored:
            self._read_why(self.list.opened)

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
        mode, found = answer.wish.mode, bool(answer.neighbours)
        title, subtitle = heading(answer.seeds)
        if mode == "moment" and answer.seeds and answer.wish.span:
            title, subtitle = moment_heading(answer.seeds[0], *answer.wish.span)
        self.show_heading(title, subtitle)
        self.stops.show_stops(answer.seeds if mode == "path" else ())
        self._show_bent()
        self.list.set_why(mode == "similar" and len(answer.seeds) == 1)
        if answer.neighbours != before.neighbours or mode != before.wish.mode:
            place = self.list.verticalScrollBar().value() if answer.wish == before.wish else 0
            self.list.neighbours.show(answer.neighbours, path=mode == "path")
            self.list.verticalScrollBar().setValue(place)
        self.message.setText("" if found else why_none(answer, self._session.busy))
        self.pages.setCurrentWidget(self.list if found else self.message)
        self.receipt.show_lines(answer.receipt if found else ())
        self._show_note(answer)
        self.allow_actions(found, radio=self.radio.on)

    def _show_bent(self) -> None:
        """What the list is nearer to, and what it keeps away from."""
        words = [f"{sign} {escape(title)}" for sign, title in self._bent.values()]
        self.bent.setText(f"{'<br>'.join(words)} &nbsp; <a href='straight'>Clear</a>" if words else "")
        self.bent.setVisible(bool(words))

    def _show_note(self, answer: Answer) -> None:
        words = [moment_note(answer.wish.span, answer.heard)] if answer.wish.span else []
        if answer.folded:
            words.append(
                f"{wording.count(answer.folded, 'other version')} folded in. <a href='unfold'>Show</a>"
            )
        elif not answer.wish.rules.fold and answer.neighbours:
            words.append("All versions shown. <a href='fold'>Fold</a>")
        if self.kept:
            kept = wording.count(len(self.kept), "track")
            words.append(
                f"{kept} kept: <a href='play-kept'>play</a>, <a href='list-kept'>as a playlist</a>, "
                "<a href='export-kept'>export</a>"
            )
        self.note.setText("<br>".join(filter(None, words)))
        self.note.setVisible(any(words))

    def _mark(self, playable: Playable | None) -> None:
        self.list.neighbours.set_playing(None if playable is None else playable.track_id)

    # -- why

    def _ask_why(self, row: int) -> None:
        if row >= 0 and self._answer.seeds:
            first, second = self._answer.seeds[0], self.neighbours[row].row
            self.why.begin(first, second)
            self._read_why(row)

    def _read_why(self, row: int) -> None:
        if row >= 0 and self._answer.seeds:
            question = partial(self._neighbourhood.why, self._answer.seeds[0], self.neighbours[row].row)
            self._session.ask(question, self._take_why, latest="why")

    def _take_why(self, why: Why) -> None:
        opened = self.list.opened
        if opened >= 0 and self.neighbours[opened].row.file_id == why.second.file_id:
            self.why.show_why(why, busy=self._session.busy)

    # -- playing

    @property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """What is listed."""
        return self.list.neighbours.found

    def _playables(self, length_s: float | None = None) -> list[Playable]:
        """Each neighbour from its moment on, where one is meant."""
        moment = self.mode == "moment" or length_s is not None
        return [
            tracks.playable(one.row, length_s)
            if one.start_s is None or not moment
            else tracks.excerpt(one.row, one.start_s, length_s)
            for one in self.neighbours
        ]

    def play(self, place: int) -> None:
        """Play from this neighbour on; in an audition, excerpts; of a radio, with what comes after it."""
        if self._session.audition:
            self.start_audition(place)
        elif self.mode == "radio":
            self._play_radio(place)
        else:
            self._player.play(self._playables(), place, fixed=self.mode == "path")

    def start_audition(self, place: int = 0) -> None:
        """Play a few seconds of each neighbour in turn."""
        length = self._session.settings.player.audition_s
        self._player.audition(self._playables(length)[place:])

    def _audition_changed(self, on: bool) -> None:
        self.audition.setChecked(on)
        self._fresh = on
        self._change(moments=on)
        if not on:
            self._player.end_audition()

    # -- radio

    def _toggle_radio(self) -> None:
        if self.radio.on:
            self.radio.stop()
        else:
            self._play_radio(0)

    def _play_radio(self, place: int) -> None:
        """Begin, or go to another track of the radio that plays."""
        if self.neighbours:
            self.radio.start(self._answer, place)

    def _radio_changed(self) -> None:
        self.allow_actions(bool(self.neighbours), radio=self.radio.on)
        if self.mode == "radio":
            if self.radio.answer is None:
                self._change(seeds=self._seeds_for("radio"))
            else:
                self._take(self.radio.answer)

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
            "unfold": lambda: self._fold(False),
            "fold": lambda: self._fold(True),
            "any": self._any,
            "listen": self._session.reading_wanted.emit,
            "moments": self._session.moments_wanted.emit,
            "add": self._session.add_wanted.emit,
            "play-kept": lambda: self._player.play([tracks.playable(row) for row in self.kept.values()]),
            "list-kept": lambda: self._playlists.create("Kept from an audition", list(self.kept)),
            "export-kept": lambda: self._ask_export_of(list(self.kept.values())),
        }
        deeds[link]()

    def _fold(self, fold: bool) -> None:
        self._take_rules(replace(self._wish.rules, fold=fold))

    def _any(self) -> None:
        """Nothing is left out; folding and hubs stay as they are."""
        rules = self._wish.rules
        self._take_rules(Rules(fold=rules.fold, hubness=rules.hubness))

    def _take_rules(self, rules: Rules) -> None:
        self.rules.show_rules(rules)
        self._set_rules(rules)

    def _straighten(self) -> None:
        self._bent.clear()
        self._change(more=(), less=())

    # -- the menu

    def _show_menu(self, place: QPoint) -> None:
        if self.list.chosen():
            menu = self.menu()
            menu.exec(place)
            menu.deleteLater()

    def menu(self) -> QMenu:
        """What can be done with the chosen neighbours."""
        return neighbour_menu(self, self._session, self._player, self._playlists)

    @property
    def seeds(self) -> tuple[Row, ...]:
        """Whose neighbours are listed."""
        return self._answer.seeds

    @property
    def asked(self) -> tuple[int, ...]:
        """The files that the question is about."""
        return self._wish.seeds

    def find_similar(self, rows: Sequence[Row]) -> None:
        """Go on from these."""
        self.set_mode("similar")
        self._session.select([row.file_id for row in rows])

    def pass_by(self, file_id: int) -> None:
        """Make a track of the path a stop, in its place among the others."""
        stops = {*self._wish.seeds, file_id}
        self._set_stops([one.row.file_id for one in self.neighbours if one.row.file_id in stops])

    # -- keeping and export

    def keep_as_playlist(self) -> None:
        """Keep the list, with the question that it answers."""
        if self.neighbours:
            self._playlists.make(partial(keep, self._answer, kept_name(self._answer)))

    def _ask_export(self) -> None:
        seeds = [
            row for row in self._answer.seeds if row.state in USABLE and self.mode in ("similar", "radio")
        ]
        self._ask_export_of([*seeds, *(neighbour.row for neighbour in self.neighbours)])

    def _ask_export_of(self, rows: list[Row]) -> None:
        proposed = f"{file_name(rows[0].title)}.m3u8"
        name, kind = QFileDialog.getSaveFileName(self, "Export playlist", proposed, KINDS)
        if name:
            self.export_to(with_suffix(name, kind), rows)

    def export_to(self, path: Path, rows: list[Row]) -> None:
        """Write these tracks as a playlist; the suffix names the kind."""
        write_file(self._session, path, [tracks.entry(row) for row in rows])


def _files_of(track_ids: Sequence[int], reader: Reader) -> list[int]:
    """In a thread: the files that stand for tracks."""
    found = reader.library.rows.files_of(track_ids)
    return [found[track] for track in track_ids if track in found]


def _file_of(number: int, reader: Reader) -> int | None:
    """In a thread: the file that stands for what the player knows by this number (`tracks.number`)."""
    return -number if number < 0 else reader.library.rows.files_of([number]).get(number)
