"""Every choice of a run in titled groups; what differs from the preset is marked and can be put back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

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
    default: Any = None

    @property
    def differs(self) -> bool:
        """Whether it is not as the preset has it."""
        return not _same(self.editor.read(), self.default)


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
        self._waiting: list[Group] = []
        self._schema: tuple[Any, ...] = ()
        self._filling = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(18)
        self._turn = QTimer(self, singleShot=True, interval=0)  # one group for each turn of the event loop
        self._turn.timeout.connect(self._make_next)

    @property
    def ready(self) -> bool:
        """Whether every field is there."""
        return not self._waiting

    @property
    def overrides(self) -> dict[str, Any]:
        """Dotted names and values of what differs from the preset."""
        return {name: field.editor.read() for name, field in self.fields.items() if field.differs}

    def show_preset(
        self, model: Mapping[str, Any], catalogue: Mapping[str, Any], values: Mapping[str, Any]
    ) -> None:
        """Show the fields of a strategy with a preset's values.

        Parameters
        ----------
        model
            The JSON schema of the strategy's config.
        catalogue
            Holds the schemas of `training` and `augment`.
        values
            {"model": ..., "training": ..., "augment": ...}.
        """
        self._values = dict(_flat(values))
        schema = (model, catalogue["training"], catalogue["augment"])
        if schema != self._schema:
            self._schema = schema
            self._clear()
            self._waiting = [
                *schemas.groups(model, "model", "Encoder and loss"),
                *schemas.groups(catalogue["training"], "training", "Training"),
                *schemas.groups(catalogue["augment"], "augment", "Alterations"),
            ]
            self._turn.start()
        for name, field in self.fields.items():
            self._set_default(name, field)
        self.changed.emit()

    def _clear(self) -> None:
        self.fields.clear()
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()

    def _make_next(self) -> None:
        if self._waiting:
            self._make(self._waiting.pop(0))
            self._turn.start()

    def _make(self, group: Group) -> None:
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
        rows = [(name, info) for name, info in group.fields.items() if name not in self._left_out]
        for row, (name, info) in enumerate(rows, 1):
            self._add(grid, row, name, info)
        self._column.addWidget(box)
        box.setVisible(bool(rows))

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
        field = self.fields[name] = Field(editor, label, reset)
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
        field.default = self._values.get(name)
        self._filling = True
        field.editor.write(field.default)
        self._filling = False
        field.reset.setToolTip(f"Back to the preset: {field.default}")
        field.reset.setAccessibleName(f"{field.label.text()}: back to the preset")
        self._mark(field)

    def _edited(self, name: str, *_: object) -> None:
        if not self._filling:
            self._mark(self.fields[name])
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


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) <= 1e-9 * max(abs(one), abs(other))
    return bool(one == other)
