"""Preferences: a page for each group of the settings' schema; a change holds at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.forms import Choices, Form
from core.settings import Settings

# The words of values that the program spells shorter.
WORDS: dict[str, dict[str, Choices]] = {
    "window": {
        "theme": [("system", "As the system"), ("light", "Light"), ("dark", "Dark")],
    },
    "embedding": {
        "device": [
            ("auto", "Fastest on this machine"),
            ("cpu", "Processor (CPU)"),
            ("cuda", "NVIDIA graphics card (CUDA)"),
            ("mps", "Apple graphics (MPS)"),
        ],
    },
}

GROUP_HEIGHT = 38


class Preferences(QDialog):
    """Edits the settings, group by group.

    Parameters
    ----------
    settings
        What holds now.
    choices
        `group.field` -> what can be chosen, for fields whose values are known only now.

    Signals
    -------
    changed(Settings)
        A person changed something; the whole is valid.
    """

    changed = Signal(object)

    def __init__(
        self, settings: Settings, choices: Mapping[str, Choices] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.resize(760, 560)
        self._settings = settings
        self.forms: dict[str, Form[Any]] = {}
        self._groups, self._pages = QListWidget(), QStackedWidget()
        self._groups.setObjectName("groups")
        self._groups.setFixedWidth(180)
        for name, info in Settings.model_fields.items():
            self._add_group(name, info.title or name, getattr(settings, name), choices or {})
        self._groups.currentRowChanged.connect(self._pages.setCurrentIndex)
        self._groups.setCurrentRow(0)
        self._lay_out()

    @property
    def settings(self) -> Settings:
        """The settings as the forms show them."""
        return self._settings

    def show_settings(self, settings: Settings) -> None:
        """Show what holds now; fires nothing."""
        self._settings = settings
        for name, form in self.forms.items():
            form.show_value(getattr(settings, name))

    def _add_group(self, name: str, title: str, value: BaseModel, choices: Mapping[str, Choices]) -> None:
        prefix = f"{name}."
        given = {key.removeprefix(prefix): each for key, each in choices.items() if key.startswith(prefix)}
        form = self.forms[name] = Form(value, {**WORDS.get(name, {}), **given})
        form.changed.connect(self._edited)
        item = QListWidgetItem(title, self._groups)
        item.setSizeHint(QSize(0, GROUP_HEIGHT))
        self._pages.addWidget(_page(title, form))

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        restore = buttons.addButton("Restore defaults", QDialogButtonBox.ButtonRole.ResetRole)
        restore.setToolTip("Set every field of this page to its default.")
        restore.clicked.connect(self._restore)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self._groups)
        body.addWidget(self._pages, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(body, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 12, 16, 12)
        foot.addWidget(buttons)
        layout.addLayout(foot)

    def _edited(self) -> None:
        self._settings = self._settings.model_copy(update={n: form.value for n, form in self.forms.items()})
        self.changed.emit(self._settings)

    def _restore(self) -> None:
        name = list(self.forms)[self._pages.currentIndex()]
        form = self.forms[name]
        form.show_value(type(form.value)())
        self._edited()


def _page(title: str, form: QWidget) -> QScrollArea:
    heading = QLabel(title)
    heading.setProperty("role", "title")
    inside = QWidget()
    inside.setProperty("role", "page")
    layout = QVBoxLayout(inside)
    layout.setContentsMargins(28, 22, 28, 22)
    layout.setSpacing(18)
    layout.addWidget(heading)
    layout.addWidget(form, 1)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(inside)
    return area
