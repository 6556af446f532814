"""The runs: how far each is, how well it does, and whether its curves are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.run_view import RunView
from app.theme import SERIES, Theme
from app.views.rows_delegate import RowDelegate
from app.views.training import words

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
COLUMNS = ("", "Name", "Strategy", "Preset", "State", "Steps", "Best loss", "Right picks")
TIPS = (
    "Tick a run to see its curves; Enter ticks the selected one.", "", "", "", "", "Steps done, of how many.",
    "The lowest validation loss so far: how badly it tells what belongs together, on music that it does not train on. "
    "Only runs of one strategy and temperature can be compared by it.",
    "Validation accuracy: how often it picks the right segment among all candidates.",
)  # fmt: skip
WIDTHS = (52, 150, 96, 74, 116, 84, 76, 92)
SHOWN, NAME, STATE = 0, 1, 4
NUMBERS = (5, 6, 7)
PALETTE = tuple(colour for colour in SERIES if colour not in ("#F0E442", "#7F7F7F"))
"""Yellow is lost on white, and grey is what chance is drawn in."""
SWATCH = 12


class RunsModel(QAbstractTableModel):
    """Runs, the newest first; each that is shown has a colour that it keeps.

    Signals
    -------
    overlay_changed
        Another choice of runs is shown.
    """

    overlay_changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.runs: tuple[RunView, ...] = ()
        self.titles: Mapping[str, str] = {}
        self.colours: dict[int, str] = {}

    def show(self, runs: Sequence[RunView]) -> None:
        """Show these; the selection stays on the same runs while none comes or goes."""
        same = [run.name for run in runs] == [run.name for run in self.runs]
        if same:
            self.runs = tuple(runs)
            if runs:
                self.dataChanged.emit(self.index(0, 0), self.index(len(runs) - 1, len(COLUMNS) - 1))
        else:
            self.beginResetModel()
            self.runs = tuple(runs)
            self.endResetModel()
        gone = [key for key in self.colours if key not in {run.id for run in runs}]
        for key in gone:
            del self.colours[key]
        if gone:
            self.overlay_changed.emit()

    def overlay(self, run_id: int, on: bool) -> None:
        """Show a run's curves, or no longer."""
        if not run_id or on == (run_id in self.colours):
            return
        if on:
            used = list(self.colours.values())
            self.colours[run_id] = min(
                PALETTE, key=lambda colour: (used.count(colour), PALETTE.index(colour))
            )
        else:
            del self.colours[run_id]
        place = next((row for row, run in enumerate(self.runs) if run.id == run_id), -1)
        if place >= 0:
            self.dataChanged.emit(self.index(place, SHOWN), self.index(place, SHOWN))
        self.overlay_changed.emit()

    def rowCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """One for each run."""
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: _Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        """See `COLUMNS`."""
        return 0 if parent.isValid() else len(COLUMNS)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """The first column can be ticked."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == SHOWN else flags

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802 - Qt's name
        """Tick or untick."""
        if role != Qt.ItemDataRole.CheckStateRole or index.column() != SHOWN:
            return False
        self.overlay(self.runs[index.row()].id, Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """What a column is."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in NUMBERS else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return TIPS[section]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return COLUMNS[section] or "Curves"
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts, figures, and the tick with the run's colour."""
        run, column = self.runs[index.row()], index.column()
        if column == SHOWN:
            return self._shown(run, role)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(run, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in NUMBERS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(run, column)
        if role == Qt.ItemDataRole.ForegroundRole and column == STATE and run.state == "failed":
            return QColor(self._theme.colours.error)
        return None

    def _shown(self, run: RunView, role: int) -> Any:
        colour = self.colours.get(run.id)
        if role == Qt.ItemDataRole.CheckStateRole and run.id:
            return Qt.CheckState.Unchecked if colour is None else Qt.CheckState.Checked
        if role == Qt.ItemDataRole.DecorationRole and colour is not None:
            return swatch(colour)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return f"Curves of {run.name}"
        return None

    def _text(self, run: RunView, column: int) -> str:
        loss, right = run.best_loss, run.accuracy
        texts = (
            "", run.name, self.titles.get(run.strategy, run.strategy), run.preset.capitalize(), words.state(run),
            words.steps(run), f"{loss:.3f}" if loss is not None else "",
            words.percent(right) if right is not None else "",
        )  # fmt: skip
        return texts[column]

    def _tip(self, run: RunView, column: int) -> str | None:
        if column == STATE and run.message:
            return run.message
        if column == len(COLUMNS) - 1 and run.record is not None and run.record.chance:
            return f"By chance: {words.percent(run.record.chance)}"
        return self._text(run, column) or None


class RunsTable(QTableView):
    """Shows a `RunsModel`.

    Signals
    -------
    chosen
        Another run is selected, or the selected one has changed.
    """

    chosen = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs = RunsModel(theme)
        self.setModel(self.runs)
        self._delegate = RowDelegate(self)
        self.setAccessibleName("Training runs")
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(32)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._dress_header()
        self.selectionModel().currentRowChanged.connect(lambda *_: self.chosen.emit())
        self.doubleClicked.connect(self._double_clicked)

    def _dress_header(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate(WIDTHS):
            header.resizeSection(column, width)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(40)

    @property
    def run(self) -> RunView | None:
        """The selected run."""
        row = self.currentIndex().row()
        return self.runs.runs[row] if 0 <= row < len(self.runs.runs) else None

    def show_runs(self, runs: Sequence[RunView]) -> None:
        """Show these; what was selected stays so."""
        before = self.run
        self.runs.show(runs)
        names = [run.name for run in runs]
        kept = before.name if before is not None and before.name in names else names[0] if names else ""
        if kept and (self.run is None or self.run.name != kept):
            self.select(kept)
        self.chosen.emit()

    def select(self, name: str) -> None:
        """Select the run of that name."""
        for row, run in enumerate(self.runs.runs):
            if run.name == name:
                self.setCurrentIndex(self.runs.index(row, NAME))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter shows the curves of the selected run, or no longer; Space is the player's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._toggle(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Nothing: letters are shortcuts."""

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Header and three runs."""
        return QSize(600, 36 + 3 * 32)

    def _double_clicked(self, index: QModelIndex) -> None:
        if index.column() != SHOWN:  # the box there hears each click by itself
            self._toggle(index)

    def _toggle(self, index: QModelIndex) -> None:
        run = self.runs.runs[index.row()]
        self.runs.overlay(run.id, run.id not in self.runs.colours)


def swatch(colour: str) -> QIcon:
    """A round mark in a run's colour."""
    pixmap = QPixmap(SWATCH * 2, SWATCH * 2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(1, 1, SWATCH * 2 - 2, SWATCH * 2 - 2)
    painter.end()
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # else it is tinted in a selected row
        icon.addPixmap(pixmap, mode)
    return icon
