"""A confusion matrix with the tracks of its chosen cell beside or below it, whichever there is room for."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app import tracks, wording
from app.charts.confusion import ConfusionChart
from app.charts.confusion_drawing import Cell, Matrix
from app.evaluation import MOST_CONFUSED, Confused, Evaluation
from app.player import Playable, Player
from app.views.compare.confused_list import ConfusedList

WIDE = 900
NOTHING = "Choose a cell to see and hear its tracks."
NONE = "No track was called so."


class ConfusionPanel(QWidget):
    """The matrix of a result."""

    def __init__(self, evaluation: Evaluation, player: Player) -> None:
        super().__init__()
        self._evaluation, self._player = evaluation, player
        theme = evaluation.context.theme
        self._record = 0
        self.chart = ConfusionChart(theme)
        self.told, self.message = QLabel(), QLabel(NOTHING)
        self.list = ConfusedList(theme)
        self.pages, self.splitter = QStackedWidget(), QSplitter(Qt.Orientation.Vertical)
        self._lay_out()
        self.chart.picked.connect(self._pick)
        self.chart.opened.connect(lambda: self.play(0))
        self.chart.pointed.connect(self._tell)
        self.list.play_wanted.connect(self.play)
        self.list.menu_wanted.connect(self._show_menu)
        player.track_changed.connect(self._mark)

    def _lay_out(self) -> None:
        self.told.setWordWrap(True)
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.told.setContentsMargins(12, 8, 12, 6)
        self.message.setProperty("role", "muted")
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.pages.addWidget(self.message)
        self.pages.addWidget(self.list)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.told)
        column.addWidget(self.pages, 1)
        lower.setMinimumSize(220, 110)
        self.splitter.addWidget(self.chart)
        self.splitter.addWidget(lower)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 0, 0)
        layout.addWidget(self.splitter)

    # -- showing

    def show_matrix(self, record_id: int, matrix: Matrix) -> None:
        """Show the matrix of that result; the same cell stays chosen while the classes are the same."""
        fresh, self._record = record_id != self._record, record_id
        self.chart.show_matrix(matrix)
        if self.chart.chosen is None:
            self._show(())
        elif fresh:
            self._pick(self.chart.chosen)
        self._tell(None)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The list beside the matrix where there is room, else below."""
        super().resizeEvent(event)
        wide = event.size().width() > WIDE
        wanted = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self.splitter.orientation() != wanted:
            self.splitter.setOrientation(wanted)
            size = event.size().width() if wide else event.size().height()
            self.splitter.setSizes([size * 6 // 10, size * 4 // 10])

    def _pick(self, cell: Cell) -> None:
        self._tell(None)
        self._evaluation.confused(self._record, cell, self._show)

    def _tell(self, pointed: Cell | None) -> None:
        cell = pointed or self.chart.chosen
        self.told.setText(self.chart.matrix.told(cell) if cell is not None else "")
        self.told.setVisible(cell is not None)

    def _show(self, found: tuple[Confused, ...]) -> None:
        self.list.confused.show(found)
        self.message.setText(NOTHING if self.chart.chosen is None else NONE)
        self.pages.setCurrentWidget(self.list if found else self.message)
        many = len(found) == MOST_CONFUSED
        self.list.setAccessibleDescription(
            f"{'The first ' if many else ''}{wording.count(len(found), 'track')}: {self.told.text()}"
        )

    # -- playing

    def play(self, place: int) -> None:
        """Play from this track on, and make it the selection, so that Similar follows."""
        found = self.list.confused.found
        if found:
            self._evaluation.session.select([found[place].row.file_id])
            self._player.play([tracks.playable(one.row) for one in found], place)

    def _mark(self, playable: Playable | None) -> None:
        self.list.confused.set_playing(None if playable is None else playable.track_id)

    def _show_menu(self, place: QPoint) -> None:
        if self.list.chosen():
            menu = self.menu()
            menu.exec(place)
            menu.deleteLater()

    def menu(self) -> QMenu:
        """What can be done with the chosen tracks."""
        rows = [one.row for one in self.list.chosen()]
        theme, player, menu = self._evaluation.context.theme, self._player, QMenu(self)
        playables = [tracks.playable(row) for row in rows if row.online]
        menu.addAction(theme.icon("play"), "Play", lambda: player.play(playables))
        menu.addAction(theme.icon("queue"), "Add to queue", lambda: player.append(playables))
        similar = menu.addAction(theme.icon("similar"), "Find similar to this")
        similar.triggered.connect(lambda: self._evaluation.session.select([row.file_id for row in rows]))
        show = menu.addAction(
            theme.icon("folder"), "Show in folder", lambda: tracks.show_in_folder(rows[0].path)
        )
        show.setEnabled(len(rows) == 1 and rows[0].online)
        return menu
