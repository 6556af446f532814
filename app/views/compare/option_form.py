"""The options of a kind of data set as a form: made from `core.evaluation.spec.Option`, never written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field
from pydantic.fields import FieldInfo
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLabel, QWidget

from app.forms import Editor, editor_for
from core.evaluation.spec import Option

EDITOR_WIDTH = 168
KINDS: Mapping[str, Any] = {"text": str, "number": int, "flag": bool, "choice": str}


class OptionForm(QWidget):
    """Edits the options of one specification.

    Signals
    -------
    changed
        Something was edited.
    """

    changed = Signal()

    def __init__(self, options: Sequence[Option], values: Mapping[str, Any]) -> None:
        super().__init__()
        self._options = tuple(options)
        self.editors: dict[str, Editor] = {}
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(14)
        layout.setVerticalSpacing(8)
        for option in self._options:
            editor = self.editors[option.name] = _editor(option)
            editor.write(values.get(option.name, option.default))
            editor.changed.connect(lambda *_: self.changed.emit())
            editor.widget.setObjectName(option.name)
            editor.widget.setToolTip(option.help)
            editor.widget.setAccessibleName(option.title)
            if not isinstance(editor.widget, QCheckBox):
                editor.widget.setFixedWidth(EDITOR_WIDTH)
            label = QLabel(option.title)
            label.setToolTip(option.help)
            label.setBuddy(editor.widget)
            layout.addRow(label, editor.widget)

    @property
    def values(self) -> dict[str, Any]:
        """What differs from the defaults."""
        read = {option.name: self.editors[option.name].read() for option in self._options}
        return {
            option.name: read[option.name] for option in self._options if read[option.name] != option.default
        }


def _editor(option: Option) -> Editor:
    limits = {"ge": 0} if option.kind == "number" else {}
    info: FieldInfo = Field(title=option.title, description=option.help, **limits)  # type: ignore[call-overload] # as built
    info.annotation = KINDS[option.kind]
    choices = [(value, value.replace("_", " ").capitalize()) for value in option.choices]
    return editor_for(info, choices or None)
