"""Dialogs that ask for files and folders, without holding up the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from app.drops import raw_paths


def ask(dialog: QFileDialog, then: Callable[[list[bytes]], object]) -> None:
    """Show the dialog; `then` gets what was chosen as raw paths, and is not called where nothing on this computer was.

    Not by `urlSelected`: where Qt draws the dialog itself, as on a desktop that has none of its own, it never comes.
    """
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def take() -> None:
        if chosen := raw_paths(dialog.selectedUrls()):
            then(chosen)

    dialog.accepted.connect(take)
    dialog.open()
