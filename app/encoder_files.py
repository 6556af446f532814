"""Encoders as files: taken from dialogs and drops, written for others. What is in them is looked at elsewhere.

The window never loads torch: jobs in processes of their own check and write the files.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMainWindow

from app.actions import Actions
from app.context import Context
from app.dialogs import ask
from app.job_view import JobView
from core import paths

if TYPE_CHECKING:  # it brings NumPy, which the window can open without
    from core.library.records import EncoderRecord

IMPORT, EXPORT = "import_encoder", "export_encoder"
SUFFIX = ".safetensors"
FILTER = f"Encoders (*{SUFFIX})"
NONE_CHOSEN = "There is no encoder yet."
WEIGHTLESS = "{} has no weights to give away: every Earmap has it."


def is_encoder_file(path: bytes) -> bool:
    """Whether a raw path looks like an encoder's file, not like music."""
    return path.lower().endswith(SUFFIX.encode())


class EncoderFiles(QObject):
    """Imports and exports encoders for a window.

    Parameters
    ----------
    actions
        The window's; `import-encoder` and `export-encoder` are answered here.
    """

    def __init__(self, context: Context, window: QMainWindow, actions: Actions) -> None:
        super().__init__(window)
        self._context, self._window, self._actions = context, window, actions
        self._current = ""
        actions.connect_all({"import-encoder": self._choose_import, "export-encoder": self._choose_export})
        context.jobs.ended.connect(self._tell)

    def set_current(self, encoder: EncoderRecord | None) -> None:
        """The encoder that would be exported: the one in the switch."""
        self._current = encoder.name if encoder is not None and encoder.file else ""
        reason = NONE_CHOSEN if encoder is None else "" if encoder.file else WEIGHTLESS.format(encoder.name)
        self._actions.forbid("export-encoder", reason)
        self._actions.allow("import-encoder")

    def take(self, files: Iterable[bytes]) -> None:
        """Import files (raw paths), one after the other."""
        for file in files:
            self._context.jobs.start(IMPORT, {"path": paths.json_text(file)})

    def _choose_import(self) -> None:
        dialog = self._dialog("Import an encoder")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        ask(dialog, self.take)

    def _choose_export(self) -> None:
        self.export(self._current)

    def export(self, name: str) -> None:
        """Ask where to write the encoder of that name."""
        dialog = self._dialog(f"Export {name}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.lstrip("."))
        dialog.selectFile(f"{name}{SUFFIX}")
        ask(dialog, lambda chosen: self._write(name, chosen[0]))

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title)
        dialog.setNameFilter(FILTER)
        return dialog

    def _write(self, name: str, path: bytes) -> None:
        # The dialog has asked whether a file that is there may be replaced.
        self._context.jobs.start(EXPORT, {"encoder": name, "out": paths.json_text(path), "overwrite": True})

    def _tell(self, view: JobView) -> None:
        if view.state != "completed":  # what failed is told by whoever tells it of all jobs
            return
        encoder = view.result.get("encoder", "")
        if view.kind == IMPORT and view.result.get("new"):
            learned = view.result.get("learned") or ""
            hint = f"{learned} Choose it in the encoder switch.".strip()
            self._context.notifier.done(f"{encoder} is here now.", hint)
        elif view.kind == IMPORT:
            self._context.notifier.info(f"This encoder is here already: it is called {encoder}.")
        elif view.kind == EXPORT:
            file = str(view.result.get("file", "")).encode("utf-8", "surrogateescape")
            self._context.notifier.done(f"{encoder} can be given away now.", paths.display(file))
