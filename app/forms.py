"""A form made from a pydantic model: titles as labels, descriptions as help, bounds as the fields' limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from PySide6.QtCore import QEvent, QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

M = TypeVar("M", bound=BaseModel)
Choices = Sequence[tuple[Any, str]]
LARGEST = 1_000_000_000
FIELD_WIDTH = 300
TEXT_MARGIN = 8  # the style sheet's padding does not reach a spin box's text


def _no_trouble() -> str:
    return ""


@dataclass(frozen=True)
class Editor:
    """A widget that edits one field, whatever its kind.

    Parameters
    ----------
    trouble
        Why what stands in it is no value; empty where it is one.
    """

    widget: QWidget
    read: Callable[[], Any]
    write: Callable[[Any], None]
    changed: SignalInstance
    trouble: Callable[[], str] = _no_trouble


class _Calm(QObject):
    """Leaves the wheel to the page, unless the field has the focus: who scrolls changes nothing on the way."""

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:  # noqa: N802 - Qt's name
        """Whether the event goes no further."""
        if event.type() != QEvent.Type.Wheel or not isinstance(watched, QWidget) or watched.hasFocus():
            return False
        event.ignore()
        return True


def calm(*widgets: QComboBox | QAbstractSpinBox) -> None:
    """Have lists and numbers on a page that scrolls keep their values when the wheel turns over them."""
    for widget in widgets:
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # else the wheel would bring the focus
        widget.installEventFilter(_Calm(widget))


def limits(rules: Sequence[Any], step: float) -> tuple[float, float]:
    """Smallest and largest number that a field's rules allow; an open bound is `step` away."""
    low, high = -float(LARGEST), float(LARGEST)
    for rule in rules:
        if isinstance(rule, Ge):
            low = float(rule.ge)  # type: ignore[arg-type] # numbers, where the field is one
        elif isinstance(rule, Gt):
            low = float(rule.gt) + step  # type: ignore[arg-type] # as above
        elif isinstance(rule, Le):
            high = float(rule.le)  # type: ignore[arg-type] # as above
        elif isinstance(rule, Lt):
            high = float(rule.lt) - step  # type: ignore[arg-type] # as above
    return low, high


def _choice_editor(choices: Choices) -> Editor:
    combo = QComboBox()
    calm(combo)
    for value, text in choices:
        combo.addItem(text, value)

    def write(value: Any) -> None:
        if combo.findData(value) < 0:  # what is set is offered, also where it is not there now
            combo.addItem(str(value), value)
        combo.setCurrentIndex(combo.findData(value))

    return Editor(combo, combo.currentData, write, combo.currentIndexChanged)


def _bool_editor() -> Editor:
    box = QCheckBox()
    return Editor(box, box.isChecked, box.setChecked, box.toggled)


def _int_editor(info: FieldInfo) -> Editor:
    spin = QSpinBox()
    calm(spin)
    spin.lineEdit().setTextMargins(TEXT_MARGIN, 0, 0, 0)
    low, high = limits(info.metadata, 1)
    spin.setRange(int(low), int(high))
    return Editor(spin, spin.value, spin.setValue, spin.valueChanged)


class _Number(QDoubleSpinBox):
    """Shows 20 as `20` and not as `20.00`."""

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        """As short as it can be."""
        text = super().textFromValue(value)
        point = self.locale().decimalPoint()
        return text.rstrip("0").removesuffix(point) if point in text else text


class _FineNumber(QDoubleSpinBox):
    """For numbers of any size, such as 0.0003 and 1e-05; a step changes the first digit."""

    DECIMALS = 12

    def __init__(self) -> None:
        super().__init__()
        self.setDecimals(self.DECIMALS)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        """As short as it can be."""
        return f"{value:.7g}".replace(".", self.locale().decimalPoint())

    def valueFromText(self, text: str) -> float:  # noqa: N802 - Qt's name
        """With a point or a comma."""
        return _number(text) or 0.0

    def validate(self, text: str, place: int, /) -> tuple[QValidator.State, str, int]:
        """Whether it is a number within the limits, or may become one."""
        value = _number(text)
        if value is None:
            allowed = set("0123456789+-eE., ")
            state = QValidator.State.Intermediate if set(text) <= allowed else QValidator.State.Invalid
        else:
            inside = self.minimum() <= value <= self.maximum()
            state = QValidator.State.Acceptable if inside else QValidator.State.Intermediate
        return state, text, place


def _number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def _float_editor(info: FieldInfo, fine: bool) -> Editor:
    spin = _FineNumber() if fine else _Number()
    calm(spin)
    spin.lineEdit().setTextMargins(TEXT_MARGIN, 0, 0, 0)
    low, high = limits(info.metadata, 10**-_FineNumber.DECIMALS if fine else 0.01)
    if fine:
        spin.setRange(low, high)
        return Editor(spin, spin.value, spin.setValue, spin.valueChanged)
    spin.setDecimals(2)
    spin.setRange(low, high)
    spin.setSingleStep(0.05 if high - low <= 2 else 1.0)
    return Editor(spin, spin.value, spin.setValue, spin.valueChanged)


def _text_editor() -> Editor:
    line = QLineEdit()
    return Editor(line, line.text, line.setText, line.textChanged)


