"""Every choice of a run in titled groups; what differs from the preset is marked and can be put back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import schemas
from app.forms import Choices, Editor, editor_for
from app.schemas import Group
from app.theme import Theme

EDITOR_WIDTH = 210
SIDES: Choices = [
    ([0, 1], "Both sides"), ([1], "The positive (or target) alone"), ([0], "The anchor (or context) alone"),
    ([], "None"),
]  # fmt: skip
CHOICES: Mapping[str, Choices] = {"augment.sides": SIDES}
"""For lists of which only a few make sense."""
RATE, BATCH = "training.lr", "training.batch"
AT_A_TURN = 6
"""Fields that are made before the window has its turn: each is four widgets."""
DIGITS = 7
"""Of a learning rate, as many as a field shows."""

WORDS: Mapping[str, str] = {
    "mlp": "Two layers (MLP)", "none": "None", "adam": "Adam", "adamw": "AdamW", "dot": "Dot product",
    "cosine": "Cosine", "float32": "float32", "bfloat16": "bfloat16", "auto": "Fastest",
}  # fmt: skip
"""Options whose name alone says little; any other is shown as it is called."""


@dataclass
class Field:
    """A field on the screen."""

    editor: Editor
    label: QLabel
    reset: QToolButton
    note: QLabel
    description: str
    default: Any = None
    shown: Any = None
    """What is read where the default was written: it may be rounded."""

    @property
    def differs(self) -> bool:
        """Whether it is not as the preset has it."""
        return bool(self.editor.read() != self.shown)

    def write(self, value: Any) -> None:
        """Show a default as such."""
        self.default = value
        self.editor.write(value)
        self.shown = self.editor.read()


class MoreSettings(QWidget):
    """Edits what a preset decides.

    Signals
    -------
    changed
        Something was edited or put back.
    """

    changed = Signal()

    def __init__(self, theme: Theme, left_out: frozenset[str]) -> None:
        super().__init__()
        self._theme, self._left_out = theme, left_out
        self.fields: dict[str, Field] = {}
        self._values: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}  # edits that await the fields of another strategy
        self._most: int | None = None
        self._waiting: list[Callable[[], None]] = []
        self._schema: tuple[Any, ...] = ()
        self._filling = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(18)
        self._turn = QTimer(self, singleShot=True, interval=0)  # a few fields for each turn of the event loop
        self._turn.timeout.connect(self._make_next)

    @property
    def ready(self) -> bool:
        """Whether every field is there."""
        return not self._waiting

    @property
    def overrides(self) -> dict[str, Any]:
        """Dotted names and values of what differs from the preset."""
        edited = {name: field.editor.read() for name, field in self.fields.items() if field.differs}
        return {name: value for name, value in self._kept.items() if name in self._values} | edited

    @property
    def trouble(self) -> str:
        """What cannot be used like this; empty where all can."""
        told = ((field.label.text(), field.editor.trouble()) for field in self.fields.values())
        return next((f"{title}: {why}" for title, why in told if why), "")

    @property
    def batch(self) -> int:
        """Pairs in a step, as far as the music allows."""
        batch = int(self.overrides.get(BATCH, self._values[BATCH]))
        return batch if self._most is None else min(batch, self._most)

    def limit_batch(self, most: int | None) -> None:
        """There is music for batches of so many pairs at most; None: that is not known."""
        if most != self._most:
            self._most = most
            self._follow_batch()

    def show_preset(
        self,
        model: Mapping[str, Any],
        catalogue: Mapping[str, Any],
        values: Mapping[str, Any],
        *,
        keep: bool = False,
    ) -> None:
        """Show the fields of a strategy with a preset's values.

        Parameters
        ----------
        model
            The JSON schema of the strategy's config.
        catalogue
            Holds the schemas of `training` and `augment`.
        values
            {"model": ..., "training": ..., "augment": ..., "lr_batch": ...}, see `core.training.describe`.
        keep
            What a person has edited stays as it is, where the strategy has it too.
        """
        self._kept = self.overrides if keep else {}
        self._values = dict(_flat(values))
        schema = (model, catalogue["training"], catalogue["augment"])
        if schema != self._schema:
            self._schema = schema
            self._clear()
            groups = (
                *schemas.groups(model, "model", "Encoder and loss"),
                *schemas.groups(catalogue["training"], "training", "Training"),
                *schemas.groups(catalogue["augment"], "augment", "Alterations"),
            )
            self._waiting = [partial(self._begin, group) for group in groups]
            self._turn.start()
        for name, field in self.fields.items():
            self._set_default(name, field)
        self._follow_batch()
        self.changed.emit()

    def _clear(self) -> None:
        self.fields.clear()
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()

    def _make_next(self) -> None:
        if self._waiting:
            self._waiting.pop(0)()
            self._turn.start()

    def _begin(self, group: Group) -> None:
        """Put up a group's title; its fields come next, some at a turn."""
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(3, 1)
        grid.setColumnMinimumWidth(0, 220)
        title = QLabel(group.title)
        title.setProperty("role", "heading")
        title.setToolTip(group.description)
        grid.addWidget(title, 0, 0, 1, 4)
        fields = [(name, info) for name, info in group.fields.items() if name not in self._left_out]
        rows = list(enumerate(fields, 1))
        self._waiting[:0] = [
            partial(self._fill, grid, rows[at : at + AT_A_TURN]) for at in range(0, len(rows), AT_A_TURN)
        ]
        self._column.addWidget(box)
        box.setVisible(bool(rows))

    def _fill(self, grid: QGridLayout, rows: Sequence[tuple[int, tuple[str, FieldInfo]]]) -> None:
        for row, (name, info) in rows:
            self._add(grid, row, name, info)

    def _add(self, grid: QGridLayout, row: int, name: str, info: FieldInfo) -> None:
        editor = editor_for(info, CHOICES.get(name) or _options(info), fine=True)
        label, reset = QLabel(info.title or name), QToolButton()
        label.setBuddy(editor.widget)
        editor.widget.setFixedWidth(EDITOR_WIDTH)
        editor.widget.setAccessibleName(info.title or name)
        note = QLabel(info.description or "")
        note.setProperty("role", "small")
        note.setWordWrap(True)
        note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        reset.setIconSize(QSize(14, 14))
        reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._theme.set_icon(reset, "retry", "accent")
        field = self.fields[name] = Field(editor, label, reset, note, info.description or "")
        reset.clicked.connect(partial(self._reset, name))
        for column, widget in enumerate((label, editor.widget, reset, note)):
            grid.addWidget(widget, row, column, Qt.AlignmentFlag.AlignVCenter)
        policy = reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        reset.setSizePolicy(policy)
        self._set_default(name, field)
        editor.changed.connect(partial(self._edited, name))
        if isinstance(editor.widget, QCheckBox):
            editor.widget.setFixedWidth(24)

    def _set_default(self, name: str, field: Field) -> None:
        self._show_default(field, self._values.get(name))
        if name in self._kept:
            self._filling = True
            field.editor.write(self._kept.pop(name))
            self._filling = False
            self._mark(field)
        if name == RATE:
            self._follow_batch()

    def _show_default(self, field: Field, value: Any) -> None:
        self._filling = True
        field.write(value)
        self._filling = False
        field.reset.setToolTip(f"Back to the preset: {_told(field.editor.widget)}")
        field.reset.setAccessibleName(f"{field.label.text()}: back to the preset")
        self._mark(field)

    def _follow_batch(self) -> None:
        """Show the learning rate for the batch that there will be, and why; one that is given stays."""
        field, meant_for = self.fields.get(RATE), self._values.get("lr_batch")
        if field is not None and not meant_for:
            field.note.setText(field.description)
        if field is None or not meant_for:
            return
        given = field.editor.read() if field.differs else None
        training = {"lr": self._values[RATE], "batch": self._values[BATCH]}
        self._show_default(field, rate_for(training, self.batch))
        if given is not None:
            self._filling = True
            field.editor.write(given)
            self._filling = False
            self._mark(field)
        limited = " (there are no more tracks)" if self.batch == self._most else ""
        field.note.setText(
            f"{field.description} {rate_for(training, meant_for):.7g} for {meant_for} pairs, times the square root of "
            f"batch / {meant_for}; here for {self.batch:,} pairs{limited}."
        )

    def _edited(self, name: str, *_: object) -> None:
        if not self._filling:
            self._mark(self.fields[name])
            if name == BATCH:
                self._follow_batch()
            self.changed.emit()

    def _reset(self, name: str, *_: object) -> None:
        field = self.fields[name]
        field.editor.write(field.default)

    @staticmethod
    def _mark(field: Field) -> None:
        differs = field.differs
        field.reset.setVisible(differs)
        role = "strong" if differs else ""
        if field.label.property("role") != role:
            field.label.setProperty("role", role)
            field.label.style().polish(field.label)


def _options(info: FieldInfo) -> Choices | None:
    """The options of a field in words; None where it has none."""
    if get_origin(info.annotation) is not Literal:
        return None
    values = get_args(info.annotation)
    return [(value, WORDS.get(str(value)) or str(value).replace("_", " ").capitalize()) for value in values]


def _flat(tree: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in tree.items():
        place = f"{prefix}{name}"
        found += _flat(value, f"{place}.") if isinstance(value, dict) else [(place, value)]
    return found


def rate_for(training: Mapping[str, Any], batch: int) -> float:
    """The learning rate of a preset that scales it, for batches of so many pairs. As `core.training.config.resolve`.

    Parameters
    ----------
    training
        The preset's own `lr` and `batch`.
    """
    return float(f"{min(training['lr'] * math.sqrt(batch / training['batch']), 1.0):.{DIGITS}g}")


def _told(editor: QWidget) -> str:
    """What stands in a field."""
    if isinstance(editor, QCheckBox):
        return "on" if editor.isChecked() else "off"
    return editor.currentText() if isinstance(editor, QComboBox) else str(editor.property("text"))
