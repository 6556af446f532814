"""Pinned tracks: who stands next to them, validation by validation, while an encoder learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app import tracks
from app.census import Reader
from app.player import Player
from app.run_view import RunView
from app.theme import Theme
from app.training import MOST_PINS, Training
from app.views.elided import Elided
from app.views.rows_delegate import TWO_LINES, TwoLines, TwoLinesDelegate
from core.library.records import Row

IDENTITY = int(Qt.ItemDataRole.UserRole)
EMPTY = (
    "Nothing is pinned in this run.<br><br>Pin a few tracks that you know well before you start the next one: here you "
    "see how their neighbours change while the encoder learns."
)
WAITING = "The neighbours of the pinned tracks appear with the first validation."
NEW = "new here"


class TrackList(QListWidget):
    """Tracks in two lines each; a click or Enter chooses one."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setItemDelegate(TwoLinesDelegate(theme, self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        theme.changed.connect(self.viewport().update)

    def add(self, lines: TwoLines, identity: str, told: str) -> None:
        """One more at the end."""
        item = QListWidgetItem(self)
        item.setData(TWO_LINES, lines)
        item.setData(IDENTITY, identity)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, told)
        item.setToolTip(told)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter is a click."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self.itemClicked.emit(self.currentItem())
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Nothing: letters are shortcuts."""


class PinsPanel(QWidget):
    """The pinned tracks of a run on the left, their neighbours before and now on the right."""

    def __init__(self, training: Training, player: Player) -> None:
        super().__init__()
        self._training, self._player = training, player
        theme = training.context.theme
        self._panel: Mapping[str, Any] = {}
        self._run_id = 0
        self.pins = TrackList(theme, "Pinned tracks")
        self.before, self.now = TrackList(theme, "Neighbours before"), TrackList(theme, "Neighbours now")
        self.before_title, self.now_title = QLabel(), QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.pin, self.unpin = QToolButton(), QToolButton()
        self.next_time = Elided()
        self.message, self.pages = QLabel(EMPTY), QStackedWidget()
        self._lay_out(theme)
        self._connect()
        self._show_pinned()
        self._allow()

    def _lay_out(self, theme: Theme) -> None:
        self.pins.setFixedWidth(220)
        self.slider.setAccessibleName("Moment of the training")
        self.slider.setToolTip("Go back to an earlier validation.")
        sides = QHBoxLayout()
        sides.setSpacing(12)
        for title, listed in ((self.before_title, self.before), (self.now_title, self.now)):
            title.setProperty("role", "muted")
            title.setContentsMargins(10, 0, 0, 0)
            side = QVBoxLayout()
            side.setSpacing(4)
            side.addWidget(title)
            side.addWidget(listed, 1)
            sides.addLayout(side, 1)
        right = QVBoxLayout()
        right.setContentsMargins(0, 8, 16, 4)
        right.setSpacing(4)
        right.addWidget(self.slider)
        right.addLayout(sides, 1)
        left = QVBoxLayout()
        left.setContentsMargins(0, 4, 0, 8)
        left.addWidget(self.pins, 1)
        watched = QWidget()
        row = QHBoxLayout(watched)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(12)
        row.addLayout(left)
        row.addLayout(right, 1)
        self.message.setProperty("role", "muted")
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        self.message.setContentsMargins(40, 0, 40, 0)
        self.pages.addWidget(self.message)
        self.pages.addWidget(watched)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.pages, 1)
        layout.addLayout(self._foot(theme))

    def _foot(self, theme: Theme) -> QHBoxLayout:
        for button, icon, text in (
            (self.pin, "keep", " Pin the selected tracks"),
            (self.unpin, "close", " Unpin all"),
        ):
            button.setText(text)
            button.setIconSize(QSize(16, 16))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            theme.set_icon(button, icon)
        self.next_time.setProperty("role", "muted")
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 6, 16, 8)
        foot.addWidget(self.next_time, 1)
        foot.addWidget(self.pin)
        foot.addWidget(self.unpin)
        return foot

    def _connect(self) -> None:
        training = self._training
        self.pins.currentRowChanged.connect(self._show_neighbours)
        self.slider.valueChanged.connect(self._show_neighbours)
        self.pin.clicked.connect(self._pin_selected)
        self.unpin.clicked.connect(training.unpin)
        training.pins_changed.connect(self._show_pinned)
        training.session.rows_changed.connect(self._allow)
        for listed in (self.before, self.now, self.pins):
            listed.itemClicked.connect(self._play)

    # -- showing

    def show_run(self, run: RunView | None) -> None:
        """Show the pins of a run as they stand; the slider stays where it is, or follows the newest."""
        panel = {} if run is None or run.record is None else run.record.panel
        self.message.setText(WAITING if run is not None and _watches(run) else EMPTY)
        same = run is not None and run.id == self._run_id
        if same and panel == self._panel:
            return
        follows = not same or self.slider.value() == self.slider.maximum()
        self._panel, self._run_id = panel, 0 if run is None else run.id
        pins = self._pins
        self.pages.setCurrentIndex(1 if pins else 0)
        self._fill_pins(pins)
        last = max(len(pins[0]["history"]) - 1, 0) if pins else 0
        self.slider.setRange(0, last)
        if follows:
            self.slider.setValue(last)
        self._show_neighbours()

    @property
    def _pins(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self._panel.get("pins") or ()
        return found

    def _fill_pins(self, pins: Sequence[Mapping[str, Any]]) -> None:
        known = [self.pins.item(row).data(IDENTITY) for row in range(self.pins.count())]
        if known == [pin["identity"] for pin in pins]:
            return
        self.pins.clear()
        for pin in pins:
            told = " · ".join(filter(None, (pin["title"], pin["artist"])))
            self.pins.add(TwoLines(pin["title"], pin["artist"]), pin["identity"], told)
        self.pins.setCurrentRow(0 if pins else -1)

    def _show_neighbours(self, *_: int) -> None:
        pins, row = self._pins, self.pins.currentRow()
        history = pins[row]["history"] if 0 <= row < len(pins) else []
        place = min(self.slider.value(), len(history) - 1)
        now = history[place] if history else None
        before = history[place - 1] if place > 0 else None
        known = {one["identity"] for one in before["neighbours"]} if before else None
        self._fill(self.before, self.before_title, before, None, "Before")
        self._fill(self.now, self.now_title, now, known, "Now" if place == len(history) - 1 else "Then")

    def _fill(
        self, listed: TrackList, title: QLabel, moment: Mapping[str, Any] | None, known: set[str] | None, when: str
    ) -> None:  # fmt: skip
        """Show a moment's neighbours; those that are not among the `known` are marked."""
        title.setText(f"{when}: step {moment['step']:,}" if moment else f"{when}: nothing yet")
        listed.clear()
        for one in moment["neighbours"] if moment else ():
            new = known is not None and one["identity"] not in known
            text = " · ".join(filter(None, (NEW if new else "", one["artist"])))
            told = " · ".join(filter(None, (one["title"], one["artist"], NEW if new else "")))
            listed.add(
                TwoLines(one["title"], text, None, float(one["score"]), marked=new), one["identity"], told
            )

    def _show_pinned(self) -> None:
        pins = self._training.pins
        words = f"Pinned for the next run: {', '.join(row.title for row in pins)}" if pins else ""
        self.next_time.set_whole(words)
        self.unpin.setVisible(bool(pins))

    def _allow(self) -> None:
        known = [row for row in self._training.session.rows if row.track_id is not None]
        self.pin.setEnabled(bool(known))
        tip = f"Watch their neighbours while an encoder learns (at most {MOST_PINS})."
        self.pin.setToolTip(tip if known else f"{tip}\nNot now: select tracks in the library first.")

    # -- doing

    def _pin_selected(self) -> None:
        self._training.pin(self._training.session.rows)

    def _play(self, item: QListWidgetItem) -> None:
        listed = item.listWidget()
        identities = [listed.item(row).data(IDENTITY) for row in range(listed.count())]
        question = partial(_rows_of, identities)
        self._training.session.ask(question, partial(self._play_rows, item.data(IDENTITY)), latest="play")

    def _play_rows(self, identity: str, rows: Mapping[str, Row]) -> None:
        there = {key: row for key, row in rows.items() if row.online}
        if identity not in there:
            self._training.context.notifier.info(
                "This track cannot be reached now.", "It has left the library, or its disk is not connected."
            )
            return
        queue = [tracks.playable(row) for row in there.values()]
        self._player.play(queue, list(there).index(identity))


def _watches(run: RunView) -> bool:
    """Whether it was started with pins, and goes on."""
    return run.live and run.job is not None and bool(run.job.params.get("pins"))


def _rows_of(identities: Sequence[str], reader: Reader) -> dict[str, Row]:
    """The rows of tracks that the library still knows, by identity, in their order."""
    files = reader.library.rows.known_as(identities)
    rows = {row.file_id: row for row in reader.page(list(files.values()))}
    return {key: rows[files[key]] for key in identities if files.get(key) in rows}
