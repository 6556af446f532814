"""Answers to the window's dialogs for files, as a person gives them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget


def choose(parent: QWidget, path: Path) -> None:
    """Type a path into the dialog that is open over `parent`, and press Return."""
    dialog = next(
        one for one in parent.findChildren(QFileDialog) if one.isVisible()
    )  # others wait to be deleted
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    assert name is not None
    name.setText(str(path))
    QTest.keyClick(name, Qt.Key.Key_Return)
