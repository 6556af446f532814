"""Fields of models that another process describes."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app import schemas
from app.forms import editor_for


class Odd(BaseModel):
    """An eighth strategy may have such fields."""

    steps: tuple[Annotated[int, Field(ge=-4, le=4)], ...] = Field((1, 2), min_length=1, title="Steps")
    sides: tuple[Literal[0, 1], ...] = (0, 1)
    any_numbers: list[int] = [10_000]
    shares: tuple[float, ...] = (0.1, 0.25)
    maybe: float | None = None
    plain: float = Field(0.5, ge=0, le=1)


def fields() -> dict[str, FieldInfo]:
    (group,) = schemas.groups(Odd.model_json_schema(), "odd", "Odd")
    return dict(group.fields)


def test_what_no_form_can_show_is_left_out_and_keeps_its_value() -> None:
    assert set(fields()) == {"odd.steps", "odd.sides", "odd.any_numbers", "odd.plain"}


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("odd.steps", "-4, 4", ""), ("odd.steps", "5", "from -4 to 4"), ("odd.steps", "", "at least 1"),
        ("odd.steps", "1.5", "Whole numbers"), ("odd.steps", "--1", "Whole numbers"),
        ("odd.sides", "2", "from 0 to 1"), ("odd.any_numbers", "99999", ""), ("odd.any_numbers", "", ""),
    ],
)  # fmt: skip
def test_a_list_says_what_is_wrong_with_it(name: str, text: str, wrong: str, qtbot: QtBot) -> None:
    editor = editor_for(fields()[name])
    qtbot.addWidget(editor.widget)
    assert isinstance(editor.widget, QLineEdit)
    editor.widget.setText(text)
    assert wrong in editor.trouble()
    assert bool(editor.trouble()) == bool(wrong)
