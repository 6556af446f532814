"""Two encoders beside each other: which tracks each of them puts next to the selected one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app import tracks
from app.census import Change
from app.encoder_titles import choice
from app.neighbourhood import Neighbour
from app.pairing import Beside, Pairing, Question, beside
from app.player import Playable, Player
from app.session import Session
from app.views.compare.listening_words import overlap, overlap_tip
from app.views.compare.side_list import Links, SideList
from app.views.elided import Elided
from app.views.similar import CALM_MS, HOW_MANY, MOST_SEEDS
from app.views.similar_words import heading
from core import paths

Which = Literal["left", "right"]
SIDES: tuple[Which, Which] = ("left", "right")
NO_TRACK = "Select a track in the library to see which tracks two encoders put next to it."
ONE_ENCODER = (
    "There is only one encoder. Choose a second one at the top of the window, import one, or train one; "
    "then its neighbours stand here beside the first one's."
)


class SideBySide(QWidget):
    """The selected track's neighbours under two encoders.

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
        self._pairing = Pairing()
        self._question = Question()
        self._answer = Beside(self._question)
        self._out_of_date = True
        self._chosen = False
        self.title, self.subtitle, self.note = Elided(), Elided(), Elided()
        self.overlap, self.message = QLabel(), QLabel()
        self.pages = QStackedWidget()
        self.encoders = {side: self._encoder_box(side) for side in SIDES}
        self.left = SideList(session.theme, "Neighbours on the left", "in the right list")
        self.right = SideList(session.theme, "Neighbours on the right", "in the left list")
        self.links = Links(session.theme, self.left, self.right)
        self.other_artists = self._filter("Other artists", "Leave out the same artist.", "other_artists")
        self.other_albums = self._filter("Other albums", "Leave out the same album.", "other_albums")
        self.how_many = self._how_many()
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._lay_out()
        self._connect()
        self._offer()
        self._show_answer(self._answer)

    @property
    def lists(self) -> dict[Which, SideList]:
        """The two columns."""
        return {"left": self.left, "right": self.right}

    @property
    def answer(self) -> Beside:
        """What is shown."""
        return self._answer

    # -- building

    def _encoder_box(self, side: Which) -> QComboBox:
        box = QComboBox()
        box.setMinimumWidth(120)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.setAccessibleName(f"Encoder on the {side}")
        box.setToolTip(f"Whose neighbours stand on the {side}.")
        box.activated.connect(partial(self._choose, side))
        return box

    def _filter(self, text: str, tip: str, field: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setToolTip(tip)
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.toggled.connect(lambda on: self._change(**{field: on}))
        return box

    def _how_many(self) -> QComboBox:
        box = QComboBox()
        box.setToolTip("How many neighbours of each encoder are compared.")
        box.setAccessibleName("How many neighbours")
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for number in HOW_MANY:
            box.addItem(str(number), number)
        box.activated.connect(lambda place: self._change(n=HOW_MANY[place]))
        return box

    def _lay_out(self) -> None:
        self.title.setProperty("role", "strong")
        self.overlap.setProperty("role", "strong")
        for label in (self.subtitle, self.message, self.note):
            label.setProperty("role", "muted")
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setContentsMargins(40, 0, 40, 60)
        names = QVBoxLayout()
        names.setSpacing(3)
        for label in (self.title, self.subtitle):
            names.addWidget(label)
        top = QHBoxLayout()
        top.setContentsMargins(16, 10, 12, 8)
        top.setSpacing(14)
        top.addLayout(names, 1)
        for widget in (self.other_artists, self.other_albums, self.how_many):
            top.addWidget(widget)
        choices = QHBoxLayout()
        choices.setContentsMargins(12, 0, 12, 8)
        choices.setSpacing(10)
        choices.addWidget(self.encoders["left"], 1)
        choices.addWidget(self.overlap)
        choices.addWidget(self.encoders["right"], 1)
        self.pages.addWidget(self.message)
        self.pages.addWidget(self._columns())
        self.note.setContentsMargins(16, 4, 12, 8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addLayout(choices)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.note)

    def _columns(self) -> QWidget:
        columns = QWidget()
        layout = QHBoxLayout(columns)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.left, 1)
        layout.addWidget(self.links)
        layout.addWidget(self.right, 1)
        return columns

    def _connect(self) -> None:
        session = self._session
        session.selection_changed.connect(self._follow)
        session.encoders_changed.connect(self._offer)
        session.encoder_changed.connect(self._offer)
        session.library_changed.connect(self._library_changed)
        session.theme.changed.connect(self._repaint)
        self._calm.timeout.connect(self._ask)
        self._player.track_changed.connect(self._mark)
        for side, listed in self.lists.items():
            listed.play_wanted.connect(partial(self.play, side))
            listed.seed_wanted.connect(partial(self.make_seed, side))
            listed.menu_wanted.connect(partial(self._show_menu, side))
            listed.hovered_changed.connect(partial(self._point, side))

    # -- asking

    def _offer(self) -> None:
        """Offer the encoders there are; the window's own stands on the left until a person chooses."""
        known = [choice(record) for record in self._session.encoders]
        keys = [one.key for one in known]
        current = self._session.encoder.name if self._session.encoder else ""
        left, right = self._question.names
        if not self._chosen or left not in keys:
            left = current if current in keys else next(iter(keys), "")
        if right not in keys or right == left:
            right = next((key for key in keys if key != left), "")
        for side, name in zip(SIDES, (left, right), strict=True):
            box = self.encoders[side]
            with QSignalBlocker(box):
                box.clear()
                for one in known:
                    box.addItem(one.title, one.key)
                    box.setItemData(box.count() - 1, one.tip or one.title, Qt.ItemDataRole.ToolTipRole)
                box.setCurrentIndex(box.findData(name))
            box.setEnabled(len(known) > 1)
        self._change(names=(left, right))

    def _choose(self, side: Which, place: int) -> None:
        """A person chose an encoder; chosen on both sides, the two change places."""
        name = str(self.encoders[side].itemData(place))
        left, right = before = self._question.names
        left, right = (name, right) if side == "left" else (left, name)
        if left == right:
            left, right = before[1], before[0]
        self._chosen = True
        for which, wanted in zip(SIDES, (left, right), strict=True):
            with QSignalBlocker(self.encoders[which]):
                self.encoders[which].setCurrentIndex(self.encoders[which].findData(wanted))
        self._change(names=(left, right))

    def _follow(self) -> None:
        self._change(seeds=tuple(self._session.selection[:MOST_SEEDS].tolist()))

    def _change(self, **fields: object) -> None:
        self._question = replace(self._question, **fields)  # type: ignore[arg-type] # fields of Question
        self._ask()

    def _ask(self) -> None:
        self._out_of_date = not self.isVisible()
        if not self._out_of_date:
            question = partial(beside, self._pairing, self._question)
            self._session.ask(question, self._show_answer, latest="side by side")

    def _library_changed(self, _: Change) -> None:
        if not self._calm.isActive():
            self._calm.start()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Catch up."""
        super().showEvent(event)
        if self._out_of_date:
            self._follow()

    # -- showing

    def _show_answer(self, answer: Beside) -> None:
        before, self._answer = self._answer, answer
        title, subtitle = heading(answer.seeds)
        self.title.set_whole(title)
        self.subtitle.set_whole(subtitle)
        if (answer.left, answer.right) != (before.left, before.right) or answer.links != before.links:
            self.left.neighbours.show(answer.left)
            self.right.neighbours.show(answer.right)
            self.left.show_links(dict(answer.links))
            self.right.show_links({right: left for left, right in answer.links})
            self.links.show_links(answer.links)
        self.message.setText(self._why_none(answer))
        shown = bool(answer.left or answer.right)
        self.pages.setCurrentIndex(1 if shown else 0)
        self.overlap.setText(overlap(answer) if shown else "")
        self.overlap.setToolTip(overlap_tip(answer) if shown else "")
        self.note.set_whole(self._note(answer) if shown else "")
        self._mark(self._player.current)

    def _why_none(self, answer: Beside) -> str:
        if len(self._session.encoders) == 1:
            return ONE_ENCODER
        if not answer.seeds:
            return NO_TRACK
        filtered = answer.question.other_artists or answer.question.other_albums
        return answer.refusal or (
            "The filters leave no track." if filtered else "There is nothing to compare with yet."
        )

    def _note(self, answer: Beside) -> str:
        """What the filled numbers are, and what was left out."""
        words = ["Filled numbers stand in both lists."]
        if any(answer.only):
            words.append(
                f"Chosen from the {answer.compared:,} tracks that both have listened to "
                f"({sum(answer.only):,} more have been heard by one of them only)."
            )
        return " ".join(words)

    def _mark(self, playable: Playable | None) -> None:
        for listed in self.lists.values():
            listed.neighbours.set_playing(None if playable is None else playable.track_id)

    def _repaint(self) -> None:
        for widget in (self.left.viewport(), self.right.viewport(), self.links):
            widget.update()

    def _point(self, side: Which, row: int) -> None:
        """Mark the partner of what is pointed at, and the line between them."""
        listed, other = (self.left, self.right) if side == "left" else (self.right, self.left)
        partner = listed.neighbours.links.get(row, -1)
        listed.point_at(-1)
        other.point_at(partner)
        self.links.point_at((row if side == "left" else partner) if partner >= 0 else -1)

    # -- doing

    def neighbours(self, side: Which) -> tuple[Neighbour, ...]:
        """What a column shows."""
        return self.lists[side].neighbours.found

    def play(self, side: Which, place: int) -> None:
        """Play a column from this line on."""
        self._player.play([tracks.playable(one.row) for one in self.neighbours(side)], place)

    def make_seed(self, side: Which, place: int) -> None:
        """Ask both encoders about this neighbour: it becomes the selection."""
        self._session.select([self.neighbours(side)[place].row.file_id])

    def _show_menu(self, side: Which, place: QPoint) -> None:
        if self.lists[side].chosen():
            menu = self.menu(side)
            menu.exec(place)
            menu.deleteLater()

    def menu(self, side: Which) -> QMenu:
        """What can be done with the chosen lines of a column."""
        rows = [neighbour.row for neighbour in self.lists[side].chosen()]
        theme, player, menu = self._session.theme, self._player, QMenu(self)
        playables = [tracks.playable(row) for row in rows if row.online]
        menu.addAction(theme.icon("play"), "Play", lambda: player.play(playables))
        menu.addAction(theme.icon("queue"), "Add to queue", lambda: player.append(playables))
        seed = menu.addAction(theme.icon("similar"), "Ask both about this")
        seed.triggered.connect(lambda: self._session.select([row.file_id for row in rows]))
        menu.addSeparator()
        show = menu.addAction(
            theme.icon("folder"), "Show in folder", lambda: tracks.show_in_folder(rows[0].path)
        )
        show.setEnabled(len(rows) == 1 and rows[0].online)
        text = "\n".join(paths.display(row.path) for row in rows)
        menu.addAction(theme.icon("copy"), "Copy path", lambda: QGuiApplication.clipboard().setText(text))
        return menu
