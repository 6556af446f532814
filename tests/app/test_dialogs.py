from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app.dialogs import ask
from tests.file_dialogs import choose


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize("mode", [QFileDialog.FileMode.Directory, QFileDialog.FileMode.ExistingFile])
def test_what_is_chosen_comes_as_raw_paths(
    parent: QWidget, mode: QFileDialog.FileMode, tmp_path: Path
) -> None:
    place = tmp_path / "Caf\u00e9 50 %"
    place.mkdir() if mode == QFileDialog.FileMode.Directory else place.write_text("a file")
    dialog, chosen = QFileDialog(parent), []
    dialog.setFileMode(mode)
    ask(dialog, chosen.append)
    choose(parent, place)
    assert chosen == [[bytes(place)]]


def test_the_name_of_a_new_file_may_be_chosen(parent: QWidget, tmp_path: Path) -> None:
    dialog, chosen = QFileDialog(parent), []
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("earmap")
    ask(dialog, chosen.append)
    choose(parent, tmp_path / "jazz")
    assert chosen == [[bytes(tmp_path / "jazz.earmap")]]


def test_a_dialog_that_is_dismissed_says_nothing_and_is_gone(parent: QWidget, qtbot: QtBot) -> None:
    dialog, chosen = QFileDialog(parent), []
    ask(dialog, chosen.append)
    dialog.reject()
    qtbot.waitUntil(lambda: parent.findChild(QFileDialog) is None)
    assert chosen == []
