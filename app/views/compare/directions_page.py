"""What the paper's tables say, against one's own figures: holds, fails, tie, or not measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.evaluation import Judged
from app.views.compare import words
from app.views.compare.looking import Looking
from core.evaluation.said import titled

if TYPE_CHECKING:
    from core.evaluation.reference import Claim, Judgement, Outcome

HEAD = (
    "What the tables of Choi et al. (2022) say, tested on your own results. A direction holds where the 95 % interval "
    "of its margin lies above 0, fails where it lies below, and is a tie where it contains 0."
)
VERDICTS = {
    "holds": ("Holds", "check", "ok"), "fails": ("Fails", "close", "error"), "tie": ("Tie", "info", "warning"),
    "not measured": ("Not measured", "clock", "faint"),
}  # fmt: skip
TASKS = {"genre": "genre", "instrument": "instrument", "hit-rate": "HR@10"}
COLUMNS = ("Direction", "Verdict", "Margin", "95 % interval")
WIDTHS = (0, 136, 86, 156)
PAD = 10


class WrappedDelegate(QStyledItemDelegate):
    """Breaks the first column's text into as many lines as it takes; Qt itself leaves a tree's rows one line high."""

    def __init__(self, tree: QTreeWidget) -> None:
        super().__init__(tree)
        self._tree = tree

    def initStyleOption(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Only there: elsewhere a word that is cut says more than half of two."""
        super().initStyleOption(option, index)
        if index.column() == 0:
            option.features |= QStyleOptionViewItem.ViewItemFeature.WrapText

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802 - Qt's name
        """As high as the text is in the column's present width."""
        depth = 2 if index.parent().isValid() else 1
        room = self._tree.columnWidth(0) - depth * self._tree.indentation() - 2 * PAD
        text = str(index.data() or "")
        box = option.fontMetrics.boundingRect(0, 0, max(room, 60), 1000, int(Qt.TextFlag.TextWordWrap), text)
        return QSize(60, (box.height() if index.column() == 0 else option.fontMetrics.height()) + 14)


class DirectionsPage(QWidget):
    """The table; a direction opens to its claims."""

    def __init__(self, looking: Looking) -> None:
        super().__init__()
        self._looking = looking
        self._theme = looking.evaluation.context.theme
        self._out_of_date = True
        self.judged: Judged | None = None
        self.head, self.notes, self.tree = QLabel(HEAD), QLabel(), QTreeWidget()
        self._lay_out()
        looking.changed.connect(self.refresh)
        self._theme.changed.connect(self._fill)

    def _lay_out(self) -> None:
        for label, role in ((self.head, "muted"), (self.notes, "small")):
            label.setWordWrap(True)
            label.setProperty("role", role)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setContentsMargins(16, 8, 16, 8)
        self.tree.setColumnCount(len(COLUMNS))
        self.tree.setHeaderLabels(COLUMNS)
        self.tree.setAccessibleName("Directions of the paper")
        self.tree.setItemDelegate(WrappedDelegate(self.tree))
        self.tree.setIndentation(16)
        self.tree.setAllColumnsShowFocus(True)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2, 3):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, WIDTHS[column])
        header.sectionResized.connect(self.tree.scheduleDelayedItemsLayout)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.notes)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Catch up."""
        super().showEvent(event)
        if self._out_of_date:
            self.refresh()

    def refresh(self) -> None:
        """Judge anew, in a thread."""
        self._out_of_date = not self.isVisible()
        if not self._out_of_date:
            self._looking.evaluation.directions(self._looking.probe or "svm", self._take)

    def _take(self, judged: Judged) -> None:
        self.judged = judged
        self._fill()

    def _fill(self) -> None:
        if self.judged is None:
            return
        before = [self.tree.topLevelItem(place) for place in range(self.tree.topLevelItemCount())]
        opened = {place for place, old in enumerate(before) if old is not None and old.isExpanded()}
        self.tree.clear()
        for place, judgement in enumerate(self.judged.judgements):
            item = QTreeWidgetItem(self.tree)
            self._show(item, f"{judgement.direction.number}. {judgement.direction.text}", judgement.outcome)
            item.setToolTip(0, _about(judgement))
            for claim, outcome in judgement.claims:
                self._show(QTreeWidgetItem(item), claimed(claim), outcome)
            item.setExpanded(place in opened)
        self.notes.setText(
            "\n".join(titled(note, self._looking.evaluation.title) for note in self.judged.notes)
        )

    def _show(self, item: QTreeWidgetItem, text: str, outcome: Outcome) -> None:
        verdict, icon, role = VERDICTS[outcome.verdict]
        item.setText(0, text)
        item.setText(1, verdict)
        item.setIcon(1, self._theme.icon(icon, role))
        if outcome.verdict == "not measured":
            faint = QColor(self._theme.colours.muted)
            for column in range(len(COLUMNS)):
                item.setForeground(column, faint)
            needed = ", ".join(dict.fromkeys(f"{strategy} on {where}" for strategy, where in outcome.missing))
            item.setToolTip(1, f"Needs: {needed}." if needed else "")
        margin = outcome.margin
        if margin is not None:
            item.setText(2, words.signed(margin.mean))
            item.setText(3, f"{words.signed(margin.low)} to {words.signed(margin.high)}")
        for column in (2, 3):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def claimed(claim: Claim) -> str:
    """`instrument: adjacent-multi − adjacent > 0.05`."""
    parts = [f"{'+' if weight > 0 else '−'} {strategy}" for weight, strategy in claim.parts]
    told = " ".join(parts).removeprefix("+ ")
    return f"{TASKS[claim.task]}: {told} > {words.number(claim.above, 2) if claim.above else '0'}"


def _about(judgement: Judgement) -> str:
    weak = (
        "\nWeak in the paper itself: its margins are as small as 0.001." if judgement.direction.weak else ""
    )
    return (
        f"The verdict is that of the weakest claim.{weak}"
        if judgement.claims
        else f"A rank correlation.{weak}"
    )
