from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, model_validator
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QDoubleSpinBox, QLabel, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from app.forms import Form
from app.views.preferences import Preferences
from core.settings import Settings


class Example(BaseModel):
    steps: int = Field(10, ge=1, le=50, title="Steps", description="How many.")
    rate: float = Field(0.5, gt=0, le=1, title="Rate")
    kind: Literal["small", "large"] = Field("small", title="Kind")
    name: str = Field("", title="Name")
    on: bool = Field(False, title="Switched on")

    @model_validator(mode="after")
    def large_needs_a_name(self) -> Example:
        if self.kind == "large" and not self.name:
            raise ValueError("A large one needs a name.")
        return self


@pytest.fixture
def form(qtbot: QtBot) -> Form[Example]:
    made = Form(Example())
    qtbot.addWidget(made)
    made.show()
    return made


def widget(form: Form[Any], kind: type[Any], name: str) -> Any:
    found = form.findChild(kind, name)
    assert found is not None
    return found


def test_titles_descriptions_and_bounds_come_from_the_model(form: Form[Example]) -> None:
    steps, rate = widget(form, QSpinBox, "steps"), widget(form, QDoubleSpinBox, "rate")
    assert (steps.minimum(), steps.maximum(), steps.value()) == (1, 50, 10)
    assert rate.minimum() > 0
    assert rate.maximum() == 1
    texts = [label.text() for label in form.findChildren(QLabel)]
    assert {"Steps", "How many.", "Rate", "Kind", "Name"} <= set(texts)
    assert widget(form, QCheckBox, "on").text() == "Switched on"
    combo = widget(form, QComboBox, "kind")
    assert [combo.itemData(i) for i in range(combo.count())] == ["small", "large"]


def test_edits_by_hand_become_a_valid_model(form: Form[Example], qtbot: QtBot) -> None:
    steps = widget(form, QSpinBox, "steps")
    steps.selectAll()
    with qtbot.waitSignal(form.changed):
        qtbot.keyClicks(steps, "42")
    qtbot.keyClick(widget(form, QCheckBox, "on"), Qt.Key.Key_Space)
    qtbot.keyClicks(widget(form, QLineEdit, "name"), "Anna")
    assert form.value == Example(steps=42, on=True, name="Anna")


def test_what_makes_no_sense_together_is_said_and_not_taken(form: Form[Example], qtbot: QtBot) -> None:
    combo = widget(form, QComboBox, "kind")
    with qtbot.assertNotEmitted(form.changed):
        combo.setCurrentIndex(1)
    assert form.value.kind == "small"
    assert any("needs a name" in label.text() and label.isVisible() for label in form.findChildren(QLabel))
    qtbot.keyClicks(widget(form, QLineEdit, "name"), "x")
    assert form.value == Example(kind="large", name="x")
    assert not any(
        "needs a name" in label.text() and label.isVisible() for label in form.findChildren(QLabel)
    )


def test_a_value_that_is_shown_rounded_is_kept_until_it_is_edited(qtbot: QtBot) -> None:
    form = Form(Example(rate=0.126))
    qtbot.addWidget(form)
    steps, rate = widget(form, QSpinBox, "steps"), widget(form, QDoubleSpinBox, "rate")
    steps.setValue(7)
    assert form.value == Example(steps=7, rate=0.126)
    rate.setValue(0.5)
    assert form.value.rate == 0.5
    rate.setValue(0.13)  # it looks as at the beginning again, and is
    assert form.value.rate == 0.126


def test_a_list_with_something_else_in_it_is_said_and_not_taken(qtbot: QtBot) -> None:
    class Lists(BaseModel):
        numbers: list[int] = Field([1, 2], title="Numbers")

    form = Form(Lists())
    qtbot.addWidget(form)
    form.show()
    line = widget(form, QLineEdit, "numbers")
    for text in ("1, 2, x", "²", "--1"):
        line.setText(text)
        assert form.value.numbers == [1, 2]
        assert form.errors["numbers"].isVisible()
    line.setText("3, -4")
    assert form.value.numbers == [3, -4]
    assert not form.errors["numbers"].isVisible()


@pytest.mark.parametrize(
    ("kind", "name"), [(QSpinBox, "steps"), (QDoubleSpinBox, "rate"), (QComboBox, "kind")]
)
def test_the_wheel_changes_only_what_has_the_focus(
    kind: type[Any], name: str, form: Form[Example], qtbot: QtBot
) -> None:
    field = widget(form, kind, name)
    for focused in (False, True):
        (field.setFocus if focused else field.clearFocus)()
        qtbot.waitUntil(lambda focused=focused: field.hasFocus() == focused)  # type: ignore[misc] # bound now
        before = form.editors[name].read()
        turn = QPoint(0, -120)
        QApplication.sendEvent(field, QWheelEvent(
            QPointF(5, 5), field.mapToGlobal(QPointF(5, 5)), QPoint(), turn, Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        ))  # fmt: skip
        assert (form.editors[name].read() != before) == focused


def test_showing_a_value_fires_nothing(form: Form[Example], qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(form.changed):
        form.show_value(Example(steps=7, rate=0.25, kind="large", name="n", on=True))
    assert widget(form, QSpinBox, "steps").value() == 7
    assert form.value.rate == 0.25


def test_a_choice_that_is_not_there_now_stays_chosen(qtbot: QtBot) -> None:
    form = Form(Example(name="Headphones"), {"name": [("", "Default"), ("Speakers", "Speakers")]})
    qtbot.addWidget(form)
    combo = widget(form, QComboBox, "name")
    assert combo.currentData() == "Headphones"
    combo.setCurrentIndex(combo.findData("Speakers"))
    assert form.value.name == "Speakers"


def test_a_type_without_a_field_is_refused(qtbot: QtBot) -> None:
    class Odd(BaseModel):
        where: complex = 1j

    with pytest.raises(TypeError, match="no form field"):
        Form(Odd())


def test_preferences_show_every_setting_and_report_changes(qtbot: QtBot) -> None:
    dialog = Preferences(Settings())
    qtbot.addWidget(dialog)
    fields = {(group, name) for group, form in dialog.forms.items() for name in form.editors}
    expected = {
        (group, name)
        for group in Settings.model_fields
        for name in type(getattr(Settings(), group)).model_fields
    }
    assert fields == expected
    with qtbot.waitSignal(dialog.changed) as caught:
        widget(dialog.forms["audio"], QSpinBox, "workers").setValue(3)
    assert caught.args[0].audio.workers == 3
    assert dialog.settings.audio.workers == 3


def test_defaults_are_restored_for_the_page_that_is_open(qtbot: QtBot) -> None:
    settings = Settings()
    settings = settings.model_copy(update={
        "audio": settings.audio.model_copy(update={"workers": 5}),
        "player": settings.player.model_copy(update={"audition_s": 30.0}),
    })  # fmt: skip
    dialog = Preferences(settings)
    qtbot.addWidget(dialog)
    dialog._restore()
    assert dialog.settings.audio.workers == 0
    assert dialog.settings.player.audition_s == 30.0
