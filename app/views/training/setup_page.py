"""Putting a run together: what to learn, from which music, how long; what it will need, and a trial of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from app.forms import TEXT_MARGIN, calm
from app.job_view import JobView
from app.notify import message_of
from app.run_view import Draft
from app.training import TRIAL, Training
from app.views.preferences import WORDS
from app.views.rows_delegate import TWO_LINES, TwoLines, TwoLinesDelegate
from app.views.training import checks, words
from app.views.training.more_settings import MoreSettings
from app.views.training.music_choice import MusicChoice

if TYPE_CHECKING:
    from core.clips_plan import ClipPlan

NAME = int(Qt.ItemDataRole.UserRole)
WIDTH, STEPS = "model.width", "training.steps"
WIDTH_WORDS = {
    1.0: "Full, as in the paper",
    0.5: "Half: about 4 × less to compute",
    0.25: "Quarter: about 16 × less to compute",
    0.125: "Eighth: about 60 × less to compute",
}
FIRST_WIDTH = 0.25
"""Where there is one: what a computer without a graphics card can train in an evening."""
WIDEST = 980
WIDTH_TIP = "How large the network is. A wider one hears more and takes longer."
PRESET_TIP = "modern: what works best today. paper: exactly as published, to compare with."
LISTING = "Listing the strategies…"
COUNTING = "Counting your music…"
WIDTHLESS = "This strategy comes in one width."
MORE = " More settings"
TRYING = "A trial is going on."


class SetupPage(QWidget):
    """The form.

    Signals
    -------
    started
        A run was started.
    """

    started = Signal()

    def __init__(self, training: Training, music: MusicChoice) -> None:
        super().__init__()
        self._training, self._theme = training, training.context.theme
        self.music = music
        self._plan: ClipPlan | None = None
        self._plan_trouble = ""
        self._trial: JobView | None = None
        self._tried: Draft | None = None
        self._preset_steps = 0
        self.strategies, self.learns = QListWidget(), QLabel()
        self.preset, self.width_choice, self.device = QComboBox(), QComboBox(), QComboBox()
        self.steps, self.name = QSpinBox(), QLineEdit()
        self.needs, self.foretold, self.why = QLabel(), QLabel(), QLabel()
        self.try_out, self.start = QPushButton("Try for 20 seconds"), QPushButton("Start training")
        self.more_button = QToolButton()
        self.more = MoreSettings(self._theme, frozenset({WIDTH, STEPS}))
        self._plan_soon = QTimer(self, singleShot=True, interval=250)
        self._lay_out()
        self._connect()
        self._allow()

    # -- building

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setProperty("role", "page")
        inside.setMaximumWidth(WIDEST)
        column = QVBoxLayout(inside)
        column.setContentsMargins(20, 12, 20, 24)
        column.setSpacing(14)
        top = QHBoxLayout()
        top.setSpacing(22)
        top.addLayout(self._left(), 5)
        top.addLayout(self._right(), 6)
        column.addLayout(top)
        column.addWidget(self._card())
        self.more_button.setText(MORE)
        self.more_button.setCheckable(True)
        self.more_button.setIconSize(QSize(16, 16))
        self.more_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._theme.set_icon(self.more_button, "chevron-right")
        column.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.more)
        column.addStretch(1)
        self.more.hide()
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area)

    def _left(self) -> QVBoxLayout:
        self.strategies.setItemDelegate(TwoLinesDelegate(self._theme, self.strategies))
        self.strategies.setAccessibleName("Strategy")
        self.strategies.setObjectName("strategies")
        self.strategies.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.strategies.setMinimumHeight(302)
        self.strategies.setMouseTracking(True)
        self.learns.setWordWrap(True)
        self.learns.setProperty("role", "muted")
        self.learns.setMinimumHeight(68)
        self.learns.setAlignment(Qt.AlignmentFlag.AlignTop)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(_heading("Strategy"))
        left.addWidget(self.strategies, 1)
        left.addWidget(self.learns)
        return left

    def _right(self) -> QVBoxLayout:
        self.steps.setRange(1, 10_000_000)
        self.steps.setSingleStep(100)
        self.steps.setGroupSeparatorShown(True)
        self.steps.lineEdit().setTextMargins(TEXT_MARGIN, 0, 0, 0)
        for value, text in WORDS["embedding"]["device"]:
            self.device.addItem(text, value)
        calm(self.preset, self.width_choice, self.device, self.steps, self.music.kind)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        rows: tuple[tuple[str, QWidget, str], ...] = (
            ("&Preset", self.preset, PRESET_TIP),
            (
                "&Width",
                self.width_choice,
                WIDTH_TIP,
            ),
            ("&Music", self.music, ""),
            ("&Device", self.device, "What computes."),
            ("S&teps", self.steps, "How long it learns: so many batches."),
            ("&Name", self.name, "Of the run, and of the encoder that comes of it."),
        )
        for row, (text, widget, tip) in enumerate(rows):
            label = QLabel(text)
            label.setBuddy(self.music.kind if widget is self.music else widget)
            if tip:
                widget.setToolTip(tip)
                label.setToolTip(tip)
            widget.setAccessibleName(text.replace("&", ""))
            top = Qt.AlignmentFlag.AlignTop if widget is self.music else Qt.AlignmentFlag.AlignVCenter
            if widget is self.music:
                label.setContentsMargins(0, 7, 0, 0)
            grid.addWidget(label, row, 0, top)
            grid.addWidget(widget, row, 1)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(_heading("Training"))
        right.addLayout(grid)
        right.addStretch(1)
        return right

    def _card(self) -> QFrame:
        card = QFrame()
        card.setProperty("role", "card")
        for label in (self.needs, self.foretold, self.why):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.why.setProperty("role", "muted")
        self.start.setProperty("role", "primary")
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addWidget(self.start)
        buttons.addWidget(self.try_out)
        buttons.addWidget(self.why, 1)
        for button in (self.start, self.try_out):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QVBoxLayout(card)
        layout.setContentsMargins(16, 12, 16, 14)
        layout.setSpacing(8)
        layout.addWidget(self.needs)
        layout.addWidget(self.foretold)
        layout.addLayout(buttons)
        self.foretold.hide()
        return card

    def _connect(self) -> None:
        training = self._training
        training.described.connect(self._take_catalogue)
        training.runs_changed.connect(self._allow)
        training.trial_ended.connect(self._take_trial)
        training.context.jobs.changed.connect(self._job_changed)
        training.session.census_changed.connect(lambda _: self._plan_soon.start())
        self.strategies.currentItemChanged.connect(self._strategy_changed)
        self.preset.currentIndexChanged.connect(self._preset_changed)
        for signal in (
            self.width_choice.currentIndexChanged,
            self.steps.valueChanged,
            self.device.currentIndexChanged,
        ):
            signal.connect(self._edited)
        self.more.changed.connect(self._edited)
        self.name.textChanged.connect(self._allow)
        self.music.changed.connect(self._music_changed)
        self._plan_soon.timeout.connect(self._ask_plan)
        self.more_button.toggled.connect(self._show_more)
        self.try_out.clicked.connect(self._try_out)
        self.start.clicked.connect(self._start)
        if training.catalogue is not None:
            self._take_catalogue()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Count anew: the library may have changed."""
        super().showEvent(event)
        self.music.refresh()
        self._plan_soon.start()

    # -- the catalogue

    def _take_catalogue(self) -> None:
        catalogue = self._training.catalogue or {}
        self.strategies.clear()
        found: Sequence[Mapping[str, Any]] = catalogue.get("strategies", ())
        for one in sorted(found, key=lambda one: (one["needed_s"], one["title"])):
            item = QListWidgetItem(self.strategies)
            item.setData(TWO_LINES, TwoLines(one["title"], one["summary"]))
            item.setData(NAME, one["name"])
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{one['title']}: {one['summary']}")
            item.setToolTip(
                f"{one['summary']}\nA track must last {one['needed_s']:g} s, a little more where its "
                "speed is altered."
            )
        self.strategies.setCurrentRow(0)
        self._allow()

    @property
    def strategy(self) -> Mapping[str, Any]:
        """The chosen strategy as the catalogue has it; empty while there is none."""
        row = self.strategies.currentRow()
        name = self.strategies.item(row).data(NAME) if row >= 0 else ""
        known = (self._training.catalogue or {}).get("strategies", ())
        return next((one for one in known if one["name"] == name), {})

    def _strategy_changed(self) -> None:
        strategy = self.strategy
        if not strategy:
            return
        learns = f"{strategy['learns'][0].lower()}{strategy['learns'][1:]}"
        self.learns.setText(f"{strategy['summary']} It learns {learns}")
        presets = list(strategy["presets"])
        kept = self.preset.currentData() or ("modern" if "modern" in presets else presets[0])
        _fill(self.preset, [(name, name.capitalize()) for name in presets], kept)
        widths = strategy["model"]["properties"].get("width", {}).get("enum", [])
        kept_width = self.width_choice.currentData() or FIRST_WIDTH
        _fill(
            self.width_choice, [(width, WIDTH_WORDS.get(width, f"{width:g}")) for width in widths], kept_width
        )
        self.width_choice.setEnabled(bool(widths))
        self.width_choice.setToolTip(WIDTH_TIP if widths else f"{WIDTH_TIP}\nNot now: {WIDTHLESS}")
        self._show_preset(keep=True)

    def _preset_changed(self) -> None:
        self._show_preset(keep=False)

    def _show_preset(self, keep: bool) -> None:
        """Put the preset's values into the form; `keep`: what a person has edited stays."""
        values = self._preset_values
        if not values:
            return
        own = keep and self._preset_steps not in (0, self.steps.value())
        self._preset_steps = values["training"]["steps"]
        if not own:
            self.steps.blockSignals(True)
            self.steps.setValue(self._preset_steps)
            self.steps.blockSignals(False)
        if self.more.fields or self.more_button.isChecked():
            self._fill_more(keep)
        self._edited()

    @property
    def _preset_values(self) -> Mapping[str, Any]:
        """Of the chosen preset; empty while there is none."""
        found: Mapping[str, Any] = self.strategy.get("presets", {}).get(self.preset.currentData()) or {}
        return found

    def _show_more(self, on: bool) -> None:
        self._theme.set_icon(self.more_button, "chevron-down" if on else "chevron-right")
        if on and not self.more.fields:
            self._fill_more()
        self.more.setVisible(on)

    def _fill_more(self, keep: bool = False) -> None:
        values, catalogue = self._preset_values, self._training.catalogue
        if values and catalogue is not None:
            self.more.show_preset(self.strategy["model"], catalogue, values, keep=keep)

    # -- the draft

    @property
    def draft(self) -> Draft:
        """The run as it is put together now."""
        strategy = self.strategy
        preset = str(self.preset.currentData() or "")
        values = self._preset_values
        overrides = self.more.overrides
        width, steps = self.width_choice.currentData(), self.steps.value()
        if width is not None and width != values.get("model", {}).get("width"):
            overrides[WIDTH] = width
        if values and steps != values["training"]["steps"]:
            overrides[STEPS] = steps
        name = self.name.text().strip() or self.name.placeholderText()
        return Draft(
            str(strategy.get("name", "")), preset, name, self.music.music, str(self.device.currentData()), overrides,
            self._training.pin_ids, self._prediction(),
        )  # fmt: skip

    def _prediction(self) -> dict[str, Any]:
        """What the trial of this very draft said."""
        return (
            dict(self._trial.result) if self._trial is not None and self._trial.state == "completed" else {}
        )

    def _edited(self, *_: object) -> None:
        self._trial = None
        self.foretold.hide()
        changed = len(self.more.overrides)
        self.more_button.setText(f"{MORE} · {changed} changed" if changed else MORE)
        width = self.width_choice.currentData()
        ending = f"-w{width:g}" if width is not None else ""
        self.name.setPlaceholderText(
            f"{self.strategy.get('name', '')}-{self.preset.currentData() or ''}{ending}"
        )
        self._allow()

    # -- music

    def _music_changed(self) -> None:
        self._plan, self._plan_trouble = None, ""
        self._edited()
        self._plan_soon.start()

    def _ask_plan(self) -> None:
        if self.music.trouble:
            self._allow()
        elif self.isVisible():
            self._training.plan(self.music.music, self._take_plan, self._no_plan)

    def _take_plan(self, plan: ClipPlan) -> None:
        self._plan, self._plan_trouble = plan, ""
        self._allow()

    def _no_plan(self, error: BaseException) -> None:
        told = message_of(error)
        self._plan, self._plan_trouble = None, f"{told.title} {told.hint}".strip()
        self._allow()

    # -- what can be done

    def _trouble(self) -> str:
        """Why nothing can be started; empty where it can."""
        if not self.strategy:
            return self._training.trouble or LISTING
        if self.music.trouble or self._plan_trouble:
            return self.music.trouble or self._plan_trouble
        if self._plan is None:
            return COUNTING
        wishes = self._training.context.settings.training
        return (
            checks.music(self._plan, wishes.clips_budget_gb)
            or checks.clips(self.strategy, wishes.clip_seconds)
            or self.more.trouble
            or checks.name(self.name.text().strip() or self.name.placeholderText())
        )

    def _fit(self) -> str:
        """Have the batch follow the music; what this changes, in words."""
        values, overrides = self._preset_values, self.more.overrides
        if not values or self._plan is None:
            return ""
        most = checks.largest_batch(self._plan, values["training"], overrides)
        self.more.limit_batch(most)
        return checks.smaller_batch(values, overrides, most)

    def _allow(self) -> None:
        trouble, busy = self._trouble(), self._training.busy
        trying = any(view.kind == TRIAL for view in self._training.context.jobs.running)
        plan = self._plan
        told = (words.plan(plan), words.left_out(plan), self._fit()) if plan is not None else (trouble,)
        self.needs.setText(" ".join(filter(None, told)))
        self.start.setText("Start after the other" if busy else "Start training")
        self.start.setEnabled(not trouble)
        self.start.setToolTip(
            f"Not now: {trouble}" if trouble else "It goes on in the background; you can pause it."
        )
        why = trouble or ("A run is being trained: a trial beside it would mislead." if busy else "")
        why = why or (TRYING if trying else "")
        self.try_out.setEnabled(not why)
        tip = "Takes real steps on some of your music, and tells how much time, memory and disk all of it takes."
        self.try_out.setToolTip(f"{tip}\nNot now: {why}" if why else tip)
        shown = trouble if plan is not None else ""
        self.why.setText(shown or (why if busy else ""))

    def _try_out(self) -> None:
        self._tried = self.draft
        self._training.try_out(self._tried)
        self._say("Trying…")
        self._allow()

    def _start(self) -> None:
        self._training.start(self.draft)
        self.name.clear()
        self.started.emit()

    def _job_changed(self, view: JobView) -> None:
        if view.kind == TRIAL and view.live:
            stage = f"{view.stage}…" if view.stage else "Trying…"
            self._say(f"{stage} {view.done:,} of {view.total:,}" if view.total else stage)

    def _take_trial(self, view: JobView) -> None:
        if view.state == "completed" and self._tried is not None and self._same(self._tried):
            self._trial = view
            cost, note = words.predicted(view.result), str(view.result.get("note") or "")
            self._say(f"On this machine: {cost}. {note}".strip())
        elif view.state == "completed":
            self.foretold.hide()  # it was edited meanwhile
        else:
            self._say(f"{view.title} {view.hint}".strip())
        self._allow()

    def _same(self, tried: Draft) -> bool:
        now = self.draft
        return (now.strategy, now.preset, now.music, now.device, now.overrides) == (
            tried.strategy, tried.preset, tried.music, tried.device, tried.overrides,
        )  # fmt: skip

    def _say(self, text: str) -> None:
        self.foretold.setText(text)
        self.foretold.setVisible(bool(text))


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def _fill(combo: QComboBox, choices: Sequence[tuple[Any, str]], kept: Any) -> None:
    """Offer `choices`, `kept` being picked where it is among them; fires nothing."""
    combo.blockSignals(True)
    combo.clear()
    for value, text in choices:
        combo.addItem(text, value)
    combo.setCurrentIndex(max(combo.findData(kept), 0))
    combo.blockSignals(False)
