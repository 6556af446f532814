"""Files that gave nothing, or only a part: which, why, and what can be done."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app import tracks, wording
from app.census import Census
from app.failure_model import STATES, FailureModel, to_csv
from app.session import Session
from app.views.elided import Elided
from app.views.rows_delegate import RowDelegate
from core import files, paths
from core.library.records import Failure

ROOM_FOR_FOLDER = 800
"""Width of the page (px) from which on the folder has a column of its own."""


class FailuresView(QWidget):
    """The page of problems.

    Signals
    -------
    read_again
        Files were put back among those that wait.
    """

    read_again = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._out_of_date = True
        self.model = FailureModel(session)
        self.table = self._table()
        self.nothing = QLabel("Every file could be read.")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setProperty("role", "muted")
        self.summary = Elided()
        self.summary.setProperty("role", "muted")
        self.detail = QLabel()
        self.detail.setWordWrap(True)
        self.detail.setContentsMargins(14, 8, 14, 0)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.retry = self._button("retry", "Try again", self.retry_chosen)
        self.show_place = self._button("folder", "Show in folder", self._show_place)
        self.export = self._button("export", "Export CSV…", self._ask_export)
        self._lay_out()
        session.census_changed.connect(self._census_changed)
        session.theme.changed.connect(self.table.viewport().update)
        self.table.selectionModel().selectionChanged.connect(self._explain)
        self.model.modelReset.connect(self._explain)
        self._explain()

    def _table(self) -> QTableView:
        table = QTableView()
        table.setAccessibleName("Problems")
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 12)
        table.setSortingEnabled(True)
        table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._show_menu)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        RowDelegate(table)
        return table

    def _button(self, icon: str, text: str, slot: Any) -> QPushButton:
        button = QPushButton(text)
        self._session.theme.set_icon(button, icon)
        button.clicked.connect(slot)
        return button

    def _lay_out(self) -> None:
        self.foot = QWidget()
        buttons = QHBoxLayout(self.foot)
        buttons.setContentsMargins(14, 8, 14, 10)
        buttons.setSpacing(8)
        buttons.addWidget(self.summary, 1)
        for button in (self.show_place, self.export, self.retry):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.nothing, 1)
        layout.addWidget(self.detail)
        layout.addWidget(self.foot)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Give the reasons what the names leave; the folder shows where there is room, else in the tooltip."""
        super().resizeEvent(event)
        header, width = self.table.horizontalHeader(), event.size().width()
        header.setSectionHidden(3, width < ROOM_FOR_FOLDER)
        for section, share in ((0, width * 3 // 10), (1, 96), (3, width // 4)):
            header.resizeSection(section, share)

    # -- what is listed

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Read the list when it is looked at."""
        super().showEvent(event)
        self._read()

    def _census_changed(self, _: Census) -> None:
        self._out_of_date = True
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        if self._out_of_date:
            self._out_of_date = False
            self._session.ask(lambda reader: reader.library.files.failures(), self._show, latest="failures")

    def _show(self, failures: list[Failure]) -> None:
        if failures != self.model.failures:
            chosen = {failure.file_id for failure in self.chosen()}
            self.model.show(failures)
            for row, failure in enumerate(self.model.failures):
                if failure.file_id in chosen:
                    self.table.selectRow(row)

    def chosen(self) -> list[Failure]:
        """The selected files."""
        rows = [index.row() for index in self.table.selectionModel().selectedRows()]
        return [self.model.failures[row] for row in sorted(rows)]

    def _explain(self) -> None:
        """What there is, and why a button cannot be used."""
        chosen, everything = self.chosen(), self.model.failures
        again = [f for f in (chosen or everything) if f.state != "skipped"]
        counts = Counter(f.state for f in everything)
        words = [f"{counts[state]:,} {word.lower()}" for state, word in STATES.items() if counts[state]]
        for widget in (self.table, self.foot):
            widget.setVisible(bool(everything))
        self.nothing.setVisible(not everything)
        self.summary.set_whole(" · ".join(words))
        self.retry.setText(f"Try {len(again):,} again" if chosen else "Try all again")
        self.retry.setEnabled(bool(again))
        self.retry.setToolTip(
            "Read these files once more." if again else "Not now: nothing here can be read again."
        )
        one = chosen[0] if len(chosen) == 1 else None
        self.detail.setText("" if one is None else f"{paths.display(one.path)}\n{one.reason}")
        self.detail.setVisible(one is not None)
        self.show_place.setEnabled(len(chosen) == 1)
        self.show_place.setToolTip("" if len(chosen) == 1 else "Not now: choose one file first.")
        self.export.setEnabled(bool(everything))
        self.export.setToolTip("Write this list to a file." if everything else "Not now: the list is empty.")

    # -- what can be done

    def retry_chosen(self) -> None:
        """Have the selected files, or all, read again."""
        which = self.chosen() or self.model.failures
        failed = [f.file_id for f in which if f.state == "failed"]
        partial = [f.file_id for f in which if f.state == "partial"]

        def put_back(reader: Any) -> int:
            if failed:
                reader.library.files.retry(failed)
            if partial:
                reader.library.files.reread(partial)
            return len(failed) + len(partial)

        self._session.ask(put_back, self._put_back)

    def _put_back(self, count: int) -> None:
        self._out_of_date = True
        self._session.notifier.info(f"{wording.count(count, 'file')} will be read again.")
        self._session.recount()
        self._session.reading_wanted.emit()

    def _show_place(self) -> None:
        for failure in self.chosen()[:1]:
            tracks.show_in_folder(failure.path)

    def _ask_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export problems", "problems.csv", "CSV (*.csv)")
        if name:
            self.export_to(Path(name))

    def export_to(self, path: Path) -> None:
        """Write the list as CSV."""
        content, notifier = to_csv(self.model.failures), self._session.notifier

        def write() -> None:
            with files.atomic(path) as file:
                file.write(content)

        self._session.background.run(write, lambda _: notifier.done("The list was written.", str(path)))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(paths.display(f.path) for f in self.chosen()))

    def _show_menu(self, place: QPoint) -> None:
        if not self.chosen():
            return
        menu, theme = QMenu(self), self._session.theme
        menu.addAction(theme.icon("retry"), "Try again", self.retry_chosen).setEnabled(self.retry.isEnabled())
        menu.addAction(theme.icon("folder"), "Show in folder", self._show_place)
        menu.addAction(theme.icon("copy"), "Copy path", self._copy)
        menu.exec(self.table.viewport().mapToGlobal(place))
        menu.deleteLater()
