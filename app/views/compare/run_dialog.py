"""The dialog “Run evaluation…”: what to ask, of which encoders, and how; what that computes, and about how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.drops import has_files, raw_paths
from app.evaluation import BASELINES, Draft, Evaluation
from app.evaluation_plan import Plan, foretell, told
from app.forms import TEXT_MARGIN
from app.views.compare.task_choice import TaskChoice

NAME = int(Qt.ItemDataRole.UserRole)
ROW = 26
PROBES = (
    ("svm", "Linear SVM", "LinearSVC on standardised embeddings; C chosen on a validation part."),
    ("logistic", "Logistic regression", "With L2; C chosen on a validation part. Tags are always asked so."),
)
UNHEARD_TIP = "It came with Earmap and has not listened to your music yet: that is done first."
BASELINE_TIP = "A baseline: what any other encoder has to beat. It is always computed."


class RunDialog(QDialog):
    """Puts an evaluation together and starts it."""

    def __init__(self, evaluation: Evaluation, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Run evaluation")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.resize(980, 630)
        self._evaluation = evaluation
        self._waiting: Mapping[str, int] = {}
        self.tasks = TaskChoice(evaluation)
        self.encoders = QListWidget()
        self.probes = {key: QCheckBox(title) for key, title, _ in PROBES}
        self.seeds, self.pca = QSpinBox(), QCheckBox("Same size: reduce to 128 dimensions")
        self.plan, self.why = QLabel(), QLabel()
        self.start, self.cancel = QPushButton("Run evaluation"), QPushButton("Cancel")
        self._soon = QTimer(self, singleShot=True, interval=60)
        self._fill()
        self._lay_out()
        self._connect()
        self._ask_waiting()
        self._foretell()

    # -- building

    def _offered(self) -> list[tuple[str, str]]:
        """(name, title) of each encoder, baselines first, then what has not listened to this library."""
        records, shipped = self._evaluation.session.encoders, self._evaluation.session.offered
        ordered = sorted(records, key=lambda record: record.strategy not in BASELINES)
        names = [record.name for record in ordered] + [one.name for one in shipped]
        return [(name, self._evaluation.title(name)) for name in names]

    def _fill(self) -> None:
        self.encoders.setObjectName("choices")
        self.encoders.setAccessibleName("Encoders")
        self.encoders.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.encoders.setSpacing(2)
        baselines = {
            record.name for record in self._evaluation.session.encoders if record.strategy in BASELINES
        }
        unheard = {one.name for one in self._evaluation.session.offered}
        for name, title in self._offered():
            item = QListWidgetItem(title, self.encoders)
            item.setData(NAME, name)
            item.setCheckState(Qt.CheckState.Unchecked if name in unheard else Qt.CheckState.Checked)
            item.setSizeHint(QSize(0, ROW))
            if name in baselines:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable & ~Qt.ItemFlag.ItemIsEnabled)
                item.setToolTip(BASELINE_TIP)
            else:
                item.setToolTip(f"{name}\n{UNHEARD_TIP}" if name in unheard else name)
        for key, _, tip in PROBES:
            self.probes[key].setChecked(True)
            self.probes[key].setToolTip(tip)
        self.seeds.setRange(1, 20)
        self.seeds.setValue(5)
        self.seeds.setAccessibleName("Seeds")
        self.seeds.setToolTip(
            "How often splits, or playlists’ queries, are drawn anew. An official split is one."
        )
        self.seeds.lineEdit().setTextMargins(TEXT_MARGIN, 0, 0, 0)
        self.pca.setToolTip(
            "By PCA, since width alone helps a probe. Such results stand apart from the others."
        )
        self.tasks.tick("report")
        self.tasks.list.setCurrentRow(0)

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(_heading("Encoders"))
        right.addWidget(self.encoders, 1)
        right.addSpacing(4)
        right.addWidget(_heading("Probes"))
        for box in self.probes.values():
            right.addWidget(box)
        right.addWidget(self.pca)
        seeds = QHBoxLayout()
        label = QLabel("&Seeds")
        label.setBuddy(self.seeds)
        label.setToolTip(self.seeds.toolTip())
        seeds.addWidget(label)
        seeds.addWidget(self.seeds)
        seeds.addStretch(1)
        right.addLayout(seeds)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(_heading("What to ask"))
        left.addWidget(self.tasks, 1)
        top = QHBoxLayout()
        top.setSpacing(20)
        top.addLayout(left, 5)
        top.addLayout(right, 2)
        for label in (self.plan, self.why):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.why.setProperty("role", "muted")
        self.start.setProperty("role", "primary")
        self.start.setDefault(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addWidget(self.why, 1)
        for button in (self.cancel, self.start):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        layout.addLayout(top, 1)
        layout.addWidget(self.plan)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.tasks.changed.connect(self._edited)
        self.encoders.itemChanged.connect(self._ask_waiting)
        for box in (*self.probes.values(), self.pca):
            box.toggled.connect(self._edited)
        self.seeds.valueChanged.connect(self._edited)
        self._soon.timeout.connect(self._foretell)
        self._evaluation.job_changed.connect(self._edited)
        self.start.clicked.connect(self._start)
        self.cancel.clicked.connect(self.reject)

    def _edited(self, *_: object) -> None:
        self._soon.start()

    # -- what is chosen

    @property
    def chosen_encoders(self) -> tuple[str, ...]:
        """Their names."""
        items = [self.encoders.item(row) for row in range(self.encoders.count())]
        return tuple(str(item.data(NAME)) for item in items if item.checkState() == Qt.CheckState.Checked)

    @property
    def chosen_probes(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(key for key, box in self.probes.items() if box.isChecked())

    @property
    def draft(self) -> Draft:
        """As it is put together now."""
        specs = tuple(offer.spec for offer in self.tasks.chosen)
        return Draft(
            specs, self.chosen_encoders, self.chosen_probes, self.seeds.value(), self.pca.isChecked()
        )

    @property
    def trouble(self) -> str:
        """Why it cannot be started; empty where it can."""
        if self.tasks.trouble:
            return self.tasks.trouble
        if not self.chosen_probes and any(offer.source.task_kind == "class" for offer in self.tasks.chosen):
            return "Tick at least one probe."
        return ""

    def _foretell(self) -> None:
        trouble = self.trouble
        self.start.setEnabled(not trouble)
        self.start.setText("Run after the other" if self._evaluation.busy else "Run evaluation")
        self.start.setToolTip(
            f"Not now: {trouble}" if trouble else "It goes on in the background; you can stop it."
        )
        self.why.setText(trouble)
        made = [name for name in self._asked if name not in self.chosen_encoders]
        baselines = f" Baselines that are made first: {', '.join(made)}." if made else ""
        self.plan.setText("" if trouble else told(self._plan(), len(self._asked)) + baselines)

    @property
    def _asked(self) -> tuple[str, ...]:
        """The chosen encoders, and the baselines that they lack."""
        return tuple(self._waiting) or self.chosen_encoders

    def _ask_waiting(self, *_: object) -> None:
        self._evaluation.waiting(self.chosen_encoders, self._take_waiting)

    def _plan(self) -> Plan:
        evaluation = self._evaluation
        own = any(offer.from_music for offer in self.tasks.chosen)
        return foretell(
            [offer.question for offer in self.tasks.chosen], self._asked, self.chosen_probes,
            self.seeds.value(), pca=self.pca.isChecked(), records=evaluation.records,
            there=evaluation.session.encoders, waiting=self._waiting if own else {}, rate=_rate(evaluation),
        )  # fmt: skip

    def _take_waiting(self, waiting: Mapping[str, int]) -> None:
        self._waiting = waiting
        self._foretell()

    def _start(self) -> None:
        self._evaluation.start(self.draft)
        self.accept()

    # -- drops

    def take(self, paths: Sequence[bytes]) -> None:
        """Offer the data sets that lie there."""
        for path in paths:
            self.tasks.take(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Whatever names files, as a copy."""
        welcome(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802 - Qt's name
        """The same."""
        welcome(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Look at it after the other program may go on."""
        if welcome(event) and (paths := raw_paths(event.mimeData().urls())):
            QTimer.singleShot(0, self, lambda: self.take(paths))


def welcome(event: QDropEvent) -> bool:
    """Accept as a copy what comes from outside and names files."""
    good = event.source() is None and has_files(event.mimeData())
    good = good and bool(event.possibleActions() & Qt.DropAction.CopyAction)
    if good:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
    else:
        event.ignore()
    return good


def _rate(evaluation: Evaluation) -> float | None:
    """Tracks listened to a second, as the last such job had it."""
    for view in reversed(evaluation.context.jobs.views):
        read = view.result.get("read") if view.kind == "embed" else 0
        if isinstance(read, int) and read >= 10 and view.ended is not None and view.ended > view.began:
            return read / (view.ended - view.began)
    return None


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "strong")
    return label