def _list_editor(info: FieldInfo) -> Editor:
    """Whole numbers with commas between them."""
    line, (item,) = QLineEdit(), get_args(info.annotation)
    rules = get_args(item)[1:] if get_origin(item) is Annotated else ()
    low, high = limits(rules, 1)
    fewest = next((rule.min_length for rule in info.metadata if isinstance(rule, MinLen)), 0)
    wanted = "Whole numbers" + (f" from {low:g} to {high:g}" if rules else "") + ", with commas between them"

    def trouble() -> str:
        numbers = _whole_numbers(line.text())
        if numbers is None or not all(low <= number <= high for number in numbers):
            return f"{wanted}."
        return f"{wanted}; at least {fewest}." if len(numbers) < fewest else ""

    return Editor(
        line, lambda: _whole_numbers(line.text()) or [], lambda numbers: line.setText(", ".join(map(str, numbers))),
        line.textChanged, trouble,
    )  # fmt: skip


def _whole_numbers(text: str) -> list[int] | None:
    """None where anything else is in it."""
    try:
        return [int(part) for part in text.split(",")] if text.strip() else []
    except ValueError:
        return None


def editor_for(info: FieldInfo, choices: Choices | None = None, *, fine: bool = False) -> Editor:
    """The editor for a field of that type.

    Parameters
    ----------
    fine
        Numbers may be very small (0.0003) and are edited as exactly as they are written.

    Raises
    ------
    TypeError
        A type that no form can show.
    """
    kind = info.annotation
    if choices is None and get_origin(kind) is Literal:
        choices = [(value, str(value).capitalize()) for value in get_args(kind)]
    if choices is not None:
        return _choice_editor(choices)
    if kind is bool:
        return _bool_editor()
    if kind is int:
        return _int_editor(info)
    if kind is float:
        return _float_editor(info, fine)
    if get_origin(kind) is list and _number_type(get_args(kind)[0]) is int:
        return _list_editor(info)
    if kind is str:
        return _text_editor()
    raise TypeError(f"no form field for {kind}")


def _number_type(item: Any) -> Any:
    return get_args(item)[0] if get_origin(item) is Annotated else item


class Form(QWidget, Generic[M]):
    """Edits the plain fields of one model.

    Parameters
    ----------
    value
        What is shown first.
    choices
        For a field whose values are known only now (audio devices): (value, text) of each.

    Signals
    -------
    changed
        Something was edited and the whole is valid.
    """

    changed = Signal()

    def __init__(self, value: M, choices: Mapping[str, Choices] | None = None) -> None:
        super().__init__()
        self._value = value
        self.editors: dict[str, Editor] = {}
        self.errors: dict[str, QLabel] = {}
        self._shown: dict[str, tuple[Any, Any]] = {}  # the value, and what was read where it was written
        self._filling = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(20)
        for name, info in type(value).model_fields.items():
            layout.addWidget(self._row(name, info, (choices or {}).get(name)))
        self.errors[""] = _note("", "error")  # what is wrong with the fields together
        layout.addWidget(self.errors[""])
        layout.addStretch(1)
        self.show_value(value)

    @property
    def value(self) -> M:
        """The last valid state of the form."""
        return self._value

    def show_value(self, value: M) -> None:
        """Show `value` and take it for the present one; fires nothing."""
        self._value, self._filling = value, True
        for name, editor in self.editors.items():
            editor.write(getattr(value, name))
            self._shown[name] = getattr(value, name), editor.read()
        self._filling = False
        self._show_errors({})

    def _row(self, name: str, info: FieldInfo, choices: Choices | None) -> QWidget:
        editor = self.editors[name] = editor_for(info, choices)
        editor.changed.connect(self._edited)
        editor.widget.setObjectName(name)
        editor.widget.setAccessibleName(info.title or name)
        editor.widget.setToolTip(info.description or "")
        row = QWidget()
        layout = QVBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        if isinstance(editor.widget, QCheckBox):
            editor.widget.setText(info.title or name)
        else:
            editor.widget.setMaximumWidth(FIELD_WIDTH)
            layout.addWidget(_buddy(info.title or name, editor.widget))
        layout.addWidget(editor.widget)
        if info.description:
            layout.addWidget(_note(info.description, "muted"))
        self.errors[name] = _note("", "error")
        layout.addWidget(self.errors[name])
        return row

    def _read(self) -> dict[str, Any]:
        """What stands in the fields; one that nobody has edited keeps its value, also where it is shown rounded."""
        values = {}
        for name, editor in self.editors.items():
            value, shown = self._shown[name]
            read = editor.read()
            values[name] = value if read == shown else read
        return values

    def _edited(self) -> None:
        if self._filling:
            return
        if troubles := {name: why for name, editor in self.editors.items() if (why := editor.trouble())}:
            self._show_errors(troubles)
            return
        try:
            self._value = type(self._value).model_validate(self._read())
        except ValidationError as error:
            self._show_errors({str(e["loc"][0]) if e["loc"] else "": e["msg"] for e in error.errors()})
        else:
            self._show_errors({})
            self.changed.emit()

    def _show_errors(self, errors: Mapping[str, str]) -> None:
        for name, label in self.errors.items():
            label.setText(errors.get(name, "").removeprefix("Value error, "))
            label.setVisible(name in errors)


def _buddy(title: str, widget: QWidget) -> QLabel:
    label = QLabel(title)
    label.setProperty("role", "strong")
    label.setBuddy(widget)
    return label


def _note(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label
