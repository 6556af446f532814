"""Queue: what is played, what comes next, in which order."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QListView,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app.columns import clock
from app.player import Player
from app.theme import Theme
from app.views.elided import Elided
from app.views.queue_model import QueueModel
from app.views.rows_delegate import TwoLinesDelegate
from app.views.side import row

_MARGIN = 16
_ROUND = 5
"""Tracks of the next round that are named."""
_EMPTY = "Nothing is queued. Double-click a track, or choose “Play next” in its menu."


class QueueList(QListView):
    """Rows of the queue: Return plays, Delete removes, Alt+Up and Alt+Down move."""

    def __init__(self, player: Player, theme: Theme) -> None:
        super().__init__()
        self._player = player
        self.rows = QueueModel(player, theme)
        self.setModel(self.rows)
        self.setItemDelegate(TwoLinesDelegate(theme, self, _MARGIN))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)
        self.setAccessibleName("Play queue")
        self.rows.moved.connect(self.choose)
        self.doubleClicked.connect(self._play)

    @property
    def chosen(self) -> list[int]:
        """The selected rows."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def choose(self, first: int, count: int) -> None:
        """Select rows, and put the keyboard's focus on the first."""
        model, ways = self.rows, QItemSelectionModel.SelectionFlag
        selection = QItemSelection(model.index(first), model.index(first + count - 1))
        self.selectionModel().setCurrentIndex(model.index(first), ways.NoUpdate)
        self.selectionModel().select(selection, ways.ClearAndSelect)

    def show_current(self) -> None:
        """Scroll to what sounds, so that what follows is seen below it."""
        if self._player.index is not None:
            self.scrollTo(self.rows.index(self._player.index), QAbstractItemView.ScrollHint.PositionAtTop)

    def _play(self, index: QModelIndex) -> None:
        self._player.jump(index.row())

    def remove(self) -> None:
        """Take the selected rows out; the row after them is chosen."""
        if rows := self.chosen:
            self._player.remove(*rows)
            if self._player.length:
                self.choose(min(rows[0], self._player.length - 1), 1)

    def move_by(self, step: int) -> None:
        """The selected rows one up (-1) or down (+1), together."""
        rows, length = self.chosen, self._player.length
        if not rows or (rows[0] + step < 0 if step < 0 else rows[-1] + step >= length):
            return
        self.move_to(rows[0] - 1 if step < 0 else rows[-1] + 2)

    def move_to(self, row: int) -> None:
        """The selected rows before `row`."""
        if rows := self.chosen:
            self.choose(self._player.move(rows, row), len(rows))

    def move_next(self) -> None:
        """The selected rows after what sounds."""
        index = self._player.index
        self.move_to(0 if index is None else index + 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Play, remove and move by keys."""
        key, alt = event.key(), event.modifiers() == Qt.KeyboardModifier.AltModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._play(self.currentIndex())
        elif key == Qt.Key.Key_Delete:
            self.remove()
        elif alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.move_by(-1 if key == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)


class QueuePanel(QWidget):
    """The queue with what can be done to it.

    Parameters
    ----------
    player, theme
        Whose queue, and how it looks.

    Attributes
    ----------
    head
        How far the queue is, and what clears it: for the line of its heading, wherever that is.
    """

    def __init__(self, player: Player, theme: Theme) -> None:
        super().__init__()
        self._player, self._theme = player, theme
        self.list = QueueList(player, theme)
        self.head = QWidget(self)
        self.about = Elided()
        self.about.setProperty("role", "muted")
        self.clear = QToolButton()
        self.clear.setText("Clear")
        self.clear.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clear.clicked.connect(player.clear_ahead)
        self.after = Elided()
        self.after.setProperty("role", "muted")
        self.after.setContentsMargins(16, 6, 12, 8)
        self.empty = QLabel(_EMPTY, self.list)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setMargin(24)
        self._build()
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        player.queue_changed.connect(self._describe)
        player.track_changed.connect(self._on_track)
        player.modes_changed.connect(self._tell_round)
        self._describe()

    def _build(self) -> None:
        row(self.about, self.clear, parent=self.head, wide=self.about)
        self.head.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.after)

    def _on_track(self, _: object) -> None:
        self._describe()
        if not self.list.underMouse():  # else somebody is at it
            self.list.show_current()

    def _describe(self) -> None:
        """How far the queue is, and how long it goes on."""
        length, index = self._player.length, self._player.index
        ahead = self._player.queue[0 if index is None else index :]
        seconds = sum((playable.length_s or playable.seconds or 0.0) for playable in ahead)
        known = seconds and not any(playable.hidden for playable in ahead)
        left = f" · {clock(seconds)} to go" if known else ""
        place = f"{index + 1:,} of {length:,}" if index is not None else f"{length:,} queued"
        self.about.set_whole(f"{place}{left}" if length else "")
        self.empty.setVisible(not length)
        rest = length - (0 if index is None else index + 1)
        self.clear.setEnabled(rest > 0)
        self.clear.setToolTip(
            f"Take the {rest:,} after this one out of the queue."
            if rest
            else "Not now: nothing comes after this one."
        )
        self._tell_round()

    def _tell_round(self) -> None:
        """How the queue begins anew where that is not as it stands in the list."""
        shuffled = self._player.shuffle and not self._player.fixed and self._player.index is not None
        coming = self._player.next_round(_ROUND + 1) if shuffled else []
        shown = bool(coming) and not any(playable.hidden for playable in coming)
        more = " …" if len(coming) > _ROUND else ""
        self.after.set_whole(
            f"Next round: {' · '.join(one.title for one in coming[:_ROUND])}{more}" if shown else ""
        )
        self.after.setVisible(shown)

    def menu(self) -> QMenu:
        """What can be done with the selected rows."""
        rows, menu = self.list.chosen, QMenu(self)
        play = menu.addAction(self._theme.icon("play"), "Play", lambda: self._player.jump(rows[0]))
        soon = menu.addAction(self._theme.icon("queue"), "Play next", self.list.move_next)
        last = menu.addAction("Move to the end", lambda: self.list.move_to(self._player.length))
        menu.addSeparator()
        gone = menu.addAction(self._theme.icon("close"), "Remove from queue", self.list.remove)
        for action in (play, soon, last, gone):
            action.setEnabled(bool(rows))
        return menu

    def _show_menu(self, place: QPoint) -> None:
        if self.list.chosen:
            menu = self.menu()
            menu.exec(self.list.viewport().mapToGlobal(place))
            menu.deleteLater()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the sentence in the middle."""
        super().resizeEvent(event)
        self.empty.setGeometry(self.list.rect())
